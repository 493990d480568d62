"""`recall decay`: what has faded, or will have faded in so many days of work."""

from __future__ import annotations

from recall.cli.invocation import Commands, Invocation, days
from recall.cli.render import count
from recall.cli.terminal import Style
from recall.protocol.requests import DecayReply


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "decay",
        decay,
        "list the memories whose importance has faded; with --preview, those that will have by then",
        epilog="Days are days on which the project was worked in. Pinned memories never fade, and nothing is deleted.\n"
        "example: recall decay --preview 90d",
    )
    command.add_argument("--preview", type=days, default=0.0, metavar="AGE", help="so many days of work from now: 90d")
    command.add_argument("--no-personal", dest="personal", action="store_false", help="leave out personal memories")
    command.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (default 50)")


def decay(invocation: Invocation) -> int:
    """`recall decay`."""
    options = invocation.options
    with invocation.client() as client:
        invocation.show(client.decay(round(options.preview), limit=options.limit, personal=options.personal), faded)
    return 0


def faded(reply: DecayReply, style: Style) -> str:
    """What has faded by then, the most important of now first."""
    when = f"in {count(reply.days, 'day')} of work" if reply.days else "by now"
    looked_at = f"{count(reply.checked, 'memory')}, below {reply.threshold:g}"
    if not reply.memories:
        return f"nothing fades {when}, of {looked_at}"
    lines = [
        f"{style.dim(each.id)}  {each.present_importance:.2f} → {each.then:.2f}  {style.bold(each.title)}"
        f"{style.accent('  personal') if each.personal else ''}\n"
        f"  {style.dim(each.reason)}"
        for each in reply.memories
    ]
    shown = f"; --limit shows more than {len(reply.memories):,}" if reply.total > len(reply.memories) else ""
    return "\n".join([*lines, style.dim(f"{reply.total:,} faded {when}, of {looked_at}{shown}")])
