"""The watch's own thread: it takes what the system tells, waits for bursts to settle, lists, polls and publishes."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recalld.config import Config
from recalld.events import Event, FileOpened, TreeGone, TreeListed
from recalld.git import GitError
from recalld.watch.folder import Notice
from recalld.watch.listing import Watches
from recalld.watch.opens import OwnReads
from recalld.watch.pauses import Pauses
from recalld.watch.tree import Tree

log = logging.getLogger(__name__)

Reason = Literal["start", "overflow", "ignore rules", "asked", "poll"]

MAX_WAITING = 100_000
"""Notices waiting to be taken; more count as lost, and the trees are listed anew."""
ROUND = 10_000
"""Notices taken before what is due gets its turn."""
BREATH_S = 0.01
"""While notices come they are taken together, so often, and not one by one."""
STORM_QUIET_S = 0.25
"""Quiet time after which a storm that made the system lose events counts as over."""
STORM_CEILING_S = 5.0
"""Longest time that is waited for."""
REST_FACTOR = 10
"""After a listing for lost events, the next one waits for this many times as long as it took."""
RETRY_S = 5.0
"""Time after which a tree that git could not be asked about is tried again; doubled each time."""
MAX_RETRY_S = 300.0


@dataclass(slots=True)
class _Sync:
    tree_id: str
    done: Future[None]
    cookie: float = math.inf
    """Once the system tells of this one, all before the call has been told."""


class Worker:
    """All trees, and the thread that alone changes them.

    Args:
        config: delays and intervals.
        publish: called with each event, in order.
        own_reads: the daemon's own reads.
        plain: where git's rules for plain folders are kept.
    """

    def __init__(self, config: Config, publish: Callable[[Event], None], own_reads: OwnReads, plain: Path) -> None:
        self.trees: dict[str, Tree] = {}
        self._config = config
        self._publish = publish
        self._own_reads = own_reads
        self._plain = plain
        self._watches: Watches
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._inbox: deque[Notice | Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._breathing = False
        self._flooded = False
        self._stopping = False
        self._syncs: list[_Sync] = []
        self._last_notice = 0.0

    def start(self, watches: Watches) -> None:
        """Begin to work."""
        self._watches = watches
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """Stop, and wait so long for a listing under way. Nothing is published any more."""
        self._stopping = True
        self._wake.set()
        self._thread.join(patience_s)

    @property
    def is_alive(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    # --- from any thread ------------------------------------------------------------------------------

    def do(self, task: Callable[[], None]) -> Future[None]:
        """Have something done after all that came before it."""
        done: Future[None] = Future()

        def run() -> None:
            if done.set_running_or_notify_cancel():
                task()
                done.set_result(None)

        self._post(run)
        return done

    def sync(self, tree_id: str) -> Future[None]:
        """Have every change made so far published."""
        done: Future[None] = Future()
        self._post(lambda: self._begin_sync(tree_id, done))
        return done

    def deliver(self, notice: Notice) -> None:
        """Take what the system tells."""
        if len(self._inbox) < MAX_WAITING:
            self._inbox.append(notice)
            if not self._breathing:
                self._wake.set()
        elif not self._flooded:
            self._flooded = True
            self.overflowed()

    def cookie_seen(self, number: int) -> None:
        """The system has told all that happened before this cookie was made."""
        if self._syncs:
            self._post(lambda: self._end_syncs(number))

    def overflowed(self) -> None:
        """The system lost events."""
        self._post(self._mark_lost)

    def _post(self, task: Callable[[], None]) -> None:
        self._inbox.append(task)
        self._wake.set()

    # --- the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while True:
                self._wake.clear()
                if self._stopping:
                    return
                busy = self._take_round()
                due = self._do_what_is_due(time.monotonic())
                self._wait(due, busy)
        finally:
            if not self._stopping:
                log.critical("nothing is watched any more, through a fault of our own")
            for sync in self._syncs:
                sync.done.cancel()

    def _wait(self, due: float | None, busy: bool) -> None:
        now = time.monotonic()
        if busy:
            due = now + BREATH_S if due is None else min(due, now + BREATH_S)
        self._breathing = busy
        if due is None:
            self._wake.wait()
        elif due > now:
            self._wake.wait(due - now)
        self._breathing = False

    def _take_round(self) -> bool:
        """Take what has come; whether there were notices."""
        busy = False
        pauses = Pauses()
        for _ in range(min(len(self._inbox), ROUND)):
            item = self._inbox.popleft()
            if isinstance(item, Notice):
                busy = True
                self._take(item)
                pauses.take()
            else:
                item()
        return busy

    def _take(self, notice: Notice) -> None:
        tree = notice.folder.tree
        prefix = notice.folder.prefix
        if notice.kind == "opened":
            if prefix is not None and notice.name not in notice.folder.ignored:
                self._opened(tree, notice, prefix + notice.name)
        elif notice.kind == "listed":
            # A watched folder's opening is told twice, by its parent too: once is enough.
            if prefix is not None and notice.name not in notice.folder.folders:
                tree.opens.folder_opened((prefix + notice.name).rstrip("/"), notice.at)
        elif notice.kind == "git ran":
            tree.opens.git_ran(notice.at)
        elif notice.kind == "gone":
            if notice.folder is tree.top:
                self._lose(tree)
        else:
            self._last_notice = notice.at
            tree.take(notice)
            if prefix is not None and notice.kind == "changed":
                tree.opens.file_written(prefix + notice.name, notice.at)

    def _opened(self, tree: Tree, notice: Notice, path: str) -> None:
        if self._own_reads.explain(f"{tree.root}/{path}", notice.at):
            return
        siblings = len(notice.folder.files) - (notice.name in notice.folder.files)
        tree.opens.file_opened(path, notice.at, siblings)

    def _do_what_is_due(self, now: float) -> float | None:
        """Do it, and say when something is due next."""
        moments: list[float] = []
        for tree in list(self.trees.values()):
            for due, act in (
                (self._listing_due(tree), self._list_again),
                (tree.next_due(), self._settle),
                (tree.opens.next_due(), self._tell_opens),
                (tree.poll_at if tree.polled else None, self._poll),
            ):
                if due is None:
                    continue
                if due <= now:
                    act(tree)
                    moments.append(now)  # look again: it may have brought up something else
                else:
                    moments.append(due)
        return min(moments, default=None)

    # --- trees ----------------------------------------------------------------------------------------

    def add(self, tree_id: str, root: Path) -> None:
        """Watch a tree and publish what it holds."""
        self.remove(tree_id)
        tree = self.trees[tree_id] = Tree(tree_id, root, self._config, self._plain, self._watches)
        self._list(tree, "start")

    def remove(self, tree_id: str) -> None:
        """Watch a tree no more."""
        tree = self.trees.pop(tree_id, None)
        if tree is not None:
            tree.clear()

    def rescan(self, tree_id: str, reason: Reason) -> None:
        """List a tree anew and publish what it holds."""
        tree = self.trees.get(tree_id)
        if tree is not None and not tree.gone:
            self._list(tree, reason)

    def _list(self, tree: Tree, reason: Reason) -> None:
        began = time.monotonic()
        try:
            files = tree.read(lambda: self._stopping)
        except GitError as error:
            log.warning("%s is not watched for now: %s", tree.root, error)
            tree.trouble = str(error)
            tree.retry_s = min(max(2 * tree.retry_s, RETRY_S), MAX_RETRY_S)
            tree.retry_at = time.monotonic() + tree.retry_s
            return
        except OSError as error:
            log.info("%s cannot be reached: %s", tree.root, error)
            self._lose(tree)
            return
        now = time.monotonic()
        tree.retry_at, tree.retry_s = None, 0.0
        if reason == "overflow":
            tree.rest_until = now + REST_FACTOR * (now - began)
        tree.poll_at = now + self._config.poll_interval_s
        self._tell(TreeListed(tree.id, files, reason))
        if tree.outdated:
            self._list(tree, "ignore rules")

    def _listing_due(self, tree: Tree) -> float | None:
        if tree.retry_at is not None:
            return tree.retry_at
        if tree.lost_at is None:
            return None
        quiet = max(self._last_notice, tree.lost_at) + STORM_QUIET_S
        return max(min(quiet, tree.lost_at + STORM_CEILING_S), tree.rest_until)

    def _list_again(self, tree: Tree) -> None:
        self._list(tree, "start" if tree.lost_at is None else "overflow")

    def _mark_lost(self) -> None:
        self._flooded = False
        now = time.monotonic()
        log.warning("the system lost events: all trees are listed anew")
        for tree in self.trees.values():
            if tree.listed:
                tree.overflows += 1
                tree.lost_at = tree.lost_at or now
        for sync in list(self._syncs):
            self._ask(sync)  # the cookie before may be lost, too

    def _lose(self, tree: Tree) -> None:
        if not tree.gone:
            tree.gone = True
            tree.retry_at = None
            tree.clear()
            self._tell(TreeGone(tree.id))

    def _settle(self, tree: Tree) -> None:
        if not tree.is_there():
            self._lose(tree)
            return
        report = tree.settle(lambda: self._stopping)
        if report is not None:
            self._tell(report)
        if tree.outdated:
            self._list(tree, "ignore rules")

    def _poll(self, tree: Tree) -> None:
        if not tree.is_there():
            self._lose(tree)
            return
        now = time.monotonic()
        polled = tree.polled
        tree.place_missing()
        tree.poll(now, polled)
        tree.poll_at = now + self._config.poll_interval_s

    def _tell_opens(self, tree: Tree) -> None:
        for path in tree.opens.due(time.monotonic()):
            if tree.holds(path):
                self._tell(FileOpened(tree.id, path))

    def _tell(self, event: Event) -> None:
        if not self._stopping:
            self._publish(event)

    # --- sync -----------------------------------------------------------------------------------------

    def _begin_sync(self, tree_id: str, done: Future[None]) -> None:
        self._syncs = [sync for sync in self._syncs if not sync.done.cancelled()]
        sync = _Sync(tree_id, done)
        self._syncs.append(sync)
        self._ask(sync)

    def _ask(self, sync: _Sync) -> None:
        sync.cookie = self._watches.cookie()
        if sync.cookie == 0:
            self._syncs.remove(sync)
            self._finish(sync, told=False)

    def _end_syncs(self, number: int) -> None:
        reached = [sync for sync in self._syncs if sync.cookie <= number]
        self._syncs = [sync for sync in self._syncs if sync.cookie > number]
        for sync in reached:
            self._finish(sync, told=True)

    def _finish(self, sync: _Sync, *, told: bool) -> None:
        """Publish what is known, and of folders of which the system has not told what is there."""
        if not sync.done.set_running_or_notify_cancel():
            return
        tree = self.trees.get(sync.tree_id)
        if tree is not None and tree.listed:
            if tree.lost_at is not None:
                self._list(tree, "overflow")
            else:
                tree.poll(time.monotonic(), tree.polled if told else list(tree.top.within()))
                self._settle(tree)
        sync.done.set_result(None)
