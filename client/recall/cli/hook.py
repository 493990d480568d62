"""`recall hook NAME`, where it is not told from other commands before anything is loaded; see `main`."""

from __future__ import annotations

from recall.cli.invocation import Commands, Invocation
from recall.hooks.events import HOOKS
from recall.hooks.process import run


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "hook",
        hook,
        "answer a hook of Claude Code: JSON on standard input, what the agent is to know on standard output",
        epilog="Whatever happens it exits with 0, within half a second. `recall doctor` says whether hooks fail.",
    )
    command.add_argument("name", metavar="NAME", help=f"{', '.join(HOOKS)}; others do nothing")


def hook(invocation: Invocation) -> int:
    """`recall hook`."""
    return run(invocation.options.name)
