"""Search: by meaning and by words together."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from recall.protocol import requests as wire
from recall.protocol.values import Brief
from recalld.config import Config
from recalld.memory.answers import answer
from recalld.memory.filters import Filters, Selection
from recalld.memory.proximity import Near, Proximity
from recalld.memory.text import words_of
from recalld.memory.trees import PERSONAL, Tree
from recalld.memory.views import Views
from recalld.store import Store, anchors, memories, words
from recalld.store.rows import AnchorRow, MemoryRow
from recalld.vectors import Vectors, VectorsUnavailable

CANDIDATES = 30
"""Taken from each of the two indices at least, before ranking."""
FILTERED_CANDIDATES = 400
"""Taken where a filter will leave most of them out."""

SHOWN_WORDS = 5
"""Named of those that a memory shares with the query."""
SPARE = 10
"""Shown more than asked for, before stale ones fall behind."""

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
NEAR_SHARE = 0.5
"""By how much nearness to the work raises a score: a low one by half of itself, none above 1."""
SIMILAR_COSINE = 0.85
SIMILAR_WORDS = 0.5


@dataclass(slots=True)
class _Found:
    """What the indices say of one memory."""

    cosine: float | None = None
    bm25: float | None = None


@dataclass(slots=True)
class _Hit:
    """A memory with the parts of its score."""

    row: MemoryRow
    cosine: float | None
    meaning: float
    words: float
    importance: float
    near: Near | None = None
    """How near its code is to where somebody works."""

    @property
    def promise(self) -> float:
        """The score of a memory whose code has not changed."""
        score = (1 - (1 - 0.9 * self.meaning) * (1 - WORDS_SHARE * self.words)) * self.importance
        if self.near is None or score < LEAST_SCORE:
            return score  # nearness makes no answer of what is none
        return float(1 - (1 - score) ** (1 + NEAR_SHARE * self.near.nearness))


class Search:
    """Finds memories of a tree's workspace, and personal ones."""

    def __init__(self, config: Config, store: Store, vectors: Vectors, views: Views) -> None:
        self._config = config
        self._store = store
        self._vectors = vectors
        self._views = views
        self._filters = Filters(store)
        self._proximity = Proximity(store)

    async def search(self, tree: Tree, request: wire.Search) -> wire.SearchReply:
        """The memories that answer a query, best first, none that is unrelated.

        Raises:
            RecallError: `invalid_params` for a filter that cannot be; `outside_workspace`.
        """
        warnings: list[str] = []
        selection = await self._filters.select(tree, request)
        reach = max(FILTERED_CANDIDATES if selection else CANDIDATES, 2 * request.limit)
        found, rows = await self._ask_indices(tree, request.query, reach, warnings, selection)
        near = await self._proximity.of_request(tree, request)
        terms = words.query_terms(request.query)
        hits = [_hit(row, found[row.id], terms, near.get(row.id)) for row in rows.values() if row.forgotten_at is None]
        hits = [hit for hit in hits if hit.meaning > 0 or hit.words > 0]
        hits.sort(key=lambda hit: (-hit.promise, -hit.row.seq))
        # A stale one falls behind by a fifth at most, so a few more than asked for hold the best.
        promising = hits[: request.limit + SPARE]
        bound = await self._store.truth.read(anchors.anchors_of, [hit.row.id for hit in promising])
        results = [
            self._shown(tree, hit, bound.get(hit.row.id, []), terms, explain=request.explain) for hit in promising
        ]
        results.sort(key=lambda brief: -(brief.score or 0))
        rest = hits[len(promising) :]
        beyond = sum(hit.promise >= LEAST_SCORE for hit in rest)
        return answer(
            results,
            least_score=LEAST_SCORE,
            limit=request.limit,
            token_budget=request.token_budget,
            left_out={"limit": beyond, "below_threshold": len(rest) - beyond},
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

    async def _ask_indices(
        self, tree: Tree, query: str, reach: int, warnings: list[str], selection: Selection | None
    ) -> tuple[dict[str, _Found], dict[str, MemoryRow]]:
        """What both indices find, and the memories themselves; those found by words are read in the meantime."""
        scope = [tree.workspace_id, PERSONAL]
        found: defaultdict[str, _Found] = defaultdict(_Found)
        by_meaning, (by_words, rows) = await asyncio.gather(
            self._by_meaning(scope, query, reach, warnings, selection),
            self._having_words(scope, query, reach, selection),
        )
        for memory_id, cosine in by_meaning:
            found[memory_id].cosine = cosine
        for memory_id, bm25 in by_words:
            found[memory_id].bm25 = bm25
        missing = [memory_id for memory_id in found if memory_id not in rows]
        rows |= await self._store.truth.read(memories.get_many, missing)
        left = await selection.among(rows.keys()) if selection else rows.keys()
        return found, {memory_id: row for memory_id, row in rows.items() if memory_id in left}

    async def _by_meaning(
        self, scope: Sequence[str], query: str, reach: int, warnings: list[str], selection: Selection | None
    ) -> list[tuple[str, float]]:
        try:
            if not await self._vectors.settled(self._config.search_index_wait_ms / 1000):
                warnings.append(f"vectors are {self._vectors.state}: the newest memories are found by words only")
            if selection is None:
                return await self._vectors.query(query, workspace_ids=scope, n=reach)
            if selection.few is not None:
                return (await self._vectors.cosines(query, list(selection.few)))[:reach]
            return await self._nearest_of_many(scope, query, reach, selection)
        except VectorsUnavailable:
            warnings[:] = [f"vectors are {self._vectors.state}: searched by words only"]
            return []

    async def _nearest_of_many(
        self, scope: Sequence[str], query: str, reach: int, selection: Selection
    ) -> list[tuple[str, float]]:
        """The nearest of the selected, asking for more until enough of them, or all that are related, are found."""
        while True:
            near = await self._vectors.query(query, workspace_ids=scope, n=reach)
            left = await selection.among([memory_id for memory_id, _ in near])
            enough = len(left) >= CANDIDATES or len(near) < reach or near[-1][1] <= UNRELATED_COSINE
            if enough:
                return [each for each in near if each[0] in left]
            reach *= 4

    async def _having_words(
        self, scope: Sequence[str], query: str, reach: int, selection: Selection | None
    ) -> tuple[list[tuple[str, float]], dict[str, MemoryRow]]:
        """Those of the selected that have words of the query, the best first, and the memories themselves."""
        match = words.match_query(query)
        seqs = list(selection.few.values()) if selection and selection.few is not None else None
        while True:
            found, rows = await self._store.truth.read(_by_words, scope, match, reach, seqs)
            if selection is None or seqs is not None or len(found) < reach:
                return found, rows
            if len(await selection.among(rows.keys())) >= CANDIDATES:
                return found, rows
            reach *= 4

    def _shown(
        self, tree: Tree, hit: _Hit, bound: Sequence[AnchorRow], terms: Sequence[str], *, explain: bool
    ) -> Brief:
        brief = self._views.brief(tree, hit.row, bound, query_words=terms)
        stale = STALE_FACTOR.get(brief.verdict or "", 1.0)
        brief.score = round(hit.promise * stale, 4)
        if hit.meaning > 0 and hit.cosine is not None:
            brief.why.append(f"meaning {hit.cosine:.2f}")
        if hit.words > 0:
            brief.why.append(f"words: {', '.join(_shared(terms, hit.row)[:SHOWN_WORDS])}")
        if hit.near is not None:
            brief.why.append(hit.near.why)
        if explain:
            brief.parts = {
                "meaning": round(hit.meaning, 4),
                "words": round(hit.words, 4),
                "stale": stale,
                "importance": round(hit.importance, 4),
                "near": hit.near.nearness if hit.near else 0.0,
            }
        return brief


def _by_words(
    connection: Connection, scope: Sequence[str], match: str | None, reach: int, seqs: Sequence[int] | None = None
) -> tuple[list[tuple[str, float]], dict[str, MemoryRow]]:
    found = memories.search_words(connection, scope, match, reach, seqs) if match else []
    return found, memories.get_many(connection, [memory_id for memory_id, _ in found])


def _hit(row: MemoryRow, found: _Found, terms: Sequence[str], near: Near | None) -> _Hit:
    meaning = ((found.cosine or 0.0) - UNRELATED_COSINE) / (ANSWER_COSINE - UNRELATED_COSINE)
    by_words = 0.0
    if found.bm25 is not None:
        by_words = _coverage(terms, row) * max(1 - math.exp(-found.bm25 / FULL_BM25), LEAST_RARITY)
    importance = 1 - IMPORTANCE_SHARE * (1 - row.importance_score)
    return _Hit(row, found.cosine, min(max(meaning, 0.0), 1.0), by_words, importance, near)


def _coverage(terms: Sequence[str], row: MemoryRow) -> float:
    """The share of the query's words that a memory has, endings aside."""
    return len(_shared(terms, row)) / max(len(terms), 1)


def _shared(terms: Sequence[str], row: MemoryRow) -> list[str]:
    """The words of the query that a memory has, endings aside."""
    text = " ".join([row.title, *row.concepts, *row.tags, row.narrative]).lower()
    return [term for term in terms if term[:6] in text]


def _overlap(one: str, other: str) -> float:
    a, b = ({word.casefold() for word in words_of(text)} for text in (one, other))
    return len(a & b) / max(len(a | b), 1)
