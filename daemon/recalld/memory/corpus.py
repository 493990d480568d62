"""What others keep in the store without knowing it: the index's corpus, the quarantine, the runs of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from recalld.memory.clock import Clock, iso
from recalld.store import Store, job_runs, memories, outlines, sessions
from recalld.store.readings import whole_text
from recalld.store.rows import MemoryRow
from recalld.store.words import content_words
from recalld.vectors import Text

MAX_BESIDE = 600
"""Characters of a neighbour that are read together with a memory."""


class Corpus:
    """The memories that the vector index is derived from."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def live(self, after_seq: int, limit: int) -> list[tuple[int, str, str, str]]:
        """The next memories in order of storing: (seq, id, workspace id, hash of the text)."""
        return await self._store.truth.read(memories.live_texts, after_seq, limit)

    async def texts(self, ids: Sequence[str]) -> dict[str, Text]:
        """What the index is to know of each memory; forgotten ones are absent.

        Those next to one of these in its session are there too: they are read together with it.
        """
        return await self._store.truth.read(_texts, ids)


def _texts(connection: Connection, ids: Sequence[str]) -> dict[str, Text]:
    asked = {row.seq: row for row in memories.get_many(connection, ids).values()}
    before, after = sessions.before(connection, asked), sessions.after(connection, asked)
    around = {*before.values(), *after.values()} - asked.keys()
    # What stands beside these has changed as well.
    before |= sessions.before(connection, around)
    after |= sessions.after(connection, around)
    rows = asked | memories.at(connection, sorted({*before.values(), *after.values()} - asked.keys()))
    return {
        row.id: _text(row, rows.get(before.get(seq, 0)), rows.get(after.get(seq, 0)))
        for seq, row in sorted(rows.items())
        if row.forgotten_at is None and (seq in asked or seq in around)
    }


def _text(row: MemoryRow, before: MemoryRow | None, after: MemoryRow | None) -> Text:
    own = whole_text(row.title, row.narrative)
    text = "\n".join(filter(None, [own, ", ".join(row.concepts[:8])]))
    words = [word for word in content_words(text) if len(word) > 2 and word.isalpha()]
    beside = ""
    if before or after:
        neighbours = [
            whole_text(before.title, before.narrative)[-MAX_BESIDE:] if before else "",
            own[: 2 * MAX_BESIDE],
            whole_text(after.title, after.narrative)[:MAX_BESIDE] if after else "",
        ]
        beside = "\n".join(filter(None, neighbours))
    return Text(row.workspace_id, row.text_hash, text, beside, words)


class JobRuns:
    """When each job last ran, kept over restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def last_run(self, name: str) -> datetime | None:
        """When the job last ran to its end; None if never."""
        at = await self._store.truth.read(job_runs.last_run, name)
        return datetime.fromisoformat(at) if at else None

    async def set_last_run(self, name: str, at: datetime) -> None:
        """Note that the job has run."""
        await self._store.truth.write(job_runs.set_last_run, name, iso(at))


class Quarantine:
    """Files whose parsing crashed or hung, by the hash of their bytes; kept over restarts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[str, str]] = {}
        self._writes: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read what is known."""
        self._known = await self._store.code.read(outlines.quarantined)

    def hashes(self) -> list[str]:
        """The hashes of all bytes that are not parsed."""
        return list(self._known)

    def reason(self, content_hash: str) -> str | None:
        """Why bytes of this hash are not parsed, if they are not."""
        known = self._known.get(content_hash)
        return known[1] if known else None

    def add(self, content_hash: str, path: str, reason: str) -> None:
        """Parse bytes of this hash never again."""
        self._known[content_hash] = (path, reason)
        write = asyncio.ensure_future(
            self._store.code.write(outlines.quarantine, content_hash, path, reason, iso(self._clock()))
        )
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    def listed(self) -> list[str]:
        """What is quarantined, a line each."""
        return sorted(f"{path}: {reason}" for path, reason in self._known.values())
