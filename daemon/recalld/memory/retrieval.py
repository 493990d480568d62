"""Retrieval: both indices are asked at once for memories that may answer, and what speaks for each is made out."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from sqlalchemy import Connection

from recalld.config import Config
from recalld.memory import ranking, times
from recalld.memory.associations import Associations
from recalld.memory.filters import Selection
from recalld.memory.ranking import Parts, Question, Weights
from recalld.memory.trees import PERSONAL, Tree
from recalld.store import Store, derived, readings, sessions, words
from recalld.store.readings import Reading
from recalld.vectors import Alike, Near, Vectors, VectorsUnavailable

CANDIDATES = 120
"""Taken from each of the two indices at least, before ranking."""
FILTERED_CANDIDATES = 400
"""Taken where a filter will leave most of them out."""
COMMON = 2_000
"""A word that more memories have is common, however many they are; of these the newest are candidates by it."""
FILTERED_MORE = 4
"""And so many times as many where a filter will leave most of them out."""
LIKE_COMMON = 500
"""The same of the words that are like one of the question's."""
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
IMPORTANCE_SHARE = 0.05
"""How much importance moves a score: enough to break near ties."""


@dataclass(slots=True)
class Hit:
    """A memory with what speaks for it."""

    reading: Reading
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


@dataclass(frozen=True, slots=True)
class _Within:
    """Where is searched."""

    workspace_ids: Sequence[str]
    selection: Selection | None

    def holding(
        self, connection: Connection, words: Sequence[Sequence[str]], limit: int = COMMON
    ) -> dict[str, list[int]]:
        """As `derived.holding`; of more memories, where some of them will be left out."""
        if self.selection is None:
            return derived.holding(connection, self.workspace_ids, words, limit)
        few = self.selection.few
        seqs = None if few is None else few.values()
        return derived.holding(connection, self.workspace_ids, words, FILTERED_MORE * limit, seqs)

    def readings(
        self,
        connection: Connection,
        question: Question,
        seqs: Sequence[int] = (),
        ids: Collection[str] = (),
        limit: int | None = None,
    ) -> dict[int, Reading]:
        """As `readings.readings`, of those that the filters leave; of `seqs` the first so many of these."""
        if self.selection is not None:
            seqs = self.selection.of(connection, seqs)
        found = readings.readings(connection, self.workspace_ids, seqs[:limit], ids, whole=question.span is not None)
        if self.selection is None or not ids:
            return found
        return {seq: found[seq] for seq in self.selection.of(connection, list(found))}


