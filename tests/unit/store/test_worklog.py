from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from recalld.store import memories, schema, worklog
from recalld.store.rows import (
    ExtractionJobRow,
    ExtractionRow,
    GivenRow,
    MemoryRow,
    ObservationRow,
    SessionRow,
)

NINE, TEN, NOON = "2026-03-31T09:00:00Z", "2026-03-31T10:00:00Z", "2026-03-31T12:00:00Z"
Memory = Callable[..., MemoryRow]


def begun(connection: Connection, session_id: str = "ses-1", at: str = NINE, **given: Any) -> SessionRow:
    values: dict[str, Any] = {"workspace_id": "ws-1", "tree_id": "tree-1", "started_at": at, "active_at": at}
    return worklog.begin(connection, SessionRow(id=session_id, **(values | given)))


def ended(connection: Connection, session: SessionRow, job_id: str = "job-1") -> bool:
    job = ExtractionJobRow(id=job_id, session_seq=session.seq, queued_at=NOON, summary="Done.")
    return worklog.end(connection, session.seq, NOON, job)


def note(session: SessionRow, content: str, at: str = TEN) -> ObservationRow:
    return ObservationRow(session_seq=session.seq, at=at, kind="note", content=content, source_files=["a.py"])


def test_a_session_is_known_by_its_workspace_and_its_id(connection: Connection) -> None:
    one, other = begun(connection), begun(connection, workspace_id="ws-2")
    assert one.seq != other.seq
    assert worklog.get(connection, "ws-1", "ses-1") == one == worklog.by_seq(connection, one.seq)
    assert worklog.get(connection, "ws-1", "ses-2") is None


def test_a_session_that_is_begun_again_goes_on(connection: Connection) -> None:
    first = begun(connection, task="fix totals")
    worklog.observe(connection, first.seq, [note(first, "é")], TEN)
    again = begun(connection, at=NOON, tree_id="tree-2", branch="main")
    assert (again.seq, again.started_at, again.active_at, again.tree_id) == (first.seq, NINE, NOON, "tree-2")
    assert (again.task, again.branch, again.observed, again.observed_bytes) == ("fix totals", "main", 1, 2)


def test_a_session_ends_once_and_can_be_begun_again_with_observations_of_its_own(connection: Connection) -> None:
    session = begun(connection)
    worklog.observe(connection, session.seq, [note(session, "one"), note(session, "two")], TEN, dropped=3)
    assert ended(connection, session)
    assert not ended(connection, session, "job-2")
    row = worklog.get(connection, "ws-1", "ses-1")
    assert row is not None
    assert (row.status, row.ended_at, row.summary, row.dropped) == ("ended", NOON, "Done.", 3)
    assert begun(connection).observed == 0
    worklog.observe(connection, session.seq, [note(session, "three")], TEN)
    assert [each.content for each in worklog.waiting(connection, session.seq)] == ["three"]
    assert worklog.observed_for(connection, "job-1") == [note(session, "one"), note(session, "two")]
    assert ended(connection, session, "job-2")
    latest = worklog.job_of(connection, session.seq)
    assert latest is not None
    assert latest.id == "job-2"
    assert worklog.unfinished_jobs(connection) == ["job-1", "job-2"]


def test_sessions_are_listed_by_their_start_and_quiet_ones_are_found(connection: Connection) -> None:
    quiet, busy = begun(connection), begun(connection, "ses-2", TEN)
    worklog.give(connection, busy.seq, [], NOON)
    assert [row.id for row in worklog.latest(connection, "ws-1", 9)] == ["ses-2", "ses-1"]
    assert [row.id for row in worklog.latest(connection, "ws-1", 1)] == ["ses-2"]
    assert [row.id for row in worklog.open_ones(connection)] == ["ses-1", "ses-2"]
    assert [row.id for row in worklog.open_ones(connection, TEN)] == ["ses-1"]
    ended(connection, quiet)
    assert [row.id for row in worklog.open_ones(connection)] == ["ses-2"]


def test_what_a_session_was_given_is_kept_in_its_last_state(connection: Connection, memory: Memory) -> None:
    session = begun(connection)
    memories.insert(connection, memory("mem-1"), [])
    worklog.give(connection, session.seq, [GivenRow(memory_id="mem-1", version=1, verdict="")], TEN)
    changed = GivenRow(memory_id="mem-1", version=2, verdict="changed")
    worklog.give(connection, session.seq, [changed], TEN)
    assert worklog.given(connection, session.seq) == {"mem-1": changed}
    memories.purge(connection, ["mem-1"])
    assert worklog.given(connection, session.seq) == {}


