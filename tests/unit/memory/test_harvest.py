"""What becomes of drafts in the transaction that closes their job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from recalld.memory.drafting import Drafted
from recalld.memory.harvest import _Candidate, _keep
from recalld.memory.text import text_hash
from recalld.store import derived, memories, worklog, workspaces
from recalld.store.engine import make_engine
from recalld.store.migrate import migrate
from recalld.store.rows import ExtractionJobRow, MemoryRow, ObservationRow, SessionRow, WorkspaceRow

NINE, NOON = "2026-03-31T09:00:00Z", "2026-03-31T12:00:00Z"
DRAFTED = Drafted([], "model", "a note")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A `memory.db` with a session that ended, and its job."""
    file = tmp_path / "memory.db"
    migrate(file)
    engine = make_engine(file, begin="BEGIN IMMEDIATE", pragmas=["foreign_keys = ON"], connections=1)
    with engine.begin() as opened:
        derived.repair(opened)
        workspaces.add_workspace(opened, WorkspaceRow(id="ws-1", name="one", created_at=NINE), [])
        started = SessionRow(workspace_id="ws-1", id="ses-1", tree_id="tree-1", started_at=NINE, active_at=NINE)
        session = worklog.begin(opened, started)
        said = ObservationRow(session_seq=session.seq, at=NINE, kind="note", content="Chose Kafka.")
        worklog.observe(opened, session.seq, [said], NINE)
        job = ExtractionJobRow(id="job-1", session_seq=session.seq, queued_at=NOON, summary="Done.")
        worklog.end(opened, session.seq, NOON, job)
        yield opened
    engine.dispose()


def memory(memory_id: str, narrative: str, **given: Any) -> MemoryRow:
    values: dict[str, Any] = {
        "id": memory_id, "workspace_id": "ws-1", "title": "Kafka", "narrative": narrative, "memory_type": "decision",
        "importance_score": 0.7, "confidence": 0.6, "provenance": "extracted", "concepts": [], "tags": [],
        "session_id": "ses-1", "evidence": None, "text_hash": text_hash("Kafka", narrative),
        "created_at": NINE, "updated_at": NINE,
    }  # fmt: skip
    return MemoryRow(**(values | given))


def keep(connection: Connection, *candidates: _Candidate) -> list[tuple[str, str]]:
    """What was done, with which memory."""
    source = worklog.to_extract(connection, "job-1")
    assert source is not None
    assert _keep(connection, "job-1", source, DRAFTED, candidates, NOON) is not None
    return [(each.action, each.memory_id) for each in worklog.made_by(connection, "job-1")]


def candidate(memory_id: str, narrative: str, same: str | None = None) -> _Candidate:
    return _Candidate(memory(memory_id, narrative), [], narrative, same)


def test_what_is_new_is_stored_and_the_job_says_who_drafted_it(connection: Connection) -> None:
    assert keep(connection, candidate("mem-1", "Chose Kafka.")) == [("stored", "mem-1")]
    job = worklog.job(connection, "job-1")
    assert job is not None
    assert (job.status, job.drafted_by, job.note) == ("done", "model", "a note")


def test_nothing_is_done_where_the_job_is_made_of_something_else_by_now(connection: Connection) -> None:
    source = worklog.to_extract(connection, "job-1")
    assert source is not None
    worklog.reword(connection, None, lambda text: text.replace("Kafka", ""), [])
    assert _keep(connection, "job-1", source, DRAFTED, [candidate("mem-1", "Chose Kafka.")], NOON) is None
    assert memories.get(connection, "mem-1") is None
    left = worklog.to_extract(connection, "job-1")
    assert left is not None  # to be done yet
    assert [each.content for each in left[1]] == ["Chose ."]
    worklog.finish(connection, "job-1", "done", NOON)
    assert _keep(connection, "job-1", source, DRAFTED, [], NOON) is None


def test_the_same_twice_in_a_session_is_stored_once(connection: Connection) -> None:
    twice = (candidate("mem-1", "Chose Kafka."), candidate("mem-2", "chose kafka"))
    assert keep(connection, *twice) == [("stored", "mem-1"), ("confirmed", "mem-1")]


@pytest.mark.parametrize(
    ("known", "action"),
    [
        ({}, "updated"),
        ({"provenance": "stated"}, "confirmed"),
        ({"useful": 1}, "confirmed"),
        ({"version": 2}, "confirmed"),
        ({"narrative": "Chose Kafka for all of the order events."}, "confirmed"),
    ],
)
def test_only_what_nobody_touched_takes_the_words_of_what_says_more(
    connection: Connection, known: dict[str, Any], action: str
) -> None:
    memories.insert(connection, memory("mem-1", **({"narrative": "Chose Kafka."} | known)), [])
    assert keep(connection, candidate("mem-2", "Chose Kafka for order events.", "mem-1")) == [(action, "mem-1")]
    row = memories.get(connection, "mem-1")
    assert row is not None
    assert ("order events." in row.narrative) == (action == "updated" or "narrative" in known)
    assert (row.last_used_at == NOON) == (action == "confirmed")


def test_what_says_the_same_and_was_forgotten_does_not_count(connection: Connection) -> None:
    memories.insert(connection, memory("mem-1", "Chose Kafka."), [])
    memories.set_forgotten(connection, ["mem-1"], NOON, "forgotten")
    assert keep(connection, candidate("mem-2", "Chose Kafka.", "mem-1")) == [("stored", "mem-2")]
