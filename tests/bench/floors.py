"""What each figure stands beside: the least that could be done, on the same bytes, in the same run."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import zmq

ECHO = """
import sys, zmq
socket = zmq.Context().socket(zmq.ROUTER)
socket.bind(sys.argv[1])
reply = open(sys.argv[2], "rb").read()
while True:
    *envelope, _ = socket.recv_multipart()
    socket.send_multipart([*envelope, reply])
"""


@contextmanager
def echo(folder: Path, reply: bytes) -> Iterator[Callable[[bytes], None]]:
    """A process that answers whatever it is sent with the same bytes; yields a function that asks it once."""
    (folder / "reply").write_bytes(reply)
    address = f"ipc://{folder / 'echo.sock'}"
    server = subprocess.Popen([sys.executable, "-c", ECHO, address, str(folder / "reply")])
    try:
        with asking(address) as ask:
            yield ask
    finally:
        server.kill()
        server.wait()


@contextmanager
def asking(address: str) -> Iterator[Callable[[bytes], None]]:
    """A bare socket; yields a function that sends a frame and waits for the answer."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.connect(address)

    def ask(frame: bytes) -> None:
        socket.send(frame)
        socket.recv()

    try:
        yield ask
    finally:
        context.destroy(0)


def read_and_parse(file: Path) -> None:
    """Read a file and parse it, no more."""
    from recalld.code.grammar import _compiled
    from recalld.code.languages import language_of

    content = file.read_bytes()
    language = language_of(file.name, content)
    assert language is not None
    _compiled(language).parser.parse(content)


def parse_and_query(files: Iterable[Path]) -> float:
    """Seconds in which this process reads all that is code among the files, parses it and runs the queries."""
    from tree_sitter import QueryCursor

    from recalld.code.grammar import _compiled
    from recalld.code.languages import language_of

    listed = [file for file in files if file.is_file()]
    started = time.perf_counter()
    for file in listed:
        if file.stat().st_size > 1_000_000:
            continue
        content = file.read_bytes()
        language = language_of(file.name, content)
        if language is not None:
            compiled = _compiled(language)
            QueryCursor(compiled.query).matches(compiled.parser.parse(content).root_node)
    return time.perf_counter() - started


class BareSearch:
    """The model, Chroma and FTS5 with nothing around them, in one process."""

    def __init__(self, texts: list[str]) -> None:
        import chromadb
        from chromadb.config import Settings

        from recalld.vectors.embedding import Embedder

        self._folder = tempfile.TemporaryDirectory(prefix="recalld-floor-", ignore_cleanup_errors=True)
        self._embedder = Embedder()
        self._embedder.load(1)
        client = chromadb.PersistentClient(self._folder.name, settings=Settings(anonymized_telemetry=False))
        self._collection = client.create_collection(
            "floor", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        self._words = sqlite3.connect(":memory:")
        self._words.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize='porter unicode61')")
        self._words.executemany("INSERT INTO words VALUES (?)", ((text,) for text in texts))
        for first in range(0, len(texts), 500):
            batch = texts[first : first + 500]
            vectors = self._embedder.embed([text[:800] for text in batch])
            self._collection.add(ids=[str(first + n) for n in range(len(batch))], embeddings=vectors)

    def search(self, query: str, match: str | None = None) -> float:
        """Seconds for one query: embed it, the 10 nearest, the 10 best by words.

        Args:
            query: to be embedded.
            match: the full-text expression; without it, any of the query's words of four letters and more.
        """
        match = match or " OR ".join(f'"{word}"' for word in query.split() if word.isalnum() and len(word) > 3)
        started = time.perf_counter()
        vector = self._embedder.embed([query])
        self._collection.query(query_embeddings=vector, n_results=10, include=["distances"])
        statement = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words) LIMIT 10"
        self._words.execute(statement, (match,)).fetchall()
        return time.perf_counter() - started

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()
