"""Retrieval: both indices are asked for memories that may answer, and what speaks for each is made out."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from recalld.config import Config
from recalld.memory import ranking, times
from recalld.memory.associations import Associations
from recalld.memory.corpus import follows
from recalld.memory.filters import Selection
from recalld.memory.ranking import Parts, Question, Text, Weights
from recalld.memory.text import voice_of, whole_text
from recalld.memory.trees import PERSONAL, Tree
from recalld.store import Store, memories, words
from recalld.store.rows import MemoryRow
from recalld.vectors import Answer, Near, Vectors, VectorsUnavailable

CANDIDATES = 120
"""Taken from each of the two indices at least, before ranking."""
FILTERED_CANDIDATES = 400
"""Taken where a filter will leave most of them out."""
LIKE_WORDS = 4
"""For each of the query's words, so many that are like it are looked for as words too."""
PROMISING = 120
"""Of the candidates, so many are looked at together with what stands before them."""
SEEDS = 3
"""The best answers, from which activation spreads to what belongs to them."""
ENOUGH = 10
"""With so many that answer by themselves, nothing is looked for that only belongs to them."""
LEAST_ACTIVATION = 0.25
"""How much must reach a memory that does not answer by itself for it to be shown too."""
SAID_WHEN_ASKED = 0.3
KEPT_TEXTS = 4_096
"""Texts kept as they were taken apart, some 15 MB."""
IMPORTANCE_SHARE = 0.05
"""How much importance moves a score: enough to break near ties."""


@dataclass(slots=True)
class Hit:
    """A memory with what speaks for it."""

    row: MemoryRow
    parts: Parts
    score: float = 0.0
    why: list[str] = field(default_factory=list)
    """In words, for whoever asked."""


@dataclass(slots=True)
class Retrieved:
    """What may answer a question, best first."""

    hits: list[Hit] = field(default_factory=list)
    unrelated: int = 0
    """How many candidates were left out, because too little speaks for them."""


@dataclass(slots=True)
class _Found:
    """What the indices found."""

    question: Question
    near: Mapping[str, Near]
    rows: Mapping[str, MemoryRow]
    before: Mapping[int, MemoryRow]
    """Memories of sessions by their place in the order of storing, those before the ones found too."""
    settled: bool
    """Whether all of them were compared by meaning."""


