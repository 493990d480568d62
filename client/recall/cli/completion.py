"""`recall completion`: a script for the shell."""

from __future__ import annotations

import argparse

from recall.cli.invocation import Commands, Invocation
from recall.protocol.values import MEMORY_TYPES

SHELLS = ("bash", "zsh", "tcsh", "fish")


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "completion",
        completion,
        "print a completion script for your shell",
        epilog='bash: eval "$(recall completion bash)"    zsh: recall completion zsh > ~/.zfunc/_recall',
    )
    command.add_argument("shell", choices=SHELLS, help="your shell")


def completion(invocation: Invocation) -> int:
    """`recall completion`."""
    import shtab

    from recall.cli.main import build_parser

    parser = build_parser()
    for command in _parsers(parser):
        for action in command._actions:  # noqa: SLF001  # argparse has no public way to list them
            if action.dest in {"file", "files", "path", "symbol"}:
                action.complete = shtab.FILE  # type: ignore[attr-defined]  # how shtab is told
            elif action.dest == "directory":
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]  # how shtab is told
            elif action.dest == "type":
                action.choices = MEMORY_TYPES
    invocation.terminal.say(shtab.complete(parser, shell=invocation.options.shell))
    return 0


def _parsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found = [parser]
    for action in parser._actions:  # noqa: SLF001  # as above
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # as above
            found += [each for chosen in action.choices.values() for each in _parsers(chosen)]
    return found
