"""Storing memories: what is asked for becomes rows and anchors, in one transaction."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager

from msgspec import structs
from sqlalchemy import Connection

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.values import Link
from recalld.events import Event, MemoryTouched
from recalld.memory import choices, door, linking
from recalld.memory.binding import Binding
from recalld.memory.clock import Clock, iso
from recalld.memory.codebase import Codebase
from recalld.memory.linking import linkable
from recalld.memory.recognition import recognise
from recalld.memory.search import Search
from recalld.memory.text import shortened, split_tags, text_hash, title_of, type_named, unique
from recalld.memory.trees import PERSONAL, Tree, Trees
from recalld.memory.verdicts import Verdicts
from recalld.memory.workdays import Workdays
from recalld.store import Store, anchors, links, memories
from recalld.store.rows import AnchorRow, LinkKind, MemoryRow
from recalld.vectors import Vectors


class Storing:
    """The door: what comes in is checked, bound to code, kept, and told to whom it concerns."""

    def __init__(
        self,
        store: Store,
        trees: Trees,
        codebase: Codebase,
        verdicts: Verdicts,
        vectors: Vectors,
        search: Search,
        workdays: Workdays,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._store = store
        self._trees = trees
        self._codebase = codebase
        self._verdicts = verdicts
        self._vectors = vectors
        self._search = search
        self._workdays = workdays
        self._clock = clock
        self._publish = publish

    async def store(self, tree: Tree, request: wire.Store) -> wire.StoreReply:
        """Keep one memory.

        Raises:
            RecallError: `empty_title`, `invalid_params`, `duplicate`, `unknown_symbol`, `outside_workspace`,
                `secret_found`; `unknown_id`, `forgotten` for what it supersedes.
        """
        await door.refuse(door.of_memory(request))
        row = self._row(tree, request)
        binding = Binding(self._codebase, tree, row.created_at)
        bound = await self._bind(binding, request)
        await linkable(self._store, tree, request.supersedes, "supersedes")
        seen = (tree.workspace_id, PERSONAL)
        similar, linked = await asyncio.gather(
            self._search.similar(tree, row),
            self._store.truth.write(insert, row, bound, request.supersedes, seen, force=request.force),
        )
        await self.told(tree, [row], bound)
        at_odds = {link.id for link in linked}
        similar = [brief for brief in similar if brief.id not in at_odds]
        return wire.StoreReply(
            id=row.id,
            title=row.title,
            memory_type=row.memory_type,
            importance_score=row.importance_score,
            created_at=row.created_at,
            similar=similar,
            choices=choices.of_similar(row.id, similar[0].id) if similar else [],
            superseded=_of_kind(linked, "supersedes"),
            contradicts=_of_kind(linked, "contradicts"),
            warnings=binding.warnings,
        )

    async def store_many(self, tree: Tree, request: wire.StoreMany) -> wire.StoreManyReply:
        """Keep many memories in one transaction, in order.

        Raises:
            RecallError: as `store`, with `index` in its details.
        """
        binding = Binding(self._codebase, tree, iso(self._clock()))
        rows: list[MemoryRow] = []
        bound: list[list[AnchorRow]] = []
        for index, one in enumerate(request.memories):
            with _naming(index):
                await door.refuse(door.of_memory(one))
                rows.append(self._row(tree, one))
                await linkable(self._store, tree, one.supersedes, "supersedes")
                bound.append(await self._bind(binding, one))
        forced = {row.id for row, one in zip(rows, request.memories, strict=True) if one.force}
        superseded = {row.id: one.supersedes for row, one in zip(rows, request.memories, strict=True)}
        seen = (tree.workspace_id, PERSONAL)
        stored = list(zip(rows, bound, strict=True))
        linked = await self._store.truth.write(_insert_many, stored, forced, superseded, seen)
        await self.told(tree, rows, [anchor for each in bound for anchor in each])
        return wire.StoreManyReply(
            ids=[row.id for row in rows],
            superseded={each: some for each in linked if (some := _of_kind(linked[each], "supersedes"))},
            contradicts={each: some for each in linked if (some := _of_kind(linked[each], "contradicts"))},
            warnings=unique(binding.warnings),
        )

    async def proposed(self, tree: Tree, request: wire.Store, *, provenance: str) -> tuple[MemoryRow, list[AnchorRow]]:
        """A memory that somebody else writes, with `insert`, and then makes known, with `told`.

        Symbols that their file does not have are left out.
        """
        row = self._row(tree, request)
        row.provenance = provenance
        binding = Binding(self._codebase, tree, row.created_at)
        bound = await binding.anchors(request.source_files, request.symbols, unresolved=True)
        return row, [anchor for anchor in bound if anchor.forms]

    def _row(self, tree: Tree, request: wire.Store) -> MemoryRow:
        narrative, tags = split_tags((request.content or request.narrative).strip())
        title = request.title
        if title is None:
            title = title_of(narrative)
            if not title:
                raise RecallError("empty_title", "there is neither a title nor a text: give one", field="title")
        title = " ".join(title.split())
        if not title:
            raise RecallError("empty_title", "the title is empty: write one, or leave it out", field="title")
        importance = request.importance_score if request.importance is None else request.importance
        now = iso(self._clock())
        workspace_id = PERSONAL if request.personal else tree.workspace_id
        return MemoryRow(
            id=f"mem-{secrets.token_hex(6)}",
            workspace_id=workspace_id,
            title=title,
            narrative=narrative or title,
            memory_type=type_named(request.memory_type),
            importance_score=importance,
            confidence=request.confidence,
            provenance="stated",
            concepts=unique(request.concepts),
            tags=unique([*request.tags, *tags]),
            session_id=request.session_id,
            evidence=request.evidence,
            text_hash=text_hash(title, narrative or title),
            created_at=now,
            updated_at=now,
            pinned=importance == 1.0,
            reinforced_on=self._workdays.of(workspace_id),
        )

    async def _bind(self, binding: Binding, request: wire.Store) -> list[AnchorRow]:
        files = request.files if request.files is not None else request.source_files
        if request.personal:
            if files or request.symbols:
                binding.warnings.append("a personal memory belongs to no project: its files are left out")
            return []
        return await binding.anchors(files, request.symbols, unresolved=request.unresolved)

    async def told(self, tree: Tree, rows: Sequence[MemoryRow], bound: Sequence[AnchorRow]) -> None:
        """Judge memories that were stored just now by the code, have them indexed, and tell whom they concern."""
        if bound:
            ids = [row.id for row in rows]
            fresh = await self._store.truth.read(anchors.anchors_of, ids)
            judged = [anchor for each in fresh.values() for anchor in each]
            for other in self._trees.of_workspace(tree.workspace_id):
                await self._verdicts.judge(other, judged)
        self._vectors.touch([row.id for row in rows])
        for row in rows:
            self._publish(MemoryTouched(row.workspace_id, row.id, row.title, "stored"))


# Doubles are looked for where the memory is written, so that of two that come at once only one is kept.


def insert(
    connection: Connection,
    row: MemoryRow,
    bound: Sequence[AnchorRow],
    supersedes: Sequence[str] = (),
    seen: Sequence[str] = (),
    *,
    force: bool = False,
) -> list[Link]:
    """Write a memory, and link it to what it supersedes and contradicts; those links.

    Args:
        seen: the workspaces that are seen together with it, in which it is looked for first.

    Raises:
        RecallError: `duplicate`, unless it is forced.
    """
    if not force:
        _refuse_double(connection, row, supersedes, seen)
    memories.insert(connection, row, bound)
    return _link(connection, row, bound, supersedes)


def _insert_many(
    connection: Connection,
    stored: Sequence[tuple[MemoryRow, Sequence[AnchorRow]]],
    forced: AbstractSet[str],
    superseded: Mapping[str, Sequence[str]],
    seen: Sequence[str],
) -> dict[str, list[Link]]:
    in_batch: dict[str, int] = {}
    for index, (row, _) in enumerate(stored):
        text = row.text_hash
        if row.id not in forced:
            with _naming(index):
                if text in in_batch:
                    raise RecallError(
                        "duplicate",
                        f"memory {in_batch[text]} of the batch says the same: leave one of the two out, or use `force`",
                        field="narrative",
                    )
                _refuse_double(connection, row, superseded[row.id], seen)
        in_batch.setdefault(text, index)
    memories.insert_many(connection, stored)
    return {row.id: _link(connection, row, bound, superseded[row.id]) for row, bound in stored}


def _link(connection: Connection, row: MemoryRow, bound: Sequence[AnchorRow], supersedes: Sequence[str]) -> list[Link]:
    """Link a memory to those that it is said to supersede, and to those that it is seen to supersede or contradict."""
    named = memories.get_many(connection, supersedes)  # without what was erased since it was looked for
    stated = [linking.add_between(connection, row, each, "supersedes", "stated") for each in named.values()]
    return stated + recognise(connection, row, bound)


def _of_kind(found: Sequence[Link], kind: LinkKind) -> list[Link]:
    return [link for link in found if link.kind == kind]


def _refuse_double(connection: Connection, row: MemoryRow, supersedes: Sequence[str], seen: Sequence[str]) -> None:
    """Refuse a text that is stored already where it would be seen, unless it is to stand in that memory's place."""
    doubles = memories.doubles(connection, seen or [row.workspace_id], row.text_hash)
    if not doubles or not set(doubles).isdisjoint(supersedes):
        return
    successors = links.superseded(connection, seen or [row.workspace_id], doubles)
    in_force = [each for each in doubles if each not in successors]
    double = in_force[0] if in_force else doubles[-1]
    successor = successors.get(double)
    said = "says this already" if successor is None else f"said this until {successor} superseded it"
    possible = choices.of_double(double)
    update, supersede, anyway = (f"`{each.how}`" for each in possible)
    raise RecallError(
        "duplicate",
        f"{double} {said} ({shortened(row.title, 60)}): update it ({update}), store this in its place ({supersede}), "
        f"or store it anyway ({anyway})",
        field="narrative",
        id=double,
        superseded_by=successor,
        choices=[structs.asdict(each) for each in possible],
    )


@contextmanager
def _naming(index: int) -> Iterator[None]:
    """Let a refusal say which memory of a batch it is about."""
    try:
        yield
    except RecallError as refusal:
        details = {**refusal.details, "index": index}
        raise RecallError(refusal.code, f"memory {index}: {refusal.message}", field=refusal.field, **details) from None
