"""Looking at folders: a walk that leaves out what git ignores, and a comparison with what was there before."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from typing import Protocol

from recalld.watch.folder import Folder, can_travel, stamp_of
from recalld.watch.pauses import Pauses


class Watches(Protocol):
    """Who places watches on folders."""

    def place(self, folder: Folder, path: str) -> None:
        """Watch a folder; leave its `watch` empty where there is none left.

        Raises:
            OSError: the folder is not there any more, or cannot be read.
        """

    def lift(self, folders: list[Folder]) -> None:
        """Watch these folders no more."""

    def cookie(self) -> int:
        """Make an event, and number it: the system tells of it after all that has happened before."""


def fill(top: Folder, path: str, ignored: set[str], watches: Watches, stopping: Callable[[], bool]) -> None:
    """Find what is in a folder and below, and place a watch on each folder.

    Each folder is watched first and listed then: what comes into it meanwhile is seen by the one or the other.

    Args:
        top: the folder, without contents yet; a repository of its own is taken out of its parent.
        path: where it is.
        ignored: what git ignores, as paths from the tree's root.
        watches: who places watches.
        stopping: true when there is no use in going on.
    """
    pending = [(top, path, top.prefix or "")]
    pauses = Pauses()
    while pending and not stopping():
        pauses.take()
        folder, path, prefix = pending.pop()
        try:
            watches.place(folder, path)
            entries = _entries(path)
        except OSError:
            # Gone again, or closed to us: there is nothing to see, and its parent tells when that changes.
            _take_out(folder, watches)
            continue
        if folder.parent is not None and any(entry.name == ".git" for entry in entries):
            folder.parent.ignore(folder.name)
            _take_out(folder, watches)
            continue
        for entry in entries:
            if entry.name != ".git":
                inner = _take_entry(folder, entry, prefix, ignored)
                if inner is not None:
                    pending.append((inner, entry.path, f"{prefix}{entry.name}/"))


def _take_entry(folder: Folder, entry: os.DirEntry[str], prefix: str, ignored: set[str]) -> Folder | None:
    """Enter a file or folder into its folder if it counts; a folder, so that it can be walked."""
    name = entry.name
    if entry.is_dir(follow_symlinks=False):
        if f"{prefix}{name}/" not in ignored:
            inner = folder.folders[name] = Folder(folder.tree, folder, name)
            return inner
        folder.ignore(name)
    elif entry.is_file(follow_symlinks=False):
        if prefix + name in ignored:
            folder.ignore(name)
        elif (status := look(entry.path)) is not None:
            folder.files[name] = stamp_of(status)
    return None


def differences(folder: Folder, path: str) -> Iterator[str]:
    """The names in a folder that are not as they were when it was last looked at. Says nothing of those below."""
    try:
        entries = {entry.name: entry for entry in _entries(path)}
    except OSError:
        entries = {}
    yield from (name for name in [*folder.files, *folder.folders] if name not in entries)
    for name, entry in entries.items():
        if name in folder.ignored or name == ".git":
            continue
        if name in folder.folders:
            if not entry.is_dir(follow_symlinks=False):
                yield name
        elif name not in folder.files:
            if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False):
                yield name
        else:
            status = look(entry.path)
            if status is None or stamp_of(status) != folder.files[name]:
                yield name


def look(path: str) -> os.stat_result | None:
    """What is at a path; None where nothing is that can be looked at."""
    try:
        return os.lstat(path)
    except OSError:
        return None


def is_file(status: os.stat_result | None) -> bool:
    """Whether it is a file, no link, folder or device."""
    return status is not None and stat.S_ISREG(status.st_mode)


def is_folder(status: os.stat_result | None) -> bool:
    """Whether it is a folder, no link to one."""
    return status is not None and stat.S_ISDIR(status.st_mode)


def _entries(path: str) -> list[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        return [entry for entry in entries if can_travel(entry.name)]


def _take_out(folder: Folder, watches: Watches) -> None:
    watches.lift([folder])
    if folder.parent is not None:
        folder.parent.folders.pop(folder.name, None)
        folder.parent = None
