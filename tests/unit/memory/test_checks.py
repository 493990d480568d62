"""Long looks, with a real store and vectors that say what the test lays out or are not there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from recalld.config import Config
from recalld.memory.checks import Checks
from recalld.memory.corpus import Corpus
from recalld.store import Store, audits, memories, workspaces
from recalld.store.audits import Examined
from recalld.store.rows import AnchorRow, MemoryRow, WorkspaceRow
from recalld.vectors import Vectors

NOON = "2026-03-31T12:00:00Z"


def memory(number: int, narrative: str) -> MemoryRow:
    return MemoryRow(
        id=f"mem-{number}", workspace_id="ws-1", title=f"Memory {number}", narrative=narrative, memory_type="general",
        importance_score=0.7, confidence=1.0, provenance="stated", concepts=[], tags=[], session_id=None, evidence=None,
        text_hash=f"hash {number}", created_at=NOON, updated_at=NOON,
    )  # fmt: skip


def looked_at(folder: Path, texts: Sequence[str], *, budget_s: float) -> tuple[int, list[Examined], int]:
    """How many are left to be looked at, what was found, and how many are left at once after the texts are others."""

    async def scenario() -> tuple[int, list[Examined], int]:
        store = Store(folder)
        await store.open()
        try:
            await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="one", created_at=NOON), [])
            rows: list[tuple[MemoryRow, list[AnchorRow]]] = [(memory(n, text), []) for n, text in enumerate(texts)]
            await store.truth.write(memories.insert_many, rows)
            # Never started: nothing can be compared, and secrets are looked for all the same.
            vectors = Vectors(folder / "vectors", Config(), Corpus(store))
            left = await Checks(store, vectors).go_on("ws-1", budget_s=budget_s)
            found = await store.truth.read(audits.examined, "ws-1", 0, 1_000)
            again = await Checks(store, vectors).go_on("ws-1", budget_s=budget_s)
            return left, found, again
        finally:
            await store.close()

    return asyncio.run(scenario())


def test_secrets_are_looked_for_also_while_vectors_are_down_and_the_rest_is_left(tmp_path: Path) -> None:
    texts = ["harmless"] * 150
    texts[7] = "use " + "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
    left, found, again = looked_at(tmp_path, texts, budget_s=60)
    assert [each.id for each in found if each.secret] == ["mem-7"]
    assert left == again == len(texts)


def test_nothing_is_begun_when_the_time_is_over(tmp_path: Path) -> None:
    left, found, _ = looked_at(tmp_path, ["-----BEGIN RSA PRIVATE" + " KEY-----"], budget_s=0)
    assert (left, [each.secret for each in found]) == (1, [None])
