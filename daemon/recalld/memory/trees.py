"""Workspaces and their trees: which project a folder belongs to, and what is known of each tree now."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection

from recall.protocol.errors import RecallError
from recall.protocol.values import Context
from recalld.memory.clock import Clock, iso
from recalld.memory.identity import Identity, identify
from recalld.store import Store, outlines, workspaces
from recalld.store.rows import AnchorRow, SightingRow, TreeRow, VerdictRow, WorkspaceRow

PERSONAL = "ws-personal"
"""The workspace of memories that hold everywhere."""
ROOT_FOLDER = "./"
"""How an anchor names the tree's root."""
MAX_OPEN_FILES = 64
MAX_NAME_BYTES, MAX_PATH_BYTES = 255, 4095
"""Of a file's name, and of a whole path; the system refuses to look at longer ones."""
SURELY_SHORT = MAX_NAME_BYTES // 4
"""Characters of a path inside a tree that is surely not too long."""


REPLIES_KEPT = 20
"""Search replies of a tree that a rating is matched with."""


@dataclass(slots=True)
class Tree:
    """One followed folder, and what is known of it now. Only the event loop touches it."""

    id: str
    workspace_id: str
    root: Path
    scanning: bool = True
    scanned: int = 0
    to_scan: int = 0
    files: int = 0
    symbols: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    verdicts: dict[int, VerdictRow] = field(default_factory=dict)
    """What this tree says of each anchor, by the anchor's id; changed by `say` alone."""
    standing: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Which anchors' code stands at each path now, by their ids."""
    drifting: dict[int, AnchorRow] = field(default_factory=dict)
    """Those of the anchors judged since the start whose place is not certain, by id."""
    sightings: dict[int, SightingRow] = field(default_factory=dict)
    """What stands at anchors' places and is none of their forms, by the anchor's id."""
    open_files: OrderedDict[str, Context | None] = field(default_factory=OrderedDict)
    """Opened and not closed, the latest last; with the context that was pushed last."""
    recalled: deque[tuple[str, ...]] = field(default_factory=lambda: deque(maxlen=REPLIES_KEPT))
    """What each of the last searches returned: the ids of memories, best first."""
    judging: asyncio.Lock = field(default_factory=asyncio.Lock)

    def say(self, anchor_id: int, verdict: VerdictRow | None) -> None:
        """Keep what this tree says of an anchor; None forgets it."""
        self.drifting.pop(anchor_id, None)
        before = self.verdicts.pop(anchor_id, None)
        if before is not None:
            self.standing[before.path].discard(anchor_id)
            if not self.standing[before.path]:
                del self.standing[before.path]
        if verdict is not None:
            self.verdicts[anchor_id] = verdict
            self.standing[verdict.path].add(anchor_id)

    def as_if(self, said: Mapping[int, VerdictRow]) -> Tree:
        """The same tree with these verdicts in place of its own, to be looked at; this one stays as it is."""
        standing = defaultdict(set, self.standing)
        places = {each.path for each in said.values()}
        places |= {before.path for each in said if (before := self.verdicts.get(each)) is not None}
        for path in places:  # `say` changes these sets, and no others
            standing[path] = set(standing[path])
        other = replace(self, verdicts=dict(self.verdicts), standing=standing, drifting={})
        for anchor_id, verdict in said.items():
            other.say(anchor_id, verdict)
        return other

    def standing_at(self, paths: Iterable[str]) -> list[int]:
        """The ids of the anchors whose code stands at these files and folders now."""
        return [anchor_id for path in paths for anchor_id in self.standing.get(path, ())]

    def relative(self, path: str, *, field: str = "file_path") -> str:
        """The path relative to the root, with `/`; a folder given with a final `/` keeps it.

        Args:
            path: relative to the root, or absolute.
            field: the parameter's name, for the error.

        Raises:
            RecallError: `outside_workspace`; `invalid_params` where no file could have such a name.
        """
        given = Path(os.path.normpath(self.root / path))
        if not given.is_relative_to(self.root) and Path(path).is_absolute():
            # The same folder by another name: a symlinked home, /tmp on macOS.
            given = Path(os.path.realpath(path))
        if not given.is_relative_to(self.root):
            raise RecallError(
                "outside_workspace",
                f"{path} is outside the workspace's folder {self.root}: give a path inside it",
                field=field,
            )
        if len(path) > SURELY_SHORT and not _could_be(given):
            raise RecallError("invalid_params", f"{path[:40]}… is longer than a path can be", field=field)
        inside = given.relative_to(self.root).as_posix()
        if inside == ".":
            return ROOT_FOLDER
        return inside + "/" if path.endswith(("/", os.sep)) else inside

    def opened(self, path: str) -> None:
        """Remember that someone looks at this file; the oldest of more than 64 is let go."""
        self.open_files.setdefault(path, None)
        self.open_files.move_to_end(path)
        while len(self.open_files) > MAX_OPEN_FILES:
            self.open_files.popitem(last=False)


