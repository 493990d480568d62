"""The prepared context of a file: what belongs to it, ranked, within a token budget, ready before anyone asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from recall.protocol.marking import marked, token_estimate
from recall.protocol.values import Anchor, Brief, Cause, Context
from recalld.config import Config
from recalld.events import ContextReady, Event
from recalld.memory.answers import STALE
from recalld.memory.codebase import Codebase
from recalld.memory.search import Search
from recalld.memory.succession import put_behind
from recalld.memory.text import summary_of
from recalld.memory.trees import PERSONAL, ROOT_FOLDER, Tree, folders_above
from recalld.memory.views import Views
from recalld.outline import Outline
from recalld.store import Store, anchors, links, memories
from recalld.store.rows import AnchorRow, MemoryRow, VerdictRow
from recalld.vectors import Vectors

# How near a memory stands to the file, by what ties it to it. Meaning alone stays below any tie.
SYMBOL, FILE, FOLDER, FOLDER_STEP = 1.0, 0.9, 0.75, 0.05
NEAR_COSINE = 0.35
MAX_NEAR = 3
MAX_CANDIDATES = 20
MAX_TOLD = 4096
MAX_NAMES_FOR_MEANING = 40
INDEX_WAIT_S = 0.3
"""How long a refresh waits for the index to know what was stored just now."""


@dataclass(slots=True)
class Belonging:
    """A memory that belongs to a file, and why."""

    row: MemoryRow
    anchors: list[AnchorRow]
    nearness: float
    why: list[str]
    symbol_names: list[str]
    """Of the file's symbols, those that the memory is tied to."""
    superseded_by: str | None = None


class _Near(NamedTuple):
    """What was found near a file in meaning."""

    text: str
    found: list[tuple[str, float]]


