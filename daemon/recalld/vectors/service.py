"""Search by meaning as the rest of the daemon sees it, and what keeps the index in line with the memories."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol

from recalld.config import Config
from recalld.vectors.embedding import ModelUnusable, VectorsUnavailable
from recalld.vectors.process import VectorProcess

PAGE = 1_000
"""Memories compared with the index at a time."""
BATCH = 32
"""Memories, and about so many pieces, brought into the index at a time."""
EMBEDDED_AT_ONCE = 4
"""Pieces embedded at a time: a query that comes meanwhile waits for their end, 60 ms at most."""
LOADING = "loading"
WORDS_AT_ONCE = 16
"""Words embedded at a time."""
MAX_RETRY_S = 60.0
SOON_S = 60.0
"""A second fault within this time of the last start is not by chance: the files are set aside."""

log = logging.getLogger(__name__)


class Text(NamedTuple):
    """What the index is to know of a memory."""

    workspace_id: str
    text_hash: str
    text: str
    beside: str = ""
    """The text together with what stands beside it; empty where nothing does."""
    words: Sequence[str] = ()
    """The words that queries may find it by in other words."""


class Near(NamedTuple):
    """How near a memory is to a query, as cosines."""

    memory_id: str
    cosine: float
    beside: float
    """Together with what stands beside it; where nothing does, the same as `cosine`."""


class Answer(NamedTuple):
    """What the index says to a query."""

    near: list[Near]
    """Nearest by themselves first."""
    like: dict[str, dict[str, float]]
    """For each of the query's words, words of memories that are like it, and how much, 0 to 1."""
    searched: int
    """How many memories were looked through."""


class Source(Protocol):
    """The memories that the index is derived from."""

    async def live(self, after_seq: int, limit: int) -> list[tuple[int, str, str, str]]:
        """The next memories that are not forgotten: (seq, id, workspace id, text hash), by ascending seq."""

    async def texts(self, ids: Sequence[str]) -> dict[str, Text]:
        """Texts by id; what is forgotten or unknown is absent. Others may be there whose neighbours these are."""


