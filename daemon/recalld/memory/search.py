"""Search: what answers a question, ranked, marked and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection

from recall.protocol import requests as wire
from recall.protocol.values import Brief
from recalld.config import Config
from recalld.memory.answers import answer
from recalld.memory.associations import Associations
from recalld.memory.filters import Filters
from recalld.memory.proximity import Near, Proximity
from recalld.memory.ranking import Weights
from recalld.memory.retrieval import Hit, Retrieval
from recalld.memory.succession import put_behind
from recalld.memory.text import words_of
from recalld.memory.trees import PERSONAL, Tree
from recalld.memory.views import Views
from recalld.store import Store, anchors, links, memories, words
from recalld.store.rows import AnchorRow, MemoryRow
from recalld.vectors import Vectors, VectorsUnavailable

SPARE = 10
"""Shown more than asked for, before stale ones fall behind."""
STALE_FACTOR = {"changed": 0.9, "moved+changed": 0.95, "ambiguous": 0.9, "missing": 0.8}
SIMILAR_COSINE = 0.85
SIMILAR_WORDS = 0.5


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
        self._retrieval = Retrieval(config, store, vectors, associations, weights or Weights())

    async def search(self, tree: Tree, request: wire.Search) -> wire.SearchReply:
        """The memories that answer a query, best first, none that is unrelated.

        Raises:
            RecallError: `invalid_params` for a filter that cannot be; `outside_workspace`.
        """
        warnings: list[str] = []
        selection = await self._filters.select(tree, request)
        nearby = await self._proximity.of_request(tree, request)
        retrieved = await self._retrieval.retrieve(
            tree,
            request.query,
            least=2 * request.limit,
            selection=selection,
            nearness={each: near.nearness for each, near in nearby.items()},
            warnings=warnings,
        )
        # A stale one falls behind by a fifth at most, so a few more than asked for hold the best.
        promising = retrieved.hits[: request.limit + SPARE]
        bound, successors = await self._store.truth.read(
            _said_of, [tree.workspace_id, PERSONAL], [hit.row.id for hit in promising]
        )
        terms = words.query_terms(request.query)
        results = [self._shown(tree, hit, bound.get(hit.row.id, []), terms, nearby) for hit in promising]
        scores = put_behind({brief.id: brief.score or 0.0 for brief in results}, successors)
        for brief in results:
            brief.score, brief.superseded_by = round(scores[brief.id], 4), successors.get(brief.id)
        results.sort(key=lambda brief: (-(brief.score or 0), brief.superseded_by is not None))
        if not request.explain:
            for brief in results:
                brief.parts = None
        return answer(
            results,
            limit=request.limit,
            token_budget=request.token_budget,
            left_out={"limit": len(retrieved.hits) - len(promising), "below_threshold": retrieved.unrelated},
            warnings=warnings,
        )

    async def similar(self, tree: Tree, row: MemoryRow) -> list[Brief]:
        """Memories of the row's workspace that say nearly the same: near in meaning and half of their words shared."""
        try:
            near = await self._vectors.query(f"{row.title}\n{row.narrative}", workspace_ids=[row.workspace_id], n=5)
        except VectorsUnavailable:
            return []
        ids = [memory_id for memory_id, cosine in near if cosine >= SIMILAR_COSINE]
        rows = await self._store.truth.read(memories.get_many, ids)
        bound, successors = await self._store.truth.read(_said_of, [tree.workspace_id, PERSONAL], ids)
        found = []
        for memory_id, cosine in near:
            other = rows.get(memory_id)
            if other is None or other.forgotten_at is not None:
                continue
            if _overlap(f"{row.title} {row.narrative}", f"{other.title} {other.narrative}") >= SIMILAR_WORDS:
                brief = self._views.brief(
                    tree, other, bound.get(memory_id, []), superseded_by=successors.get(memory_id)
                )
                brief.score, brief.why = round(cosine, 4), [f"meaning {cosine:.2f}"]
                found.append(brief)
        return found

    async def near(self, tree: Tree, text: str, limit: int) -> list[tuple[str, float]]:
        """Ids and cosines of what is nearest to a text in meaning; nothing while vectors are not there."""
        try:
            return await self._vectors.query(text, workspace_ids=[tree.workspace_id, PERSONAL], n=limit)
        except VectorsUnavailable:
            return []

    def _shown(
        self, tree: Tree, hit: Hit, bound: Sequence[AnchorRow], terms: Sequence[str], nearby: Mapping[str, Near]
    ) -> Brief:
        brief = self._views.brief(tree, hit.row, bound, query_words=terms)
        stale = STALE_FACTOR.get(brief.verdict or "", 1.0)
        brief.score = round(hit.score * stale, 4)
        parts = {name: round(value, 4) for name, value in asdict(hit.parts).items()}
        brief.why += [f"{name} {value:.2f}" for name, value in parts.items() if value > 0 and name not in UNSAID]
        if hit.row.id in nearby:
            brief.why.append(nearby[hit.row.id].why)
        brief.parts = parts | {"stale": stale, "importance": hit.row.importance_score}
        return brief


UNSAID = ("length", "near")
"""Parts that are no reason by themselves, or are said in words."""


def _said_of(
    connection: Connection, scope: Sequence[str], ids: Sequence[str]
) -> tuple[dict[str, list[AnchorRow]], dict[str, str]]:
    """The anchors of memories, and what superseded them."""
    return anchors.anchors_of(connection, ids), links.superseded(connection, scope, ids)


def _overlap(one: str, other: str) -> float:
    a, b = ({word.casefold() for word in words_of(text)} for text in (one, other))
    return len(a & b) / max(len(a | b), 1)
