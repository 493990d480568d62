"""Extraction jobs: what was said in a session that ended becomes memories, once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs
from sqlalchemy import Connection

from recall.protocol import requests as wire
from recalld.events import Event, Lane
from recalld.memory.clock import Clock, iso
from recalld.memory.drafting import Drafted, Drafting
from recalld.memory.extraction import Draft
from recalld.memory.search import Search
from recalld.memory.storing import Storing, insert
from recalld.memory.text import text_hash
from recalld.memory.trees import PERSONAL, Tree, Trees
from recalld.memory.usage import Usage, heard_of
from recalld.store import Store, memories, worklog
from recalld.store.readings import whole_text
from recalld.store.rows import AnchorRow, ExtractionAction, ExtractionRow, MemoryRow, ObservationRow
from recalld.store.words import content_words
from recalld.vectors import Vectors

MAX_TRIES = 3
INDEX_WAIT_S = 5.0
"""How long a job waits for the index to know what was stored before it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Due(Event):
    job_id: str


@dataclass(slots=True)
class _Candidate:
    """A memory that is to be stored, unless another says the same."""

    row: MemoryRow
    bound: list[AnchorRow]
    said: str
    same: str | None
    """The id of one that says the same."""


class Harvest:
    """Does extraction jobs one after the other, beside everything else.

    A job is done in one transaction, which also closes it: a kill before it leaves the job to be done, one after it
    leaves nothing to do.
    """

    def __init__(
        self,
        store: Store,
        trees: Trees,
        drafting: Drafting,
        storing: Storing,
        search: Search,
        vectors: Vectors,
        usage: Usage,
        clock: Clock,
    ) -> None:
        self._store = store
        self._trees = trees
        self._drafting = drafting
        self._storing = storing
        self._search = search
        self._vectors = vectors
        self._usage = usage
        self._clock = clock
        self._lane = Lane("extraction", self._take)
        self._queued: set[str] = set()
        self._running: str | None = None

    def start(self) -> None:
        """Begin to do jobs."""
        self._lane.start()

    async def stop(self) -> None:
        """Do no more; a job under way is broken off, and done at the next start."""
        await self._lane.stop()

    def queue(self, job_id: str) -> None:
        """Have a job done, if it is not waiting already."""
        if job_id not in self._queued:
            self._queued.add(job_id)
            self._lane.put(_Due(job_id))

    def running(self, job_id: str) -> bool:
        """Whether a job is being done right now."""
        return self._running == job_id

    async def _take(self, due: _Due) -> None:
        self._running = due.job_id
        try:
            await self._do(due.job_id)
        except asyncio.CancelledError:
            await self._store.truth.write(worklog.attempt, due.job_id, -1)  # it was stopped, it did not fail
            raise
        finally:
            self._running = None
            self._queued.discard(due.job_id)

    async def _do(self, job_id: str) -> None:
        job = await self._store.truth.read(worklog.job, job_id)
        session = await self._store.truth.read(worklog.by_seq, job.session_seq) if job else None
        if job is None or session is None or job.status != "queued":
            return
        tree = self._trees.get(session.tree_id) or next(iter(self._trees.of_workspace(session.workspace_id)), None)
        if tree is None:
            return  # nobody follows the workspace; the job is taken up when somebody does
        if await self._store.truth.write(worklog.attempt, job_id) > MAX_TRIES:
            note = f"given up after {MAX_TRIES} tries, see the log: `recall session job {job_id} --retry` tries again"
            await self._store.truth.write(worklog.finish, job_id, "failed", iso(self._clock()), note=note)
            return
        source = await self._store.truth.read(worklog.to_extract, job_id)
        if source is None:
            return
        drafted = await self._drafting.draft(*source)
        await self._vectors.settled(INDEX_WAIT_S)
        candidates = [await self._candidate(tree, session.id, draft) for draft in drafted.drafts]
        stored = await self._store.truth.write(_keep, job_id, source, drafted, candidates, iso(self._clock()))
        if stored is None:
            await self._do(job_id)  # some of it was purged meanwhile
            return
        await self._storing.told(tree, [each.row for each in stored], [a for each in stored for a in each.bound])
        named = [place for draft in drafted.drafts for place in (*draft.source_files, *draft.symbols)]
        await self._usage.judge(tree, session, job_id, heard_of(*source, named))
        log.info("extraction %s of session %s: %d memories", job_id, session.id, len(stored))

    async def _candidate(self, tree: Tree, session_id: str, draft: Draft) -> _Candidate:
        files = await asyncio.to_thread(_existing, tree, draft.source_files)
        symbols = [
            each for each in draft.symbols if await asyncio.to_thread(_existing, tree, [each.partition("::")[0]])
        ]
        request = wire.Store(
            title=draft.title,
            narrative=draft.narrative,
            memory_type=draft.memory_type,
            source_files=files,
            symbols=symbols,
            concepts=draft.concepts,
            importance_score=draft.importance_score,
            confidence=draft.confidence,
            session_id=session_id,
        )
        row, bound = await self._storing.proposed(tree, request, provenance="extracted")
        same = next((brief.id for brief in await self._search.similar(tree, row) if not brief.superseded_by), None)
        return _Candidate(row, bound, draft.said, same)


