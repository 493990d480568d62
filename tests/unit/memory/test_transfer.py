"""An export brought in elsewhere gives the same export again, whatever the memories are; twice changes nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from recall.protocol.requests import records as lines
from recall.protocol.requests.records import Record
from recalld.memory import records
from recalld.memory.clock import iso
from recalld.memory.text import text_hash
from recalld.memory.transfer import _keep
from recalld.memory.trees import PERSONAL
from recalld.store import derived, links, transfer, workspaces
from recalld.store.engine import make_engine
from recalld.store.migrate import migrate
from recalld.store.rows import (
    AnchorRow,
    ExtractionJobRow,
    ExtractionRow,
    FormRow,
    LinkRow,
    MemoryRow,
    RatingRow,
    SessionRow,
    VersionRow,
    WorkspaceRow,
)
from recalld.store.transfer import Association, EndedSession, Whole

NINE = "2026-04-01T09:00:00Z"
DAYS = {"ws-1": 40, "ws-2": 7, PERSONAL: 50}
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
labels = st.lists(words, max_size=3, unique_by=str.casefold)
times = st.integers(0, 4_000_000_000).map(lambda at: iso(datetime.fromtimestamp(at, UTC)))
scores = st.floats(0, 1)
counts = st.integers(0, 50)
paths = st.sampled_from(["a.py", "api/models.py", "api/", "docs/ä ö.md"])

forms = st.builds(
    FormRow,
    path=paths,
    symbol=st.none() | words,
    kind=words,
    fingerprint=words,
    header=words,
    fingerprint_version=st.integers(-3, 3),
    size=counts,
    language=st.none() | st.just("python"),
    code=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200),
    source=st.sampled_from(["stored", "accepted", "followed"]),
    accepted_at=times,
    excerpt=words,
    excerpt_line=counts,
    marks=st.lists(st.integers(0, 2**32), max_size=2).map(tuple),
    beside=words,
    namesakes=words,
)


@st.composite
def wholes(draw: st.DrawFn, number: int, workspace_id: str) -> Whole:
    memory_id, title, narrative = f"mem-{number}", draw(words), draw(words)
    version = draw(st.integers(1, 4))
    row = MemoryRow(
        id=memory_id,
        workspace_id=workspace_id,
        title=title,
        narrative=narrative,
        memory_type=draw(st.sampled_from(["decision", "pattern", "general"])),
        importance_score=draw(scores),
        confidence=draw(scores),
        provenance=draw(st.sampled_from(["stated", "extracted", "rated"])),
        concepts=draw(labels),
        tags=draw(labels),
        session_id=draw(st.none() | words),
        evidence=draw(st.none() | words),
        text_hash=text_hash(title, narrative),
        created_at=draw(times),
        updated_at=draw(times),
        version=version,
        pinned=draw(st.booleans()),
        unpinned_importance=draw(st.none() | scores),
        useful=draw(counts),
        not_useful=draw(counts),
        last_used_at=draw(st.none() | times),
        forgotten_at=draw(st.none() | times),
        present_importance=draw(scores),
        reinforced_on=draw(st.integers(0, 40)),
        recalls=draw(counts),
        recalled_at=draw(st.none() | times),
        unused=draw(counts),
    )
    bound = []
    if workspace_id != PERSONAL:
        kinds = draw(st.lists(st.sampled_from(["file", "symbol", "folder", "lines"]), max_size=3))
        for position, kind in enumerate(kinds):
            symbol = draw(words) if kind == "symbol" else None
            given_lines = "3-7" if kind == "lines" else None
            its_forms = draw(st.lists(forms, max_size=2))
            values: dict[str, Any] = {"kind": kind, "path": draw(paths), "symbol": symbol, "lines": given_lines}
            bound.append(AnchorRow(**values, position=position, forms=its_forms))
    states = [
        VersionRow(
            memory_id=memory_id,
            version=n,
            at=draw(times),
            cause="edited",
            title=title if n == version else draw(words),
            narrative=narrative if n == version else draw(words),
            memory_type=row.memory_type,
            importance_score=draw(scores),
            concepts=draw(labels),
            tags=draw(labels),
            source_files=draw(st.lists(paths, max_size=2)),
            symbols=draw(st.lists(words, max_size=2)),
        )
        for n in range(1, version + 1)
    ]
    rated = [
        RatingRow(
            memory_id=memory_id,
            at=draw(times),
            useful=draw(st.booleans()),
            context=draw(words),
            previous=draw(scores),
            updated=draw(scores),
            session_id=draw(st.none() | words),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    return Whole(row, bound, states, rated)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three workspaces and nothing in them."""
    file = tmp_path_factory.mktemp("empty") / "memory.db"
    migrate(file)
    engine = make_engine(file, begin="BEGIN IMMEDIATE", pragmas=[], connections=1)
    with engine.begin() as connection:
        derived.repair(connection)
        for name in DAYS:
            workspaces.add_workspace(connection, WorkspaceRow(id=name, name=name, created_at="now"), [])
    engine.dispose()
    return file


