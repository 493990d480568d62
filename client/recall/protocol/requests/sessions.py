"""Requests about sessions: what they are given, what happens in them, and what is made of it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from recall.protocol import values
from recall.protocol.requests.base import Id, Limit, Path, Paths, Reply, Request, TokenBudget
from recall.protocol.values import Brief, ExtractedMemory

MAX_TASK = 2_000
MAX_OBSERVATION = 4_000
MAX_SUMMARY = 20_000
MAX_EXCERPT = 20_000
MAX_EXCERPTS = 50

Task = Annotated[str, msgspec.Meta(max_length=MAX_TASK)]
Line = Annotated[int, msgspec.Meta(ge=1)]
Excerpt = Annotated[str, msgspec.Meta(max_length=MAX_EXCERPT)]
ObservationKind = Literal["note", "tool", "error", "fix", "decision"]


class SessionContextReply(Reply):
    """What `SessionStart` and `SessionGetContext` are answered with."""

    session_id: str
    injected_memories: list[Brief]
    context_summary: str
    """`2 high-importance memories injected. Last session: 2026-03-31.`"""
    text: str = ""
    """Ready to inject: each memory inside `[Recalld — retrieved for …]` … `[/Recalld]`; empty without memories."""
    tokens: int = 0
    token_budget: int = 0
    left_out: int = 0
    """How many more are worth giving and did not fit."""
    already_given: int = 0
    """How many were left out because this session has them already, unchanged."""
    stale: int = 0
    """How many of `injected_memories` no longer agree with the code."""
    resumed: bool = False
    """The session was there already, and goes on."""
    branch: str | None = None
    last_session_at: str | None = None
    last_summary: str = ""
    """What the end of the session before said of it."""
    to_audit: int = 0
    """How many memories the last audit wants looked at: `audit` says which."""
    warnings: list[str] = []


class SessionStart(Request):
    """Begin a session, or go on with it; what is worth knowing now comes with the reply."""

    method = "session_start"
    reply = SessionContextReply
    project_path: Path | None = None
    """The folder of the tree that is worked in; absent, all of it."""
    session_id: Id | None = None
    """An id of your own; absent, one is made."""
    files: Paths = []
    """Open, or about to be worked on; the daemon adds those that it sees open or changed."""
    branch: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    """Absent, what git has checked out."""
    task: Task = ""
    """What is to be done, in words."""
    token_budget: TokenBudget | None = None
    max_memories: Limit = 20
    personal: bool = True
    """Whether personal memories are given too."""
    anew: bool = False
    """What the session was given is gone from the agent's context, which was compacted or cleared: give it again."""


class SessionGetContext(Request):
    """What is worth knowing now; nothing that the session was given already, unless it has changed."""

    method = "session_get_context"
    reply = SessionContextReply
    session_id: Id
    task: Task = ""
    """What is to be done now; absent, what the session was started for."""
    files: Paths = []
    token_budget: TokenBudget | None = None
    max_memories: Limit = 10
    personal: bool = True
    """Whether personal memories are given too."""
    query: Task = ""
    """Only what answers this, as `search` finds it."""
    file_path: Path | None = None
    """Only what is tied to this file, to the code in it, or to a folder above it but the root."""
    lines: tuple[Line, Line] | None = None
    """Of the code in the file, only what these lines touch: the first and the last."""
    excerpts: Annotated[list[Excerpt], msgspec.Meta(max_length=MAX_EXCERPTS)] = []
    """Texts that stand in the file: the lines that hold them are meant, as by `lines`."""
    agent: Id | None = None
    """Who in the session is told: a subagent, which does not have what the session was given, has an id of its own."""


class SessionRecordObservationReply(Reply):
    """What `SessionRecordObservation` is answered with."""

    session_id: str
    recorded: bool
    """False where the session is over its limits; then it is lost."""
    dropped: int = 0
    """How many were lost so in this session."""
    warnings: list[str] = []


class SessionRecordObservation(Request):
    """Tell what happened. Answered at once, and on the disk some milliseconds later, at the latest with the end."""

    method = "session_record_observation"
    reply = SessionRecordObservationReply
    session_id: Id
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_OBSERVATION)]
    kind: ObservationKind = "note"
    """A `fix` after an `error` becomes one memory with it; a `tool` is kept for nothing but the record."""
    source_files: Paths = []
    symbols: Paths = []
    attempt: Task = ""
    """What was tried, such as a command. A `tool` that does what an `error` says had failed, with files changed since,
    is kept as its `fix`."""


class SessionEndReply(Reply):
    """What `SessionEnd` is answered with."""

    session_id: str
    status: str
    extraction_job_id: str
    estimated_memories: int
    warnings: list[str] = []


class SessionEnd(Request):
    """End a session; memories are made of it in the background. Ending it again changes nothing."""

    method = "session_end"
    reply = SessionEndReply
    session_id: Id
    summary: Annotated[str, msgspec.Meta(max_length=MAX_SUMMARY)] = ""


class SessionJobReply(Reply):
    """What `SessionJob` is answered with."""

    id: str
    session_id: str
    status: str
    """`queued`, `running`, `done` or `failed`."""
    cause: str
    """`ended` by a client, or `quiet`: nobody was heard of for too long."""
    queued_at: str
    finished_at: str | None = None
    estimated_memories: int = 0
    drafted_by: str | None = None
    """`rules`, or `model`."""
    note: str = ""
    """Why it failed, or why the model was not used."""
    memories: list[ExtractedMemory] = []


class SessionJob(Request):
    """How far the extraction of a session is, and what was made of it."""

    method = "session_job"
    reply = SessionJobReply
    id: Id
    retry: bool = False
    """Have it tried again, if it was given up; any other stays as it is."""


class SessionListReply(Reply):
    """What `SessionList` is answered with."""

    sessions: list[values.Session]


class SessionList(Request):
    """The sessions of a workspace, the one started last first."""

    method = "session_list"
    reply = SessionListReply
    limit: Limit = 20
