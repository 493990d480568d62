"""Search: by meaning and by words together."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from recall.protocol import requests as wire
from recall.protocol.values import Brief
from recalld.config import Config
from recalld.memory import ranking, times
from recalld.memory.corpus import follows
from recalld.memory.ranking import Parts, Question, Text, Weights
from recalld.memory.text import type_named, voice_of, whole_text, words_of
from recalld.memory.trees import PERSONAL, Tree
from recalld.memory.views import Views
from recalld.store import Store, anchors, memories, words
from recalld.store.rows import AnchorRow, MemoryRow
from recalld.vectors import Answer, Near, Vectors, VectorsUnavailable

CANDIDATES = 120
"""Taken from each of the two indices at least, before ranking."""
FILTERED_CANDIDATES = 400
"""Taken where a filter will leave most of them out."""
LIKE_WORDS = 4
"""For each of the query's words, so many that are like it are looked for as words too."""

KEPT_TEXTS = 4_096
"""Texts kept as they were taken apart, some 15 MB."""
PROMISING = 120
"""Of the candidates, so many are looked at together with what stands before them."""

SPARE = 10
"""Shown more than asked for, before stale ones fall behind."""

STALE_FACTOR = {"changed": 0.9, "moved+changed": 0.95, "ambiguous": 0.9, "missing": 0.8}
IMPORTANCE_SHARE = 0.05
"""How much importance moves a score: enough to break near ties."""
SIMILAR_COSINE = 0.85
SIMILAR_WORDS = 0.5


@dataclass(slots=True)
class _Found:
    """What the indices found."""

    question: Question
    near: dict[str, Near]
    rows: dict[str, MemoryRow]
    before: dict[int, MemoryRow]
    """The memories stored just before them, by their place in the order of storing."""
    settled: bool
    """Whether all of them were compared by meaning."""


@dataclass(slots=True)
class _Hit:
    """A memory with the parts of its score."""

    row: MemoryRow
    parts: Parts
    score: float


class Search:
    """Finds memories of a tree's workspace, and personal ones."""

    def __init__(
        self, config: Config, store: Store, vectors: Vectors, views: Views, weights: Weights | None = None
    ) -> None:
        self._config = config
        self._store = store
        self._vectors = vectors
        self._views = views
        self._weights = weights or Weights()

    async def search(self, tree: Tree, request: wire.Search) -> wire.SearchReply:
        """The memories that answer a query, best first, none that is unrelated.

        Raises:
            RecallError: `invalid_params` for a memory type that does not exist.
        """
        types = {type_named(name) for name in request.memory_types}
        warnings: list[str] = []
        reach = FILTERED_CANDIDATES if types else max(CANDIDATES, 2 * request.limit)
        found = await self._ask_indices(tree, request.query, reach, warnings)
        terms = words.query_terms(request.query)
        hits = [hit for hit in self._ranked(found) if not types or hit.row.memory_type in types]
        # A stale one falls behind by a fifth at most, so a few more than asked for hold the best.
        promising = hits[: request.limit + SPARE]
        bound = await self._store.truth.read(anchors.anchors_of, [hit.row.id for hit in promising])
        results = [
            self._shown(tree, hit, bound.get(hit.row.id, []), terms, explain=request.explain) for hit in promising
        ]
        results.sort(key=lambda brief: -(brief.score or 0))
        return wire.SearchReply(results=results[: request.limit], warnings=warnings)

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

    async def _ask_indices(self, tree: Tree, query: str, reach: int, warnings: list[str]) -> _Found:
        """What both indices find, and the memories themselves; those found by words are read in the meantime."""
        scope = [tree.workspace_id, PERSONAL]
        asked = words.content_words(query)[: words.MAX_TERMS]
        answer, (frequencies, rows) = await asyncio.gather(
            self._by_meaning(scope, query, asked, reach, warnings),
            self._store.truth.read(_by_words, scope, words.match_query(query), asked, reach),
        )
        others = [other for like in answer.like.values() for other in list(like)[:LIKE_WORDS] if other not in asked]
        missing = [near.memory_id for near in answer.near if near.memory_id not in rows]
        more, before = await self._store.truth.read(_more, scope, others, reach, missing, rows)
        rows |= more
        question = Question(query, answer.like, frequencies, max(answer.searched, len(rows)))
        near = {each.memory_id: each for each in answer.near}
        return _Found(question, near, rows, before, settled=not warnings)

    async def _by_meaning(
        self, scope: Sequence[str], query: str, asked: Sequence[str], reach: int, warnings: list[str]
    ) -> Answer:
        try:
            if not await self._vectors.settled(self._config.search_index_wait_ms / 1000):
                warnings.append(f"vectors are {self._vectors.state}: the newest memories are found by words only")
            return await self._vectors.ask(query, asked, workspace_ids=scope, n=reach)
        except VectorsUnavailable:
            warnings[:] = [f"vectors are {self._vectors.state}: searched by words only"]
            return Answer([], {}, 0)

    def _ranked(self, found: _Found) -> list[_Hit]:
        """All that was found, best first."""
        texts = {row.seq: _taken_apart(row) for row in found.rows.values()}
        voices = {text.voice for text in texts.values() if text.voice}
        hits = []
        for row in found.rows.values():
            if row.forgotten_at is None:
                parts = _own_parts(row, found, texts[row.seq], voices)
                hits.append(_Hit(row, parts, ranking.total(parts, self._weights)))
        hits.sort(key=lambda hit: -hit.score)
        for hit in hits[:PROMISING]:
            _add_neighbours(hit, found, texts)
        answers = [hit for hit in hits[:PROMISING] if ranking.evidence(hit.parts) >= ranking.RELATED]
        if not any(ranking.evidence(hit.parts) >= ranking.ANSWERED for hit in answers):
            return []
        for hit in answers:
            importance = 1 - IMPORTANCE_SHARE * (1 - hit.row.importance_score)
            hit.score = ranking.score(hit.parts, self._weights) * importance
        return sorted(answers, key=lambda hit: (-hit.score, -hit.row.seq))

    def _shown(
        self, tree: Tree, hit: _Hit, bound: Sequence[AnchorRow], terms: Sequence[str], *, explain: bool
    ) -> Brief:
        brief = self._views.brief(tree, hit.row, bound, query_words=terms)
        stale = STALE_FACTOR.get(brief.verdict or "", 1.0)
        brief.score = round(hit.score * stale, 4)
        parts = {name: round(value, 4) for name, value in asdict(hit.parts).items()}
        brief.why += [f"{name} {value:.2f}" for name, value in parts.items() if value > 0 and name != "length"]
        if explain:
            brief.parts = parts | {"stale": stale, "importance": hit.row.importance_score}
        return brief


