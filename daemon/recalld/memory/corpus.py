"""What others keep in the store without knowing it: the index's corpus, the quarantine, the runs of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from recalld.memory.clock import Clock, iso
from recalld.store import Store, job_runs, memories, outlines


class Corpus:
    """The memories that the vector index is derived from."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def live(self, after_seq: int, limit: int) -> list[tuple[int, str, str, str]]:
        """The next memories in order of storing: (seq, id, workspace id, hash of the text)."""
        return await self._store.truth.read(memories.live_texts, after_seq, limit)

    async def texts(self, ids: Sequence[str]) -> dict[str, tuple[str, str, str]]:
        """(workspace id, hash of the text, what is embedded) of each memory; forgotten ones are absent."""
        rows = await self._store.truth.read(memories.get_many, ids)
        return {
            row.id: (row.workspace_id, row.text_hash, "\n".join([row.title, *row.concepts[:8], row.narrative]))
            for row in rows.values()
            if row.forgotten_at is None
        }


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