def test_a_job_that_is_done_keeps_its_result_and_erases_what_it_was_made_of(
    connection: Connection, memory: Memory
) -> None:
    session = begun(connection)
    worklog.observe(connection, session.seq, [note(session, "one")], TEN)
    ended(connection, session)
    assert worklog.to_extract(connection, "job-1") == ("Done.", [note(session, "one")])
    assert [worklog.attempt(connection, "job-1", by) for by in (1, 1, -1)] == [1, 2, 1]
    worklog.finish(connection, "job-1", "failed", NOON, note="given up")
    assert [worklog.retry(connection, "job-1"), worklog.retry(connection, "job-1")] == [True, False]
    assert worklog.attempt(connection, "job-1") == 1
    memories.insert(connection, memory("mem-1"), [])
    made = ExtractionRow(job_id="job-1", position=0, memory_id="mem-1", action="stored", said="one")
    worklog.finish(connection, "job-1", "done", NOON, made=[made], drafted_by="rules")
    assert worklog.to_extract(connection, "job-1") is None
    job = worklog.job(connection, "job-1")
    assert job is not None
    assert (job.status, job.finished_at, job.drafted_by) == ("done", NOON, "rules")
    assert worklog.made_by(connection, "job-1") == [made]
    assert worklog.origins(connection, "ws-1", "mem-1") == [(made, "ses-1", NOON)]
    assert worklog.origins(connection, "ws-2", "mem-1") == []
    assert worklog.observed_for(connection, "job-1") == []
    assert worklog.unfinished_jobs(connection) == []


def test_a_job_that_failed_keeps_what_it_was_to_be_made_of(connection: Connection) -> None:
    session = begun(connection)
    worklog.observe(connection, session.seq, [note(session, "one")], TEN)
    ended(connection, session)
    worklog.finish(connection, "job-1", "failed", NOON, note="gave up")
    assert len(worklog.observed_for(connection, "job-1")) == 1
    assert worklog.job(connection, "job-2") is None


def test_what_was_said_is_reworded_in_one_workspace_and_what_was_seen_is_not(
    connection: Connection, memory: Memory
) -> None:
    memories.insert(connection, memory("mem-1"), [])
    for workspace_id in ("ws-1", "ws-2"):
        session = begun(connection, workspace_id=workspace_id, task="a plover")
        seen = structs.replace(note(session, "plover.py"), kind="changed")
        worklog.observe(connection, session.seq, [note(session, "a plover"), note(session, "a wren"), seen], TEN)
        job = ExtractionJobRow(id=f"job-{workspace_id}", session_seq=session.seq, queued_at=NOON, summary="a plover")
        worklog.end(connection, session.seq, NOON, job)
    made = ExtractionRow(job_id="job-ws-1", position=0, memory_id="mem-1", action="stored", said="a plover")
    worklog.finish(connection, "job-ws-1", "failed", NOON, made=[made])
    assert worklog.words_of(connection, ["mem-1"]) == ["a plover"]

    def said(workspace_id: str) -> list[str]:
        session, job = worklog.get(connection, workspace_id, "ses-1"), worklog.job(connection, f"job-{workspace_id}")
        assert session is not None
        assert job is not None
        observed = [each.content for each in worklog.observed_for(connection, job.id)]
        return [session.task, session.summary, job.summary, *observed]

    before = said("ws-2")
    worklog.reword(connection, "ws-1", lambda text: text if "plover" not in text else "", ["changed"])
    assert said("ws-1") == ["", "", "", "a wren", "plover.py"]
    assert worklog.words_of(connection, ["mem-1"]) == [""]
    assert said("ws-2") == before
    worklog.reword(connection, None, lambda text: text.replace("plover", "lark"), ["changed"])
    assert said("ws-2") == ["a lark", "a lark", "a lark", "a lark", "a wren", "plover.py"]


@pytest.mark.parametrize("table", ["sessions", "observations", "session_given", "extraction_jobs", "extractions"])
def test_all_of_a_workspaces_sessions_go_with_it(connection: Connection, memory: Memory, table: str) -> None:
    session = begun(connection, workspace_id="ws-2")
    worklog.observe(connection, session.seq, [note(session, "one")], TEN)
    ended(connection, session)
    memories.insert(connection, memory("mem-1"), [])
    worklog.give(connection, session.seq, [GivenRow(memory_id="mem-1", version=1, verdict="")], TEN)
    made = ExtractionRow(job_id="job-1", position=0, memory_id="mem-1", action="stored", said="one")
    worklog.finish(connection, "job-1", "failed", NOON, made=[made])
    connection.execute(sa.delete(schema.workspaces).where(schema.workspaces.c.id == "ws-2"))
    left = connection.execute(sa.select(sa.func.count()).select_from(schema.truth.tables[table])).scalar_one()
    assert left == 0
