"""Snapshots: fetches what judging needs of one tree, no more than that, in as few reads as can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from recalld.memory.codebase import MAX_NAMESAKES, Codebase
from recalld.memory.evidence import became
from recalld.memory.forms import declarations
from recalld.memory.snapshot import Snapshot
from recalld.memory.trees import ROOT_FOLDER, Tree
from recalld.outline import Outline, bare, last_name, plain
from recalld.store import Store, outlines
from recalld.store.rows import AnchorRow, FormRow

MAX_SAME_BODY = 200
MAX_SAME_MARK = 20
MAX_SIBLINGS = 6
"""Of what stood beside the code in a file that is gone, so many names are looked for to find what the file became."""


@dataclass(slots=True)
class _Leads:
    """By what lost code may be found."""

    fingerprints: set[str] = field(default_factory=set)
    marks: set[int] = field(default_factory=set)
    names: dict[str, int] = field(default_factory=dict)
    """With the size of the code."""
    siblings: dict[str, int] = field(default_factory=dict)
    content_hashes: set[str] = field(default_factory=set)
    base_names: set[str] = field(default_factory=set)


class Snapshots:
    """Looks at trees."""

    def __init__(self, store: Store, codebase: Codebase) -> None:
        self._store = store
        self._codebase = codebase

    async def take(self, tree: Tree, anchors: Sequence[AnchorRow], fresh: Mapping[str, Outline | None]) -> Snapshot:
        """A snapshot with the outlines of all files that these anchors' forms name.

        Args:
            fresh: outlines that the store does not have yet, None for files that are gone.
        """
        snapshot = Snapshot(dict(fresh))
        places = {anchor.path for anchor in anchors if anchor.kind != "folder"}
        places |= {form.path for anchor in anchors if anchor.kind != "folder" for form in anchor.forms}
        await self._outline(tree, snapshot, places)
        return snapshot

    async def widen(self, tree: Tree, snapshot: Snapshot, lost: Sequence[AnchorRow]) -> None:
        """Add what lost anchors may be found by: files with their body, their name, or what stood beside them.

        Args:
            lost: with their forms' code.
        """
        leads = _leads(lost, snapshot)
        await self._outline(tree, snapshot, await self._store.code.read(_files, tree.id, leads))
        for form in _of_gone_files(lost, snapshot):
            became_of_it = snapshot.became.setdefault(form.path, [])
            became_of_it += [outline.path for outline in became(form, snapshot) if outline.path not in became_of_it]
        tails = {plain(last_name(name)) for name in leads.names}
        homes = {form.path for anchor in lost for form in anchor.forms}
        homes |= {path for paths in snapshot.became.values() for path in paths}
        await self.read(
            tree,
            snapshot,
            [
                path
                for path, outline in snapshot.outlines.items()
                if outline and (path in homes or _leads_to(outline, leads, tails))
            ],
        )

    async def read(self, tree: Tree, snapshot: Snapshot, paths: Iterable[str]) -> None:
        """Add the contents of files."""
        for path in paths:
            outline = snapshot.outlines.get(path)
            if outline is not None and path not in snapshot.contents:
                snapshot.contents[path] = await self._codebase.code(tree, outline)

    async def files_under(self, tree: Tree, folder: str, snapshot: Snapshot) -> list[str]:
        """The files below a folder, with what the store does not know yet."""
        known = set(await self._codebase.files_under(tree, folder))
        prefix = "" if folder == ROOT_FOLDER else folder
        for path, outline in snapshot.outlines.items():
            if outline is None:
                known.discard(path)
            elif path.startswith(prefix):
                known.add(path)
        return sorted(known)

    async def _outline(self, tree: Tree, snapshot: Snapshot, paths: Iterable[str]) -> None:
        unknown = sorted(set(paths) - snapshot.outlines.keys())
        snapshot.outlines |= dict.fromkeys(unknown) | await self._codebase.outlines(tree, unknown)


def _leads(lost: Sequence[AnchorRow], snapshot: Snapshot) -> _Leads:
    leads = _Leads()
    for anchor in lost:
        for form in anchor.forms:
            if form.symbol is not None:
                leads.fingerprints.add(form.fingerprint)
                leads.marks.update(form.marks)
                leads.names[bare(form.symbol)] = form.size
    for form in _of_gone_files(lost, snapshot):
        leads.content_hashes.add(form.content_hash)
        if form.symbol is None:
            leads.base_names.add(form.path.rpartition("/")[2])
        # The longest names are the least common ones.
        siblings = sorted({bare(name) for name in declarations(form.beside)}, key=len, reverse=True)
        leads.siblings |= dict.fromkeys(siblings[:MAX_SIBLINGS], 0)
    leads.content_hashes.discard("")
    return leads


def _of_gone_files(lost: Sequence[AnchorRow], snapshot: Snapshot) -> list[FormRow]:
    """Of each state that a file was seen in which is gone, one form."""
    seen: dict[tuple[str, str], FormRow] = {}
    for anchor in lost:
        for form in anchor.forms:
            if anchor.kind != "folder" and snapshot.outlines.get(form.path) is None:
                seen.setdefault((form.path, form.content_hash), form)
    return list(seen.values())


def _leads_to(outline: Outline, leads: _Leads, tails: set[str]) -> bool:
    return any(
        symbol.fingerprint in leads.fingerprints
        or plain(last_name(symbol.name)) in tails
        or not leads.marks.isdisjoint(symbol.marks)
        for symbol in outline.symbols
    )


def _files(connection: Connection, tree_id: str, leads: _Leads) -> list[str]:
    found = outlines.with_fingerprints(connection, tree_id, sorted(leads.fingerprints), MAX_SAME_BODY)
    found += outlines.with_marks(connection, tree_id, sorted(leads.marks), MAX_SAME_MARK)
    found += outlines.with_names(connection, tree_id, leads.siblings | leads.names, MAX_NAMESAKES)
    found += outlines.with_content(connection, tree_id, sorted(leads.content_hashes))
    found += outlines.called(connection, tree_id, leads.base_names)
    return found
