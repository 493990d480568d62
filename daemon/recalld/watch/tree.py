"""One watched tree: what it holds, how a burst of changes becomes one report."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recalld import git
from recalld.config import Config
from recalld.events import FilesChanged
from recalld.git import GitTree
from recalld.watch.burst import Burst
from recalld.watch.folder import Folder, Notice
from recalld.watch.listing import Watches, differences, fill, look
from recalld.watch.opens import Opens
from recalld.watch.pauses import Pauses
from recalld.watch.settlement import Settlement

log = logging.getLogger(__name__)


class Tree:
    """A tree as it was last looked at, and what was told of it since. Used by one thread, save for `muted_to`."""

    def __init__(self, id: str, root: Path, config: Config, plain: Path, watches: Watches) -> None:
        self.id = id
        self.root = root
        self.top = Folder(self)
        self.opens = Opens(config)
        self.burst: Burst | None = None
        self.lost_at: float | None = None
        """When the system last said that it lost events."""
        self.outdated = False
        """What git ignores may be something else now: list it anew."""
        self.listed = False
        self.gone = False
        """The root is not there any more."""
        self.overflows = 0
        self.rest_until = 0.0
        """Until then it is not listed for lost events again."""
        self.retry_at: float | None = None
        self.retry_s = 0.0
        self.poll_at = 0.0
        self.watched_folders = 0
        self.polled: list[Folder] = []
        self.trouble = ""
        """Why git could not be asked, if so."""
        self.muted_to = 0.0
        """Opens that the system tells of before the cookie of this number are our own. Read by its thread."""
        self._config = config
        self._plain = plain
        self.watches = watches
        self._git: GitTree | None = None
        self._device_and_inode: tuple[int, int] | None = None

    # --- the whole of it ----------------------------------------------------------------------------

    def read(self, stopping: Callable[[], bool]) -> dict[str, str]:
        """Look at everything, place watches anew, forget what was told so far.

        Returns:
            Path → stamp of each file that counts.

        Raises:
            GitError: git cannot say what is ignored.
            OSError: the root cannot be reached.
        """
        status = self.root.stat()
        self._device_and_inode = (status.st_dev, status.st_ino)
        # Without watches while git looks around: what it opens in a wide tree would fill the queue of events.
        self.clear()
        self._git = self._find_git()
        ignored = git.ignored(self.root, self._git)
        with self.own_reads():
            fill(self.top, str(self.root), ignored, self.watches, stopping)
        self.listed = True
        self._count()
        # `git init` may have come to its end just before the watch on its folder was placed.
        if self._git.plain and look(f"{self.root}/.git") is not None and not self._find_git().plain:
            self.outdated = True
        files: dict[str, str] = {}
        pauses = Pauses()
        for path, stamp in self.top.paths():
            files[path] = stamp
            pauses.take()
        return files

    def clear(self) -> None:
        """Take all watches away."""
        left = [*self.top.within()]
        if self.burst is not None:
            self.burst.close()
            left.extend(self.burst.left)
        self.watches.lift(left)
        for folder in left:
            folder.detach()
        self.top = Folder(self)
        self.burst = None
        self.lost_at = None
        self.listed = False
        self.outdated = False
        self._count()

    @property
    def rules(self) -> GitTree:
        """Through which git says what is ignored.

        Raises:
            GitError: git cannot be asked.
        """
        if self._git is None:
            self._git = self._find_git()
        return self._git

    @property
    def repository(self) -> GitTree | None:
        """The repository whose root this is, or is in."""
        return None if self._git is None or self._git.plain else self._git

    def is_there(self) -> bool:
        """Whether the root is still the folder that was listed."""
        try:
            status = self.root.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._device_and_inode

    def _find_git(self) -> GitTree:
        trouble = ""
        try:
            found = git.find_root(self.root)
            inside = os.path.relpath(os.path.realpath(self.root), found.root) if found else "."
            if found is not None and inside != "." and git.check_ignored(found.root, found, [inside]):
                found = None
        except git.GitMissing:
            raise
        except git.GitError as error:
            # Its own .gitignore files still hold, only what is tracked is not known.
            trouble = str(error)
            found = None
        rules = found or git.plain_tree(self.root, self._plain)
        self.trouble = trouble
        return rules

    # --- bursts -------------------------------------------------------------------------------------

    def take(self, notice: Notice) -> None:
        """Note what the system told about an entry."""
        if self.burst is None:
            self.burst = Burst(notice.at, notice.at)
        self.burst.take(notice)

    def next_due(self) -> float | None:
        """When the burst counts as over."""
        if self.burst is None:
            return None
        quiet = self.burst.last + self._config.settle_delay_ms / 1000
        return min(quiet, self.burst.began + self._config.settle_ceiling_ms / 1000)

    def poll(self, now: float, folders: list[Folder]) -> None:
        """Compare folders with what was there before, and note what is different."""
        for folder in folders:
            prefix = folder.prefix
            if prefix is None:
                continue
            for name in differences(folder, f"{self.root}/{prefix}"):
                self.take(Notice(folder, "changed", name, now))

    def place_missing(self) -> None:
        """Try to watch the folders for which no watch was left."""
        for folder in self.polled:
            prefix = folder.prefix
            if prefix is None:
                continue
            try:
                self.watches.place(folder, f"{self.root}/{prefix}")
            except OSError:
                continue
            if folder.watch is None:
                break
        self._count()

    def settle(self, stopping: Callable[[], bool]) -> FilesChanged | None:
        """End the burst; `outdated` says after it whether the tree has to be listed anew.

        Returns:
            The report; None where there is no news.
        """
        burst, self.burst = self.burst, None
        if burst is None:
            return None
        settlement = Settlement(self, burst)
        try:
            report = settlement.settle(stopping)
        except git.GitError as error:
            log.warning("what is new in %s cannot be judged: %s", self.root, error)
            report = None
            self.outdated = True  # listing it anew will say what the trouble is
        self.watches.lift(burst.left)
        for folder in burst.left:
            folder.detach()
        if settlement.folders_changed:
            self._count()
        if burst.rules_changed or settlement.rules_changed:
            self.outdated = True
        return report

    def holds(self, path: str) -> bool:
        """Whether a file that counts is known at a path."""
        folder, name, rest = self.nearest(path)
        return not rest and name in folder.files

    def nearest(self, path: str) -> tuple[Folder, str, bool]:
        """The last known folder on the way to a path, the name that follows, and whether more follows after that."""
        *names, last = path.split("/")
        folder = self.top
        for name in names:
            inner = folder.folders.get(name)
            if inner is None:
                return folder, name, True
            folder = inner
        return folder, last, False

    @contextmanager
    def own_reads(self) -> Iterator[None]:
        """What is opened meanwhile is not told as opened by anybody."""
        self.muted_to = math.inf
        try:
            yield
        finally:
            self.muted_to = self.watches.cookie()

    def _count(self) -> None:
        folders = list(self.top.within()) if self.listed else []
        self.polled = [folder for folder in folders if folder.watch is None]
        self.watched_folders = len(folders) - len(self.polled)
