"""What the vector index is to know of a memory: its text, and what stands beside it in its session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from recalld.memory.corpus import Corpus
from recalld.store import Store, memories, workspaces
from recalld.store.rows import MemoryRow, WorkspaceRow

NOON = "2026-03-31T12:00:00Z"


def row(memory_id: str, session: str | None) -> MemoryRow:
    return MemoryRow(
        id=memory_id,
        workspace_id="ws-1",
        title=f"Title {memory_id}",
        narrative=f"Says {memory_id}.",
        memory_type="decision",
        importance_score=0.7,
        confidence=1.0,
        provenance="stated",
        concepts=[],
        tags=[],
        session_id=session,
        evidence=None,
        text_hash=memory_id,
        created_at=NOON,
        updated_at=NOON,
    )


def with_store(folder: Path, rows: Sequence[MemoryRow], scenario: Callable[[Store, Corpus], Awaitable[Any]]) -> None:
    async def run() -> None:
        store = Store(folder)
        await store.open()
        try:
            await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="", created_at=NOON), [])
            await store.truth.write(memories.insert_many, [(each, []) for each in rows])
            await scenario(store, Corpus(store))
        finally:
            await store.close()

    asyncio.run(run())


def test_a_memory_is_read_with_its_neighbours_of_the_session_whoever_stores_meanwhile(tmp_path: Path) -> None:
    rows = [row("a1", "a"), row("b1", "b"), row("a2", "a"), row("x", None), row("a3", "a")]

    async def scenario(store: Store, corpus: Corpus) -> None:
        texts = await corpus.texts(["a2", "b1", "x"])
        assert texts["a2"].beside == "Title a1\nSays a1.\nTitle a2\nSays a2.\nTitle a3\nSays a3."
        assert (texts["b1"].beside, texts["x"].beside) == ("", "")

    with_store(tmp_path, rows, scenario)


def test_memories_next_to_a_changed_or_forgotten_one_are_read_anew(tmp_path: Path) -> None:
    rows = [row(f"a{number}", "a") for number in range(1, 6)]

    async def scenario(store: Store, corpus: Corpus) -> None:
        assert set(await corpus.texts(["a3"])) == {"a2", "a3", "a4"}
        await store.truth.write(memories.set_forgotten, ["a3"], NOON, "forgotten")
        texts = await corpus.texts(["a3"])
        assert set(texts) == {"a2", "a4"}
        assert texts["a2"].beside == "Title a1\nSays a1.\nTitle a2\nSays a2.\nTitle a4\nSays a4."

    with_store(tmp_path, rows, scenario)
