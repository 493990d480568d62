"""Watches on Linux: all contact with watchdog, one level below its Observer.

One instance of inotify serves all trees, so that the order in which it tells of things is the order in which
they happened anywhere, and a file made in a folder of our own (a cookie) says how far it has come.
Whatever is told is handed on from watchdog's reading thread as it is; nothing is looked up there.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from recalld.watch.folder import Folder, Kind, Notice
from recalld.watch.pauses import Pauses

CHUNK = 200
"""Watches lifted at once, during which the reader has to wait."""
UNREAD = 4_000
"""Watches placed or lifted before the reader is waited for: each makes an event or two, of our own opening of the
folder, and the system's queue must not fill up with them."""
READER_WAIT_S = 1.0
"""Longest wait for it."""
LIMIT_FILE = Path("/proc/sys/fs/inotify/max_user_watches")
LIMIT_ADVICE = (
    "raise the system's limit: `sudo sysctl fs.inotify.max_user_watches=1048576`, and the same in a file in "
    "/etc/sysctl.d to keep it"
)

_CHANGES = Mask(
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_MOVE
    | InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_CLOSE_WRITE
)
_CONTENTS = Mask(InotifyConstants.IN_MODIFY | InotifyConstants.IN_CLOSE_WRITE | InotifyConstants.IN_CREATE)
_SELF = Mask(InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF)
_GONE = Mask(_SELF | InotifyConstants.IN_UNMOUNT)
_EXCLUDE = frozenset({b"exclude"})
_INDEX = frozenset({b"index"})
# What a folder needs to be a git folder; until all of it is there, `git init` is still at work.
_MADE_BY_INIT = frozenset({b"HEAD", b"config", b"objects", b"refs"})
# Of two trees of which one is in the other, neither takes from the other what that asked for.
_FOLDERS = Mask(InotifyConstants.IN_ONLYDIR | InotifyConstants.IN_EXCL_UNLINK | InotifyConstants.IN_MASK_ADD)


def usable_watches() -> int:
    """Three quarters of what the system grants a user: editors and builds need some, too."""
    try:
        return int(LIMIT_FILE.read_text("ascii")) * 3 // 4
    except (OSError, ValueError):
        return 8_192


