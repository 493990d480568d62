"""What words of the memories are near a query's words in meaning: `jobs` for `career`, `cache` for `caching`.

The model's vector of a single word serves as that word's meaning. A word is embedded once, when it is first met in
a memory, and kept in two files that only grow: the words, a line each, and their vectors. What a crash left of one
without the other is cut off at the next start; deleting both costs embedding the words anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from recalld.vectors.embedding import DIMENSIONS, SCHEME

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

MAX_WORDS = 40_000
"""Words kept, 60 MB; what a vocabulary has beyond them is found as it is spelled only."""
MAX_LIKE = 60
"""Words taken as like one word of a query."""
# Unrelated single words have a cosine of up to about 0.45; the same word in another form, about 0.9.
UNLIKE_COSINE = 0.45
SAME_COSINE = 0.9
_GROWTH = 4_096


class Vocabulary:
    """The words of all memories with their vectors. To be opened first."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []
        self._matrix: Matrix
        self._word_file: BinaryIO
        self._vector_file: BinaryIO

    def open(self, folder: Path) -> None:
        """Read what is known.

        Args:
            folder: of the two files; made when missing.
        """
        import numpy as np  # noqa: PLC0415  # heavy, and wanted in the vectors' process only

        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._word_file = (folder / f"words-{SCHEME}.txt").open("a+b")
        self._vector_file = (folder / f"words-{SCHEME}.f16").open("a+b")
        self._word_file.seek(0)
        self._vector_file.seek(0)
        lines = self._word_file.read().split(b"\n")[:-1]
        stored = np.frombuffer(self._vector_file.read(), dtype=np.uint8)
        row_bytes = DIMENSIONS * 2
        whole = min(len(lines), len(stored) // row_bytes)
        self._word_file.truncate(sum(len(line) + 1 for line in lines[:whole]))
        self._vector_file.truncate(whole * row_bytes)
        self._words = [line.decode("utf-8", "replace") for line in lines[:whole]]
        self._numbers = {word: number for number, word in enumerate(self._words)}
        self._matrix = np.zeros((whole + _GROWTH, DIMENSIONS), dtype=np.float32)
        self._matrix[:whole] = stored[: whole * row_bytes].view(np.float16).reshape(whole, DIMENSIONS)

    def close(self) -> None:
        """Let go of the files."""
        self._word_file.close()
        self._vector_file.close()

    def unknown(self, words: Sequence[str]) -> list[str]:
        """Those of the words that are to be learned."""
        room = MAX_WORDS - len(self._words)
        return [word for word in dict.fromkeys(words) if word not in self._numbers][: max(room, 0)]

    def learn(self, words: Sequence[str], vectors: Matrix) -> None:
        """Keep words.

        Args:
            words: of which none is known.
            vectors: float32 [words, 384], each row of length 1.
        """
        import numpy as np  # noqa: PLC0415

        count = len(self._words)
        if count + len(words) > len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.zeros_like(vectors, shape=(_GROWTH, DIMENSIONS))])
        self._matrix[count : count + len(words)] = vectors
        for number, word in enumerate(words, count):
            self._numbers[word] = number
            self._words.append(word)
        self._vector_file.write(vectors.astype(np.float16).tobytes())
        self._word_file.write("".join(f"{word}\n" for word in words).encode())
        self._vector_file.flush()
        self._word_file.flush()

    def vector(self, word: str) -> Matrix | None:
        """The vector of a known word."""
        number = self._numbers.get(word)
        return None if number is None else self._matrix[number]

    def like(self, vectors: Matrix) -> list[list[tuple[str, float]]]:
        """The known words that are like each of these.

        Args:
            vectors: float32 [n, 384], of words.

        Returns:
            For each, words with how like they are, 0 to 1, the likest first.
        """
        import numpy as np  # noqa: PLC0415

        found: list[list[tuple[str, float]]] = []
        for cosines in (self._matrix[: len(self._words)] @ vectors.T).T:
            near = np.flatnonzero(cosines > UNLIKE_COSINE)
            best = near[np.argsort(-cosines[near])][:MAX_LIKE]
            likeness = np.clip((cosines[best] - UNLIKE_COSINE) / (SAME_COSINE - UNLIKE_COSINE), 0.0, 1.0)
            found.append([(self._words[n], float(how)) for n, how in zip(best, likeness, strict=True)])
        return found
