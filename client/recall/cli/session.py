"""`recall session …`: a work period, from what it is given to what is made of it."""

from __future__ import annotations

import re
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import get_args

from recall.cli import progress
from recall.cli.invocation import Commands, Invocation
from recall.cli.progress import Step
from recall.cli.render import count, moment
from recall.cli.terminal import Style
from recall.client import Client
from recall.protocol.requests import (
    SessionContextReply,
    SessionEndReply,
    SessionJobReply,
    SessionListReply,
    SessionRecordObservationReply,
)
from recall.protocol.requests.sessions import ObservationKind
from recall.protocol.values import ExtractedMemory, Session

_LINES = re.compile(r"(?P<path>.+):(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?")
FIRST_POLL_S, MAX_POLL_S = 0.05, 1.0
FAILED = 1
"""Exit code of `recall session job` where the job was given up."""


def register(commands: Commands) -> None:
    """Declare the commands."""
    group = commands.group(
        "session",
        "begin a session with what is worth knowing, tell what happens, end it into memories",
        epilog="example:\n"
        '  recall session start --task "round the totals of an order"\n'
        '  recall session observe ses-3c8e1f4a "Chose integer cents because floats drift" --kind decision\n'
        '  recall session end ses-3c8e1f4a --summary "Fixed the rounding of Order.total."\n'
        "  recall session job job-9d2f4a1b",
    )
    command = group.add("start", start, "begin a session, or go on with it, and print what is worth knowing now")
    command.add_argument("path", nargs="?", metavar="PATH", help="the folder worked in (default: the whole tree)")
    command.add_argument("--id", metavar="ID", help="an id of your own; absent, one is made")
    command.add_argument("--branch", metavar="NAME", help="the branch worked on (default: what git has checked out)")
    command.add_argument("--anew", action="store_true", help="all of it again, as after a compaction of the context")
    _what_for(command, most=20)

    command = group.add("context", context, "print what is worth knowing now and the session does not have yet")
    command.add_argument("id", metavar="ID", help="of the session")
    command.add_argument("--at", metavar="PLACE", help="only what is tied to this file, or to lines of it (path:10-20)")
    command.add_argument("--question", default="", metavar="TEXT", help="only what answers this")
    _what_for(command, most=10)

    command = group.add("observe", observe, "tell what happened")
    command.add_argument("id", metavar="ID", help="of the session")
    command.add_argument("text", nargs="+", metavar="TEXT", help="what happened; - reads it from standard input")
    command.add_argument("--kind", choices=get_args(ObservationKind), default="note", help="what it is (default note)")
    command.add_argument("--file", action="append", default=[], metavar="PATH", help="what it is about; repeatable")
    command.add_argument("--symbol", action="append", default=[], metavar="F::S", help="what it is about; repeatable")
    command.add_argument(
        "--attempt",
        default="",
        metavar="TEXT",
        help="what was tried; a tool that does it after an error is its fix",
    )

    command = group.add("end", end, "end a session; memories are made of it in the background")
    command.add_argument("id", metavar="ID", help="of the session")
    command.add_argument(
        "--summary", default="", metavar="TEXT", help="what was done and learned; - reads it from stdin"
    )

    command = group.add("list", listed, "list the sessions of the project, the one started last first")
    command.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")

    command = group.add("job", job, "wait until the memories of a session are made, and list them")
    command.add_argument("id", metavar="ID", help="of the job, as `recall session end` prints it")
    command.add_argument("--no-wait", action="store_true", help="only say how far it is")
    command.add_argument("--retry", action="store_true", help="try again, if it was given up")


def start(invocation: Invocation) -> int:
    """`recall session start`."""
    options = invocation.options
    with invocation.client(options.path or ".") as client:
        reply = client.session_start(
            None if options.path is None else invocation.place(options.path),
            session_id=options.id,
            files=[invocation.place(path) for path in options.file],
            branch=options.branch,
            task=options.task,
            token_budget=options.budget,
            max_memories=options.limit,
            personal=options.personal,
            anew=options.anew,
        )
    invocation.show(reply, started)
    return 0


def context(invocation: Invocation) -> int:
    """`recall session context`."""
    options = invocation.options
    path, lines = _lines_of(options.at or "")
    with invocation.client() as client:
        reply = client.session_get_context(
            options.id,
            task=options.task,
            files=[invocation.place(path) for path in options.file],
            token_budget=options.budget,
            max_memories=options.limit,
            personal=options.personal,
            query=options.question,
            file_path=invocation.place(path) if path else None,
            lines=lines,
        )
    invocation.show(reply, given)
    return 0


def observe(invocation: Invocation) -> int:
    """`recall session observe`."""
    options = invocation.options
    with invocation.client() as client:
        reply = client.session_record_observation(
            options.id,
            invocation.text(" ".join(options.text)),
            options.kind,
            source_files=[invocation.place(path) for path in options.file],
            symbols=[invocation.symbol(symbol) for symbol in options.symbol],
            attempt=options.attempt,
        )
    invocation.show(reply, observed)
    return 0


def end(invocation: Invocation) -> int:
    """`recall session end`."""
    options = invocation.options
    with invocation.client() as client:
        reply = client.session_end(options.id, invocation.text(options.summary))
    invocation.show(reply, ended)
    return 0


def listed(invocation: Invocation) -> int:
    """`recall session list`."""
    with invocation.client() as client:
        invocation.show(client.session_list(limit=invocation.options.limit), sessions)
    return 0