def _by_words(
    connection: Connection, scope: Sequence[str], match: str | None, asked: Sequence[str], reach: int
) -> tuple[dict[str, int], dict[str, MemoryRow]]:
    found = memories.search_words(connection, scope, match, reach) if match else []
    rows = memories.get_many(connection, [memory_id for memory_id, _ in found])
    return memories.word_frequencies(connection, scope, asked), rows


def _more(
    connection: Connection,
    scope: Sequence[str],
    others: Sequence[str],
    reach: int,
    missing: Sequence[str],
    known: Mapping[str, MemoryRow],
) -> tuple[dict[str, MemoryRow], dict[int, MemoryRow]]:
    """The memories that have words like those asked for, those named, and all that were stored just before one."""
    ids = list(missing)
    if others:
        match = " OR ".join(f'"{word}"' for word in others)
        ids += [each for each, _ in memories.search_words(connection, scope, match, reach) if each not in known]
    rows = memories.get_many(connection, list(dict.fromkeys(ids)))
    sessions = {row.seq: row for row in (*known.values(), *rows.values()) if row.session_id}
    wanted = {seq - step for seq in sessions for step in (1, 2)} - sessions.keys()
    return rows, sessions | memories.at(connection, sorted(wanted))


def _taken_apart(row: MemoryRow) -> Text:
    return _text(row.title, row.narrative, " ".join([row.memory_type, *row.concepts, *row.tags]))


@functools.lru_cache(KEPT_TEXTS)
def _text(title: str, narrative: str, labels: str) -> Text:
    text = whole_text(title, narrative)
    return Text(frozenset(words.content_words(f"{text}\n{labels}")), voice_of(text), text.rstrip().endswith("?"))


def _own_parts(row: MemoryRow, found: _Found, text: Text, voices: Collection[str]) -> Parts:
    question = found.question
    parts = Parts(
        words=question.found_in(text.words),
        named=ranking.named_part(question, text.voice, voices),
        length=ranking.length_part(len(text.words)),
    )
    if question.span is not None:
        parts.time = times.agreement(question.span, times.named_in(row.narrative) or times.named_in(row.created_at))
    near = found.near.get(row.id)
    if near is not None:
        parts.meaning, parts.beside = ranking.cosine_part(near.cosine), ranking.cosine_part(near.beside)
    elif not found.settled:  # it must not be worse off for being new
        parts.meaning = parts.beside = parts.words
    return parts


def _add_neighbours(hit: _Hit, found: _Found, texts: dict[int, Text]) -> None:
    """Add what the two memories before it in its session say."""
    one, two = found.before.get(hit.row.seq - 1), found.before.get(hit.row.seq - 2)
    if one is None or not follows(hit.row, one):
        return
    for row in filter(None, (one, two)):
        if row.seq not in texts:
            texts[row.seq] = _taken_apart(row)
    if texts[one.seq].asks:
        hit.parts.asked = found.question.found_in(texts[one.seq].words)
    if two is not None and follows(one, two):
        hit.parts.before = found.question.found_in(texts[two.seq].words)


def _overlap(one: str, other: str) -> float:
    a, b = ({word.casefold() for word in words_of(text)} for text in (one, other))
    return len(a & b) / max(len(a | b), 1)
