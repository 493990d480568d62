"""Search: by meaning and by words together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recall.protocol import requests as wire
from recall.protocol.values import Brief
from recalld.config import Config
from recalld.memory.text import type_named, words_of
from recalld.memory.trees import PERSONAL, Tree
from recalld.memory.views import Views
from recalld.store import Store, anchors, memories, words
from recalld.store.rows import MemoryRow
from recalld.vectors import Vectors, VectorsUnavailable

CANDIDATES = 200
"""Taken from each of the two indices before filtering and ranking."""

# Cosine similarity of all-MiniLM-L6-v2 between a question and a text: unrelated pairs lie around 0.05-0.2,
# clear answers at 0.45 and more.
UNRELATED_COSINE = 0.15
ANSWER_COSINE = 0.65
FULL_BM25 = 8.0
"""About what two rare words bring."""
LEAST_RARITY = 0.5
"""How rare any word counts at least: among few memories bm25 takes every word for a common one."""
WORDS_SHARE = 0.6
"""What all the query's words together can bring a memory that does not answer by meaning."""
LEAST_SCORE = 0.12
STALE_FACTOR = {"changed": 0.9, "moved+changed": 0.95, "ambiguous": 0.9, "missing": 0.8}
IMPORTANCE_SHARE = 0.05
"""How much importance moves a score: enough to break near ties."""
SIMILAR_COSINE = 0.85
SIMILAR_WORDS = 0.5


@dataclass(slots=True)
class _Candidate:
    meaning: float = 0.0
    cosine: float | None = None
    bm25: float | None = None


class Search:
    """Finds memories of a tree's workspace, and personal ones."""

    def __init__(self, config: Config, store: Store, vectors: Vectors, views: Views) -> None:
        self._config = config
        self._store = store
        self._vectors = vectors
        self._views = views

    async def search(self, tree: Tree, request: wire.Search) -> wire.SearchReply:
        """The memories that answer a query, best first, none that is unrelated.

        Raises:
            RecallError: `invalid_params` for a memory type that does not exist.
        """
        types = {type_named(name) for name in request.memory_types}
        warnings: list[str] = []
        candidates = await self._candidates(tree, request.query, warnings)
        rows = await self._store.truth.read(memories.get_many, list(candidates))
        live = {i: r for i, r in rows.items() if r.forgotten_at is None and (not types or r.memory_type in types)}
        bound = await self._store.truth.read(anchors.anchors_of, list(live))
        terms = words.query_terms(request.query)
        hits: list[Brief] = []
        for memory_id, row in live.items():
            brief = self._views.brief(tree, row, bound.get(memory_id, []), query_words=terms)
            _score(brief, candidates[memory_id], row, _coverage(terms, row), explain=request.explain)
            hits.append(brief)
        hits.sort(key=lambda brief: (-(brief.score or 0), -rows[brief.id].seq))
        answers = [brief for brief in hits if (brief.score or 0) >= LEAST_SCORE]
        return wire.SearchReply(results=answers[: request.limit], warnings=warnings)

    async def similar(self, tree: Tree, row: MemoryRow) -> list[Brief]:
        """Memories of the row's workspace that say nearly the same: near in meaning and half of their words shared."""
        try:
            near = await self._vectors.query(f"{row.title}\n{row.narrative}", workspace_ids=[row.workspace_id], n=5)
        except VectorsUnavailable:
            return []
        ids = [memory_id for memory_id, cosine in near if cosine >= SIMILAR_COSINE]
        rows = await self._store.truth.read(memories.get_many, ids)
        bound = await self._store.truth.read(anchors.anchors_of, ids)
        found = []
        for memory_id, cosine in near:
            other = rows.get(memory_id)
            if other is None or other.forgotten_at is not None:
                continue
            if _overlap(f"{row.title} {row.narrative}", f"{other.title} {other.narrative}") >= SIMILAR_WORDS:
                brief = self._views.brief(tree, other, bound.get(memory_id, []))
                brief.score, brief.why = round(cosine, 4), [f"meaning {cosine:.2f}"]
                found.append(brief)
        return found

    async def near(self, tree: Tree, text: str, limit: int) -> list[tuple[str, float]]:
        """Ids and cosines of what is nearest to a text in meaning; nothing while vectors are not there."""
        try:
            return await self._vectors.query(text, workspace_ids=[tree.workspace_id, PERSONAL], n=limit)
        except VectorsUnavailable:
            return []

    async def _candidates(self, tree: Tree, query: str, warnings: list[str]) -> Mapping[str, _Candidate]:
        scope = [tree.workspace_id, PERSONAL]
        found: dict[str, _Candidate] = {}
        try:
            if not await self._vectors.settled(self._config.search_index_wait_ms / 1000):
                warnings.append(f"vectors are {self._vectors.state}: the newest memories are found by words only")
            for memory_id, cosine in await self._vectors.query(query, workspace_ids=scope, n=CANDIDATES):
                meaning = (cosine - UNRELATED_COSINE) / (ANSWER_COSINE - UNRELATED_COSINE)
                found[memory_id] = _Candidate(meaning=min(max(meaning, 0.0), 1.0), cosine=cosine)
        except VectorsUnavailable:
            warnings.append(f"vectors are {self._vectors.state}: searched by words only")
        match = words.match_query(query)
        if match is not None:
            best = await self._store.truth.read(memories.search_words, scope, match, CANDIDATES)
            for memory_id, bm25 in best:
                found.setdefault(memory_id, _Candidate()).bm25 = bm25
        return found


def _score(brief: Brief, candidate: _Candidate, row: MemoryRow, coverage: float, *, explain: bool) -> None:
    by_words = 0.0
    if candidate.bm25 is not None:
        rarity = max(1 - math.exp(-candidate.bm25 / FULL_BM25), LEAST_RARITY)
        by_words = coverage * rarity
    base = 1 - (1 - 0.9 * candidate.meaning) * (1 - WORDS_SHARE * by_words)
    stale = STALE_FACTOR.get(brief.verdict or "", 1.0)
    importance = 1 - IMPORTANCE_SHARE * (1 - row.importance_score)
    brief.score = round(base * stale * importance, 4)
    if candidate.meaning > 0 and candidate.cosine is not None:
        brief.why.append(f"meaning {candidate.cosine:.2f}")
    if by_words > 0:
        brief.why.append(f"words {by_words:.2f}")
    if explain:
        brief.parts = {
            "meaning": round(candidate.meaning, 4),
            "words": round(by_words, 4),
            "stale": stale,
            "importance": round(importance, 4),
        }


def _coverage(terms: Sequence[str], row: MemoryRow) -> float:
    """The share of the query's words that a memory has, endings aside."""
    text = " ".join([row.title, *row.concepts, *row.tags, row.narrative])
    there = {word[:6] for word in words.expand(text).lower().split() for word in words_of(word)}
    return sum(term[:6] in there for term in terms) / max(len(terms), 1)


def _overlap(one: str, other: str) -> float:
    a, b = ({word.casefold() for word in words_of(text)} for text in (one, other))
    return len(a & b) / max(len(a | b), 1)