def _existing(tree: Tree, paths: Sequence[str]) -> list[str]:
    """Those of some paths that there are in the tree; who names another means something else."""
    found = []
    for path in paths:
        # `os.path` has an answer, too, for what is too long to be, and for links that go round in circles.
        place = Path(os.path.realpath(tree.root / path))
        if place.is_relative_to(os.path.realpath(tree.root)) and os.path.exists(place):  # noqa: PTH110
            found.append(path)
    return found


def _keep(
    connection: Connection,
    job_id: str,
    source: tuple[str, list[ObservationRow]],
    drafted: Drafted,
    candidates: Sequence[_Candidate],
    now: str,
) -> list[_Candidate] | None:
    """Store what is new, put the rest together with what says the same, and close the job; what was touched.

    None where the job is no longer made of what the candidates come from: then nothing is done.
    """
    if worklog.to_extract(connection, job_id) != source:
        return None
    made: list[ExtractionRow] = []
    touched: list[_Candidate] = []
    for each in candidates:
        doubles = memories.doubles(connection, [each.row.workspace_id, PERSONAL], each.row.text_hash)
        same = doubles[0] if doubles else each.same
        known = memories.get(connection, same) if same is not None else None
        action: ExtractionAction = "stored"
        if known is None or known.forgotten_at is not None:
            insert(connection, each.row, each.bound)
        elif _says_more(each.row, known):
            action = "updated"
            fuller = structs.replace(known, title=each.row.title, narrative=each.row.narrative, updated_at=now)
            fuller.text_hash = text_hash(fuller.title, fuller.narrative)
            memories.update(connection, fuller, "extracted", None)
            each.row, each.bound = fuller, []
        else:
            action = "confirmed"
            memories.mark_used(connection, [known.id], now)
            each.row, each.bound = known, []
        made.append(
            ExtractionRow(job_id=job_id, position=len(made), memory_id=each.row.id, action=action, said=each.said)
        )
        if action != "confirmed":
            touched.append(each)
    worklog.finish(connection, job_id, "done", now, made=made, drafted_by=drafted.by, note=drafted.note)
    return touched


def _says_more(new: MemoryRow, known: MemoryRow) -> bool:
    """Whether a memory takes the place of the words of another: of one that nobody wrote, edited or rated."""
    if known.provenance != "extracted" or known.version > 1 or known.useful or known.not_useful:
        return False
    before, now = (set(content_words(whole_text(row.title, row.narrative))) for row in (known, new))
    return len(now - before) > len(before - now)
