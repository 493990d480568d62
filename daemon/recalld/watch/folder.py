"""What a tree held when it was last looked at: folders as nodes that keep their watch when they are moved."""

from __future__ import annotations

import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from recalld.watch.tree import Tree

MAX_IGNORED_NAMES = 1_000
"""Ignored names remembered for a folder; beyond that git is asked again."""

_NONE: frozenset[str] = frozenset()
"""Shared by all folders in which nothing is ignored: most, and each set is work for the garbage collector."""

Kind = Literal["changed", "removed", "moved from", "moved to", "gone", "listed", "opened", "git ran", "rules changed"]


class Folder:
    """A folder of a tree, with the files and folders in it that count.

    Attributes:
        tree: whose it is.
        parent: None for a tree's top folder, and for one that was taken out of its tree.
        files: name → stamp.
        ignored: names in it that git ignores, as far as that was found out.
        watch: what the system's watch on it goes by; None for a folder that has to be polled.
    """

    __slots__ = ("files", "folders", "ignored", "name", "parent", "tree", "watch")

    def __init__(self, tree: Tree, parent: Folder | None = None, name: str = "") -> None:
        self.tree = tree
        self.parent = parent
        self.name = name
        self.files: dict[str, str] = {}
        self.folders: dict[str, Folder] = {}
        self.ignored: AbstractSet[str] = _NONE
        self.watch: object | None = None

    @property
    def prefix(self) -> str | None:
        """What its entries' paths begin with: nothing, or its own path with `/`. None once it is out of the tree."""
        names = []
        here = self
        while here.parent is not None:
            names.append(here.name)
            here = here.parent
        if here is not self.tree.top:
            return None
        return "/".join(reversed(names)) + "/" if names else ""

    def within(self) -> Iterator[Folder]:
        """It and all folders in it, each before those in it."""
        pending = [self]
        while pending:
            here = pending.pop()
            yield here
            pending.extend(here.folders.values())

    def paths(self) -> Iterator[tuple[str, str]]:
        """Path and stamp of each file in it, however deep."""
        pending = [(self.prefix or "", self)]
        while pending:
            prefix, here = pending.pop()
            for name, stamp in here.files.items():
                yield prefix + name, stamp
            pending.extend((f"{prefix}{name}/", folder) for name, folder in here.folders.items())

    def detach(self) -> None:
        """Let go of parent and contents, so that memory is given back without the garbage collector."""
        self.parent = None
        self.folders = {}
        self.files = {}

    def ignore(self, name: str) -> None:
        """Remember that git ignores an entry."""
        if not isinstance(self.ignored, set) or len(self.ignored) >= MAX_IGNORED_NAMES:
            self.ignored = set()
        self.ignored.add(name)

    def unignore(self, name: str) -> None:
        """Forget it: something else may take the name."""
        if isinstance(self.ignored, set):
            self.ignored.discard(name)


class Notice(NamedTuple):
    """One thing that the system told about a folder (`gone`, `listed`, ...) or an entry in it."""

    folder: Folder
    kind: Kind
    name: str
    at: float
    """Seconds, monotonic."""
    cookie: int = 0
    """The same for both ends of a move."""
    is_folder: bool = False


def stamp_of(status: os.stat_result) -> str:
    """What is another when a file was written to."""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


def can_travel(name: str) -> bool:
    """Whether a name is text: one of other bytes could not be put into any message, and is left out."""
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
