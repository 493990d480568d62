"""Which memories a change touches: those tied to the symbols, files and folders that it made different."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from recall.protocol import requests as wire
from recall.protocol.values import Brief
from recalld.memory.anchors import place
from recalld.memory.answers import STALE
from recalld.memory.codebase import Codebase
from recalld.memory.judgement import NOWHERE
from recalld.memory.past import Change, Past
from recalld.memory.trees import PERSONAL, Tree, folders_above
from recalld.memory.verdicts import Verdicts
from recalld.memory.views import Views
from recalld.outline import SKIPPED, Outline, Symbol
from recalld.store import Store, anchors, links, memories
from recalld.store.rows import AnchorRow, VerdictRow

MAX_COMPARED = 2_000
"""So many changed files at most are compared symbol by symbol."""
MAX_FILES = 10_000
MAX_MEMORIES = 500
_SYMBOL, _FILE, _FOLDER = range(3)  # the nearest tie first


class _Tie(NamedTuple):
    """By what the change touches an anchor."""

    distance: int
    why: str


@dataclass(slots=True)
class _Comparison:
    """What changed, and what the files with anchors in them declare then and now."""

    blobs: dict[str, str | None]
    in_folders: Counter[str]
    """How many changed files each folder holds, at any depth."""
    then: dict[str, dict[str, Symbol]] = field(default_factory=dict)
    now: dict[str, dict[str, Symbol]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    """Changed files whose symbols could not be compared."""


class Affected:
    """Finds the memories that a change touches."""

    def __init__(self, store: Store, past: Past, codebase: Codebase, verdicts: Verdicts, views: Views) -> None:
        self._store = store
        self._past = past
        self._codebase = codebase
        self._verdicts = verdicts
        self._views = views

    async def affected(self, tree: Tree, request: wire.Affected) -> wire.AffectedReply:
        """The memories tied to what is different from a revision, or to what is not committed.

        A symbol counts as different when it is new, gone, elsewhere, or its code says something else.

        Raises:
            RecallError: `no_repository`, `unknown_revision`, `git_missing`.
        """
        change = await self._past.change(tree, request.revision)
        bound = await self._store.truth.read(anchors.workspace_anchors, tree.workspace_id)
        said = {anchor.id: self._verdicts.of(tree, anchor) for anchor in bound}
        warnings: list[str] = []
        comparison = await self._compare(tree, change, bound, said, warnings)
        ties: defaultdict[str, list[_Tie]] = defaultdict(list)
        for anchor in bound:
            tie = _tie(anchor, said[anchor.id], comparison)
            if tie is not None:
                ties[anchor.memory_id].append(tie)
        touched = await self._ranked(tree, ties, [anchor for anchor in bound if anchor.memory_id in ties])
        files = sorted(change.blobs)
        if len(files) > MAX_FILES:
            warnings.append(f"{len(files):,} files changed: the first {MAX_FILES:,} are named")
        if len(touched) > MAX_MEMORIES:
            warnings.append(f"{len(touched):,} memories are touched: the first {MAX_MEMORIES:,} are shown")
        return wire.AffectedReply(
            since=request.revision or "HEAD",
            files=[_readable(path) for path in files[:MAX_FILES]],
            memories=touched[:MAX_MEMORIES],
            stale=sum(1 for brief in touched if brief.verdict in STALE),
            warnings=warnings,
        )

    async def _compare(
        self,
        tree: Tree,
        change: Change,
        bound: Sequence[AnchorRow],
        said: dict[int, VerdictRow],
        warnings: list[str],
    ) -> _Comparison:
        """Outline then and now whatever file symbols are tied to, if the change may touch them."""
        folders = Counter(folder for path in change.blobs for folder in folders_above(path))
        comparison = _Comparison(change.blobs, folders)
        paths: set[str] = set()
        for anchor in bound:
            where = {path for path, _ in _places(anchor, said[anchor.id])}
            if _by_symbol(anchor, said[anchor.id]) and not where.isdisjoint(change.blobs):
                paths |= where
        changed = sorted(paths & change.blobs.keys())
        if len(changed) > MAX_COMPARED:
            warnings.append(
                f"memories are tied to symbols of {len(changed):,} changed files: the first {MAX_COMPARED:,} were "
                "compared symbol by symbol, the others as a whole"
            )
        compared = changed[:MAX_COMPARED]
        now = await self._codebase.outlines(tree, sorted(paths.difference(changed[MAX_COMPARED:])))
        then = {path: outline for path, outline in now.items() if path not in change.blobs}
        then |= await self._past.outlines(change, compared)
        comparison.whole.update(changed[MAX_COMPARED:])
        comparison.whole.update(path for path in compared if change.blobs[path] is not None and path not in then)
        comparison.whole.update(
            path for path in compared for side in (then, now) if path in side and side[path].status in SKIPPED
        )
        comparison.then, comparison.now = _by_name(then), _by_name(now)
        return comparison

    async def _ranked(self, tree: Tree, ties: dict[str, list[_Tie]], bound: Iterable[AnchorRow]) -> list[Brief]:
        """The touched memories: decisions first, then those that are stale, the nearest, the most important."""
        by_memory: defaultdict[str, list[AnchorRow]] = defaultdict(list)
        for anchor in bound:
            by_memory[anchor.memory_id].append(anchor)
        rows = await self._store.truth.read(memories.get_many, list(ties))
        successors = await self._store.truth.read(links.superseded, [tree.workspace_id, PERSONAL], list(rows))
        ranked = []
        for memory_id, row in rows.items():
            nearest_first = sorted(ties[memory_id], key=lambda tie: tie.distance)
            brief = self._views.brief(tree, row, by_memory[memory_id], superseded_by=successors.get(memory_id))
            brief.why = list(dict.fromkeys(tie.why for tie in nearest_first))
            brief.evidence = row.evidence
            rank = (
                row.memory_type != "decision",
                brief.verdict not in STALE,
                nearest_first[0].distance,
                -row.importance_score,
                -row.seq,
            )
            ranked.append((rank, brief))
        return [brief for _, brief in sorted(ranked, key=lambda each: each[0])]


def _tie(anchor: AnchorRow, said: VerdictRow, comparison: _Comparison) -> _Tie | None:
    """By what the change touches an anchor; None where it does not."""
    if anchor.kind == "folder":
        where = {anchor.path, said.path}
        count = sum(comparison.in_folders[folder] for folder in where)
        return _Tie(_FOLDER, f"folder {said.path} ({_files(count)} changed)") if count else None
    if not _by_symbol(anchor, said):
        return _of_file(anchor, said, comparison)
    for path, _ in _places(anchor, said):
        if path in comparison.whole:
            return _Tie(_FILE, f"file {path} changed")
    return _of_symbol(anchor, said, comparison)


def _of_file(anchor: AnchorRow, said: VerdictRow, comparison: _Comparison) -> _Tie | None:
    changed = [path for path, _ in _places(anchor, said) if path in comparison.blobs]
    if not changed:
        return None
    if said.verdict in NOWHERE:
        return _Tie(_FILE, f"file {changed[0]} removed")
    if said.path not in changed:
        return None  # it left the place that changed before the revision
    if comparison.blobs[said.path] is not None:
        return _Tie(_FILE, f"file {said.path} changed")
    before = next((path for path in changed if comparison.blobs[path] is not None), None)
    return _Tie(_FILE, f"file {said.path} moved from {before}" if before else f"file {said.path} is new")


def _of_symbol(anchor: AnchorRow, said: VerdictRow, comparison: _Comparison) -> _Tie | None:
    now = None if said.verdict in NOWHERE else comparison.now.get(said.path, {}).get(said.symbol or "")
    for path, name in _places(anchor, said):
        then = comparison.then.get(path, {}).get(name or "")
        if then is not None:
            break
    else:
        return _Tie(_SYMBOL, f"symbol {now.name} is new") if now else None
    if now is None:
        return _Tie(_SYMBOL, f"symbol {then.name} removed")
    changed = now.fingerprint != then.fingerprint
    if (said.path, now.name) != (path, then.name):
        before = then.name if said.path == path else place(path, then.name)
        return _Tie(_SYMBOL, f"symbol {now.name} moved from {before}" + (" and changed" if changed else ""))
    return _Tie(_SYMBOL, f"symbol {now.name} changed") if changed else None


def _by_symbol(anchor: AnchorRow, said: VerdictRow) -> bool:
    """Whether it is a symbol that an anchor is about: its own, or the one around its lines."""
    return anchor.kind == "symbol" or (anchor.kind == "lines" and said.symbol is not None)


def _places(anchor: AnchorRow, said: VerdictRow) -> Iterator[tuple[str, str | None]]:
    """Where an anchor's code is and has been, the latest first; some come more than once."""
    yield said.path, said.symbol
    for form in reversed(anchor.forms):
        yield form.path, form.symbol
    yield anchor.path, anchor.symbol


def _by_name(outlines: dict[str, Outline]) -> dict[str, dict[str, Symbol]]:
    return {path: {symbol.name: symbol for symbol in outline.symbols} for path, outline in outlines.items()}


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _readable(path: str) -> str:
    """A path as text, also one whose bytes are none."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