class InotifyWatches:
    """Watches on folders, by one inotify instance.

    Args:
        private: a folder of our own, for cookies.
        deliver: called with each notice, in watchdog's thread.
        cookie_seen: called with a cookie's number, in order, in the same thread.
        overflowed: called when the system lost events, in the same thread.
        opens: whether opened files are told, too.
        max_watches: folders watched at most; by default what the system grants, less some for others.

    Raises:
        OSError: the system gives no instance of inotify, or not one watch.
    """

    mode = "inotify"
    advice = LIMIT_ADVICE

    def __init__(
        self,
        private: Path,
        deliver: Callable[[Notice], None],
        cookie_seen: Callable[[int], None],
        overflowed: Callable[[], None],
        *,
        opens: bool,
        max_watches: int | None = None,
    ) -> None:
        self._private = private
        self._deliver = deliver
        self._tell_cookie = cookie_seen
        self._tell_overflow = overflowed
        self._opens = opens
        self._max_watches = usable_watches() if max_watches is None else max_watches
        self._ids = itertools.count(1)
        self._last_cookie = 0
        self._seen = 0
        self._caught_up = threading.Event()
        self._placed = 0
        self._unread = 0
        self._pauses = Pauses()
        self._reader_pauses = Pauses()
        self._git_watches: dict[Folder, list[_Callback]] = {}
        shutil.rmtree(private, ignore_errors=True)
        self._inotify = InotifyFD()
        self._inotify.name = "inotify"
        self._inotify.start()
        try:
            self._watch_private()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Watch nothing any more."""
        self._inotify.stop()
        self._inotify.join(READER_WAIT_S)
        shutil.rmtree(self._private, ignore_errors=True)

    def place(self, folder: Folder, path: str) -> None:
        """Watch a folder; leave its `watch` empty where there is none left.

        Raises:
            OSError: the folder is not there any more, or cannot be read.
        """
        if self._placed >= self._max_watches:
            return
        mask = Mask(_CHANGES | _FOLDERS | (InotifyConstants.IN_OPEN if self._opens else 0))
        if folder.parent is not None:
            mask = Mask(mask | InotifyConstants.IN_DONT_FOLLOW)
        else:
            mask = Mask(mask | _SELF)
            self._follow_git(folder)
        folder.watch = self._add(path, mask, _OfFolder(self, folder))

    def lift(self, folders: list[Folder]) -> None:
        """Watch these folders no more."""
        callbacks: list[_Callback] = []
        for folder in folders:
            if folder.watch is not None:
                callbacks.append(cast("_Callback", folder.watch))
                folder.watch = None
            if folder in self._git_watches:
                callbacks.extend(self._git_watches.pop(folder))
        self._remove(callbacks)

    def cookie(self) -> int:
        """Make an event, and number it: the system tells of it after all that has happened before.

        Returns:
            The number; 0 where no file can be made.
        """
        self._last_cookie = number = self._last_cookie + 1
        path = self._private / str(number)
        try:
            if not self._private.is_dir():
                self._watch_private()  # a cleaner of temporary files took the folder
            path.touch()
            path.unlink()
        except OSError:
            return 0
        return number

    def next_id(self) -> CallbackId:
        """An id for a callback, never used before."""
        return CallbackId(next(self._ids))

    # --- placing --------------------------------------------------------------------------------------

    def _follow_git(self, top: Folder) -> None:
        """Have told when git reads the index, and when a repository's rules change, or it becomes one."""
        if top in self._git_watches:
            return
        tree = top.tree
        wanted: list[tuple[Path, Mask, _OfNames]] = []
        if tree.repository is None:
            wanted.append((tree.root / ".git", _CHANGES, _OfNames(self, top, _MADE_BY_INIT, "rules changed")))
        else:
            rules = tree.repository.common_dir / "info"
            wanted.append((rules, _CHANGES, _OfNames(self, top, _EXCLUDE, "rules changed")))
            if self._opens:
                git_dir = tree.repository.git_dir
                wanted.append((git_dir, InotifyConstants.IN_OPEN, _OfNames(self, top, _INDEX, "git ran")))
        placed = self._git_watches[top] = []
        for path, mask, callback in wanted:
            try:
                if self._add(str(path), Mask(mask | _FOLDERS), callback) is not None:
                    placed.append(callback)
            except OSError:
                continue  # without that folder there is nothing to tell

    def _watch_private(self) -> None:
        self._private.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._add(str(self._private), Mask(InotifyConstants.IN_CREATE | _FOLDERS), _OfCookies(self)) is None:
            raise OSError(errno.ENOSPC, "no inotify watch is left")

    def _add(self, path: str, mask: Mask, callback: _Callback) -> _Callback | None:
        try:
            callback.wd = self._inotify.add_callback(os.fsencode(path), mask, callback, callback.id)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                return None
            raise
        if callback.wd == -1:
            # watchdog keeps silent where the system denies access.
            self._inotify.remove_callbacks([(callback.wd, callback.id)])
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        self._placed += 1
        self._expect_events(1)
        return callback

    def _remove(self, callbacks: list[_Callback]) -> None:
        alive = [(callback.wd, callback.id) for callback in callbacks if not callback.dead]
        self._placed -= len(callbacks)
        for start in range(0, len(alive), CHUNK):
            self._inotify.remove_callbacks(alive[start : start + CHUNK])
            self._pauses.take()
            self._expect_events(CHUNK)

    def _expect_events(self, count: int) -> None:
        self._unread += count
        if self._unread < UNREAD:
            return
        self._unread = 0
        self._caught_up.clear()
        number = self.cookie()
        deadline = time.monotonic() + READER_WAIT_S
        while self._seen < number and (left := deadline - time.monotonic()) > 0:
            self._caught_up.wait(left)
            self._caught_up.clear()

    # --- in watchdog's thread -------------------------------------------------------------------------

    def on_event(self, folder: Folder, event: InotifyEvent) -> None:
        """Hand on what is told about a folder."""
        self._reader_pauses.take()
        mask = event.mask
        is_folder = bool(mask & InotifyConstants.IN_ISDIR)
        if mask & InotifyConstants.IN_OPEN:
            if folder.tree.muted_to > self._seen:
                return
            kind: Kind = "listed" if is_folder else "opened"
        elif mask & _GONE:
            kind = "gone"
        elif mask & _CONTENTS:
            kind = "changed"
        elif mask & InotifyConstants.IN_DELETE:
            kind = "removed"
        elif mask & InotifyConstants.IN_MOVED_FROM:
            kind = "moved from"
        elif mask & InotifyConstants.IN_MOVED_TO:
            kind = "moved to"
        else:
            return
        try:
            name = event.name.decode("utf-8")
        except UnicodeDecodeError:
            return  # left out of listings, too
        self._deliver(Notice(folder, kind, name, time.monotonic(), event.cookie, is_folder))

    def on_git(self, top: Folder, kind: Kind) -> None:
        """Hand on that git does something."""
        if kind == "rules changed" or top.tree.muted_to <= self._seen:
            self._deliver(Notice(top, kind, "", time.monotonic()))

    def on_cookie(self, number: int) -> None:
        """Say how far the reader has come."""
        self._seen = max(self._seen, number)
        self._caught_up.set()
        self._tell_cookie(number)

    def on_overflow(self) -> None:
        """Say that events were lost, cookies perhaps among them."""
        self._seen = max(self._seen, self._last_cookie)
        self._caught_up.set()
        self._tell_overflow()


class _Callback:
    """What watchdog calls for one watch, and what that watch goes by. There is one for each folder: keep it small."""

    __slots__ = ("dead", "id", "watches", "wd")

    def __init__(self, watches: InotifyWatches) -> None:
        self.watches = watches
        self.wd = WatchDescriptor(-1)
        self.id = watches.next_id()
        self.dead = False
        """The system took the watch away, with its folder."""

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened."""
        raise NotImplementedError

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002 - the form is watchdog's
        """The watch is no more."""
        self.dead = True

    def on_queue_overflow(self) -> None:
        """Nothing: of all watches, that on the cookies says it once."""


class _OfFolder(_Callback):
    __slots__ = ("folder",)

    def __init__(self, watches: InotifyWatches, folder: Folder) -> None:
        super().__init__(watches)
        self.folder = folder

    def on_event(self, event: InotifyEvent) -> None:
        self.watches.on_event(self.folder, event)


class _OfNames(_Callback):
    __slots__ = ("kind", "names", "top")

    def __init__(self, watches: InotifyWatches, top: Folder, names: frozenset[bytes], kind: Kind) -> None:
        super().__init__(watches)
        self.top = top
        self.names = names
        self.kind = kind

    def on_event(self, event: InotifyEvent) -> None:
        if event.name in self.names:
            self.watches.on_git(self.top, self.kind)


class _OfCookies(_Callback):
    __slots__ = ()

    def on_event(self, event: InotifyEvent) -> None:
        if event.name.isdigit():
            self.watches.on_cookie(int(event.name))

    def on_queue_overflow(self) -> None:
        self.watches.on_overflow()
