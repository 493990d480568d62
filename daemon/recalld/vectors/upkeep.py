"""What keeps the index in line with the memories: it is compared with them, and the difference is brought in line."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from recalld.vectors.due import Due
from recalld.vectors.process import VectorProcess
from recalld.vectors.rebuild import Rebuild

PAGE = 1_000
"""Memories compared with the index at a time."""
BATCH = 32
"""Memories, and about so many pieces, brought into the index at a time."""
EMBEDDED_AT_ONCE = 4
"""Pieces embedded at a time: a query that comes meanwhile waits for their end, 60 ms at most."""
WORDS_AT_ONCE = 16
"""Words embedded at a time."""
QUIET_S = 0.05
"""What was touched waits until nothing more came for so long, unless somebody waits for it: to put one memory in costs
Chroma 6 ms, during which nothing is found, and 32 at once 30 ms."""
MAX_QUIET_S = 0.5
"""But no longer than this."""


class Text(NamedTuple):
    """What the index is to know of a memory."""

    workspace_id: str
    text_hash: str
    text: str
    beside: str = ""
    """The text together with what stands beside it; empty where nothing does."""
    words: Sequence[str] = ()
    """The words that queries may find it by in other words."""


class Source(Protocol):
    """The memories that the index is derived from."""

    async def live(self, after_seq: int, limit: int) -> list[tuple[int, str, str, str]]:
        """The next memories that are not forgotten: (seq, id, workspace id, text hash), by ascending seq."""

    async def texts(self, ids: Sequence[str]) -> dict[str, Text]:
        """Texts by id; what is forgotten or unknown is absent. Others may be there whose neighbours these are."""


class Upkeep:
    """Knows what is due, over all processes; each does it a step at a time.

    Args:
        folder: the index's files are in `chroma` below it, and beside that whether a rebuild is under way.
        url: of a Chroma server that keeps the index instead.
        source: of the memories.
    """

    def __init__(self, folder: Path, url: str, source: Source) -> None:
        self.due = Due()
        self._folder = folder
        self._url = url
        self._source = source
        self._wake = asyncio.Event()
        self._urgent = False
        self._first_touch = self._last_touch = 0.0
        """When the memories that wait now were touched; seconds of the monotonic clock."""
        self._rebuild = Rebuild(folder / "rebuild")
        self._compared_for: str | None = None
        """The rebuild that the last comparison knew of; None until the index was compared."""
        self._count = 0
        """How many memories there were at the last comparison."""
        self._of_new_scheme = False
        self._to_learn_after: int | None = None
        """The process knows the words of the memories up to this one in order of storing; None: of all."""
        self._to_learn = 0
        """How many memories come after it."""

    def touch(self, ids: Iterable[str]) -> None:
        """Something happened to these memories."""
        self._last_touch = time.monotonic()
        if not self.due.touched:
            self._first_touch = self._last_touch
        self.due.touch(ids)
        self._wake.set()

    def hurry(self) -> None:
        """Somebody waits for what was touched."""
        self._urgent = True
        self._wake.set()

    def wake(self) -> None:
        """The process has ended."""
        self._wake.set()

    # --- what is due --------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """How far it is, while a process is at work."""
        if left := self.due.behind:
            return f"{'embedding anew' if self._of_new_scheme else 'catching up'} ({left} left)"
        if left := self.to_rebuild:
            return f"rebuilding ({left} left)"
        if left := self.due.unlearned + self._to_learn:
            return f"learning words ({left} left)"
        return "ready"

    @property
    def to_rebuild(self) -> int:
        """How many memories a rebuild has still to embed anew; at least 1 until it is over, and 0 without one."""
        if not self._rebuild.generation:
            return 0
        known = self._compared_for == self._rebuild.generation
        return max(self.due.older + self.due.lacking if known else self._count, 1)

    async def rebuild(self) -> None:
        """Embed everything anew; returns once that is on the disk.

        Raises:
            OSError: it cannot be written.
        """
        await self._rebuild.ask()
        self._wake.set()

    # --- by one process -----------------------------------------------------------------------------

    async def begin(self, process: VectorProcess) -> None:
        """Have a new process open the index, and compare that.

        Raises:
            VectorsUnavailable: the process came to its end.
            OSError: what stands beside the index cannot be read.
        """
        await self._rebuild.load()
        self._of_new_scheme = await process.call("open", str(self._folder / "chroma"), self._url)
        self.due.drop()  # what the last process had in hand when it ended
        await self._compare(process)
        self._to_learn_after, self._to_learn = 0, self._count

    async def advance(self, process: VectorProcess) -> None:
        """Do what is due next, or wait until something is.

        Raises:
            VectorsUnavailable: the process came to its end.
            OSError: that a rebuild is over cannot be written.
        """
        due = self.due
        if self._rebuild.generation and self._rebuild.generation != self._compared_for:
            await self._compare(process)
        if self._ripe_in() == 0 and (ids := due.take(BATCH)):
            self._urgent = self._urgent and due.touched > 0
            # What comes in bulk is to be found at all first, and then in other words.
            learn = not due.touched
            await self._bring_in_line(process, ids, learn=learn)
            due.let_go(learned=learn)
        elif ids := due.next_lacking(BATCH):
            await self._bring_in_line(process, ids, give_way=True)
        elif self._of_new_scheme:
            await process.call("complete")
            self._of_new_scheme = False
        elif due.unlearned or self._to_learn_after is not None:
            await self._learn_some(process)
        elif ids := due.next_older(BATCH):
            await self._bring_in_line(process, ids, give_way=True)
        elif self._rebuild.generation:
            await self._rebuild.finish()
        else:
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._ripe_in()):
                    await self._wake.wait()

    def _ripe_in(self) -> float | None:
        """In how many seconds what was touched is to be dealt with; None while there is nothing."""
        if not self.due.touched:
            return None
        if self._urgent or self.due.touched >= BATCH:
            return 0
        ripe = min(self._last_touch + QUIET_S, self._first_touch + MAX_QUIET_S)
        return max(ripe - time.monotonic(), 0)

    async def _compare(self, process: VectorProcess) -> None:
        """Find the memories in which index and source differ, and those that a rebuild under way has not come to."""
        generation = self._rebuild.generation
        await process.call("begin_comparison", generation)
        lacking: list[str] = []
        older: list[str] = []
        seq = count = 0
        while page := await self._source.live(seq, PAGE):
            some_lacking, some_older = await process.call("compare", [wanted for _, *wanted in page])
            lacking += some_lacking
            older += some_older
            seq, count = page[-1][0], count + len(page)
        lacking += await process.call("end_comparison")
        self.due.compared(lacking, older)
        self._compared_for, self._count = generation, count

    async def _bring_in_line(
        self, process: VectorProcess, ids: Sequence[str], *, learn: bool = False, give_way: bool = False
    ) -> None:
        """Have the index hold these as they are.

        Args:
            learn: their words too.
            give_way: leave the rest for later when something is touched meanwhile.
        """
        wanted = await self._source.texts(ids)
        if learn:
            await self._learn(process, wanted)
        gone = [memory_id for memory_id in ids if memory_id not in wanted]
        if gone:
            await process.call("delete", gone)
            self.due.done(gone)
        items: list[tuple[str, str, str, bytes, bytes]] = []
        pieces_of_items = 0
        for memory_id, wish in wanted.items():
            if give_way and self._ripe_in() == 0:
                break
            pieces = await process.call("pieces", wish.text)
            vectors = [await process.call("embed", some) for some in _in_groups(pieces, EMBEDDED_AT_ONCE)]
            beside = await process.call("embed", [wish.beside]) if wish.beside else b""
            items.append((memory_id, wish.workspace_id, wish.text_hash, b"".join(vectors), beside))
            pieces_of_items += len(pieces) + bool(wish.beside)
            if pieces_of_items >= BATCH:
                await self._put(process, items)
                items, pieces_of_items = [], 0
        if items:
            await self._put(process, items)

    async def _put(self, process: VectorProcess, items: Sequence[tuple[str, str, str, bytes, bytes]]) -> None:
        await process.call("upsert", items)
        self.due.done(memory_id for memory_id, *_ in items)

    async def _learn_some(self, process: VectorProcess) -> None:
        """Let the process know more words: of memories stored lately, then of all that a new process does not know."""
        if ids := self.due.next_unlearned(BATCH):
            if await self._learn(process, await self._source.texts(ids), give_way=True):
                self.due.learned(ids)
        elif self._to_learn_after is not None:
            page = await self._source.live(self._to_learn_after, BATCH)
            texts = await self._source.texts([memory_id for _, memory_id, *_ in page])
            if await self._learn(process, texts, give_way=True):
                self._to_learn_after = page[-1][0] if page else None
                self._to_learn = max(self._to_learn - len(page), 0) if page else 0

    async def _learn(self, process: VectorProcess, texts: dict[str, Text], *, give_way: bool = False) -> bool:
        """Have the process know the words of these; False if that was left off for what was touched meanwhile."""
        words = [word for wish in texts.values() for word in wish.words]
        for some in _in_groups(await process.call("unknown", words), WORDS_AT_ONCE):
            if give_way and self._ripe_in() == 0:
                return False
            await process.call("learn", some)
        return True


def _in_groups(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]