def job(invocation: Invocation) -> int:
    """`recall session job`."""
    job_id = invocation.options.id
    with invocation.client() as client:
        reply = client.session_job(job_id, retry=invocation.options.retry)
    if not (reply.finished_at or invocation.options.no_wait):
        # Who waits must not start a daemon that somebody has stopped meanwhile.
        with invocation.client(start=False) as client:
            progress.follow(_until_done(client, job_id), invocation.terminal)
            reply = client.session_job(job_id)
    invocation.show(reply, extracted)
    return FAILED if reply.status == "failed" else 0


def _what_for(command: ArgumentParser, most: int) -> None:
    """Add the options for what is worked on, and how much may be given."""
    add = command.add_argument
    add("--task", default="", metavar="TEXT", help="what is to be done, in words")
    add("--file", action="append", default=[], metavar="PATH", help="open, or about to be worked on; repeatable")
    add("--budget", type=int, metavar="N", help="tokens that the text may have (default: the daemon's setting)")
    add("--limit", type=int, default=most, metavar="N", help=f"at most so many memories (default {most})")
    add("--no-personal", dest="personal", action="store_false", help="leave out personal memories")


def _lines_of(place: str) -> tuple[str, tuple[int, int] | None]:
    """The file that a place names, and the lines of it, if it names any."""
    found = _LINES.fullmatch(place)
    if found is None:
        return place, None
    return found["path"], (int(found["first"]), int(found["last"] or found["first"]))


def _until_done(client: Client, job_id: str) -> Iterator[Step]:
    wait_s = FIRST_POLL_S
    while (reply := client.session_job(job_id)).finished_at is None:
        yield Step(f"{reply.status}: {count(reply.estimated_memories, 'memory')} or so")
        time.sleep(wait_s)
        wait_s = min(2 * wait_s, MAX_POLL_S)


# --- what is printed -----------------------------------------------------------------------------


def started(reply: SessionContextReply, style: Style) -> str:
    """A session that begins or goes on, and the text to inject."""
    facts = [reply.session_id, "goes on" if reply.resumed else "", f"branch {reply.branch}" if reply.branch else ""]
    lines = [style.bold(reply.context_summary), style.dim(" · ".join(filter(None, facts)))]
    if reply.last_summary:
        lines.append(style.dim(f"last session: {reply.last_summary}"))
    return "\n".join([*lines, *_injected(reply, style)])


def given(reply: SessionContextReply, style: Style) -> str:
    """What a session is given on the way."""
    return "\n".join([style.bold(reply.context_summary), *_injected(reply, style)])


def observed(reply: SessionRecordObservationReply, style: Style) -> str:
    """Whether an observation was taken."""
    return style.good("noted") if reply.recorded else style.bad(f"not kept; {reply.dropped:,} dropped by now")


def ended(reply: SessionEndReply, style: Style) -> str:
    """A session that ended, and where to see what is made of it."""
    coming = f"{count(reply.estimated_memories, 'memory')} or so to come: " if reply.extraction_job_id else ""
    watch = style.accent(f"recall session job {reply.extraction_job_id}") if reply.extraction_job_id else ""
    return f"{style.good(reply.status)} {style.dim(reply.session_id)}  {coming}{watch}".rstrip()


def sessions(reply: SessionListReply, style: Style) -> str:
    """Sessions, one or two lines each."""
    return "\n".join(line for each in reply.sessions for line in _session(each, style)) or "no sessions"


def extracted(reply: SessionJobReply, style: Style) -> str:
    """What a job made, or how far it is."""
    by = f", drafted by the {reply.drafted_by}" if reply.drafted_by else ""
    made = count(len(reply.memories), "memory") if reply.status == "done" else "no memories yet"
    state = style.bad(reply.status) if reply.status == "failed" else style.good(reply.status)
    lines = [f"{state} {style.dim(f'{reply.id} of {reply.session_id}')}  {made}{by}"]
    if reply.note:
        lines.append(f"  {style.warn(reply.note)}")
    for each in reply.memories:
        lines += _made(each, style)
    return "\n".join(lines)


def _injected(reply: SessionContextReply, style: Style) -> list[str]:
    facts = [count(reply.tokens, "token")]
    facts += [f"{reply.left_out:,} left out"] if reply.left_out else []
    facts += [f"{reply.already_given:,} given already"] if reply.already_given else []
    facts += [f"{reply.stale:,} stale"] if reply.stale else []
    return ["", reply.text, "", style.dim(", ".join(facts))] if reply.text else [style.dim(", ".join(facts[1:]))]


def _session(session: Session, style: Style) -> Iterator[str]:
    facts = [
        style.accent(session.status.ljust(5)),
        moment(session.started_at),
        count(session.observations, "observation"),
        f"{session.dropped:,} dropped" if session.dropped else "",
        session.branch or "",
        style.dim(session.extraction_job_id or ""),
    ]
    yield f"{style.dim(session.session_id)}  {'  '.join(filter(None, facts))}"
    about = " ".join((session.summary or session.task).split())
    if about:
        yield f"  {about}"


def _made(memory: ExtractedMemory, style: Style) -> Iterator[str]:
    kind = style.accent(memory.memory_type)
    yield f"{memory.action:9}  {kind}  {style.bold(memory.title)}  {style.dim(memory.id)}"
    yield f"           {style.dim(f'“{memory.said}”')}"
