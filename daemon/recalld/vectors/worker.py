"""The vectors' process: `python -m recalld.vectors.worker`, started by `process.py`.

A process of its own, because Chroma holds the interpreter's lock while it writes (5 ms for one memory, 100 ms
when it saves its files), and because its native code ends the process when its files are damaged. It answers
requests one by one in the order they come. Any fault ends it: it says why, and its parent starts another.

Frames, both ways: length (4 bytes, big endian), then MessagePack. Request: (number, operation, arguments);
answer: (number, result); farewell: (0, {"fault": why, "model": whether it lies in the model, "trace": for the log}).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from recalld.vectors.embedding import DIMENSIONS, Embedder, ModelUnusable
from recalld.vectors.index import ChromaIndex, Item
from recalld.vectors.vocabulary import Vocabulary
from recalld.vectors.whole import Near

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

REMEMBERED = 256
"""Texts asked about lately whose vectors are kept: a question comes again, a memory is looked for when it is stored."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, str, list[Any]])


class Operations:
    """What the parent may ask for; vectors travel as the bytes of float32 rows."""

    def __init__(self) -> None:
        self._embedder = Embedder()
        self._index = ChromaIndex()
        self._vocabulary = Vocabulary()
        self._remembered: OrderedDict[str, Matrix] = OrderedDict()

    def load(self, threads: int) -> None:
        """Load the model."""
        self._embedder.load(threads)

    def open(self, folder: str, url: str) -> bool:
        """Open the index; whether it was emptied for another way to embed, and is not full again."""
        self._index.open(Path(folder), url)
        return self._index.of_new_scheme

    def complete(self) -> None:
        """The index is full again."""
        self._index.complete()

    def begin_comparison(self, generation: str) -> None:
        """Begin to compare the index with the source; of this generation is what is put in from now on."""
        self._index.begin_comparison(generation)

    def compare(self, wanted: list[tuple[str, str, str]]) -> tuple[list[str], list[str]]:
        """Which of these (id, workspace, text hash) are to be indexed, and which to be embedded anew only."""
        return self._index.compare(wanted)

    def end_comparison(self) -> list[str]:
        """Which memories are to be taken out."""
        return self._index.end_comparison()

    def pieces(self, text: str) -> list[str]:
        """Cut a text."""
        return self._embedder.pieces(text)

    def embed(self, texts: list[str]) -> bytes:
        """A vector for each text."""
        if all(text in self._remembered for text in texts):
            return b"".join(self._remembered[text].tobytes() for text in texts)
        return self._embedder.embed(texts).tobytes()

    def unknown(self, words: list[str]) -> list[str]:
        """Which of these words are to be learned."""
        return self._vocabulary.unknown(words)

    def learn(self, words: list[str]) -> None:
        """Keep words that are not known."""
        self._vocabulary.learn(words, self._embedder.embed(words))

    def upsert(self, items: list[tuple[str, str, str, bytes, bytes]]) -> None:
        """Put memories (id, workspace, text hash, vectors of the pieces, vector with the neighbours) in."""
        self._index.upsert(
            [
                Item(memory_id, workspace_id, text_hash, _rows(vectors), _rows(beside) if beside else None)
                for memory_id, workspace_id, text_hash, vectors, beside in items
            ]
        )

    def delete(self, memory_ids: list[str]) -> None:
        """Take memories out."""
        self._index.delete(memory_ids)

    def nearest(self, text: str, workspace_ids: list[str], n: int, among: list[str] | None) -> list[Near]:
        """What is near a text."""
        vector = self._vector(text)
        if among is None:
            return self._index.query(vector, workspace_ids, n)
        return self._index.cosines(vector, among, n)

    def like(self, words: list[str], workspace_ids: list[str]) -> tuple[list[list[tuple[str, float]]], int]:
        """What is like each of these words, and how many memories there are."""
        strangers = [word for word in words if not self._vocabulary.knows(word)]
        found = self._vocabulary.like(self._embedder.embed(strangers)) if strangers else []
        like = dict(zip(strangers, found, strict=True))
        of_each = [like[word] if word in like else self._vocabulary.like_word(word) for word in words]
        return of_each, self._index.count(workspace_ids)

    def around(self, memory_ids: list[str], workspace_ids: list[str], n: int) -> dict[str, list[tuple[str, float]]]:
        """What is near to each of these memories."""
        return self._index.around(memory_ids, workspace_ids, n)

    def close(self) -> None:
        """Let go of the index's files."""
        self._index.close()

    def _vector(self, text: str) -> Matrix:
        if text not in self._remembered:
            self._remembered[text] = self._embedder.embed([text])[0]
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(text)
        return self._remembered[text]


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the parent closes its end."""
    operations = Operations()
    while frame := _read(requests):
        number, name, arguments = _decoder.decode(frame)
        operation: Callable[..., Any] = getattr(operations, name)
        _write(answers, (number, operation(*arguments)))
    operations.close()


def _rows(content: bytes) -> Matrix:
    import numpy as np  # noqa: PLC0415  # once the model is loaded it costs nothing

    return np.frombuffer(content, dtype=np.float32).reshape(-1, DIMENSIONS)


def _read(stream: BinaryIO) -> bytes:
    length = int.from_bytes(stream.read(4), "big")
    return stream.read(length)


def _write(stream: BinaryIO, answer: Sequence[Any]) -> None:
    frame = _encoder.encode(answer)
    stream.write(len(frame).to_bytes(4, "big") + frame)
    stream.flush()


def main() -> None:
    """Serve the parent over the standard streams."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the parent's to handle
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    try:
        serve(requests, answers)
    except BaseException as fault:  # noqa: BLE001  # it ends the process, and is passed on to the parent
        # Native panics are no `Exception`; and the trace belongs into the parent's log, which is bounded.
        said = str(fault).strip().partition("\n")[0] or type(fault).__name__
        farewell = {"fault": said, "model": isinstance(fault, ModelUnusable), "trace": traceback.format_exc()}
        with contextlib.suppress(BrokenPipeError):  # the parent was killed
            _write(answers, (0, farewell))
        sys.exit(1)


if __name__ == "__main__":
    main()