class Contexts:
    """Builds contexts, keeps them prepared, and says when one is to be pushed."""

    def __init__(
        self,
        config: Config,
        store: Store,
        codebase: Codebase,
        search: Search,
        views: Views,
        vectors: Vectors,
        publish: Callable[[Event], None],
    ) -> None:
        self._config = config
        self._store = store
        self._codebase = codebase
        self._search = search
        self._views = views
        self._vectors = vectors
        self._publish = publish
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()
        """Files whose last pushed context had memories."""
        self._near: OrderedDict[tuple[str, str], _Near] = OrderedDict()
        self._prepared: OrderedDict[tuple[str, str], tuple[Context, bytes]] = OrderedDict()

    def prepared(self, tree: Tree, path: str) -> bytes | None:
        """The context of a file as JSON, if it stands ready."""
        found = self._prepared.get((tree.id, path))
        return found[1] if found else None

    async def context(self, tree: Tree, path: str) -> Context:
        """The context of a file, prepared or built now."""
        found = self._prepared.get((tree.id, path))
        return found[0] if found else await self._build(tree, path)

    async def saved(self, tree: Tree, outline: Outline) -> None:
        """A file was saved: push its context, built anew by the outline it has now.

        Without memories there is nothing to tell, unless somebody has the file open or was told of memories before.
        (Else a log in the tree, written by whoever prints the pushes, would push itself for ever.)
        What is near in meaning is at first what was near before the save, since the model would take longer than
        all else together; if that turns out to be another, the context is pushed once more.
        """
        path = outline.path
        near = self._near.get((tree.id, path))
        context = await self._build(tree, path, outline, near)
        if not (context.memories or path in tree.open_files or (tree.id, path) in self._told):
            return
        self._push(tree, path, "saved", context)
        if near is not None and near.text != _meaning_of(path, outline):
            later = await self._build(tree, path, outline)
            if later != context:
                self._push(tree, path, "saved", later)

    async def opened(self, tree: Tree, path: str) -> None:
        """Somebody opened a file: push its context, prepared or built now."""
        tree.opened(path)
        self._push(tree, path, "opened", await self.context(tree, path))

    def _push(self, tree: Tree, path: str, cause: Cause, context: Context) -> None:
        if path in tree.open_files:
            tree.open_files[path] = context
        self._told.pop((tree.id, path), None)
        if context.memories:
            self._told[tree.id, path] = None
            if len(self._told) > MAX_TOLD:
                self._told.popitem(last=False)
        self._publish(ContextReady(tree.workspace_id, tree.id, path, cause, context))

    def forget(self, tree: Tree, paths: Sequence[str] | None = None) -> None:
        """Drop what is prepared for these files, or for the whole tree."""
        for key in [k for k in self._prepared if k[0] == tree.id and (paths is None or k[1] in paths)]:
            del self._prepared[key]

    async def refresh_open(self, tree: Tree) -> None:
        """A memory changed: prepare the open files anew and push those whose context is another now."""
        self.forget(tree)
        if tree.open_files:
            await self._vectors.settled(INDEX_WAIT_S, hurry=False)
        for path, known in list(tree.open_files.items()):
            context = await self._build(tree, path)
            if path in tree.open_files and context != known:
                self._push(tree, path, "memory", context)

    # --- what belongs to a file --------------------------------------------------------------------

    async def belonging(self, tree: Tree, path: str) -> list[Belonging]:
        """The memories tied to a file, to its symbols or to a folder above it, nearest first."""
        folders = [path, *_folders_of_folder(path)] if path.endswith("/") else folders_above(path)
        places = folders if path.endswith("/") else [path, *folders]
        tied, rows, bound = await self._store.truth.read(_tied, tree.workspace_id, places, tree.standing_at(places))
        found: dict[str, Belonging] = {}
        for anchor in tied:
            said = self._views.verdict(tree, anchor)
            row = rows.get(anchor.memory_id)
            if row is None or said.path not in places:  # it has moved on from here
                continue
            nearness, why = _nearness(anchor, said, folders)
            each = found.setdefault(row.id, Belonging(row, bound.get(row.id, []), 0.0, [], []))
            each.nearness = max(each.nearness, nearness)
            each.why.append(why)
            if said.symbol:
                each.symbol_names.append(said.symbol)
        await self._supersede(tree, found.values())
        return _ranked(found.values())

    async def _supersede(self, tree: Tree, belonging: Iterable[Belonging]) -> None:
        known = {each.row.id: each for each in belonging}
        successors = await self._store.truth.read(links.superseded, [tree.workspace_id, PERSONAL], list(known))
        for old, new in successors.items():
            known[old].superseded_by = new

    def brief(self, tree: Tree, each: Belonging) -> Brief:
        """A belonging memory as the wire shows it."""
        brief = self._views.brief(tree, each.row, each.anchors, superseded_by=each.superseded_by)
        brief.why = each.why
        return brief

    def anchors(self, tree: Tree, each: Belonging) -> list[Anchor]:
        """What ties a belonging memory to code, with where that is now."""
        return [self._views.anchor(tree, anchor) for anchor in each.anchors]

    # --- building ----------------------------------------------------------------------------------

    async def _build(self, tree: Tree, path: str, outline: Outline | None = None, near: _Near | None = None) -> Context:
        settled = await self._vectors.settled(0.0)
        belonging = await self.belonging(tree, path)
        if not path.endswith("/"):
            if outline is None:
                outline = await self._codebase.outline(tree, path)
            if near is None and outline is not None and outline.language is not None:
                near = await self._nearest(tree, path, outline)
            if near is not None:
                near_ones = await self._near_ones(near, {each.row.id for each in belonging})
                await self._supersede(tree, near_ones)
                belonging += near_ones
        context = self._within_budget(tree, path, belonging)
        if settled:  # else what was stored a moment ago might be missing from it
            self._prepared[tree.id, path] = (context, msgspec.json.encode(context))
            while len(self._prepared) > self._config.context_cache:
                self._prepared.popitem(last=False)
        return context

    async def _nearest(self, tree: Tree, path: str, outline: Outline | None) -> _Near:
        text = _meaning_of(path, outline)
        near = _Near(text, await self._search.near(tree, text, MAX_CANDIDATES))
        self._near[tree.id, path] = near
        while len(self._near) > self._config.context_cache:
            self._near.popitem(last=False)
        return near

    async def _near_ones(self, near: _Near, known: AbstractSet[str]) -> list[Belonging]:
        cosines = {each: cosine for each, cosine in near.found if cosine >= NEAR_COSINE and each not in known}
        ids = list(cosines)[:MAX_NEAR]
        if not ids:
            return []
        rows, bound = await self._store.truth.read(_with_anchors, ids)
        return [
            Belonging(rows[each], bound.get(each, []), cosines[each] / 2, [f"meaning {cosines[each]:.2f}"], [])
            for each in ids
            if each in rows and rows[each].forgotten_at is None
        ]

    def _within_budget(self, tree: Tree, path: str, belonging: Sequence[Belonging]) -> Context:
        budget = self._config.context_tokens
        fitting: dict[str, tuple[Brief, str]] = {}
        tokens = 0
        for each in sorted(belonging, key=lambda each: not each.row.pinned):  # what is pinned is always in
            brief = self.brief(tree, each)
            text = _injected(brief, each, each.row.narrative, path) + "\n"
            if tokens + token_estimate(text) > budget:
                text = _injected(brief, each, summary_of(each.row.narrative), path) + "\n"
            if tokens + token_estimate(text) > budget:
                continue
            tokens += token_estimate(text)
            fitting[each.row.id] = brief, text
        chosen = [fitting[each.row.id] for each in belonging if each.row.id in fitting]
        return Context(
            file_path=path,
            workspace_id=tree.workspace_id,
            tree_id=tree.id,
            memories=[brief for brief, _ in chosen],
            text="".join(text for _, text in chosen).rstrip("\n"),
            tokens=tokens,
            token_budget=budget,
            left_out=len(belonging) - len(chosen),
            stale=sum(1 for brief, _ in chosen if brief.verdict in STALE),
        )


