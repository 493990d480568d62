"""What the system told about a tree since its last quiet moment, kept by entry and not by event.

A burst only says which entries to look at, and where files came from that were moved. What is reported is
decided at its end, from what is there then: a file that came and went within the burst is no news.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recalld.watch.folder import Folder, Notice

Entry = tuple[Folder, str]
"""A folder and the name of something in it."""


@dataclass(frozen=True, slots=True)
class _FileOnTheMove:
    origin: str
    stamp: str


@dataclass(slots=True)
class Burst:
    """A burst of changes in one tree.

    Moves are carried out at once on the folders' nodes, so that what the system tells next finds its place.
    """

    began: float
    last: float
    """When something was told last."""
    touched: dict[Entry, None] = field(default_factory=dict)
    """Entries to look at, in the order in which they were told."""
    origins: dict[Entry, str] = field(default_factory=dict)
    """Where files that were moved stood before the burst."""
    gone: set[str] = field(default_factory=set)
    """Paths, as they were before the burst, of files that are not there any more under any name."""
    left: list[Folder] = field(default_factory=list)
    """Folders that are out of the tree, and whose watches are to be lifted."""
    arrived: dict[Folder, None] = field(default_factory=dict)
    """Folders that were moved within the tree."""
    rules_changed: bool = False
    """What git ignores may be something else now."""
    _on_the_move: dict[int, Folder | _FileOnTheMove] = field(default_factory=dict)

    def take(self, notice: Notice) -> None:
        """Note what the system told: one of changed, removed, moved from, moved to, rules changed."""
        self.last = notice.at
        if notice.kind == "rules changed":
            self.rules_changed = True
        elif notice.name == ".git":
            self._repository_changed(notice.folder)
        elif notice.kind == "moved from":
            notice.folder.unignore(notice.name)
            self._depart(notice.folder, notice.name, notice.cookie)
        elif notice.kind == "moved to":
            self._arrive(notice.folder, notice.name, notice.cookie)
        else:
            if notice.kind == "removed":
                notice.folder.unignore(notice.name)
                if notice.is_folder and notice.name in notice.folder.folders:
                    self.drop(notice.folder.folders[notice.name])
            self.touch(notice.folder, notice.name)

    def touch(self, folder: Folder, name: str) -> None:
        """Have an entry looked at."""
        self.touched[folder, name] = None

    def drop(self, folder: Folder) -> None:
        """A folder is out of the tree, with all that was in it."""
        self._note_origins(folder)
        if folder.parent is not None:
            folder.parent.folders.pop(folder.name, None)
            folder.parent = None
        self._lose(folder)

    def close(self) -> None:
        """No partner comes any more for what was moved away: it left the tree."""
        for thing in self._on_the_move.values():
            if isinstance(thing, Folder):
                self._lose(thing)
            else:
                self.gone.add(thing.origin)
        self._on_the_move.clear()

    def _depart(self, folder: Folder, name: str, cookie: int) -> None:
        if name in folder.folders:
            inner = folder.folders[name]
            self._note_origins(inner)
            del folder.folders[name]
            inner.parent = None
            self._on_the_move[cookie] = inner
        elif name in folder.files:
            origin = self.origins.pop((folder, name), None) or _path(folder, name)
            stamp = folder.files.pop(name)
            if origin is not None:
                self._on_the_move[cookie] = _FileOnTheMove(origin, stamp)

    def _arrive(self, folder: Folder, name: str, cookie: int) -> None:
        self._overwrite(folder, name)
        thing = self._on_the_move.pop(cookie, None)
        if isinstance(thing, Folder):
            thing.parent, thing.name = folder, name
            folder.folders[name] = thing
            self.arrived[thing] = None
        elif thing is not None:
            folder.files[name] = thing.stamp
            self.origins[folder, name] = thing.origin
        self.touch(folder, name)

    def _overwrite(self, folder: Folder, name: str) -> None:
        if name in folder.folders:
            self.drop(folder.folders[name])
        elif name in folder.files:
            del folder.files[name]
            origin = self.origins.pop((folder, name), None) or _path(folder, name)
            if origin is not None:
                self.gone.add(origin)

    def _repository_changed(self, folder: Folder) -> None:
        if folder.parent is None:
            self.rules_changed = True
        else:
            # It became, or is no more, a project of its own.
            self.touch(folder.parent, folder.name)

    def _note_origins(self, folder: Folder) -> None:
        prefix = folder.prefix
        if prefix is None:
            return
        for here in folder.within():
            there = here.prefix
            for name in here.files:
                self.origins.setdefault((here, name), f"{there}{name}")

    def _lose(self, folder: Folder) -> None:
        for here in folder.within():
            self.left.append(here)
            for name in here.files:
                origin = self.origins.pop((here, name), None)
                if origin is not None:
                    self.gone.add(origin)


def _path(folder: Folder, name: str) -> str | None:
    prefix = folder.prefix
    return None if prefix is None else prefix + name
