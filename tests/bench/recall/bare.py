"""The floor in a process of its own: the model, Chroma and FTS5 around the same texts, and a bare commit."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import psutil

from recalld.store.words import query_terms
from tests.bench.floors import BareSearch


class BareProcess:
    """Searches the same texts with nothing around it; `search` says how long it took inside that process.

    It begins to bring them in at once, `filled` waits until they are.
    """

    def __init__(self, texts: list[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, child = context.Pipe()
        self._process = context.Process(target=_serve, args=(child,), daemon=True)
        self._process.start()
        child.close()  # so that the end of the process is the end of the pipe
        self._pipe.send(texts)
        self.process = psutil.Process(self._process.pid)

    def filled(self) -> float:
        """Seconds it took to load the model and bring all texts into both indexes."""
        return cast("float", self._pipe.recv())

    def search(self, query: str) -> float:
        """Seconds for one query, its words chosen as the daemon chooses them."""
        self._pipe.send((query, " OR ".join(f'"{term}"' for term in query_terms(query)) or None))
        return cast("float", self._pipe.recv())

    def memory_mb(self) -> float:
        """What it holds: proportional set size."""
        return float(self.process.memory_full_info().pss) / 1e6

    def close(self) -> None:
        """End it and remove its files."""
        self._pipe.send(None)
        self._process.join()


def _serve(pipe: Connection) -> None:
    started = time.perf_counter()
    bare = BareSearch(pipe.recv())
    pipe.send(time.perf_counter() - started)
    while (asked := pipe.recv()) is not None:
        pipe.send(bare.search(*asked))
    bare.close()


class BareStore:
    """A table of SQLite with full text beside it, each row committed to the disk as the daemon commits memories."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("CREATE TABLE memories (id INTEGER PRIMARY KEY, text TEXT)")
        self._database.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize='porter unicode61')")

    def store(self, text: str) -> float:
        """Seconds until one text is on the disk."""
        started = time.perf_counter()
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("INSERT INTO memories (text) VALUES (?)", (text,))
        self._database.execute("INSERT INTO words VALUES (?)", (text,))
        self._database.execute("COMMIT")
        return time.perf_counter() - started

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


@contextmanager
def bare_search(texts: list[str]) -> Iterator[BareProcess]:
    """A `BareProcess` that has all texts."""
    made = BareProcess(texts)
    try:
        yield made
    finally:
        made.close()
