"""What is to be brought in line, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice


class Due:
    """The memories with which the index is to be brought in line.

    Those that were touched come first, the longest waiting first; then those that a comparison found lacking; at last
    those that are there and only to be embedded anew. Besides, those whose words are still to be learned.
    """

    def __init__(self) -> None:
        self._touches = 0
        # With the number of the touch.
        self._touched: dict[str, int] = {}
        self._in_hand: dict[str, int] = {}
        self._unlearned: dict[str, int] = {}
        self._lacking: dict[str, None] = {}
        self._older: dict[str, None] = {}

    # --- what was touched ---------------------------------------------------------------------------

    @property
    def touches(self) -> int:
        """The number of the last touch."""
        return self._touches

    @property
    def touched(self) -> int:
        """How many touched memories wait."""
        return len(self._touched)

    def touch(self, ids: Iterable[str]) -> None:
        """Something happened to these memories."""
        self._touches += 1
        for memory_id in ids:
            self._touched.setdefault(memory_id, self._touches)

    def take(self, count: int) -> list[str]:
        """Take touched memories in hand; what was in hand before is done with."""
        self._in_hand = dict(islice(self._touched.items(), count))
        for memory_id in self._in_hand:
            del self._touched[memory_id]
        return list(self._in_hand)

    def let_go(self, *, learned: bool) -> None:
        """What was in hand is in line; whether its words were learned along with it."""
        if not learned:
            for memory_id, number in self._in_hand.items():
                self._unlearned.setdefault(memory_id, number)
        self._in_hand = {}

    def drop(self) -> None:
        """What was in hand came to nothing: it waits again, before all else."""
        self._touched = self._in_hand | self._touched
        self._in_hand = {}

    def reflects(self, touch: int, *, learned: bool = False) -> bool:
        """Whether nothing waits of this touch or an older one; if asked for, also not for its words to be learned."""
        waiting = (self._in_hand, self._touched, *((self._unlearned,) if learned else ()))
        return all(next(iter(some.values()), touch + 1) > touch for some in waiting)

    # --- what a comparison found --------------------------------------------------------------------

    @property
    def behind(self) -> int:
        """How many memories the index lacks, or has otherwise than they are."""
        return len(self._touched) + len(self._in_hand) + len(self._lacking)

    @property
    def older(self) -> int:
        """How many are there and only to be embedded anew."""
        return len(self._older)

    @property
    def lacking(self) -> int:
        """How many a comparison found lacking."""
        return len(self._lacking)

    def compared(self, lacking: Iterable[str], older: Iterable[str]) -> None:
        """A comparison found this, and nothing else."""
        self._lacking, self._older = dict.fromkeys(lacking), dict.fromkeys(older)

    def next_lacking(self, count: int) -> list[str]:
        """The next of those that are lacking; they stay until they are done."""
        return list(islice(self._lacking, count))

    def next_older(self, count: int) -> list[str]:
        """The next of those to be embedded anew; they stay until they are done."""
        return list(islice(self._older, count))

    def done(self, ids: Iterable[str]) -> None:
        """These are in line with what they were a moment ago."""
        for memory_id in ids:
            self._lacking.pop(memory_id, None)
            self._older.pop(memory_id, None)

    # --- words --------------------------------------------------------------------------------------

    @property
    def unlearned(self) -> int:
        """Of how many the words are still to be learned."""
        return len(self._unlearned)

    def next_unlearned(self, count: int) -> list[str]:
        """The next of those whose words are to be learned; they stay until they are."""
        return list(islice(self._unlearned, count))

    def learned(self, ids: Iterable[str]) -> None:
        """The words of these are known."""
        for memory_id in ids:
            self._unlearned.pop(memory_id, None)
