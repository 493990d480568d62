"""A small workspace as a whole: all its vectors at hand, because to compare them all is quicker than to search."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, NamedTuple

from recalld.vectors.embedding import DIMENSIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]


class Near(NamedTuple):
    """How near a memory is."""

    memory_id: str
    cosine: float
    """Of its nearest piece."""
    beside: float
    """Of it together with what stands beside it; where nothing does, the same as `cosine`."""


class Piece(NamedTuple):
    """Whose a vector is."""

    memory_id: str
    beside: bool
    """It is that of the memory together with what stands beside it."""


class Whole:
    """All pieces of a workspace; never changed, but replaced by another.

    Args:
        pieces: whose each is.
        matrix: float32 [pieces, 384], each row of length 1.
    """

    def __init__(self, pieces: Sequence[Piece], matrix: Matrix) -> None:
        import numpy as np  # noqa: PLC0415  # heavy, and wanted in the vectors' process only

        self.pieces = pieces
        self._matrix = matrix.reshape(-1, DIMENSIONS)
        self._ids = list(dict.fromkeys(piece.memory_id for piece in pieces))
        self._numbers = {memory_id: number for number, memory_id in enumerate(self._ids)}
        self._owners = np.array([self._numbers[piece.memory_id] for piece in pieces], dtype=np.intp)
        self._beside = np.array([piece.beside for piece in pieces], dtype=np.bool_)

    @property
    def memory_ids(self) -> AbstractSet[str]:
        """Whose pieces these are."""
        return self._numbers.keys()

    def but(self, without: Collection[str], pieces: Sequence[Piece], matrix: Matrix) -> Whole:
        """The same without some memories, and with other pieces."""
        import numpy as np  # noqa: PLC0415

        stays = [piece.memory_id not in without for piece in self.pieces]
        left = [piece for piece, stay in zip(self.pieces, stays, strict=True) if stay]
        return Whole([*left, *pieces], np.concatenate([self._matrix[stays], matrix.reshape(-1, DIMENSIONS)]))

    def nearest(self, vector: Matrix, n: int, among: Collection[str] | None = None) -> list[Near]:
        """The n memories nearest to a vector, by themselves or with what stands beside them, in no order.

        Args:
            vector: float32 [384].
            n: at most so many.
            among: just these.
        """
        import numpy as np  # noqa: PLC0415

        cosines = self._matrix @ vector
        own = np.full(len(self._ids), -1.0, dtype=np.float32)
        np.maximum.at(own, self._owners[~self._beside], cosines[~self._beside])
        beside = own.copy()
        beside[self._owners[self._beside]] = cosines[self._beside]
        numbers = np.arange(len(self._ids))
        if among is not None:
            numbers = np.array([self._numbers[one] for one in among if one in self._numbers], dtype=np.intp)
        best = numbers[np.argsort(-np.maximum(own, beside)[numbers], kind="stable")[:n]]
        return [Near(self._ids[one], float(own[one]), float(beside[one])) for one in best]
