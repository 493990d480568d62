"""What belongs together is found while the vectors are not there, and what is far is left out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from recalld.config import Config
from recalld.memory.associations import MAX_SEEDS, Associations
from recalld.memory.corpus import Corpus
from recalld.memory.trees import Tree
from recalld.store import Store, links, memories, workspaces
from recalld.store.rows import LinkRow, MemoryRow, WorkspaceRow
from recalld.vectors import Vectors

NOON = "2026-03-31T12:00:00Z"


def row(memory_id: str, *concepts: str) -> MemoryRow:
    return MemoryRow(
        id=memory_id,
        workspace_id="ws-1",
        title="…",
        narrative=memory_id,
        memory_type="decision",
        importance_score=0.7,
        confidence=1.0,
        provenance="stated",
        concepts=list(concepts),
        tags=[],
        session_id=None,
        evidence=None,
        text_hash=memory_id,
        created_at=NOON,
        updated_at=NOON,
    )


def reached(
    folder: Path, rows: list[MemoryRow], seeds: dict[str, float], *stated: LinkRow, steps: int = 2
) -> list[str]:
    """What is reached in a store with these rows and links, and with vectors that were never started."""

    async def run() -> list[str]:
        store = Store(folder)
        await store.open()
        try:
            await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="", created_at=NOON), [])
            await store.truth.write(memories.insert_many, [(each, []) for each in rows])
            for link in stated:
                await store.truth.write(links.add, link)
            vectors = Vectors(folder / "vectors", Config(), Corpus(store))
            associations = Associations(store, vectors, lambda: datetime(2026, 3, 31, tzinfo=UTC))
            return list(await associations.spread(Tree("tree-1", "ws-1", folder), seeds, steps=steps))
        finally:
            await store.close()

    return asyncio.run(run())


def test_without_vectors_what_is_shared_or_stated_still_leads_on(tmp_path: Path) -> None:
    rows = [row("mem-a", "queues"), row("mem-b", "queues"), row("mem-c"), row("mem-d", "colours")]
    link = LinkRow(source_id="mem-c", target_id="mem-a", kind="references", origin="stated", at=NOON)
    assert set(reached(tmp_path, rows, {"mem-a": 1.0}, link)) == {"mem-b", "mem-c"}


def test_two_steps_lead_further_than_one(tmp_path: Path) -> None:
    rows = [row("mem-a", "queues"), row("mem-b", "queues", "retries"), row("mem-c", "retries")]
    assert reached(tmp_path / "one", rows, {"mem-a": 1.0}, steps=1) == ["mem-b"]
    assert reached(tmp_path / "two", rows, {"mem-a": 1.0}, steps=2) == ["mem-b", "mem-c"]


def test_activation_starts_from_the_best_alone(tmp_path: Path) -> None:
    seeds = {f"mem-{number}": 0.5 for number in range(MAX_SEEDS)}
    rows = [row(each) for each in seeds] + [row("mem-weak", "queues"), row("mem-x", "queues")]
    assert reached(tmp_path, rows, seeds | {"mem-weak": 0.4}) == []
