"""Calls about sessions."""

from __future__ import annotations

import os
from collections.abc import Iterable

from recall.calls.base import Call, FilePath, paths_of
from recall.protocol import requests as wire
from recall.protocol.requests.sessions import ObservationKind


def session_start(
    project_path: FilePath | None = None,
    *,
    session_id: str | None = None,
    files: Iterable[FilePath] = (),
    branch: str | None = None,
    task: str = "",
    token_budget: int | None = None,
    max_memories: int = 20,
    personal: bool = True,
    anew: bool = False,
) -> Call[wire.SessionContextReply]:
    """Begin a session, or go on with it, and get what is worth knowing now.

    Args:
        project_path: the folder of the tree that is worked in; absent, all of it.
        session_id: an id of your own; absent, one is made.
        files: open, or about to be worked on; the daemon adds those that it sees open or changed.
        branch: absent, what git has checked out.
        task: what is to be done, in words.
        token_budget: of the text, in tokens.
        max_memories: at most so many.
        personal: whether personal memories are given too.
        anew: what the session was given is gone from the agent's context: give it again.
    """
    return Call(
        wire.SessionStart(
            project_path=None if project_path is None else os.fspath(project_path),
            session_id=session_id,
            files=paths_of(files),
            branch=branch,
            task=task,
            token_budget=token_budget,
            max_memories=max_memories,
            personal=personal,
            anew=anew,
        )
    )


def session_get_context(
    session_id: str,
    *,
    task: str = "",
    files: Iterable[FilePath] = (),
    token_budget: int | None = None,
    max_memories: int = 10,
    personal: bool = True,
    query: str = "",
    file_path: FilePath | None = None,
    lines: tuple[int, int] | None = None,
    excerpts: Iterable[str] = (),
    agent: str | None = None,
) -> Call[wire.SessionContextReply]:
    """What is worth knowing now; nothing that the session was given already, unless it has changed.

    Args:
        session_id: of a session that was started.
        task: what is to be done now; absent, what the session was started for.
        files: open, or about to be worked on.
        token_budget: of the text, in tokens.
        max_memories: at most so many.
        personal: whether personal memories are given too.
        query: only what answers this.
        file_path: only what is tied to this file, the code in it, and the folders above it.
        lines: of the code in it, only what these lines touch: the first and the last.
        excerpts: texts in the file, whose lines are meant.
        agent: id of the subagent that is told, which does not have what the session was given.
    """
    return Call(
        wire.SessionGetContext(
            session_id=session_id,
            task=task,
            files=paths_of(files),
            token_budget=token_budget,
            max_memories=max_memories,
            personal=personal,
            query=query,
            file_path=None if file_path is None else os.fspath(file_path),
            lines=lines,
            excerpts=list(excerpts),
            agent=agent,
        )
    )


def session_record_observation(
    session_id: str,
    content: str,
    kind: ObservationKind = "note",
    *,
    source_files: Iterable[FilePath] = (),
    symbols: Iterable[str] = (),
    attempt: str = "",
) -> Call[wire.SessionRecordObservationReply]:
    """Tell what happened in a session; answered at once.

    Args:
        session_id: of a session that was started.
        content: what happened.
        kind: `note`, `tool`, `error`, `fix` or `decision`.
        source_files: files it is about.
        symbols: `path/to/file.py::Outer.inner`.
        attempt: what was tried, such as a command: a `tool` that does what an `error` failed at becomes its `fix`.
    """
    return Call(
        wire.SessionRecordObservation(
            session_id=session_id,
            content=content,
            kind=kind,
            source_files=paths_of(source_files),
            symbols=list(symbols),
            attempt=attempt,
        )
    )


def session_end(session_id: str, summary: str = "") -> Call[wire.SessionEndReply]:
    """End a session; memories are made of it in the background, which `session_job` watches."""
    return Call(wire.SessionEnd(session_id=session_id, summary=summary))


def session_job(id: str, *, retry: bool = False) -> Call[wire.SessionJobReply]:
    """How far the extraction of a session is, and what was made of it.

    Args:
        id: of the job.
        retry: have it tried again, if it was given up.
    """
    return Call(wire.SessionJob(id=id, retry=retry))


def session_list(*, limit: int = 20) -> Call[wire.SessionListReply]:
    """The sessions of the workspace, the one started last first."""
    return Call(wire.SessionList(limit=limit))
