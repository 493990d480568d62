"""Search by meaning as the rest of the daemon sees it, and the processes that do it, one after another."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from recalld.config import Config
from recalld.vectors.embedding import ModelUnusable, VectorsUnavailable
from recalld.vectors.process import VectorProcess
from recalld.vectors.upkeep import Source, Upkeep
from recalld.vectors.whole import Near

LOADING = "loading"
MAX_RETRY_S = 60.0
SOON_S = 60.0
"""A second fault within this time of the last start is not by chance: the files are set aside."""

log = logging.getLogger(__name__)


class Alike(NamedTuple):
    """What words are like a question's words."""

    words: dict[str, dict[str, float]]
    """For each of these, words of memories that are like it, and how much, 0 to 1; the likest first."""
    of: int
    """How many memories there are in the workspaces asked about."""


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
        self._retry_s = retry_s
        self._keeper: asyncio.Task[None] | None = None
        self._process: VectorProcess | None = None
        """There once the index was compared with the source."""
        self._why_not = LOADING
        self._upkeep = Upkeep(folder, config.chroma_url, source)
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
        """How far it is, as `status` says it.

        `loading`; `down: why`; `catching up (N left)`, or after a change of the embedding `embedding anew (N left)`:
        those are found by words only; `rebuilding (N left)`: all are found by meaning; `learning words (N left)`: the
        words of those are found only as they are spelled; `ready`.
        """
        return self._why_not if self._process is None else self._upkeep.state

    # --- bringing in line ---------------------------------------------------------------------------

    def touch(self, ids: Iterable[str]) -> None:
        """Bring the index in line soon with these memories, whatever happened to them."""
        self._upkeep.touch(ids)

    async def settled(self, timeout_s: float, *, learned: bool = False, hurry: bool = True) -> bool:
        """Wait until the index reflects every touch so far.

        Args:
            timeout_s: at most so long.
            learned: wait for the words of the touched memories too.
            hurry: somebody waits for this: do not leave time for more to be touched.

        Returns:
            Whether it does, and lacks nothing else that it is still catching up with; a rebuild takes nothing from
            that. False at once while down.
        """
        due = self._upkeep.due
        upto = due.touches
        deadline = time.monotonic() + timeout_s
        while self._waits_for(upto, learned) and time.monotonic() < deadline:
            if hurry:
                self._upkeep.hurry()
            progress: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(progress)
            await asyncio.wait({progress}, timeout=deadline - time.monotonic())
            self._waiting.discard(progress)
        return self._process is not None and due.reflects(upto, learned=learned) and not due.lacking

    def _waits_for(self, touch: int, learned: bool) -> bool:
        if self._process is None:
            return self._why_not == LOADING
        return not self._upkeep.due.reflects(touch, learned=learned)

    async def rebuild(self) -> None:
        """Embed everything anew, while what is there goes on answering.

        Returns once that is on the disk: whatever ends the process or the daemon, it goes on where it was. While one is
        under way, to ask again changes nothing.

        Raises:
            OSError: it cannot be written.
        """
        await self._upkeep.rebuild()

    @property
    def to_rebuild(self) -> int:
        """How many memories a rebuild has still to embed anew; at least 1 until it is over, and 0 without one."""
        return self._upkeep.to_rebuild

    # --- asking -------------------------------------------------------------------------------------

    async def nearest(
        self, text: str, *, workspace_ids: Collection[str], n: int, among: Collection[str] | None = None
    ) -> list[Near]:
        """The memories nearest to a text in meaning; while catching up, of what is indexed so far.

        Args:
            text: of any length.
            workspace_ids: no memory of another workspace is returned.
            n: at most so many.
            among: just these memories, a few thousand at most; those that are not indexed are left out.

        Returns:
            Nearest by themselves first.

        Raises:
            VectorsUnavailable: while loading or down.
        """
        named = None if among is None else list(among)
        return [Near(*each) for each in await self._serving().call("nearest", text, list(workspace_ids), n, named)]

    async def like(self, words: Sequence[str], *, workspace_ids: Collection[str]) -> Alike:
        """What words of any memories are like these words, and how many memories these workspaces have.

        Args:
            words: of a question, in lower case.

        Raises:
            VectorsUnavailable: while loading or down.
        """
        like, count = await self._serving().call("like", list(words), list(workspace_ids))
        return Alike({word: dict(some) for word, some in zip(words, like, strict=True)}, count)

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
        process = await VectorProcess.start(on_end=self._upkeep.wake)
        try:
            await process.call("load", self._config.embed_threads)
            await self._upkeep.begin(process)
            self._process = process
            self._report_progress()
            while True:
                process.check()
                await self._upkeep.advance(process)
                self._report_progress()
        finally:
            self._process = None
            self._why_not = "down: stopped"
            self._report_progress()
            await process.stop()

    def _report_progress(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)


def _set_aside(folder: Path) -> None:
    """Make room for a new index; the files that failed are kept for whoever wants to know why, one generation."""
    broken = folder / f"chroma.broken-{time.strftime('%Y%m%dT%H%M%S')}"
    try:
        for older in folder.glob("chroma.broken-*"):
            shutil.rmtree(older)
        (folder / "chroma").rename(broken)
    except OSError as error:
        log.warning("the index's files could not be set aside: %s", error)
