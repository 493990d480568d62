from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recalld.vectors.embedding import DIMENSIONS
from recalld.vectors.whole import Piece, Whole

from .conftest import rows

Matrix = NDArray[np.float32]
VECTORS = rows(400)
NOTHING = VECTORS[:0]

memories = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.integers(1, 3), st.booleans()))
changes = st.lists(st.tuples(memories, st.sets(st.sampled_from("abcdefgh"))), max_size=6)


class Naive:
    """The same, one vector after the other."""

    def __init__(self) -> None:
        self.vectors: dict[str, list[tuple[bool, Matrix]]] = {}

    def nearest(self, vector: Matrix, n: int, among: Collection[str] | None) -> dict[str, tuple[float, float]]:
        found = {}
        for memory_id, some in self.vectors.items():
            if among is None or memory_id in among:
                own = max(float(each @ vector) for beside, each in some if not beside)
                found[memory_id] = own, next((float(each @ vector) for beside, each in some if beside), own)
        best = sorted(found, key=lambda each: -max(found[each]))[:n]
        return {each: found[each] for each in best}


@given(changes, st.integers(1, 9), st.none() | st.sets(st.sampled_from("abcdefghx")))
def test_it_finds_what_comparing_one_by_one_finds_whatever_was_put_in_and_taken_out(
    changed: list[tuple[dict[str, tuple[int, bool]], set[str]]], n: int, among: set[str] | None
) -> None:
    whole, naive, used = Whole([], NOTHING), Naive(), 0
    for put, gone in changed:
        pieces: list[Piece] = []
        for memory_id in {*put, *gone}:
            naive.vectors.pop(memory_id, None)
        for memory_id, (count, beside) in put.items():
            some = [Piece(memory_id, each == count) for each in range(count + beside)]
            at = used + len(pieces)
            naive.vectors[memory_id] = [(each.beside, VECTORS[at + i]) for i, each in enumerate(some)]
            pieces += some
        whole = whole.but({*put, *gone}, pieces, VECTORS[used : used + len(pieces)])
        used += len(pieces)
    asked = VECTORS[-1]
    found = {each.memory_id: (each.cosine, each.beside) for each in whole.nearest(asked, n, among)}
    wanted = naive.nearest(asked, n, among)
    assert found.keys() == wanted.keys()
    assert whole.memory_ids == naive.vectors.keys()
    for memory_id, cosines in found.items():
        assert cosines == pytest.approx(wanted[memory_id], abs=1e-5)


def test_nothing_is_near_in_an_empty_workspace() -> None:
    assert Whole([], NOTHING).nearest(np.ones(DIMENSIONS, dtype=np.float32), 3) == []
