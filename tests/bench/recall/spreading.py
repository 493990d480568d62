"""What spreading activation costs among many memories: `python -m tests.bench.recall.spreading [--size N]`.

The store is filled directly, with a few concepts, files and sessions that very many memories share and a long tail that
few do, and a second workspace with the same paths. Figures are processor time, of what runs in the daemon.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from recalld.config import Config
from recalld.memory.associations import Associations
from recalld.memory.corpus import Corpus
from recalld.memory.trees import Tree
from recalld.store import Store, memories, workspaces
from recalld.store.rows import AnchorRow, MemoryRow, WorkspaceRow
from recalld.vectors import Vectors
from tests.bench.ground import p
from tests.bench.recall import prose
from tests.bench.run import machine

BATCH = 1_000
TRIALS = 100
MINE, OTHER = "ws-mine", "ws-other"
NOW = "2026-03-31T12:00:00Z"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recall.spreading", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="memories")
    parser.add_argument("--folder", type=Path, help="keep the store here, and use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recalld-bench-") as made:
        asyncio.run(_measure(options.folder or Path(made), options.size))
    return 0


async def _measure(folder: Path, size: int) -> None:
    store = Store(folder)
    await store.open()
    try:
        if not await store.truth.read(memories.live_ids, [MINE]):
            await _fill(store, size)
        ids = await store.truth.read(memories.live_ids, [MINE])
        # Never started, so that only what the daemon itself does is measured.
        vectors = Vectors(folder / "vectors", Config(), Corpus(store))
        associations = Associations(store, vectors, lambda: datetime(2026, 4, 1, tzinfo=UTC))
        tree = Tree(id="tree-1", workspace_id=MINE, root=folder)
        print(f"{machine()}; {len(ids)} memories\n\n| | p50 | p99 |\n|---|---|---|")
        for label, seeds, steps in (("a search: 3 seeds, 1 step", 3, 1), ("explore: 10 seeds, 2 steps", 10, 2)):
            spent = []
            for chosen in _some(ids, seeds):
                started = time.process_time()
                await associations.spread(tree, dict.fromkeys(chosen, 0.9), steps=steps)
                spent.append(time.process_time() - started)
            print(f"| {label} | {p(0.5, spent):.1f} ms | {p(0.99, spent):.1f} ms |", flush=True)
    finally:
        await store.close()


def _some(ids: Sequence[str], seeds: int) -> Iterator[list[str]]:
    chance = random.Random(5)
    return (chance.sample(ids, seeds) for _ in range(TRIALS))


async def _fill(store: Store, size: int) -> None:
    for each in (MINE, OTHER):
        await store.truth.write(workspaces.add_workspace, WorkspaceRow(id=each, name=each, created_at=NOW), [])
    rows = _memories(size)
    while batch := list(islice(rows, BATCH)):
        await store.truth.write(memories.insert_many, batch)
        print(f"… {batch[-1][0].id}", end="\r", file=sys.stderr, flush=True)


def _memories(size: int) -> Iterator[tuple[MemoryRow, list[AnchorRow]]]:
    chance = random.Random(3)
    sentences = prose.sentences()
    texts = prose.memories(sentences, size)

    def skewed(most: int) -> int:
        """A number below this one, a small one far more often than a great one."""
        return int(most ** chance.random()) - 1

    for number, text in enumerate(texts):
        area, file = skewed(40), skewed(60)
        path = f"src/area{area}/part{file % 7}/file{file}.py"
        anchors = [AnchorRow(kind="symbol", path=path, symbol=f"Thing.method{skewed(50)}")]
        if number % 3 == 0:
            anchors.append(AnchorRow(kind="file", path=path, position=1))
        if number % 10 == 0:
            anchors.append(AnchorRow(kind="folder", path=f"src/area{area}/", position=2))
        row = MemoryRow(
            id=f"mem-{number:012x}",
            workspace_id=OTHER if number % 20 == 0 else MINE,
            title=" ".join(text.split()[:9]),
            narrative=text,
            memory_type="decision",
            importance_score=0.7,
            confidence=1.0,
            provenance="stated",
            concepts=[f"concept {skewed(5_000)}" for _ in range(3)],
            tags=[f"tag {skewed(500)}"],
            session_id=f"session-{skewed(2_000)}",
            evidence=None,
            text_hash=f"{number}",
            created_at=NOW,
            updated_at=NOW,
        )
        yield row, anchors


if __name__ == "__main__":
    sys.exit(main())
