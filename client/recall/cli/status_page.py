"""The daemon's state as people read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recall.cli.render import count
from recall.cli.terminal import Style
from recall.protocol.requests import StatusReply
from recall.protocol.values import JobStatus, Workspace

MAX_AT_LENGTH = 3
"""Projects that are shown with all there is to say of them; of more, each has a line."""
MAX_LINES = 12
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def status(reply: StatusReply, style: Style) -> str:
    """`recall status`, on one screen however many projects there are."""
    state = style.good("ready") if reply.ready else style.warn("getting ready")
    process = f"process {reply.pid}, up {duration(reply.uptime_s)}, {reply.memory_mb:.0f} MB"
    lines = [
        f"{style.bold('recalld')} {reply.version}  {state}  {style.dim(process)}",
        f"  socket   {reply.socket}",
        f"  home     {reply.home}",
        f"  holds    {_held(reply.workspaces)}",
        f"  vectors  {reply.vectors}",
    ]
    if reply.http != "off":
        lines.append(f"  http     {reply.http}")
    lines.append(f"  queues   {_waiting(reply.queues)}")
    if reply.warnings:
        lines += ["", f"{style.warn('warnings')}; recall doctor says what to do:"]
        lines += [f"  {warning}" for warning in _first(reply.warnings)]
    if reply.jobs:
        lines += ["", style.bold("jobs"), *(f"  {job(each, style)}" for each in reply.jobs)]
    if len(reply.workspaces) <= MAX_AT_LENGTH:
        for workspace in reply.workspaces:
            lines += ["", f"{style.bold(workspace.name)}  {style.dim(workspace.path)}"]
            lines += [f"  {line}" for line in facts(workspace, style)]
    else:
        lines += ["", style.bold("projects"), *(f"  {line}" for line in _first([*map(_brief, reply.workspaces)]))]
    if not reply.workspaces:
        lines += ["", "no project is followed: `recall up` in one makes it a workspace"]
    if reply.quarantined:
        lines += ["", f"{style.warn('left alone')} until they change, because they crashed or hung the parser:"]
        lines += [f"  {name}" for name in _first(reply.quarantined)]
    return "\n".join(lines)


def _held(workspaces: Sequence[Workspace]) -> str:
    memories = {one.workspace_id: one.memories for one in workspaces}  # trees of one workspace have the same
    projects = f"{len(memories):,} project{'' if len(memories) == 1 else 's'}"
    files, symbols = sum(one.files for one in workspaces), sum(one.symbols for one in workspaces)
    return f"{projects}, {files:,} files, {symbols:,} symbols, {count(sum(memories.values()), 'memory')}"


def _waiting(queues: Mapping[str, int]) -> str:
    waiting = {name: depth - (name == "requests") for name, depth in queues.items()}  # without this very question
    return ", ".join(f"{name} {depth:,}" for name, depth in waiting.items() if depth > 0) or "nothing waits"


def _brief(workspace: Workspace) -> str:
    said = f"{workspace.files:,} files, {workspace.symbols:,} symbols, {count(workspace.memories, 'memory')}"
    reading = "; being read" if workspace.scanning else ""
    trouble = "; has warnings" if workspace.warnings else ""
    return f"{workspace.name}  {workspace.path}  {said}{reading}{trouble}"


def _first(lines: Sequence[str]) -> list[str]:
    """As many as there is room for, and how many are left out."""
    more = len(lines) - MAX_LINES
    return [*lines] if more <= 0 else [*lines[:MAX_LINES], f"… and {more:,} more: --json has all"]


def facts(workspace: Workspace, style: Style) -> list[str]:
    """What there is to say of one workspace, without its name and path."""
    code = f"{workspace.files:,} files, {workspace.symbols:,} symbols"
    if workspace.scanning:
        code += style.warn(f" (reading {workspace.scanned:,} of {workspace.to_scan:,})")
    if workspace.skipped:
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in sorted(workspace.skipped.items()))
        code += style.dim(f"; left out: {left_out}")
    folders = f" ({workspace.watched_folders:,} folders)" if workspace.watched_folders else ""
    return [
        f"code      {code}",
        f"memories  {workspace.memories:,}" + (style.warn(_to_audit(workspace.to_audit)) if workspace.to_audit else ""),
        f"watch     {workspace.watch}{folders}",
        f"ids       {style.dim(f'{workspace.workspace_id}  {workspace.tree_id}')}",
    ]


def job(one: JobStatus, style: Style) -> str:
    """How a job is doing, in one line."""
    if one.outcome is None:
        said = style.dim("not run yet")
    elif one.outcome.startswith("failed"):
        said = style.warn(one.outcome)
    else:
        said = f"{one.outcome}: {one.result}" if one.result and one.outcome == "done" else one.outcome
    times = [f"last run {one.last_run}"] if one.last_run else []
    if one.next_run is not None:
        times.append(f"next {one.next_run}")
    return f"{one.name:<16} {said}" + style.dim("".join(f"; {each}" for each in times))


def _to_audit(number: int) -> str:
    return f"; {number:,} {'needs' if number == 1 else 'need'} a look: recall audit"


def duration(seconds: float) -> str:
    """A time span in its two largest units."""
    left, parts = int(seconds), list[str]()
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