def _could_be(path: Path) -> bool:
    names = [len(os.fsencode(name)) for name in path.parts]
    return max(names) <= MAX_NAME_BYTES and sum(names) + len(names) <= MAX_PATH_BYTES


def folders_above(path: str) -> list[str]:
    """The folders that hold a file, nearest first, the root (`./`) last."""
    parents = [f"{parent}/" for parent in PurePosixPath(path).parents if str(parent) != "."]
    return [*parents, ROOT_FOLDER]


class Trees:
    """The trees that are followed, by id and by folder."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._by_id: dict[str, Tree] = {}
        self._by_root: dict[Path, Tree] = {}
        self._last_active: Tree | None = None

    def __iter__(self) -> Iterator[Tree]:
        return iter(list(self._by_id.values()))  # a copy, because the caller may await

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, tree_id: str) -> Tree | None:
        """The tree of this id, if it is followed."""
        return self._by_id.get(tree_id)

    def of_workspace(self, workspace_id: str) -> list[Tree]:
        """The followed trees of a workspace; for the personal one, all trees."""
        return [t for t in self._by_id.values() if workspace_id in (t.workspace_id, PERSONAL)]

    def latest(self, trees: Sequence[Tree]) -> Tree | None:
        """Of these trees, the one that was active last of all, or else the one that was opened last."""
        active = next((tree for tree in trees if tree is self._last_active), None)
        return active or (trees[-1] if trees else None)

    def resolve(self, reference: str | None) -> Tree:
        """The tree that a request means.

        Args:
            reference: a tree's id, an absolute path inside one, or None for the tree that was active last.

        Raises:
            RecallError: `unknown_tree`.
        """
        tree: Tree | None
        if reference is None:
            tree = self._last_active
            if tree is None:
                raise RecallError("unknown_tree", "no workspace is open: run `recall up` in your project")
        elif reference.startswith("tree-"):
            tree = self._by_id.get(reference)
        else:
            tree = self._holding(Path(os.path.normpath(reference))) or self._holding(Path(os.path.realpath(reference)))
        if tree is None:
            raise RecallError("unknown_tree", f"no workspace is open for {reference}: run `recall up` there")
        self._last_active = tree
        return tree

    def _holding(self, folder: Path) -> Tree | None:
        for candidate in (folder, *folder.parents):
            tree = self._by_root.get(candidate)
            if tree is not None:
                return tree
            if os.path.exists(candidate / ".git"):  # noqa: PTH110  # says no, too, of what is too long to be
                return None  # a project of its own inside a followed folder
        return None

    async def start(self) -> list[Tree]:
        """Take up the trees that were followed when the daemon last ran and still exist."""
        rows = await self._store.truth.write(_load, iso(self._clock()))
        found = []
        for row in sorted(rows, key=lambda row: row.active_at):
            if row.followed and await asyncio.to_thread(Path(row.path).is_dir):
                tree = self._adopt(row.id, row.workspace_id, Path(row.path))
                await self._recall(tree)
                found.append(tree)
        return found

    async def open(self, path: str, workspace_id: str | None, *, plain: bool = True) -> tuple[Tree, bool, bool]:
        """The tree that holds a folder: found, or made together with its workspace.

        Args:
            path: absolute; the project's folder or anything in it.
            workspace_id: take this workspace, whatever the folder's identity says.
            plain: whether it may be no repository.

        Returns:
            The tree, whether its workspace is new, whether the tree was not followed until now.

        Raises:
            RecallError: `not_a_folder`, `no_repository`, `too_wide`, `git_missing`, `unknown_workspace`.
        """
        if not Path(path).is_absolute():
            raise RecallError("not_a_folder", f"{path} is no absolute path: give the whole of it", field="path")
        held = self._holding(await asyncio.to_thread(lambda: Path(path).resolve()))
        if held is not None and not (held.root / ".git").exists() and workspace_id is None:
            self._last_active = held  # a sub-folder of a plain folder that is followed
            return held, False, False
        identity = await asyncio.to_thread(identify, path, plain=plain)
        workspace, created = await self._store.truth.write(_open, identity, workspace_id, iso(self._clock()))
        known = self._by_id.get(identity.tree_id)
        if known is not None and known.workspace_id == workspace.id:
            self._last_active = known
            return known, created, False
        if known is not None:
            self.lose(known)
        tree = self._adopt(identity.tree_id, workspace.id, identity.root)
        await self._recall(tree)
        return tree, created, True

    async def close(self, tree: Tree) -> None:
        """Follow the tree no more; opening it again brings it back."""
        self.lose(tree)
        row = TreeRow(
            id=tree.id,
            workspace_id=tree.workspace_id,
            path=str(tree.root),
            active_at=iso(self._clock()),
            followed=False,
        )
        await self._store.truth.write(workspaces.save_tree, row)

    async def _recall(self, tree: Tree) -> None:
        """Take up what the tree said when it was followed last."""
        for anchor_id, said in (await self._store.code.read(outlines.verdicts, tree.id)).items():
            tree.say(anchor_id, said)
        tree.sightings = await self._store.code.read(outlines.sightings, tree.id)

    def _adopt(self, tree_id: str, workspace_id: str, root: Path) -> Tree:
        tree = Tree(tree_id, workspace_id, root)
        self._by_id[tree.id] = self._by_root[tree.root] = self._last_active = tree
        return tree

    def lose(self, tree: Tree) -> None:
        """Follow the tree no more for as long as this daemon runs, unless it is opened anew."""
        if self._by_id.get(tree.id) is not tree:
            return
        del self._by_id[tree.id], self._by_root[tree.root]
        if self._last_active is tree:
            self._last_active = next(reversed(self._by_id.values()), None)


def _load(connection: Connection, now: str) -> list[TreeRow]:
    if workspaces.get_workspace(connection, PERSONAL) is None:
        workspaces.add_workspace(connection, WorkspaceRow(id=PERSONAL, name="personal", created_at=now), [])
    return workspaces.all_trees(connection)


def _open(connection: Connection, identity: Identity, workspace_id: str | None, now: str) -> tuple[WorkspaceRow, bool]:
    created = False
    keys = [*identity.keys, *([identity.formerly] if identity.formerly else [])]
    found = workspace_id or workspaces.find_workspace(connection, keys)
    if found is None:
        found, created = identity.workspace_id, True
        workspaces.add_workspace(connection, WorkspaceRow(id=found, name=identity.root.name, created_at=now), [])
    workspace = workspaces.get_workspace(connection, found)
    if workspace is None:
        raise RecallError("unknown_workspace", f"there is no workspace {found}: `recall status` lists them")
    if workspace_id is None:
        workspaces.add_keys(connection, found, identity.keys)
    else:
        workspaces.claim_key(connection, found, identity.keys[0])
    tree = TreeRow(id=identity.tree_id, workspace_id=found, path=str(identity.root), active_at=now)
    workspaces.save_tree(connection, tree)
    return workspace, created
