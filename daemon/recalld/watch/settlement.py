"""The end of a burst: what is there now, against what was there before it, becomes one report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recalld import git
from recalld.events import FilesChanged
from recalld.watch.burst import Burst, Entry
from recalld.watch.folder import Folder, stamp_of
from recalld.watch.listing import fill, is_file, is_folder, look
from recalld.watch.pauses import Pauses

if TYPE_CHECKING:
    from recalld.watch.tree import Tree


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file that was there when its burst was over."""

    folder: Folder
    name: str
    path: str
    stamp: str
    origin: str | None
    """Where it stood before the burst."""


class Settlement:
    """One burst of one tree, on its way to a report."""

    def __init__(self, tree: Tree, burst: Burst) -> None:
        self.rules_changed = False
        """A file changed that says what is ignored."""
        self.folders_changed = False
        self._tree = tree
        self._burst = burst
        self._seen: list[_Seen] = []
        self._new_folders: dict[str, Entry] = {}

    def settle(self, stopping: Callable[[], bool]) -> FilesChanged | None:
        """The report; None where there is no news.

        Raises:
            GitError: git cannot say whether what is new counts.
        """
        burst = self._burst
        burst.close()
        pauses = Pauses()
        for folder, name in dict.fromkeys([*burst.touched, *burst.origins]):
            self._look(folder, name)
            pauses.take()
        fresh = [file for file in self._seen if file.origin != file.path and file.path not in burst.gone]
        found = self._take_in(stopping)
        self._leave_out(fresh)
        self.folders_changed = bool(burst.left or burst.arrived or self._new_folders)
        report = self._report(found)
        touched = (*report.changed, *report.removed, *(path for pair in report.moved for path in pair))
        self.rules_changed = any(path.rpartition("/")[2] == ".gitignore" for path in touched)
        return report if touched else None

    def _look(self, folder: Folder, name: str) -> None:
        """See what is at an entry now."""
        prefix = folder.prefix
        if prefix is None:
            return
        path = prefix + name
        status = look(f"{self._tree.root}/{path}")
        origin = self._burst.origins.get((folder, name), path if name in folder.files else None)
        inner = folder.folders.get(name)
        if status is not None and is_file(status):
            self._seen.append(_Seen(folder, name, path, stamp_of(status), origin))
        elif origin is not None:
            self._burst.gone.add(origin)
            folder.files.pop(name, None)
        if not is_folder(status):
            if inner is not None:
                self._burst.drop(inner)
        elif inner is None:
            if name not in folder.ignored:
                self._new_folders[path] = (folder, name)
        elif look(f"{self._tree.root}/{path}/.git") is not None:
            folder.ignore(name)
            self._burst.drop(inner)

    def _take_in(self, stopping: Callable[[], bool]) -> list[str]:
        """Walk the new folders that are not ignored, drop the moved ones that are now; the paths of files found."""
        arrived = {prefix: folder for folder in self._burst.arrived if (prefix := folder.prefix)}
        if not self._new_folders and not arrived:
            return []
        tree = self._tree
        found: list[str] = []
        with tree.own_reads():
            asked = [*self._new_folders, *(prefix.rstrip("/") for prefix in arrived)]
            ignored = git.ignored(tree.root, tree.rules, asked)
            for prefix, folder in arrived.items():
                if prefix in ignored and folder.parent is not None:
                    folder.parent.ignore(folder.name)
                    self._burst.drop(folder)
            for path, (parent, name) in self._new_folders.items():
                if f"{path}/" in ignored:
                    parent.ignore(name)
                if name in parent.ignored or parent.prefix is None:
                    continue
                folder = parent.folders[name] = Folder(tree, parent, name)
                fill(folder, f"{tree.root}/{path}", ignored, tree.watches, stopping)
                found.extend(path for path, _ in folder.paths())
        return found

    def _leave_out(self, fresh: list[_Seen]) -> None:
        """Forget those files that git ignores under the paths that are new to them."""
        asked = [file for file in fresh if file.name not in file.folder.ignored]
        if asked:
            with self._tree.own_reads():
                paths = (file.path for file in asked)
                ignored = git.check_ignored(self._tree.root, self._tree.rules, paths)
            for file in asked:
                if file.path in ignored:
                    file.folder.ignore(file.name)
        for file in fresh:
            if file.name in file.folder.ignored:
                file.folder.files.pop(file.name, None)
                if file.origin is not None:
                    self._burst.gone.add(file.origin)

    def _report(self, found: list[str]) -> FilesChanged:
        changed = dict.fromkeys(found)
        moved: list[tuple[str, str]] = []
        for file in self._seen:
            if file.folder.prefix is None or file.name in file.folder.ignored:
                continue
            file.folder.files[file.name] = file.stamp
            if file.origin is None or file.origin == file.path:
                changed[file.path] = None
            else:
                moved.append((file.origin, file.path))
        # A file that was moved away and made anew is two changed files.
        changed.update((path, None) for origin, path in moved if self._tree.holds(origin))
        moved = [(origin, path) for origin, path in moved if not self._tree.holds(origin)]
        removed = sorted(path for path in self._burst.gone if not self._tree.holds(path))
        return FilesChanged(self._tree.id, tuple(changed), tuple(removed), tuple(moved))
