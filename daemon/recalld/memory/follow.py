"""Following the trees: what the watch reports becomes outlines, then verdicts, then contexts.

Each tree has one task that takes its reports in order. A scan runs beside it, so that a file saved while
a large tree is read for the first time is dealt with at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from recalld import git
from recalld.code import ParserPool
from recalld.config import Config
from recalld.events import (
    CodeChanged,
    Event,
    FileOpened,
    FilesChanged,
    Lane,
    MemoryTouched,
    Scanned,
    TreeGone,
    TreeListed,
    VerdictTurned,
)
from recalld.memory.anchors import reference
from recalld.memory.codebase import Codebase
from recalld.memory.contexts import Contexts
from recalld.memory.trees import Tree, Trees, folders_above
from recalld.memory.verdicts import Turn, Verdicts
from recalld.outline import Outline
from recalld.store import Store, memories, outlines

GIT_LOOKS, GIT_LOOK_S = 100, 0.01
"""How often, and how many seconds apart, it is looked whether git still writes files: a second in all."""
SCAN_IN_FLIGHT = 64
SAVE_EVERY = 200
"""Outlines saved in one transaction during a scan."""


@dataclass(slots=True)
class _Following:
    """The work on one tree that is under way."""

    tree: Tree
    reports: Lane
    scans: Lane
    listing: TreeListed | None = None
    """The newest listing; a scan for an older one gives up."""
    listed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the tree's first listing has come."""
    reported: set[str] = field(default_factory=set)
    """Files reported since that listing, while it is not scanned yet: what it lacks of them is there all the same."""
    unscanned: set[str] = field(default_factory=set)
    """Files the scan has yet to deliver; one that is reported changed meanwhile leaves the set."""
    parsed: dict[str, Outline] = field(default_factory=dict)
    """What the scan has parsed and not yet saved."""
    refresh_queued: bool = False
    repository: git.GitTree | None = None
    """Where git keeps what belongs to the tree; looked up at the first report."""


