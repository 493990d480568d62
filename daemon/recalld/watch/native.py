"""Watches where the system has none by folder (macOS): watchdog's Observer, recursive, one stream a tree.

It tells of everything below a root, ignored folders too; those are left out here, before anything is looked at.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable

from watchdog.events import DirMovedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch

from recalld.watch.folder import Folder, Kind, Notice
from recalld.watch.tree import Tree

_READS = frozenset({"opened", "closed_no_write"})


class NativeWatches:
    """Watches on whole trees, by the system's own observer.

    Args:
        deliver: called with each notice, in the observer's threads.
    """

    mode = "native"
    advice = ""

    def __init__(self, deliver: Callable[[Notice], None]) -> None:
        self._deliver = deliver
        self._observer = Observer()
        self._streams: dict[Folder, ObservedWatch] = {}
        self._observer.start()

    def stop(self) -> None:
        """Watch nothing any more."""
        self._observer.stop()

    def place(self, folder: Folder, path: str) -> None:
        """Watch a tree's top folder, and with it all below.

        Raises:
            OSError: the folder is not there any more, or cannot be read.
        """
        if folder.parent is None:
            handler = _Handler(folder.tree, path, self._deliver)
            self._streams[folder] = self._observer.schedule(handler, path, recursive=True)
        folder.watch = self

    def lift(self, folders: list[Folder]) -> None:
        """Watch these folders no more."""
        for folder in folders:
            folder.watch = None
            stream = self._streams.pop(folder, None)
            if stream is not None:
                self._observer.unschedule(stream)

    def cookie(self) -> int:
        """Nothing here says how far the system has come: `sync` compares the tree instead."""
        return 0


class _Handler(FileSystemEventHandler):
    def __init__(self, tree: Tree, path: str, deliver: Callable[[Notice], None]) -> None:
        self._tree = tree
        self._root = os.path.realpath(path)
        self._deliver = deliver
        self._cookies = itertools.count(1)

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in _READS or (event.is_directory and event.event_type == "modified"):
            return
        source = os.fsdecode(event.src_path)
        if isinstance(event, FileMovedEvent | DirMovedEvent):
            cookie = next(self._cookies)
            self._tell("moved from", source, cookie, event.is_directory)
            self._tell("moved to", os.fsdecode(event.dest_path), cookie, event.is_directory)
        else:
            self._tell("removed" if event.event_type == "deleted" else "changed", source, 0, event.is_directory)

    def _tell(self, kind: Kind, path: str, cookie: int, is_folder: bool) -> None:
        top = self._tree.top
        now = time.monotonic()
        if path == self._root:
            if kind in ("removed", "moved from"):
                self._deliver(Notice(top, "gone", "", now))
            return
        inside = path.removeprefix(self._root + "/")
        if inside == path:
            return
        if inside.startswith(".git/"):
            if inside == ".git/info/exclude":
                self._deliver(Notice(top, "rules changed", "", now))
            return
        folder, name, unknown = self._tree.nearest(inside)
        if name not in folder.ignored or kind in ("removed", "moved from"):
            self._deliver(Notice(folder, "changed" if unknown else kind, name, now, cookie, is_folder))
