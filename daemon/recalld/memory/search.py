"""Search: what answers a question, ranked, marked and counted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict

from sqlalchemy import Connection

from recall.protocol import requests as wire
from recall.protocol.values import Brief
from recalld.config import Config
from recalld.memory.answers import answer
from recalld.memory.associations import Associations
from recalld.memory.filters import Filters
from recalld.memory.proximity import Proximity
from recalld.memory.ranking import Weights
from recalld.memory.retrieval import Hit, Retrieval
from recalld.memory.similarity import LEAST_COSINE, SAME, similarities
from recalld.memory.succession import put_behind
from recalld.memory.trees import PERSONAL, Tree
from recalld.memory.views import Views
from recalld.store import Store, anchors, links, memories, words
from recalld.store.readings import whole_text
from recalld.store.rows import AnchorRow, MemoryRow
from recalld.vectors import Vectors, VectorsUnavailable

SPARE = 10
"""Shown more than asked for, before stale ones fall behind."""
STALE_FACTOR = {"changed": 0.9, "moved+changed": 0.95, "ambiguous": 0.9, "missing": 0.8}
COMPARED = 10
"""How many of the nearest memories are looked at for one that says the same."""


class Search:
    """Finds memories of a tree's workspace, and personal ones."""

    def __init__(
        self,
        config: Config,
        store: Store,
        vectors: Vectors,
        views: Views,
        proximity: Proximity,
        associations: Associations,
        weights: Weights | None = None,
    ) -> None:
        self._store = store
        self._vectors = vectors
        self._views = views
        self._proximity = proximity
        self._filters = Filters(store)
        self.retrieval = Retrieval(config, store, vectors, associations, weights or Weights())

    async def search(self, tree: Tree, request: wire.Search) -> wire.SearchReply:
        """The memories that answer a query, best first, none that is unrelated.

        Raises:
            RecallError: `invalid_params` for a filter that cannot be; `outside_workspace`.
        """
        warnings: list[str] = []
        selection = await self._filters.select(tree, request)
        nearby = await self._proximity.of_request(tree, request)
        retrieved = await self.retrieval.retrieve(
            tree,
            request.query,
            least=2 * request.limit,
            selection=selection,
            nearness={each: near.nearness for each, near in nearby.items()},
            warnings=warnings,
        )
        # A stale one falls behind by a fifth at most, so a few more than asked for hold the best.
        promising = retrieved.hits[: request.limit + SPARE]
        ids = [hit.reading.memory_id for hit in promising]
        rows, bound, successors = await self._store.truth.read(_shown, [tree.workspace_id, PERSONAL], ids)
        stale = {each: STALE_FACTOR.get(self._views.worst(tree, bound.get(each, ()))[0] or "", 1.0) for each in ids}
        scores = put_behind(
            {each: hit.score * stale[each] for each, hit in zip(ids, promising, strict=True)}, successors
        )
        found = [hit for hit in promising if hit.reading.memory_id in rows]  # the others were forgotten just now
        found.sort(key=lambda hit: (-scores[hit.reading.memory_id], hit.reading.memory_id in successors))
        terms = words.query_terms(request.query)

        def brief(hit: Hit) -> Brief:
            memory_id = hit.reading.memory_id
            made = self._views.brief(
                tree,
                rows[memory_id],
                bound.get(memory_id, []),
                query_words=terms,
                superseded_by=successors.get(memory_id),
            )
            made.score = round(scores[memory_id], 4)
            made.why += hit.why + ([nearby[memory_id].why] if memory_id in nearby else [])
            if request.explain:
                parts = {name: round(value, 4) for name, value in asdict(hit.parts).items()}
                made.parts = parts | {"stale": stale[memory_id], "importance": hit.reading.importance}
            return made

        return answer(
            map(brief, found),
            count=len(found),
            limit=request.limit,
            token_budget=request.token_budget,
            left_out={"limit": len(retrieved.hits) - len(promising), "below_threshold": retrieved.unrelated},
            warnings=warnings,
        )

    async def similar(self, tree: Tree, row: MemoryRow) -> list[Brief]:
        """Memories that the tree sees and that say the same, the likest first.

        While vectors are not there, and of what was stored just now, only those that say it in the very same words.
        """
        text, seen = whole_text(row.title, row.narrative), [tree.workspace_id, PERSONAL]
        doubles = await self._store.truth.read(memories.doubles, seen, row.text_hash)
        cosines = {each: 1.0 for each in doubles if each != row.id}
        with suppress(VectorsUnavailable):
            near = await self._vectors.nearest(text, workspace_ids=seen, n=COMPARED)
            cosines |= {each.memory_id: each.cosine for each in near if each.cosine >= LEAST_COSINE}
        rows = await self._store.truth.read(memories.get_many, list(cosines))
        # Some milliseconds for ten long texts: too much for the event loop.
        alike = await asyncio.to_thread(_same, text, list(rows.values()), cosines)
        bound, successors = await self._store.truth.read(_said_of, seen, [other.id for other, _ in alike])
        found = []
        for other, how in alike:
            cosine = cosines[other.id]
            brief = self._views.brief(tree, other, bound.get(other.id, []), superseded_by=successors.get(other.id))
            brief.similarity, brief.score, brief.why = how, round(cosine, 4), [f"meaning {cosine:.2f}"]
            found.append(brief)
        return found

    async def near(self, tree: Tree, text: str, limit: int) -> list[tuple[str, float]]:
        """Ids and cosines of what is nearest to a text in meaning; nothing while vectors are not there."""
        try:
            near = await self._vectors.nearest(text, workspace_ids=[tree.workspace_id, PERSONAL], n=limit)
        except VectorsUnavailable:
            return []
        return [(each.memory_id, each.cosine) for each in near]


def _same(text: str, others: Sequence[MemoryRow], cosines: Mapping[str, float]) -> list[tuple[MemoryRow, float]]:
    """Those of the others that say what the text says, and how far, the likest first."""
    compared = [(other, round(how, 4)) for other, how in similarities(text, others, cosines)]
    return sorted(((other, how) for other, how in compared if how >= SAME), key=lambda each: -each[1])


def _said_of(
    connection: Connection, scope: Sequence[str], ids: Sequence[str]
) -> tuple[dict[str, list[AnchorRow]], dict[str, str]]:
    """The anchors of memories, and what superseded them."""
    return anchors.anchors_of(connection, ids), links.superseded(connection, scope, ids)


def _shown(
    connection: Connection, scope: Sequence[str], ids: Sequence[str]
) -> tuple[dict[str, MemoryRow], dict[str, list[AnchorRow]], dict[str, str]]:
    """What a reply shows of memories that are not forgotten: themselves, their anchors, what superseded them."""
    rows = memories.get_many(connection, ids)
    live = {each: row for each, row in rows.items() if row.forgotten_at is None}
    return live, *_said_of(connection, scope, ids)
