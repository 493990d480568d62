"""What words of the memories are near a query's words in meaning: `jobs` for `career`, `cache` for `caching`.

The model's vector of a single word serves as that word's meaning. Words are embedded once in the life of the vectors'
process, and compared with all others then, so that a question about known words is only looked up. They are kept in
memory alone: what is purged must be in no file, and a word may be the secret itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recalld.vectors.embedding import DIMENSIONS

Matrix = NDArray[np.float32]

MAX_WORDS = 40_000
"""Words kept, 80 MB; what a vocabulary has beyond them is found as it is spelled only."""
MAX_LIKE = 60
"""Words taken as like one word of a query."""
# Unrelated single words have a cosine of up to about 0.45; the same word in another form, about 0.9.
UNLIKE_COSINE = 0.45
SAME_COSINE = 0.9
# Comparing 40,000 vectors whole takes 10 ms. The principal components of the first so many words tell nearly all others
# apart: of 10,000 words, 2.5 % have a cosine above 0.5 there, and among these are 99 % of those above 0.45 as a whole.
_SKETCHED_FROM = 4_096
_SKETCH_DIMENSIONS = 96
_UNLIKE_SKETCH = 0.5
_GROWTH = 4_096


class Vocabulary:
    """The words of all memories with their vectors."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []
        self._matrix: Matrix = np.zeros((0, DIMENSIONS), dtype=np.float32)
        # Of each word those that are like it, in no order, and their cosines; 0 where there are fewer.
        self._like: NDArray[np.int32] = np.zeros((0, MAX_LIKE), dtype=np.int32)
        self._cosines: Matrix = np.zeros((0, MAX_LIKE), dtype=np.float32)
        self._axes: Matrix | None = None
        self._sketches: Matrix | None = None

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
        count = len(self._words)
        while count + len(words) > len(self._matrix):
            self._matrix, self._like, self._cosines = map(_grown, (self._matrix, self._like, self._cosines))
        self._matrix[count : count + len(words)] = vectors
        self._numbers |= {word: number for number, word in enumerate(words, count)}
        self._words += words
        self._sketch(count)
        for number, (others, cosines) in enumerate(self._compared(vectors), count):
            best = np.argsort(-cosines)[:MAX_LIKE]
            self._like[number, : len(best)], self._cosines[number, : len(best)] = others[best], cosines[best]
            # And of each of these, in place of what is least like it; those of the same block come to it themselves.
            older, nearness = others[others < count], cosines[others < count]
            least = self._cosines[older].argmin(axis=1)
            better = nearness > self._cosines[older, least]
            self._like[older[better], least[better]] = number
            self._cosines[older[better], least[better]] = nearness[better]

    def knows(self, word: str) -> bool:
        """Whether it was learned."""
        return word in self._numbers

    def like_word(self, word: str) -> list[tuple[str, float]]:
        """The known words that are like a known word: with how like they are, 0 to 1, the likest first."""
        number = self._numbers[word]
        return self._likest(self._like[number], self._cosines[number])

    def like(self, vectors: Matrix) -> list[list[tuple[str, float]]]:
        """The same for words that are not known.

        Args:
            vectors: float32 [n, 384], of words.
        """
        return [self._likest(others, cosines) for others, cosines in self._compared(vectors)]

    def _likest(self, others: NDArray[np.int32], cosines: Matrix) -> list[tuple[str, float]]:
        order = np.argsort(-cosines, kind="stable")[:MAX_LIKE]
        likeness = np.clip((cosines[order] - UNLIKE_COSINE) / (SAME_COSINE - UNLIKE_COSINE), 0.0, 1.0)
        found = zip(others[order].tolist(), likeness.tolist(), strict=True)
        return [(self._words[number], how) for number, how in found if how > 0.0]

    def _compared(self, vectors: Matrix) -> Iterator[tuple[NDArray[np.int32], Matrix]]:
        """For each of these the numbers of the words that are like it, and their cosines."""
        for vector, among in zip(vectors, self._perhaps_like(vectors), strict=True):
            cosines = self._matrix[among] @ vector
            like = cosines > UNLIKE_COSINE
            yield among[like].astype(np.int32), cosines[like]

    def _perhaps_like(self, vectors: Matrix) -> list[NDArray[np.intp]]:
        """For each of these the numbers of the words that may be like it."""
        count = len(self._words)
        if self._axes is None or self._sketches is None:
            return [np.arange(count) for _ in vectors]
        alike = self._sketches[:count] @ _sketched(vectors, self._axes).T
        return [np.flatnonzero(column > _UNLIKE_SKETCH) for column in alike.T]

    def _sketch(self, start: int) -> None:
        """Sketch the words from this number on; nothing while they are so few that all are compared."""
        count = len(self._words)
        if count < _SKETCHED_FROM:
            return
        if self._axes is None or self._sketches is None:
            some = self._matrix[:count]
            self._axes = np.linalg.eigh(some.T @ some)[1][:, -_SKETCH_DIMENSIONS:].copy()
            self._sketches = np.zeros((len(self._matrix), _SKETCH_DIMENSIONS), dtype=np.float32)
            start = 0
        while count > len(self._sketches):
            self._sketches = _grown(self._sketches)
        self._sketches[start:count] = _sketched(self._matrix[start:count], self._axes)


def _sketched(vectors: Matrix, axes: Matrix) -> Matrix:
    sketches = vectors @ axes
    unit: Matrix = sketches / np.maximum(np.linalg.norm(sketches, axis=1, keepdims=True), 1e-9)
    return unit


def _grown(matrix: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([matrix, np.zeros((_GROWTH, matrix.shape[1]), dtype=matrix.dtype)])
