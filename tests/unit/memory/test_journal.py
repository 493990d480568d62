"""What is taken of sessions, and when it is on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from recall.protocol.errors import RecallError
from recall.protocol.values import Cause, Context
from recalld.config import Config
from recalld.events import CodeChanged, ContextReady
from recalld.memory import journal as journals
from recalld.memory.journal import CHANGED, MAX_SEEN, OPENED, Journal, OpenSession
from recalld.store import Store, StoreError, worklog, workspaces
from recalld.store.rows import ObservationRow, SessionRow, WorkspaceRow

NINE = "2026-03-31T09:00:00Z"
NOON = "2026-03-31T12:00:00Z"


def note(session: OpenSession, content: str) -> ObservationRow:
    return ObservationRow(session_seq=session.row.seq, at=NINE, kind="note", content=content)


def with_journal(tmp_path: Path, scenario: Callable[[Journal, Store], Awaitable[None]], **settings: Any) -> None:
    async def run() -> None:
        store = Store(tmp_path)
        await store.open()
        await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="one", created_at=NINE), [])
        config = Config(**settings)
        await scenario(Journal(config, store, lambda: datetime(2026, 3, 31, 12, tzinfo=UTC)), store)
        await store.close()

    asyncio.run(run())


async def begun(journal: Journal, store: Store, session_id: str = "ses-1", tree_id: str = "tree-1") -> OpenSession:
    row = SessionRow(workspace_id="ws-1", id=session_id, tree_id=tree_id, started_at=NINE, active_at=NINE)
    return await journal.begun(await store.truth.write(worklog.begin, row))


async def kept(store: Store, session: OpenSession) -> list[str]:
    return [each.content for each in await store.truth.read(worklog.waiting, session.row.seq)]


def test_what_is_taken_is_written_without_being_asked_for(tmp_path: Path) -> None:
    async def scenario(journal: Journal, store: Store) -> None:
        session = await begun(journal, store)
        numbers = [f"note {number}" for number in range(200)]
        for number in numbers:
            assert journal.note(session, note(session, number))
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while await kept(store, session) != numbers:
                pass

    with_journal(tmp_path, scenario)


def test_what_cannot_be_written_is_kept_in_order_for_the_next_writing(tmp_path: Path) -> None:
    async def scenario(journal: Journal, store: Store) -> None:
        session = await begun(journal, store)
        await store.truth.close()
        journal.note(session, note(session, "one"))
        with pytest.raises(StoreError):
            await journal.written()
        journal.note(session, note(session, "two"))
        with pytest.raises(StoreError):
            await journal.close(session)
        assert journal.get("ws-1", "ses-1") is None
        journal.reopen(session)
        await store.truth.open()
        journal.note(session, note(session, "three"))
        await journal.close(session)
        assert await kept(store, session) == ["one", "two", "three"]
        row = await store.truth.read(worklog.by_seq, session.row.seq)
        assert row is not None
        assert (row.observed, row.active_at) == (3, NOON)

    with_journal(tmp_path, scenario)


def test_stopping_where_nothing_can_be_written_says_what_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(journal: Journal, store: Store) -> None:
        session = await begun(journal, store)
        await store.truth.close()
        journal.note(session, note(session, "one"))
        await journal.stop()
        assert "observations are lost" in caplog.text

    with_journal(tmp_path, scenario)


def test_what_is_over_the_limits_is_dropped_and_counted(tmp_path: Path) -> None:
    async def scenario(journal: Journal, store: Store) -> None:
        session = await begun(journal, store)
        assert journal.note(session, note(session, "é" * 5))
        assert not journal.note(session, note(session, "x"))
        await journal.written()
        row = await store.truth.read(worklog.by_seq, session.row.seq)
        assert row is not None
        assert (row.observed, row.observed_bytes, row.dropped) == (1, 10, 1)

    with_journal(tmp_path, scenario, session_bytes=10)


def test_too_much_that_waits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(journal: Journal, store: Store) -> None:
        monkeypatch.setattr(journals, "MAX_WAITING", 2)
        session = await begun(journal, store)
        for _ in range(2):
            journal.note(session, note(session, "x"))
        with pytest.raises(RecallError) as refusal:
            journal.note(session, note(session, "x"))
        assert refusal.value.code == "busy"
        await journal.written()
        assert journal.note(session, note(session, "x"))
        await journal.written()

    with_journal(tmp_path, scenario)


def ready(path: str, cause: Cause) -> ContextReady:
    nothing = Context(
        file_path=path, workspace_id="ws-1", tree_id="tree-1", memories=[], text="", tokens=0, token_budget=0
    )
    return ContextReady("ws-1", "tree-1", path, cause, nothing)


def changed(path: str, *symbols: str, tree_id: str = "tree-1") -> CodeChanged:
    return CodeChanged(tree_id, path, symbols)


def test_what_changes_belongs_to_the_only_session_of_a_tree(tmp_path: Path) -> None:
    async def scenario(journal: Journal, store: Store) -> None:
        session = await begun(journal, store)
        elsewhere = await begun(journal, store, "ses-2", "tree-2")
        journal.code_changed(changed("a.py", "C.m"))
        journal.code_changed(changed("b.py"))
        journal.code_changed(changed("a.py"))
        assert session.places(CHANGED) == ["a.py::C.m", "b.py", "a.py"]
        assert elsewhere.places(CHANGED) == []
        await begun(journal, store, "ses-3")
        journal.code_changed(changed("c.py"))
        await journal.written()
        assert await kept(store, session) == ["a.py", "a.py::C.m", "b.py"]

    with_journal(tmp_path, scenario)


def test_only_what_was_opened_counts_as_opened_and_only_so_much_is_kept(tmp_path: Path) -> None:
    async def scenario(journal: Journal, store: Store) -> None:
        session = await begun(journal, store)
        for number in range(MAX_SEEN + 5):
            journal.file_opened(ready(f"{number}.py", "opened"))
            journal.file_opened(ready("saved.py", "saved"))
        assert len(session.places(OPENED)) == MAX_SEEN
        assert "saved.py" not in session.places(OPENED)
        await journal.written()

    with_journal(tmp_path, scenario)


def test_sessions_that_were_open_are_taken_up_with_what_was_seen_in_them(tmp_path: Path) -> None:
    async def scenario(journal: Journal, store: Store) -> None:
        session = await begun(journal, store)
        journal.code_changed(changed("a.py"))
        await journal.written()
        again = Journal(Config(), store, lambda: datetime(2026, 3, 31, 12, tzinfo=UTC))
        await again.load()
        (found,) = again
        assert (found.row.seq, found.places(CHANGED)) == (session.row.seq, ["a.py"])

    with_journal(tmp_path, scenario)
