"""The entry of `recall`: finds the command, runs it, and turns what goes wrong into a line and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

from recall import __version__
from recall.cli.invocation import Commands, Invocation, UsageError, global_options
from recall.cli.terminal import Terminal
from recall.protocol.errors import RecallError

DONE, REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 128 + signal.SIGINT

MODULES = {
    "up": "up",
    "down": "daemon",
    "status": "daemon",
    "jobs": "jobs",
    "doctor": "doctor",
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
    "sync": "daemon",
    "reindex": "reindex",
    "backup": "backup",
    "export": "export",
    "import": "import_",
    "completion": "completion",
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
    parser = build_parser(_command_in(arguments))
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
    parser = argparse.ArgumentParser(
        prog="recall",
        description="Memory for a codebase that notices when the code moves on.",
        epilog="`recall COMMAND --help` says more. Start with `recall up` in a project, or see `recall demo`.",
    )
    parser.add_argument("--version", action="version", version=f"recall {__version__}")
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