class Vectors:
    """Finds memories by meaning. Loads behind the daemon's start, and recovers by itself from any fault.

    Args:
        folder: for the index's files; may be deleted at any time, at the cost of embedding everything anew.
        config: `chroma_url` and `embed_threads` are taken from it.
        source: of the memories.
        retry_s: wait after a first fault; doubled with each further one, up to a minute.
    """

    def __init__(self, folder: Path, config: Config, source: Source, *, retry_s: float = 1.0) -> None:
        self._folder = folder
        self._config = config
        self._source = source
        self._retry_s = retry_s
        self._keeper: asyncio.Task[None] | None = None
        self._process: VectorProcess | None = None
        """There once the index was compared with the source."""
        self._why_not = LOADING
        self._rebuild_asked = False
        # Touched memories with the number of the touch, oldest first; taken in hand; and what a comparison found.
        self._touches = 0
        self._touched: dict[str, int] = {}
        self._in_hand: dict[str, int] = {}
        self._backlog: deque[str] = deque()
        self._to_learn_after: int | None = None
        """The process knows the words of the memories up to this one in order of storing; None: of all."""
        self._wake = asyncio.Event()
        self._waiting: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        """Begin to load; returns at once."""
        self._keeper = asyncio.create_task(self._keep(), name="vectors")

    async def stop(self) -> None:
        """End the vectors' process; within half a second."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    @property
    def state(self) -> str:
        """`loading`, `ready`, `catching up (N left)` or `down: why`."""
        if self._process is None:
            return self._why_not
        left = len(self._backlog) + len(self._touched) + len(self._in_hand)
        return f"catching up ({left} left)" if left or self._rebuild_asked else "ready"

    # --- bringing in line ---------------------------------------------------------------------------

    def touch(self, ids: Iterable[str]) -> None:
        """Bring the index in line soon with these memories, whatever happened to them."""
        self._touches += 1
        for memory_id in ids:
            self._touched.setdefault(memory_id, self._touches)
        self._wake.set()

    async def settled(self, timeout_s: float) -> bool:
        """Wait until the index reflects every touch so far.

        Returns:
            Whether it does, and lacks nothing else that it is still catching up with. False at once while down.
        """
        upto = self._touches
        deadline = time.monotonic() + timeout_s
        while self._behind(upto) and time.monotonic() < deadline:
            progress: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(progress)
            await asyncio.wait({progress}, timeout=deadline - time.monotonic())
            self._waiting.discard(progress)
        return self._process is not None and self._oldest_touch() > upto and not self._backlog

    def _behind(self, upto: int) -> bool:
        if self._process is None:
            return self._why_not == LOADING
        return self._oldest_touch() <= upto

    async def rebuild(self) -> None:
        """Embed everything anew; returns at once."""
        self._rebuild_asked = True
        self._wake.set()

    # --- asking -------------------------------------------------------------------------------------

    async def query(self, text: str, *, workspace_ids: Collection[str], n: int) -> list[tuple[str, float]]:
        """The memories nearest to a text in meaning.

        Args:
            text: of any length.
            workspace_ids: no memory of another workspace is returned.
            n: at most so many.

        Returns:
            (memory id, cosine similarity), nearest first. While catching up, of what is indexed so far.

        Raises:
            VectorsUnavailable: while loading or down.
        """
        answer = await self.ask(text, [], workspace_ids=workspace_ids, n=n)
        return [(near.memory_id, near.cosine) for near in answer.near]

    async def ask(
        self,
        text: str,
        words: Sequence[str],
        *,
        workspace_ids: Collection[str],
        n: int,
        among: Collection[str] | None = None,
    ) -> Answer:
        """The memories nearest to a question, and what words are like its words.

        Args:
            text: of any length.
            words: of the question, in lower case.
            workspace_ids: no memory of another workspace is returned.
            n: at most so many.
            among: just these memories, a few thousand at most; those that are not indexed are left out.

        Raises:
            VectorsUnavailable: while loading or down.
        """
        near, like, searched = await self._serving().call(
            "query", text, list(words), list(workspace_ids), n, None if among is None else list(among)
        )
        likes = {word: dict(some) for word, some in zip(words, like, strict=True)}
        return Answer([Near(*each) for each in near], likes, searched)

    async def around(
        self, memory_ids: Collection[str], *, workspace_ids: Collection[str], n: int
    ) -> dict[str, list[tuple[str, float]]]:
        """The memories nearest in meaning to each of some memories.

        Args:
            memory_ids: those that are not indexed yet are left out.
            workspace_ids: no memory of another workspace is returned.
            n: at most so many for each.

        Returns:
            By id: (memory id, cosine similarity), nearest first, without itself.

        Raises:
            VectorsUnavailable: while loading or down.
        """
        found = await self._serving().call("around", list(memory_ids), list(workspace_ids), n)
        return {memory_id: [(other, cosine) for other, cosine in around] for memory_id, around in found.items()}

    def _serving(self) -> VectorProcess:
        if self._process is None:
            raise VectorsUnavailable(self._why_not)
        return self._process

    # --- one process after another ------------------------------------------------------------------

    async def _keep(self) -> None:
        """Have a process at work; when it ends by a fault, start another, later with each fault that comes soon."""
        faults = 0
        while True:
            started = time.monotonic()
            (fault,) = await asyncio.gather(self._live(), return_exceptions=True)
            faults = faults + 1 if time.monotonic() - started < SOON_S else 1
            wait_s = min(self._retry_s * 2 ** min(faults - 1, 10), MAX_RETRY_S)
            self._why_not = f"down: {fault}"
            log.warning("vectors are down, again in %.0f s: %s", wait_s, fault, exc_info=fault)
            of_index = isinstance(fault, VectorsUnavailable) and not isinstance(fault, ModelUnusable)
            if faults % 2 == 0 and of_index and not self._config.chroma_url:
                await asyncio.to_thread(_set_aside, self._folder)
            await asyncio.sleep(wait_s)

    async def _live(self) -> NoReturn:
        """Run one process, until a fault of it or of the source."""
        process = await VectorProcess.start(on_end=self._wake.set)
        try:
            await process.call("load", self._config.embed_threads)
            await process.call("open", str(self._folder / "chroma"), self._config.chroma_url)
            self._touched = self._in_hand | self._touched  # what the last process had in hand when it ended
            self._in_hand = {}
            self._backlog = await self._compare(process)
            self._to_learn_after = 0
            self._process = process
            self._report_progress()
            while True:
                process.check()
                await self._advance(process)
        finally:
            self._process = None
            self._why_not = "down: stopped"
            self._report_progress()
            await process.stop()

    async def _advance(self, process: VectorProcess) -> None:
        """Do what is due next, or wait until something is."""
        if self._rebuild_asked:
            await process.call("clear")
            self._backlog = await self._compare(process)
            self._rebuild_asked = False
        if ids := self._take():
            await self._bring_in_line(process, ids)
            if self._in_hand:
                self._in_hand = {}
            else:
                for _ in ids:
                    self._backlog.popleft()
            self._report_progress()
        elif self._to_learn_after is not None:
            await self._learn_some(process, self._to_learn_after)
        else:
            self._wake.clear()
            await self._wake.wait()

    async def _compare(self, process: VectorProcess) -> deque[str]:
        """The memories in which index and source differ."""
        await process.call("begin_comparison")
        differing: deque[str] = deque()
        seq = 0
        while page := await self._source.live(seq, PAGE):
            differing += await process.call("compare", [wanted for _, *wanted in page])
            seq = page[-1][0]
        differing += await process.call("end_comparison")
        return differing

    def _take(self) -> list[str]:
        """The next memories to bring in line: touched ones before those that a comparison found."""
        self._in_hand = dict(islice(self._touched.items(), BATCH))
        for memory_id in self._in_hand:
            del self._touched[memory_id]
        if self._in_hand:
            return list(self._in_hand)
        return list(islice(self._backlog, BATCH))

    async def _bring_in_line(self, process: VectorProcess, ids: Sequence[str]) -> None:
        wanted = await self._source.texts(ids)
        gone = [memory_id for memory_id in ids if memory_id not in wanted]
        if gone:
            await process.call("delete", gone)
        items: list[tuple[str, str, str, bytes, bytes]] = []
        pieces_of_items = 0
        for memory_id, wish in wanted.items():
            await self._learn(process, wish.words)
            pieces = await process.call("pieces", wish.text)
            vectors = [await process.call("embed", some) for some in _in_groups(pieces, EMBEDDED_AT_ONCE)]
            beside = await process.call("embed", [wish.beside]) if wish.beside else b""
            items.append((memory_id, wish.workspace_id, wish.text_hash, b"".join(vectors), beside))
            pieces_of_items += len(pieces) + bool(wish.beside)
            if pieces_of_items >= BATCH:
                await process.call("upsert", items)
                items, pieces_of_items = [], 0
        if items:
            await process.call("upsert", items)

    async def _learn_some(self, process: VectorProcess, after: int) -> None:
        """Let a new process know the words of the next memories."""
        page = await self._source.live(after, BATCH)
        for wish in (await self._source.texts([memory_id for _, memory_id, *_ in page])).values():
            await self._learn(process, wish.words)
        self._to_learn_after = page[-1][0] if page else None

    async def _learn(self, process: VectorProcess, words: Sequence[str]) -> None:
        unknown = await process.call("unknown", list(words))
        for some in _in_groups(unknown, WORDS_AT_ONCE):
            await process.call("learn", some)

    def _oldest_touch(self) -> int:
        """The number of the oldest touch that the index does not reflect."""
        numbers = (next(iter(some.values()), self._touches + 1) for some in (self._in_hand, self._touched))
        return min(numbers)

    def _report_progress(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)


def _in_groups(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _set_aside(folder: Path) -> None:
    """Make room for a new index; the files that failed are kept for whoever wants to know why, one generation."""
    broken = folder / f"chroma.broken-{time.strftime('%Y%m%dT%H%M%S')}"
    try:
        for older in folder.glob("chroma.broken-*"):
            shutil.rmtree(older)
        (folder / "chroma").rename(broken)
    except OSError as error:
        log.warning("the index's files could not be set aside: %s", error)
