"""`recall watch`: the live stream of what the daemon pushes."""

from __future__ import annotations

import time

from recall.cli import render
from recall.cli.invocation import Commands, Invocation
from recall.cli.terminal import Style, harmless
from recall.protocol.events import (
    AnyEvent,
    ContextPushed,
    Heartbeat,
    MemoryChanged,
    ScanProgress,
    Stopping,
    VerdictChanged,
)


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add("watch", watch, "show live what the daemon pushes, until interrupted")
    command.add_argument("files", nargs="*", metavar="PATH", help="only what concerns these files")
    command.add_argument("--count", type=int, metavar="N", help="end after N events")
    command.add_argument("--once", action="store_const", const=1, dest="count", help="end after one event")
    command.add_argument("--all", action="store_true", help="heartbeats too")


def watch(invocation: Invocation) -> int:
    """`recall watch`."""
    options, terminal = invocation.options, invocation.terminal
    left = options.count

    def missed(topic: str | None) -> None:
        terminal.note(f"missed a push{f' on {topic}' if topic else ''}; asked again")

    with invocation.client() as client:
        files = [client.outline(invocation.place(path)).file_path for path in options.files] or None
        with client.events(files, heartbeats=options.all, on_missed=missed) as events:
            terminal.note(f"listening to {client.path}")
            for pushed in events:
                if terminal.json:
                    terminal.line(pushed)
                else:
                    terminal.say(event(harmless(pushed), time.strftime("%H:%M:%S"), terminal.style))
                if left is not None:
                    left -= 1
                    if left <= 0:
                        break
    return 0


def event(pushed: AnyEvent, now: str, style: Style) -> str:
    """One event as a person reads it.

    Args:
        pushed: the event.
        now: the time of day to show.
        style: colours.
    """
    match pushed:
        case ContextPushed(cause=cause, context=context):
            stale = style.warn(f", {context.stale} stale") if context.stale else ""
            size = f"{render.count(len(context.memories), 'memory')}, {render.count(context.tokens, 'token')}"
            head = f"{style.accent(f'{cause:8}')} {style.bold(pushed.file_path)}  {style.dim(size)}{stale}"
            memories = [
                f"{'':19}{brief.title}  {style.dim(brief.memory_type)}  {render.verdict_of(brief, style)}".rstrip()
                for brief in context.memories
            ]
            return "\n".join([f"{style.dim(now)}  {head}", *memories])
        case VerdictChanged(previous=previous, verdict=verdict, reason=reason, title=title, symbol=symbol):
            place = pushed.file_path + (f"::{symbol}" if symbol else "")
            turn = f"{previous or 'new'} → {style.verdict(verdict)}" + (f": {reason}" if reason else "")
            lines = [f"{style.dim(now)}  {style.accent('verdict ')} {style.bold(place)}  {turn}", f"{'':19}{title}"]
            if pushed.trail:
                lines.append(f"{'':19}{style.dim(' → '.join(pushed.trail))}")
            return "\n".join(lines)
        case MemoryChanged(change=change, title=title, memory_id=id):
            return f"{style.dim(now)}  {style.accent('memory  ')} {change} {style.bold(title)}  {style.dim(id)}"
        case ScanProgress(done=done, total=total, finished=finished):
            word = "read" if finished else "reading"
            return f"{style.dim(now)}  {style.accent('scan    ')} {word} {done:,} of {total:,} files"
        case Heartbeat(published=published):
            return style.dim(f"{now}  heartbeat {published:,} pushes so far")
        case Stopping():
            return f"{style.dim(now)}  {style.warn('stopping')} the daemon is going down; this waits for the next"