class Retrieval:
    """Finds what may answer a question in a tree's workspace and among personal memories.

    Args:
        weights: of what speaks for a memory.
    """

    def __init__(
        self, config: Config, store: Store, vectors: Vectors, associations: Associations, weights: Weights
    ) -> None:
        self._config = config
        self._store = store
        self._vectors = vectors
        self._associations = associations
        self.weights = weights

    async def retrieve(
        self,
        tree: Tree,
        query: str,
        *,
        least: int,
        selection: Selection | None,
        nearness: Mapping[str, float],
        warnings: list[str],
    ) -> Retrieved:
        """The memories that answer a query, each with its score.

        Args:
            least: so many candidates are taken at least.
            selection: only these; None for all.
            nearness: how near memories are to where somebody works, by id, 0 to 1.
            warnings: what is to be said of the search is added.
        """
        reach = max(FILTERED_CANDIDATES if selection else CANDIDATES, least)
        found = await self._ask_indices(tree, query, reach, selection, warnings)
        hits = self._promising(found, nearness)
        answers = [hit for hit in hits if ranking.evidence(hit.parts) >= ranking.RELATED]
        least_evidence = ranking.least_evidence(found.question.count)
        strong = sum(ranking.evidence(hit.parts) >= least_evidence for hit in answers)
        if not strong:
            return Retrieved(unrelated=len(found.rows))
        self._score(answers)
        if self.weights.association and strong < ENOUGH:
            answers += await self._associated(tree, answers, selection)
            self._score(answers)
        for hit in answers[:least]:
            hit.why += _reasons(hit, found.question)
        return Retrieved(answers, max(len(found.rows) - len(answers), 0))

    def _score(self, hits: list[Hit]) -> None:
        """Give each its score, and put the best first."""
        for hit in hits:
            importance = 1 - IMPORTANCE_SHARE * (1 - hit.row.importance_score)
            hit.score = ranking.score(hit.parts, self.weights) * importance
        hits.sort(key=lambda hit: (-hit.score, -hit.row.seq))

    async def _associated(self, tree: Tree, answers: list[Hit], selection: Selection | None) -> list[Hit]:
        """Tell the answers how much belongs to the best of them, and find what belongs to these besides."""
        seeds = {hit.row.id: hit.score for hit in answers[:SEEDS]}
        activated = await self._associations.spread(tree, seeds, steps=1)
        known = {hit.row.id for hit in answers}
        for hit in answers:
            if hit.row.id in activated:
                hit.parts.association = activated[hit.row.id].value
                hit.why += [f"association: {activated[hit.row.id].why[0]}"]
        strong = {each for each, activation in activated.items() if activation.value >= LEAST_ACTIVATION} - known
        wanted = await selection.among(strong) if selection else strong
        rows = await self._store.truth.read(memories.get_many, sorted(wanted))
        return [
            Hit(row, Parts(association=activated[row.id].value), why=[f"association: {activated[row.id].why[0]}"])
            for row in rows.values()
            if row.forgotten_at is None
        ]

    # --- asking -------------------------------------------------------------------------------------

    async def _ask_indices(
        self, tree: Tree, query: str, reach: int, selection: Selection | None, warnings: list[str]
    ) -> _Found:
        """What both indices find, and the memories themselves; those found by words are read in the meantime."""
        scope = [tree.workspace_id, PERSONAL]
        seqs = list(selection.few.values()) if selection and selection.few is not None else None
        asked = words.content_words(query)[: words.MAX_TERMS]
        answer, (frequencies, rows) = await asyncio.gather(
            self._by_meaning(scope, query, asked, reach, selection, warnings),
            self._having_words(scope, query, asked, reach, selection, seqs),
        )
        others = [other for like in answer.like.values() for other in list(like)[:LIKE_WORDS] if other not in asked]
        missing = [near.memory_id for near in answer.near if near.memory_id not in rows]
        more, before = await self._store.truth.read(_more, scope, others, reach, seqs, missing, rows)
        rows |= more
        question = Question(query, answer.like, frequencies, max(answer.searched, len(rows)))
        near = {each.memory_id: each for each in answer.near}
        left = await selection.among(set(rows)) if selection else rows.keys()
        live = {each: row for each, row in rows.items() if row.forgotten_at is None and each in left}
        return _Found(question, near, live, before, settled=not warnings)

    async def _having_words(
        self,
        scope: Sequence[str],
        query: str,
        asked: Sequence[str],
        reach: int,
        selection: Selection | None,
        seqs: Sequence[int] | None,
    ) -> tuple[dict[str, int], dict[str, MemoryRow]]:
        """How many memories have each word, and those that match best; further ones until enough are selected."""
        while True:
            frequencies, rows = await self._store.truth.read(
                _by_words, scope, words.match_query(query), asked, reach, seqs
            )
            if selection is None or seqs is not None or len(rows) < reach:
                return frequencies, rows
            if len(await selection.among(set(rows))) >= CANDIDATES:
                return frequencies, rows
            reach *= 4

    async def _by_meaning(
        self,
        scope: Sequence[str],
        query: str,
        asked: Sequence[str],
        reach: int,
        selection: Selection | None,
        warnings: list[str],
    ) -> Answer:
        among = selection.few.keys() if selection and selection.few is not None else None
        try:
            if not await self._vectors.settled(self._config.search_index_wait_ms / 1000):
                warnings.append(f"vectors are {self._vectors.state}: those are found by words only")
            while True:
                answer = await self._vectors.ask(query, asked, workspace_ids=scope, n=reach, among=among)
                if selection is None or among is not None or len(answer.near) < reach:
                    return answer
                # Many are selected, but perhaps none of the nearest: further ones are asked for until there are enough.
                left = await selection.among({near.memory_id for near in answer.near})
                if len(left) >= CANDIDATES or answer.near[-1].cosine <= ranking.UNRELATED_COSINE:
                    return answer
                reach *= 4
        except VectorsUnavailable:
            warnings[:] = [f"vectors are {self._vectors.state}: searched by words only"]
            return Answer([], {}, 0)

    # --- ranking ------------------------------------------------------------------------------------

    def _promising(self, found: _Found, nearness: Mapping[str, float]) -> list[Hit]:
        """The candidates for which most speaks by themselves, looked at together with what stands before them."""
        texts = {row.seq: _taken_apart(row) for row in found.rows.values()}
        voices = {text.voice for text in texts.values() if text.voice}
        hits = []
        for row in found.rows.values():
            parts = _own_parts(row, found, texts[row.seq], voices)
            parts.near = nearness.get(row.id, 0.0)
            hits.append(Hit(row, parts, ranking.total(parts, self.weights)))
        hits.sort(key=lambda hit: -hit.score)
        for hit in hits[:PROMISING]:
            _add_neighbours(hit, found, texts)
        return hits[:PROMISING]


def _reasons(hit: Hit, question: Question) -> list[str]:
    parts, text = hit.parts, _taken_apart(hit.row)
    meaning, shared = max(parts.meaning, parts.beside), question.shared_with(text.words)
    reasons = [f"meaning {meaning:.2f}"] if meaning > 0 else []
    reasons += [f"words: {', '.join(shared)}"] if shared else []
    reasons += [f"of {text.voice}"] if parts.named else []
    reasons += ["of that time"] if parts.time else []
    return reasons + (["follows a question like this"] if parts.asked > SAID_WHEN_ASKED else [])


def _by_words(
    connection: Connection,
    scope: Sequence[str],
    match: str | None,
    asked: Sequence[str],
    reach: int,
    seqs: Sequence[int] | None,
) -> tuple[dict[str, int], dict[str, MemoryRow]]:
    """How common the words are, and the memories that have them."""
    found = memories.search_words(connection, scope, match, reach, seqs) if match else []
    rows = memories.get_many(connection, [memory_id for memory_id, _ in found])
    return memories.word_frequencies(connection, scope, asked), rows


def _more(
    connection: Connection,
    scope: Sequence[str],
    others: Sequence[str],
    reach: int,
    seqs: Sequence[int] | None,
    missing: Sequence[str],
    known: Mapping[str, MemoryRow],
) -> tuple[dict[str, MemoryRow], dict[int, MemoryRow]]:
    """The memories that have words like those asked for, those named, and all that were stored just before one."""
    ids = list(missing)
    if others:
        match = " OR ".join(f'"{word}"' for word in others)
        ids += [each for each, _ in memories.search_words(connection, scope, match, reach, seqs) if each not in known]
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


def _add_neighbours(hit: Hit, found: _Found, texts: dict[int, Text]) -> None:
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
