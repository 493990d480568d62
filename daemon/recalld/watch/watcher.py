"""The watch over all trees, as the rest of the daemon sees it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from recalld.config import Config
from recalld.events import Event
from recalld.watch.listing import Watches
from recalld.watch.opens import OwnReads
from recalld.watch.polling import NoWatches
from recalld.watch.worker import Reason, Worker

log = logging.getLogger(__name__)

STOP_S = 0.3
"""Longest time that stopping waits for a listing under way."""


class _System(Watches, Protocol):
    """Who places watches, on this system."""

    mode: str
    advice: str
    """What to do when there are no watches left."""

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class WatchHealth:
    """How a tree is watched."""

    mode: str
    """`inotify`, `native`, `polling`, `partly polling`, `starting` or `stopped`."""
    watched_folders: int = 0
    polled_folders: int = 0
    overflows: int = 0
    """How often the system lost events and the tree was listed anew."""
    warnings: list[str] = field(default_factory=list)
    """What a person should know, and can do."""


class Watcher:
    """Watches trees and publishes what happens in them.

    Args:
        config: delays, intervals, whether opened files count.
        publish: called with each event, in order, from a thread of the watch.
        scratch: a folder in which the watch keeps small files of its own.
        max_watches: folders watched at most; by default most of what the system grants a user.
    """

    def __init__(
        self, config: Config, publish: Callable[[Event], None], *, scratch: Path, max_watches: int | None = None
    ) -> None:
        self._config = config
        self._scratch = scratch / "watch"
        self._max_watches = max_watches
        self._own_reads = OwnReads()
        self._worker = Worker(config, publish, self._own_reads, self._scratch)
        self._system: _System = NoWatches()

    async def start(self) -> None:
        """Begin to watch; there are no trees yet."""
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._system = self._open()
        self._worker.start(self._system)

    async def stop(self) -> None:
        """Watch nothing any more; no event follows."""
        await asyncio.to_thread(self._worker.stop, STOP_S)
        await asyncio.to_thread(self._system.stop)

    async def add(self, tree_id: str, root: Path) -> None:
        """Watch a tree: place watches, then publish what it holds; or `TreeGone`, where the root cannot be reached.

        Where git cannot be asked what counts, `health` says so, and it is tried again.
        """
        await self._do(lambda: self._worker.add(tree_id, root))

    async def remove(self, tree_id: str) -> None:
        """Watch a tree no more."""
        await self._do(lambda: self._worker.remove(tree_id))

    async def rescan(self, tree_id: str, reason: Reason) -> None:
        """List a tree anew and publish what it holds."""
        await self._do(lambda: self._worker.rescan(tree_id, reason))

    async def sync(self, tree_id: str, timeout_s: float) -> None:
        """Return once every change made to a tree before the call has been published.

        Raises:
            TimeoutError: that took too long.
        """
        await asyncio.wait_for(asyncio.wrap_future(self._worker.sync(tree_id)), timeout_s)

    async def _do(self, task: Callable[[], None]) -> None:
        await asyncio.wrap_future(self._worker.do(task))

    def before_read(self, path: Path) -> None:
        """The daemon is about to read a file: its being opened means nothing. From any thread."""
        self._own_reads.before(os.fspath(path))

    def after_read(self, path: Path) -> None:
        """The daemon has read a file. From any thread."""
        self._own_reads.after(os.fspath(path), time.monotonic())

    def health(self, tree_id: str) -> WatchHealth:
        """How a tree is watched."""
        tree = self._worker.trees.get(tree_id)
        if tree is None:
            return WatchHealth("starting")
        warnings = [tree.trouble] if tree.trouble else []
        if not tree.listed:
            return WatchHealth("stopped" if tree.gone or warnings else "starting", warnings=warnings)
        if not self._worker.is_alive:
            return WatchHealth("stopped", warnings=["nothing is watched any more: restart the daemon"])
        watched, polled = tree.watched_folders, len(tree.polled)
        mode = self._system.mode
        if polled:
            mode = "partly polling" if watched else "polling"
            warnings.append(
                f"{polled} of {watched + polled} folders are only looked at every {self._config.poll_interval_s:g} s, "
                f"as the system has no watches left for them; {self._system.advice}"
            )
        return WatchHealth(mode, watched, polled, tree.overflows, warnings)

    def _open(self) -> _System:
        if sys.platform != "linux":
            from recalld.watch.native import NativeWatches  # noqa: PLC0415 - of another system

            return NativeWatches(self._worker.deliver)
        from recalld.watch.inotify import InotifyWatches  # noqa: PLC0415 - cannot be imported elsewhere

        try:
            return InotifyWatches(
                self._scratch / "cookies",
                self._worker.deliver,
                self._worker.cookie_seen,
                self._worker.overflowed,
                opens=self._config.watch_opens,
                max_watches=self._max_watches,
            )
        except OSError as error:
            log.warning("inotify cannot be used, all folders are polled: %s", error)
            return NoWatches()