class Follower:
    """Turns reports of the watch into what the rest of the daemon tells its clients."""

    def __init__(
        self,
        config: Config,
        store: Store,
        trees: Trees,
        pool: ParserPool,
        codebase: Codebase,
        verdicts: Verdicts,
        contexts: Contexts,
        publish: Callable[[Event], None],
    ) -> None:
        self._config = config
        self._store = store
        self._trees = trees
        self._pool = pool
        self._codebase = codebase
        self._verdicts = verdicts
        self._contexts = contexts
        self._publish = publish
        self._following: dict[str, _Following] = {}

    # --- reports, all quick: they only queue --------------------------------------------------------

    def report(self, event: TreeListed | FilesChanged | FileOpened | TreeGone) -> None:
        """Take up a report of the watch."""
        following = self._of(event.tree_id)
        if following is None:
            return
        if isinstance(event, TreeListed):
            following.listing = event
            following.reported.clear()
            following.tree.scanning = True
            following.scans.put(event)
            following.listed.set()
        else:
            if isinstance(event, FilesChanged) and following.tree.scanning:
                following.reported.update(event.changed, (to for _, to in event.moved))
            following.reports.put(event)

    def memory_touched(self, event: MemoryTouched) -> None:
        """A memory changed: the contexts that may hold it are prepared anew."""
        for tree in self._trees.of_workspace(event.workspace_id):
            following = self._of(tree.id)
            # One refresh serves all that were touched before it starts.
            if following is not None and not following.refresh_queued:
                following.refresh_queued = True
                following.reports.put(event)

    async def idle(self, tree: Tree) -> None:
        """Return once every report so far, and any scan, is reflected in verdicts and contexts."""
        following = self._of(tree.id)
        if following is None:
            return
        await following.listed.wait()
        await following.scans.drained()
        await following.reports.drained()

    async def caught_up(self, tree: Tree) -> None:
        """Return once every report so far, listings aside, has been dealt with."""
        following = self._of(tree.id)
        if following is not None:
            await following.reports.drained()

    def backlog(self) -> int:
        """Reports that wait, over all trees."""
        return sum(len(following.reports) for following in self._following.values())

    async def leave(self, tree_id: str) -> None:
        """Follow the tree no more."""
        following = self._following.pop(tree_id, None)
        if following is not None:
            following.listed.set()  # whoever waits for it waits in vain
            await following.reports.stop()
            await following.scans.stop()
            self._contexts.forget(following.tree)

    async def stop(self) -> None:
        """Follow nothing any more."""
        for tree_id in list(self._following):
            await self.leave(tree_id)

    def _of(self, tree_id: str) -> _Following | None:
        tree = self._trees.get(tree_id)
        if tree is None:
            return None
        if tree_id not in self._following:
            following = self._following[tree_id] = _Following(
                tree,
                reports=Lane(f"following {tree.root}", lambda event: self._take(self._following[tree_id], event)),
                scans=Lane(f"scan of {tree.root}", lambda event: self._scan(self._following[tree_id], event)),
            )
            following.reports.start()
            following.scans.start()
        return self._following[tree_id]

    async def _take(self, following: _Following, event: Event) -> None:
        match event:
            case FilesChanged():
                await self._changed(following, event)
            case FileOpened(path=path):
                await self._contexts.opened(following.tree, path)
            case MemoryTouched():
                following.refresh_queued = False
                await self._contexts.refresh_open(following.tree)
            case TreeGone():
                await self._gone(following.tree)

    # --- a burst of changes -------------------------------------------------------------------------

    async def _changed(self, following: _Following, event: FilesChanged) -> None:
        tree = following.tree
        present = [*event.changed, *(to for _, to in event.moved)]
        absent = {*event.removed, *(origin for origin, _ in event.moved)}
        for path in (*absent, *present):
            following.unscanned.discard(path)
            following.parsed.pop(path, None)
        settled = await self._settled(following)
        places = absent.union(present, *(folders_above(path) for path in absent))
        parsed, anchors = await asyncio.gather(
            self._codebase.parse(tree, present), self._verdicts.at(tree, sorted(places))
        )
        fresh = dict.fromkeys(absent) | {o.path: None if o.status == "gone" else o for o in parsed}
        known = {anchor.id for anchor in anchors}
        anchors += [each for each in await self._verdicts.drifting(tree, fresh) if each.id not in known]
        # Verdicts and pushes come first: whoever saved the file waits for them, and nobody for the store.
        turns = await self._verdicts.judge(tree, anchors, fresh, settled=settled)
        await self._tell(tree, turns)
        self._contexts.forget(tree, None if turns else list(fresh))
        await self._push(tree, fresh)
        if settled and len(fresh) <= self._config.bulk_files:
            await self._tell_work(tree, fresh)
        kept = [outline for outline in fresh.values() if outline is not None]
        await self._store.code.write(_save, tree.id, kept, [path for path in fresh if fresh[path] is None])
        await self._verdicts.learn(tree)
        await self._count(tree)

    async def _settled(self, following: _Following) -> bool:
        """Whether the tree is as somebody wants it; waits a little for git to be done with its files."""
        if following.repository is None:
            following.repository = await asyncio.to_thread(_git_of, following.tree.root)
        for _ in range(GIT_LOOKS):
            if not git.writing(following.repository):
                break
            await asyncio.sleep(GIT_LOOK_S)
        return not git.settling(following.repository)

    async def _push(self, tree: Tree, fresh: Mapping[str, Outline | None]) -> None:
        bulk = len(fresh) > self._config.bulk_files  # a switch of branches: nobody saved these one by one
        for path, outline in fresh.items():
            if outline is not None and (not bulk or path in tree.open_files):
                await self._contexts.saved(tree, outline)

    async def _tell_work(self, tree: Tree, fresh: Mapping[str, Outline | None]) -> None:
        known = await self._store.code.read(outlines.get_many, tree.id, list(fresh))
        for path, outline in fresh.items():
            self._publish(CodeChanged(tree.id, path, tuple(_differing(known.get(path), outline))))

    async def _tell(self, tree: Tree, turns: Sequence[Turn]) -> None:
        if not turns:
            return
        rows = await self._store.truth.read(memories.get_many, list({turn.anchor.memory_id for turn in turns}))
        for turn in turns:
            row = rows.get(turn.anchor.memory_id)
            if row is None or turn.previous is None:
                continue
            self._publish(
                VerdictTurned(
                    workspace_id=tree.workspace_id,
                    tree_id=tree.id,
                    memory_id=row.id,
                    title=row.title,
                    path=turn.now.path,
                    symbol=turn.now.symbol,
                    previous=turn.previous.verdict,
                    verdict=turn.now.verdict,
                    reason=turn.now.reason,
                    trail=tuple(turn.now.trail),
                    anchor=reference(turn.anchor),
                )
            )

    # --- a listing, and the scan it asks for --------------------------------------------------------

    async def _scan(self, following: _Following, listing: TreeListed) -> None:
        tree = following.tree
        try:
            await self._compare(following, listing)
            async with asyncio.TaskGroup() as readers:
                waiting = iter(sorted(following.unscanned))
                for _ in range(min(SCAN_IN_FLIGHT, tree.to_scan)):
                    readers.create_task(self._read_on(following, listing, waiting))
            await self._keep(following)
            if following.listing is not listing:
                return
            await self._tell(tree, await self._verdicts.judge_all(tree, settled=await self._settled(following)))
            await self._verdicts.learn(tree)
            self._contexts.forget(tree)
            await self._count(tree)
        finally:
            if following.listing is listing:
                tree.scanning = False
                following.reported.clear()
                self._publish(Scanned(tree.workspace_id, tree.id, tree.scanned, tree.to_scan, finished=True))

    async def _compare(self, following: _Following, listing: TreeListed) -> None:
        tree = following.tree
        stamps = await self._store.code.read(outlines.stamps, tree.id)
        vanished = [path for path in stamps.keys() - listing.files.keys() if path not in following.reported]
        if vanished:
            await self._store.code.write(outlines.remove, tree.id, vanished)
        following.unscanned = {path for path, stamp in listing.files.items() if stamps.get(path) != stamp}
        tree.scanned, tree.to_scan = 0, len(following.unscanned)

    async def _read_on(self, following: _Following, listing: TreeListed, waiting: Iterator[str]) -> None:
        tree = following.tree
        for path in waiting:
            if following.listing is not listing:
                return
            outline = await self._pool.outline(tree.root, path)
            tree.scanned += 1
            if path in following.unscanned:
                following.unscanned.discard(path)
                following.parsed[path] = outline
            if len(following.parsed) >= SAVE_EVERY:
                await self._keep(following)

    async def _keep(self, following: _Following) -> None:
        tree = following.tree
        batch, following.parsed = list(following.parsed.values()), {}
        gone = [outline.path for outline in batch if outline.status == "gone"]
        kept = [outline for outline in batch if outline.status != "gone"]
        await self._store.code.write(_save, tree.id, kept, gone)
        self._publish(Scanned(tree.workspace_id, tree.id, tree.scanned, tree.to_scan, finished=False))

    async def _count(self, tree: Tree) -> None:
        tree.files, tree.symbols, tree.skipped = await self._store.code.read(outlines.counts, tree.id)

    async def _gone(self, tree: Tree) -> None:
        stamps = await self._store.code.read(outlines.stamps, tree.id)
        await self._store.code.write(outlines.remove, tree.id, list(stamps))
        await self._tell(tree, await self._verdicts.judge_all(tree))
        self._contexts.forget(tree)
        await self._count(tree)


def _git_of(root: Path) -> git.GitTree:
    try:
        found = git.find_root(root)
    except git.GitError:
        found = None
    return found or git.GitTree(root, root, root, plain=True)


def _differing(before: Outline | None, after: Outline | None) -> list[str]:
    """The names of symbols that are in one of two states of a file only, or not the same in both."""
    was, now = ({s.name: s.fingerprint for s in each.symbols} if each else {} for each in (before, after))
    return [name for name in {**was, **now} if was.get(name) != now.get(name)]


def _save(connection: Connection, tree_id: str, kept: Sequence[Outline], gone: Sequence[str]) -> None:
    if kept:
        outlines.save(connection, tree_id, kept)
    if gone:
        outlines.remove(connection, tree_id, gone)
