"""What happens inside the daemon, and the bus that carries it between rooms that do not know each other.

Events are published and handled on the event loop. `app.py` alone decides who hears what.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from recall.protocol.values import Cause, Context, Verdict

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


# --- from watch ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TreeListed(Event):
    """All that a tree holds now, after a start, a lost event or a rescan; watches stand already."""

    tree_id: str
    files: dict[str, str]
    """Path relative to the root, with `/` → stamp (`size:mtime_ns:ctime_ns`), without what git ignores."""
    reason: Literal["start", "overflow", "ignore rules", "asked", "poll"]


@dataclass(frozen=True, slots=True)
class FilesChanged(Event):
    """A settled burst of changes in one tree. A path stands in one of the three."""

    tree_id: str
    changed: tuple[str, ...] = ()
    """Files whose bytes are new: created, written, replaced."""
    removed: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    """(from, to) of files, those of moved folders one by one; the bytes may have changed too."""


@dataclass(frozen=True, slots=True)
class FileOpened(Event):
    """A person or an agent opened a file."""

    tree_id: str
    path: str


@dataclass(frozen=True, slots=True)
class TreeGone(Event):
    """The tree's root folder was removed or cannot be reached any more."""

    tree_id: str


# --- from memory ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContextReady(Event):
    """The context of a file is to be pushed."""

    workspace_id: str
    tree_id: str
    path: str
    cause: Cause
    context: Context


@dataclass(frozen=True, slots=True)
class CodeChanged(Event):
    """Somebody changed a file; what git does to many at once is none of it."""

    tree_id: str
    path: str
    symbols: tuple[str, ...]
    """Qualified names of what is new, different or gone in it."""


@dataclass(frozen=True, slots=True)
class VerdictTurned(Event):
    """The code of one anchor says something else than before."""

    workspace_id: str
    tree_id: str
    memory_id: str
    title: str
    path: str
    symbol: str | None
    previous: Verdict | None
    verdict: Verdict
    reason: str
    trail: tuple[str, ...]
    anchor: str
    """As stored: `path::symbol`, a path, or `path:first-last`."""


@dataclass(frozen=True, slots=True)
class MemoryTouched(Event):
    """A memory was stored, edited, rated, pinned, unpinned, forgotten or restored."""

    workspace_id: str
    memory_id: str
    title: str
    change: str


@dataclass(frozen=True, slots=True)
class Scanned(Event):
    """The first scan of a tree, or a rescan, went on."""

    workspace_id: str
    tree_id: str
    done: int
    total: int
    finished: bool


E_ = TypeVar("E_", bound=Event)
Handler = Callable[[E_], Awaitable[None] | None]


class Lane:
    """A queue of events that one handler takes in order, one at a time.

    A handler that fails is logged and stops nothing: this is one of the daemon's three outer edges.
    """

    def __init__(self, name: str, handle: Handler[Any]) -> None:
        self._name = name
        self._handle = handle
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return self._queue.qsize()

    def start(self) -> None:
        """Begin to take events."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    def put(self, event: Event) -> None:
        """Queue an event; from the event loop only."""
        self._queue.put_nowait(event)

    async def drained(self) -> None:
        """Return once everything put so far has been handled."""
        await self._queue.join()

    async def stop(self) -> None:
        """Take no more; an event under way is broken off, and what waits is dropped."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        while not self._queue.empty():
            self._queue.get_nowait()
            self._queue.task_done()  # for whoever waits in `drained`

    async def _run(self) -> None:
        while True:
            event = await self._queue.get()
            try:
                result = self._handle(event)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                log.exception("%s failed on %s", self._name, type(event).__name__)
            finally:
                self._queue.task_done()


class EventBus:
    """Delivers each event to its handlers, in the order of publishing and of subscribing.

    Handlers are quick: what takes long is put on a lane of its own.
    """

    def __init__(self) -> None:
        self._handlers: dict[type[Event], list[Handler[Any]]] = defaultdict(list)
        self._lanes: list[Lane] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def subscribe(self, kind: type[E_], handler: Handler[E_]) -> None:
        """Have `handler` called with each event of this kind; before `start`."""
        self._handlers[kind].append(handler)

    def publish(self, event: Event) -> None:
        """Queue an event; from the event loop only. Before `start` and after `stop` it is dropped."""
        for lane in self._lanes:
            lane.put(event)

    def publish_threadsafe(self, event: Event) -> None:
        """Queue an event from any thread; after `stop` it is dropped."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.publish, event)

    def start(self) -> None:
        """Begin to deliver."""
        self._loop = asyncio.get_running_loop()
        # One lane for each rank of handler: a handler that fails must not keep the event from the next.
        ranks = max((len(handlers) for handlers in self._handlers.values()), default=0)
        for rank in range(ranks):
            self._lanes.append(Lane(f"event bus {rank}", self._deliver(rank)))
            self._lanes[-1].start()

    async def drained(self) -> None:
        """Return once everything published so far has been handled."""
        for lane in self._lanes:
            await lane.drained()

    async def stop(self) -> None:
        """Deliver no more."""
        for lane in self._lanes:
            await lane.stop()
        self._lanes.clear()

    def _deliver(self, rank: int) -> Handler[Any]:
        def handle(event: Event) -> Awaitable[None] | None:
            handlers = self._handlers[type(event)]
            return handlers[rank](event) if rank < len(handlers) else None

        return handle