def _tied(
    connection: Connection, workspace_id: str, places: Sequence[str], ids: Sequence[int]
) -> tuple[list[AnchorRow], dict[str, MemoryRow], dict[str, list[AnchorRow]]]:
    tied = anchors.anchors_at(connection, [workspace_id], places, ids)
    return tied, *_with_anchors(connection, list({anchor.memory_id for anchor in tied}))


def _with_anchors(
    connection: Connection, ids: Sequence[str]
) -> tuple[dict[str, MemoryRow], dict[str, list[AnchorRow]]]:
    return memories.get_many(connection, ids), anchors.anchors_of(connection, ids)


def _meaning_of(path: str, outline: Outline | None) -> str:
    names = [symbol.name for symbol in outline.symbols[:MAX_NAMES_FOR_MEANING]] if outline else []
    return " ".join([path, *names])


def _folders_of_folder(folder: str) -> list[str]:
    return [] if folder == ROOT_FOLDER else folders_above(folder.rstrip("/"))


def _nearness(anchor: AnchorRow, said: VerdictRow, folders: Sequence[str]) -> tuple[float, str]:
    if anchor.kind == "lines":
        return SYMBOL, f"lines {said.line}-{said.end_line}" if said.line else f"lines {anchor.lines}"
    if anchor.kind == "symbol":
        return SYMBOL, f"symbol {said.symbol}"
    if anchor.kind == "file":
        return FILE, "file"
    steps = folders.index(said.path) if said.path in folders else len(folders)
    return FOLDER - FOLDER_STEP * min(steps, 8), f"folder {said.path}"


def _rank(each: Belonging) -> float:
    return each.nearness * (0.5 + 0.5 * each.row.present_importance)


def _ranked(belonging: Iterable[Belonging]) -> list[Belonging]:
    known = {each.row.id: each for each in belonging}
    successors = {each.row.id: each.superseded_by for each in known.values() if each.superseded_by}
    ranks = put_behind({memory_id: _rank(each) for memory_id, each in known.items()}, successors)
    return sorted(known.values(), key=lambda each: ranks[each.row.id], reverse=True)


def _injected(brief: Brief, each: Belonging, narrative: str, path: str) -> str:
    kind = f"personal {brief.memory_type}" if brief.personal else brief.memory_type
    about = [kind, f"importance {brief.importance_score:.2f}", "; ".join(each.why)]
    if brief.verdict in STALE:
        about.append(f"{brief.verdict}: {brief.reason}")
    if brief.superseded_by is not None:
        about.append(f"superseded by {brief.superseded_by}")
    head = f"{brief.title} ({', '.join(about)})"
    return marked(head if narrative == brief.title else f"{head}\n{narrative}", path)
