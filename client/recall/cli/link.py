"""The command that says what memories are to each other: `recall link`."""

from __future__ import annotations

from typing import get_args

from recall.cli import render
from recall.cli.invocation import Commands, Invocation, UsageError
from recall.protocol.values import LinkKind

KINDS: tuple[LinkKind, ...] = get_args(LinkKind)


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "link",
        link,
        "say what a memory is to others",
        epilog="example: recall link mem-4a9f1c2e --supersedes mem-07d3b5a1 --caused-by mem-c2e881f0",
    )
    command.add_argument("id", metavar="ID", help="of the memory")
    for kind in KINDS:
        command.add_argument(
            f"--{kind.replace('_', '-')}",
            action="extend",
            nargs="+",
            default=[],
            metavar="ID",
            help=f"memories that it {'is ' if kind in ('caused_by', 'related_to') else ''}{kind.replace('_', ' ')}",
        )
    command.add_argument("--remove", action="store_true", help="it is so no more")


def link(invocation: Invocation) -> int:
    """`recall link`."""
    options = invocation.options
    wanted = [(kind, other) for kind in KINDS for other in getattr(options, kind)]
    if not wanted:
        raise UsageError("say what it is to which memory: recall link ID --supersedes ID")
    with invocation.client() as client:
        for kind, other in wanted:
            reply = client.link(options.id, kind, other, remove=options.remove)
    invocation.show(reply, render.memory)
    return 0
