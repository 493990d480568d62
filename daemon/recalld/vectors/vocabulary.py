"""What words of the memories are near a query's words in meaning: `jobs` for `career`, `cache` for `caching`.

The model's vector of a single word serves as that word's meaning. Words are embedded once in the life of the vectors'
process, and kept in memory alone: what is purged must be in no file, and a word may be the secret itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recalld.vectors.embedding import DIMENSIONS

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
    """The words of all memories with their vectors."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []
        self._matrix: Matrix | None = None

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
        import numpy as np  # noqa: PLC0415  # heavy, and wanted in the vectors' process only

        count = len(self._words)
        if self._matrix is None:
            self._matrix = np.zeros((_GROWTH, DIMENSIONS), dtype=np.float32)
        if count + len(words) > len(self._matrix):
            self._matrix = np.concatenate([self._matrix, np.zeros((_GROWTH, DIMENSIONS), dtype=np.float32)])
        self._matrix[count : count + len(words)] = vectors
        self._numbers |= {word: number for number, word in enumerate(words, count)}
        self._words += words

    def vector(self, word: str) -> Matrix | None:
        """The vector of a known word."""
        number = self._numbers.get(word)
        return None if number is None or self._matrix is None else self._matrix[number]

    def like(self, vectors: Matrix) -> list[list[tuple[str, float]]]:
        """The known words that are like each of these.

        Args:
            vectors: float32 [n, 384], of words.

        Returns:
            For each, words with how like they are, 0 to 1, the likest first.
        """
        import numpy as np  # noqa: PLC0415

        found: list[list[tuple[str, float]]] = []
        if self._matrix is None:
            return [[] for _ in vectors]
        for cosines in (self._matrix[: len(self._words)] @ vectors.T).T:
            near = np.flatnonzero(cosines > UNLIKE_COSINE)
            best = near[np.argsort(-cosines[near])][:MAX_LIKE]
            likeness = np.clip((cosines[best] - UNLIKE_COSINE) / (SAME_COSINE - UNLIKE_COSINE), 0.0, 1.0)
            found.append([(self._words[n], float(how)) for n, how in zip(best, likeness, strict=True)])
        return found