@dataclass(slots=True)
class _Found:
    """What the indices found."""

    question: Question
    near: Mapping[str, Near]
    candidates: Sequence[Reading]
    before: Mapping[int, Reading]
    """By `seq`, for the candidates and for these: what was stored before it in its session."""
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
            return Retrieved(unrelated=len(found.candidates))
        self._score(answers)
        if self.weights.association and strong < ENOUGH:
            seeds = answers[:SEEDS]
            answers += await self._associated(tree, answers, selection)
            self._score(answers)
            _put_behind(seeds, answers)
        for hit in answers[:least]:
            hit.why += _reasons(hit, found.question)
        return Retrieved(answers, max(len(found.candidates) - len(answers), 0))

    def _score(self, hits: list[Hit]) -> None:
        """Give each its score, and put the best first."""
        for hit in hits:
            importance = 1 - IMPORTANCE_SHARE * (1 - hit.reading.importance)
            hit.score = ranking.score(hit.parts, self.weights) * importance
        hits.sort(key=lambda hit: (-hit.score, -hit.reading.seq))

    async def _associated(self, tree: Tree, answers: list[Hit], selection: Selection | None) -> list[Hit]:
        """Tell the answers how much belongs to the best of them, and find what belongs to these besides."""
        seeds = {hit.reading.memory_id: hit.score for hit in answers[:SEEDS]}
        activated = await self._associations.spread(tree, seeds, steps=1)
        known = {hit.reading.memory_id for hit in answers}
        for hit in answers:
            if hit.reading.memory_id in activated:
                hit.parts.association = activated[hit.reading.memory_id].value
                hit.why += [f"association: {activated[hit.reading.memory_id].why[0]}"]
        strong = {each for each, activation in activated.items() if activation.value >= LEAST_ACTIVATION} - known
        wanted = await selection.among(strong) if selection else strong
        found = await self._store.truth.read(readings.readings, [tree.workspace_id, PERSONAL], ids=sorted(wanted))
        return [
            Hit(
                reading,
                Parts(association=activated[reading.memory_id].value),
                why=[f"association: {activated[reading.memory_id].why[0]}"],
            )
            for reading in found.values()
        ]

    # --- asking -------------------------------------------------------------------------------------

    async def _ask_indices(
        self, tree: Tree, query: str, reach: int, selection: Selection | None, warnings: list[str]
    ) -> _Found:
        """What both indices find; that by words is read while the vectors' process looks for what is near."""
        within = _Within((tree.workspace_id, PERSONAL), selection)
        if not await self._vectors.settled(self._config.search_index_wait_ms / 1000):
            warnings.append(f"vectors are {self._vectors.state}: those are found by words only")
        (question, having), near = await asyncio.gather(
            self._by_words(within, query, reach), self._by_meaning(within, query, reach)
        )
        if near is None:
            near = {}
            warnings[:] = [f"vectors are {self._vectors.state}: searched by words only"]
        candidates, before = await self._store.truth.read(_candidates, within, question, having, near.keys())
        return _Found(question, near, candidates, before, settled=not warnings)

    async def _by_words(self, within: _Within, query: str, reach: int) -> tuple[Question, dict[int, Reading]]:
        """The question taken apart, and the memories that have most of its words or words like them."""
        asked = words.content_words(query)[: words.MAX_TERMS]
        reading = asyncio.create_task(self._store.truth.read(within.holding, [[word] for word in asked]))
        alike = await self._like(within, asked)  # asked for before what is near, which takes longer
        holding = await reading
        frequencies = {word: len(held) for word, held in holding.items()}
        question = Question(query, alike.words, frequencies, max(alike.of, *frequencies.values(), 1))
        return question, await self._store.truth.read(_having, within, question, holding, reach)

    async def _like(self, within: _Within, asked: Sequence[str]) -> Alike:
        try:
            return await self._vectors.like(asked, workspace_ids=within.workspace_ids)
        except VectorsUnavailable:
            return Alike({}, 0)

    async def _by_meaning(self, within: _Within, query: str, reach: int) -> dict[str, Near] | None:
        """The memories nearest in meaning, by id; None while vectors are not there."""
        selection = within.selection
        among = selection.few.keys() if selection and selection.few is not None else None
        try:
            while True:
                near = await self._vectors.nearest(query, workspace_ids=within.workspace_ids, n=reach, among=among)
                found = {each.memory_id: each for each in near}
                if selection is None or among is not None or len(near) < reach:
                    return found
                # Many are selected, but perhaps none of the nearest: further ones are asked for until there are enough.
                left = await selection.among(set(found))
                if len(left) >= CANDIDATES or near[-1].cosine <= ranking.UNRELATED_COSINE:
                    return found
                reach *= 4
        except VectorsUnavailable:
            return None

    # --- ranking ------------------------------------------------------------------------------------

    def _promising(self, found: _Found, nearness: Mapping[str, float]) -> list[Hit]:
        """The candidates for which most speaks by themselves, looked at together with what stands before them."""
        voices = {reading.voice for reading in found.candidates if reading.voice}
        hits = []
        for reading in found.candidates:
            parts = _own_parts(reading, found, voices)
            parts.near = nearness.get(reading.memory_id, 0.0)
            hits.append(Hit(reading, parts, ranking.total(parts, self.weights)))
        hits.sort(key=lambda hit: -hit.score)
        for hit in hits[:PROMISING]:
            _add_neighbours(hit, found)
        return hits[:PROMISING]