@contextmanager
def a_copy_of(file: Path) -> Iterator[Connection]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "memory.db"
        shutil.copyfile(file, copy)
        engine = make_engine(copy, begin="BEGIN IMMEDIATE", pragmas=["foreign_keys = ON"], connections=1)
        with engine.begin() as connection:
            yield connection
        engine.dispose()


def exported(connection: Connection, workspace_id: str) -> list[Record]:
    """All that an export holds, as it comes off the wire."""
    scope = [workspace_id, PERSONAL]
    found: list[Record] = []
    after = 0
    while page := transfer.memories_after(connection, scope, after, 2, forgotten=True):
        found += [records.memory(whole, DAYS[whole.row.workspace_id]) for whole in page]
        after = page[-1].row.seq
    last, linked, tied = transfer.ties_after(connection, scope, 0, 100, forgotten=True)
    found += [*map(records.link, linked), *map(records.association, tied)]
    assert transfer.ties_after(connection, scope, last, 100, forgotten=True) == (0, [], [])
    found += [records.session(each) for each in transfer.sessions_after(connection, workspace_id, 0, 100)]
    return msgspec.json.decode(msgspec.json.encode(found), type=list[Record])


def ended_session(made_of: list[str]) -> EndedSession:
    row = SessionRow(
        workspace_id="ws-1", id="s-1", tree_id="tree-1", started_at="2026-04-01T09:00:00Z",
        active_at="2026-04-01T09:20:00Z", status="ended", ended_at="2026-04-01T09:21:00Z", task="Move it",
    )  # fmt: skip
    job = ExtractionJobRow(id="job-1", session_seq=0, queued_at="2026-04-01T09:21:00Z", status="done")
    made = [
        ExtractionRow(job_id="job-1", position=n, memory_id=each, action="stored", said="so")
        for n, each in enumerate(made_of)
    ]
    return EndedSession(row, [(job, made)])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_exported_and_brought_in_elsewhere_is_exported_again(empty: Path, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.sampled_from(["ws-1", "ws-1", PERSONAL]), min_size=1, max_size=4))
    some = [data.draw(wholes(n, place)) for n, place in enumerate(places)]
    pairs = [(one.row.id, other.row.id) for one, other in pairwise(some)]
    with a_copy_of(empty) as here, a_copy_of(empty) as there:
        transfer.add_memories(here, some)
        for one, other in pairs:
            links.add(
                here,
                LinkRow(source_id=one, target_id=other, kind="references", origin="stated", at="2026-04-01T09:00:00Z"),
            )
            transfer.add_association(here, Association(one, other, 0.25, "2026-04-01T09:00:00.123456+00:00"))
        transfer.add_session(here, ended_session([whole.row.id for whole in some]), {})
        said = exported(here, "ws-1")
        reply = _keep(there, "ws-1", said, DAYS, personal=True).reply
        assert (reply.stored, reply.known, reply.left_out, reply.differing) == (len(some), 0, 0, [])
        assert reply.tied == 2 * len(pairs) + 1
        assert exported(there, "ws-1") == said
        again = _keep(there, "ws-1", said, DAYS, personal=True).reply
        assert (again.stored, again.known, again.tied, again.differing) == (0, len(some), 0, [])
        assert exported(there, "ws-1") == said


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_in_another_workspace_of_the_same_store_ids_are_others_and_all_else_is_the_same(
    empty: Path, data: st.DataObject
) -> None:
    some = [data.draw(wholes(n, "ws-1")) for n in range(2)]
    with a_copy_of(empty) as here:
        transfer.add_memories(here, some)
        links.add(
            here,
            LinkRow(
                source_id="mem-0", target_id="mem-1", kind="supersedes", origin="stated", at="2026-04-01T09:00:00Z"
            ),
        )
        transfer.add_session(here, ended_session(["mem-0"]), {})
        said = exported(here, "ws-1")
        reply = _keep(here, "ws-2", said, DAYS, personal=False).reply
        assert set(reply.renamed) == {"mem-0", "mem-1"}
        names = {new: old for old, new in reply.renamed.items()}
        copied = exported(here, "ws-2")
        for record in copied:
            if isinstance(record, lines.MemoryRecord):
                record.id = names[record.id]
            elif isinstance(record, lines.LinkRecord):
                record.source_id, record.target_id = names[record.source_id], names[record.target_id]
            elif isinstance(record, lines.SessionRecord):
                (job,) = record.jobs
                assert job.id != "job-1"
                job.id, job.made[0].memory_id = "job-1", names[job.made[0].memory_id]
        assert copied == said
        assert exported(here, "ws-1") == said
        again = _keep(here, "ws-2", said, DAYS, personal=False).reply
        assert (again.stored, again.known, again.tied) == (0, 2, 0)
