"""The entry of `recall`: finds the command, runs it, and turns what goes wrong into a line and an exit code.

Imports nothing at the top that takes time, because `recall hook` is run at every tool call of an agent.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from recall import __version__

TYPE_CHECKING = False  # see `recall.runtime`
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

DONE, REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130

MODULES = {
    "up": "up",
    "down": "daemon",
    "status": "daemon",
    "jobs": "jobs",
    "http": "http",
    "doctor": "doctor",
    "service": "service",
    "logs": "logs",
    "demo": "demo",
    "store": "memories",
    "search": "find",
    "explore": "explore",
    "list": "find",
    "file": "find",
    "symbol": "find",
    "show": "memories",
    "history": "memories",
    "edit": "edit",
    "link": "link",
    "pin": "memories",
    "unpin": "memories",
    "rate": "memories",
    "forget": "memories",
    "restore": "memories",
    "audit": "audit",
    "affected": "audit",
    "decay": "decay",
    "session": "session",
    "watch": "watch",
    "lsp": "lsp",
    "sync": "daemon",
    "reindex": "reindex",
    "backup": "backup",
    "export": "export",
    "import": "import_",
    "completion": "completion",
    "hook": "hook",
    "setup": "setup",
    "mcp": "mcp",
}
"""Which module of this package holds a command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments; those of the process by default.

    Returns:
        The exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 daemon not reachable, 130 interrupted.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:1] == ["hook"] and len(arguments) == 2 and not arguments[1].startswith("-"):
        try:
            from recall.hooks.process import run
        except ImportError:
            return DONE  # a broken installation is no reason to stop an agent; any other command complains of it

        code = run(arguments[1])
        if argv is None:
            os._exit(code)  # to tear the interpreter down takes longer than the daemon does
        return code
    return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    from recall.cli.invocation import Invocation, UsageError
    from recall.cli.terminal import Terminal
    from recall.protocol.errors import RecallError

    command = _command_in(arguments)
    if command is None and "--mcp" in arguments:  # as some clients are told to start memory servers
        command, arguments = "mcp", [*(word for word in arguments if word != "--mcp"), "mcp"]
    parser = build_parser(command)
    options = parser.parse_args(arguments)
    terminal = Terminal(json=options.json)
    try:
        os.chdir(options.directory)
        code: int = options.run(Invocation(options, terminal))
        sys.stdout.flush()
    except RecallError as error:
        terminal.refuse(error)
        return UNREACHABLE if error.code == "unreachable" else REFUSED
    except UsageError as error:
        terminal.complain(str(error))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has enough. What is still buffered goes nowhere, or Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        terminal.complain(f"{error.strerror}: {error.filename}" if error.filename else str(error))
        return REFUSED
    return code


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of `recall`.

    Args:
        only: the command that is wanted; others are left out, and their modules are not imported.
    """
    import argparse

    from recall.cli.invocation import Commands, global_options

    parser = argparse.ArgumentParser(
        prog="recall",
        description="Memory for a codebase that notices when the code moves on.",
        epilog="`recall COMMAND --help` says more. Start with `recall up` in a project, or see `recall demo`.",
    )
    parser.add_argument("--version", action="version", version=f"recall {__version__}")
    parser.add_argument("--mcp", action="store_true", help="the same as `recall mcp`")
    global_options(parser)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    modules = [MODULES[only]] if only in MODULES else dict.fromkeys(MODULES.values())
    for module in modules:
        import_module(f"recall.cli.{module}").register(Commands(subparsers))
    return parser


def _command_in(arguments: Sequence[str]) -> str | None:
    words = iter(arguments)
    for word in words:
        if word in ("-C", "--timeout"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None