def _put_behind(seeds: Sequence[Hit], hits: list[Hit]) -> None:
    """Let nothing come before the answers to which it belongs, and for which that speaks."""
    best = {hit.reading.memory_id for hit in seeds}
    most = math.nextafter(min(hit.score for hit in seeds), 0.0)
    for hit in hits:
        if hit.reading.memory_id not in best:
            hit.score = min(hit.score, most)
    hits.sort(key=lambda hit: -hit.score)  # those put behind stay in their order


def _reasons(hit: Hit, question: Question) -> list[str]:
    parts, reading = hit.parts, hit.reading
    meaning, shared = max(parts.meaning, parts.beside), question.shared_with(reading.words)
    reasons = [f"meaning {meaning:.2f}"] if meaning > 0 else []
    reasons += [f"words: {', '.join(shared)}"] if shared else []
    reasons += [f"of {reading.voice}"] if parts.named else []
    reasons += ["of that time"] if parts.time else []
    return reasons + (["follows a question like this"] if parts.asked > SAID_WHEN_ASKED else [])


def _having(
    connection: Connection, within: _Within, question: Question, holding: Mapping[str, Sequence[int]], reach: int
) -> dict[int, Reading]:
    """The memories that have most of the question's words or words like them, by `seq`.

    Args:
        holding: those that have each of the question's words.
        reach: at most so many.
    """
    others = [[other for other in some if other not in holding] for some in question.likest(LIKE_WORDS)]
    holding = {**holding, **within.holding(connection, [some for some in others if some], LIKE_COMMON)}
    rough = question.roughly_found_in(holding, 2 * reach)
    most = heapq.nlargest(reach if within.selection is None else COMMON, rough, key=rough.__getitem__)
    return within.readings(connection, question, most, limit=reach)


def _candidates(
    connection: Connection,
    within: _Within,
    question: Question,
    having: Mapping[int, Reading],
    near: AbstractSet[str],
) -> tuple[list[Reading], dict[int, Reading]]:
    """What has the words and what is near; what came before each in its session."""
    others = near - {reading.memory_id for reading in having.values()}
    found = {**having, **within.readings(connection, question, ids=others)}
    return list(found.values()), _before(connection, within.workspace_ids, found)


def _before(connection: Connection, scope: Sequence[str], found: Mapping[int, Reading]) -> dict[int, Reading]:
    """The memory before each in its session, and the one before that."""
    before = sessions.before(connection, [seq for seq, reading in found.items() if reading.in_session])
    before |= sessions.before(connection, set(before.values()) - found.keys())
    known = {**found, **readings.readings(connection, scope, set(before.values()) - found.keys())}
    return {seq: known[one] for seq, one in before.items() if one in known}


def _own_parts(reading: Reading, found: _Found, voices: Collection[str]) -> Parts:
    question = found.question
    parts = Parts(
        words=question.found_in(reading.words),
        named=ranking.named_part(question, reading.voice, voices),
        length=ranking.length_part(len(reading.words)),
    )
    if question.span is not None:
        told = times.named_in(reading.narrative) or times.named_in(reading.created_at)
        parts.time = times.agreement(question.span, told)
    near = found.near.get(reading.memory_id)
    if near is not None:
        parts.meaning, parts.beside = ranking.cosine_part(near.cosine), ranking.cosine_part(near.beside)
    elif not found.settled:  # it must not be worse off for being new
        parts.meaning = parts.beside = parts.words
    return parts


def _add_neighbours(hit: Hit, found: _Found) -> None:
    """Add what the two memories before it in its session say."""
    one = found.before.get(hit.reading.seq)
    if one is None:
        return
    if one.asks:
        hit.parts.asked = found.question.found_in(one.words)
    two = found.before.get(one.seq)
    if two is not None:
        hit.parts.before = found.question.found_in(two.words)
