"""Which opened files a person or an agent opened, and which ones a search, a backup or git went through.

The system does not say who opened a file. What tells a search apart is its company: it opens folders just
before their files, or many files at once. An opened file is therefore held for a moment. All that is
decided here is decided from the times of the events, so that a busy machine decides the same.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from recalld.config import Config

LISTED_BEFORE_S = 0.1
"""A program that lists a folder opens the first file in it within this time."""
GIT_BEFORE_S = 0.1
"""Git opens the first file that it compares within this time after its index."""
QUIET_S = 0.5
"""A search is over when for so long nothing was opened."""
CROWD_S = 1.0
"""Span in which different files are counted."""
REPEAT_S = 1.0
"""Opened again within this time, a file is not opened anew."""
DELIVERY_S = 0.25
"""How late the system may tell of an open."""
MAX_REMEMBERED = 4_096
"""Paths remembered at most for each purpose."""

READ_BY_TOOLS = frozenset(
    {".git", ".gitignore", ".gitattributes", ".gitmodules", ".ignore", ".rgignore", ".editorconfig"}
)
"""What editors and search tools open on their way, whatever a person opens."""


@dataclass(slots=True)
class _Held:
    opened_at: float
    listed: bool
    """Its folder was opened just before."""


class Opens:
    """The opened files of one tree. Times are seconds on a clock that only goes forward."""

    def __init__(self, config: Config) -> None:
        self._hold_s = config.open_hold_ms / 1000
        self._crowd = config.scan_opens
        # Each is in the order of time, oldest first.
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._listed: OrderedDict[str, float] = OrderedDict()
        self._recent: OrderedDict[str, float] = OrderedDict()
        self._told: OrderedDict[str, float] = OrderedDict()
        self._scan_until = 0.0
        self._git_at = -GIT_BEFORE_S

    def folder_opened(self, folder: str, at: float) -> None:
        """A program opened a folder to list it, be it one that counts or not; the tree's root is the empty path."""
        _remember(self._listed, folder, at)
        _forget(self._listed, at - LISTED_BEFORE_S)
        if at < self._scan_until or (len(self._listed) > 1 and self._searched()):
            self._begin_search(at)

    def git_ran(self, at: float) -> None:
        """Git opened its index."""
        self._git_at = at

    def file_written(self, path: str, at: float) -> None:
        """The file was written to: its opening belonged to that."""
        self._held.pop(path, None)
        edited = _edited_in_vim(path)
        if edited is not None:
            # Vim lists the folder before it opens the file, as a search does, but no search leaves a swap file.
            self._held.pop(edited, None)
            _remember(self._held, edited, _Held(at, listed=False))

    def file_opened(self, path: str, at: float, siblings: int) -> None:
        """A program opened a file.

        Args:
            path: relative to the tree's root.
            at: when.
            siblings: how many files its folder holds beside it.
        """
        folder, _, name = path.rpartition("/")
        if name in READ_BY_TOOLS:
            return
        if at < self._scan_until or at - self._git_at <= GIT_BEFORE_S:
            self._begin_search(at)
            return
        _remember(self._recent, path, at)
        _forget(self._recent, at - CROWD_S)
        if len(self._recent) >= self._crowd:
            self._held.clear()
            self._begin_search(at)
            return
        _forget(self._listed, at - LISTED_BEFORE_S)
        listed = folder in self._listed
        if path not in self._held:
            _remember(self._held, path, _Held(at, listed))
        # Many a program lists a folder for its own ends (Python, to find a module) and opens one file in it
        # as it was told to. One that searches opens several, or lists several folders, or opens all there are.
        if listed and (len(self._searched()) > 1 or len(self._listed) > 1 or siblings == 0):
            self._begin_search(at)

    def due(self, now: float) -> list[str]:
        """Take the files that were held long enough and are a person's."""
        found = []
        while (moment := self.next_due()) is not None and moment <= now:
            path, held = self._held.popitem(last=False)
            if held.opened_at - self._told.get(path, -REPEAT_S - 1) > REPEAT_S:
                found.append(path)
                _remember(self._told, path, held.opened_at)
        return found

    def next_due(self) -> float | None:
        """When `due` has something, if nothing else happens."""
        return next(iter(self._held.values())).opened_at + self._hold_s if self._held else None

    def _searched(self) -> list[str]:
        return [path for path, held in self._held.items() if held.listed]

    def _begin_search(self, at: float) -> None:
        # A file that somebody opened before the search began stays.
        for path in self._searched():
            del self._held[path]
        self._recent.clear()
        self._scan_until = at + QUIET_S


@dataclass(slots=True)
class _Read:
    under_way: int = 0
    untold: int = 0
    """Opens of which the system has not told yet."""
    ended_at: float = 0.0


class OwnReads:
    """The files the daemon itself is reading: that they are opened means nothing. For use from any thread.

    A read opens its file once. What the system tells after the read has ended is still its open, if it had
    not told of that before; anything more is somebody else's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, _Read] = {}
        self._ended: OrderedDict[str, _Read] = OrderedDict()

    def before(self, path: str) -> None:
        """A read of the file at this absolute path begins."""
        with self._lock:
            read = self._under_way.get(path) or self._ended.pop(path, None) or _Read()
            read.under_way += 1
            read.untold += 1
            self._under_way[path] = read

    def after(self, path: str, now: float) -> None:
        """It has ended."""
        with self._lock:
            read = self._under_way.get(path)
            if read is None:
                return
            read.under_way -= 1
            read.ended_at = now
            if read.under_way == 0:
                self._ended[path] = self._under_way.pop(path)
            while self._ended and next(iter(self._ended.values())).ended_at < now - DELIVERY_S:
                self._ended.popitem(last=False)

    def explain(self, path: str, told_at: float) -> bool:
        """Whether an open that the system told of at this time is one of ours."""
        with self._lock:
            read = self._under_way.get(path) or self._ended.get(path)
            if read is None:
                return False
            late = read.under_way == 0 and told_at > read.ended_at
            if late and (read.untold == 0 or told_at > read.ended_at + DELIVERY_S):
                return False
            read.untold = max(read.untold - 1, 0)
            return True


_V = TypeVar("_V")


def _remember(memory: OrderedDict[str, _V], path: str, what: _V) -> None:
    memory.pop(path, None)
    memory[path] = what
    if len(memory) > MAX_REMEMBERED:
        memory.popitem(last=False)


def _forget(memory: OrderedDict[str, float], before: float) -> None:
    while memory and next(iter(memory.values())) < before:
        memory.popitem(last=False)


def _edited_in_vim(path: str) -> str | None:
    folder, slash, name = path.rpartition("/")
    if name.startswith(".") and name.endswith((".swp", ".swo")):
        return f"{folder}{slash}{name[1:-4]}"
    return None
