from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from recalld.config import Config
from recalld.store.words import content_words
from recalld.vectors import Text, Vectors
from recalld.vectors.embedding import DIMENSIONS
from recalld.vectors.index import ChromaIndex

Matrix = NDArray[np.float32]
Opened = Callable[..., AbstractAsyncContextManager[Vectors]]


TOPICS = ["database migrations", "date parsing", "websocket reconnects", "colour themes", "retry limits"]


class Shelf:
    """The memories that an index is derived from."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.memories: dict[str, tuple[int, str, str]] = {}
        self.beside: dict[str, str] = {}
        self.failing = False
        self.asked: list[list[str]] = []
        """Whose texts were asked for, together each time."""
        for text in texts:
            self.put(text)

    def put(self, text: str, workspace: str = "ws-a", memory_id: str = "") -> str:
        seq = len(self.memories) + 1
        memory_id = memory_id or f"mem-{seq:04d}"
        self.memories[memory_id] = (seq, workspace, text)
        return memory_id

    async def live(self, after_seq: int, limit: int) -> list[tuple[int, str, str, str]]:
        if self.failing:
            raise OSError("the store cannot be read")
        rows = ((seq, mem, workspace, hash_of(text)) for mem, (seq, workspace, text) in self.memories.items())
        return sorted(row for row in rows if row[0] > after_seq)[:limit]

    async def texts(self, ids: Sequence[str]) -> dict[str, Text]:
        self.asked.append(list(ids))
        found = {mem: self.memories[mem] for mem in ids if mem in self.memories}
        return {
            mem: Text(workspace, hash_of(text), text, self.beside.get(mem, ""), content_words(text))
            for mem, (_, workspace, text) in found.items()
        }


def rows(count: int, seed: int = 0) -> NDArray[np.float32]:
    made = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    unit: NDArray[np.float32] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return unit


def hash_of(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


async def until(reached: Callable[[], bool], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not reached():  # noqa: ASYNC110  # `state` is what users poll too
            await asyncio.sleep(0.005)


def notes(count: int) -> list[str]:
    return [f"note {number} about {TOPICS[number % len(TOPICS)]}" for number in range(count)]


async def found(vectors: Vectors, text: str, *workspaces: str, n: int = 5) -> list[str]:
    near = await vectors.nearest(text, workspace_ids=workspaces or ["ws-a"], n=n)
    return [each.memory_id for each in near]


def assert_in_line(folder: Path, shelf: Shelf) -> None:
    index = ChromaIndex()
    index.open(folder / "chroma")
    index.begin_comparison()
    wanted = [(mem, workspace, hash_of(text)) for mem, (_, workspace, text) in shelf.memories.items()]
    assert index.compare(wanted) == ([], [])
    assert index.end_comparison() == []
    index.close()


def worker(daemon: int | None = None) -> psutil.Process:
    (process,) = [each for each in psutil.Process(daemon).children() if "recalld.vectors.worker" in each.cmdline()]
    return process


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Vectors over a shelf, in line with it unless told not to wait."""

    @asynccontextmanager
    async def open_vectors(shelf: Shelf, *, wait: bool = True, url: str = "") -> AsyncIterator[Vectors]:
        vectors = Vectors(tmp_path / "vectors", Config(chroma_url=url), shelf, retry_s=0.05)
        await vectors.start()
        try:
            if wait:
                await until(lambda: vectors.state == "ready")
            yield vectors
        finally:
            await vectors.stop()

    return open_vectors
