"""What happens in the sessions that are open: taken at once, kept a moment later, within limits.

An observation costs its sender one short frame, so it is answered from memory. Writing begins at once, and what comes
meanwhile goes into the next transaction: a kill takes what came while one was written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection

from recall.protocol.errors import RecallError
from recalld.config import Config
from recalld.events import CodeChanged, ContextReady
from recalld.memory.attempts import Attempts
from recalld.memory.clock import Clock, iso
from recalld.store import Store, StoreError, worklog
from recalld.store.rows import GivenRow, ObservationRow, SessionRow

OPENED, CHANGED = "opened", "changed"
"""Kinds of observations that the daemon makes itself."""
MAX_SEEN = 500
"""Different places that are noted as opened or changed in one session."""
MAX_WAITING = 10_000
"""Observations of all sessions that wait to be written."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class OpenSession:
    """A session that has not ended, and what is known of it without asking the store."""

    row: SessionRow
    seen: dict[tuple[str, str], None] = field(default_factory=dict)
    """What the daemon saw, by kind and place."""
    fresh: list[ObservationRow] = field(default_factory=list)
    """What is still to be written."""
    dropped: int = 0
    """How many were dropped since the last writing."""
    attempts: Attempts = field(default_factory=Attempts)
    told: dict[str, dict[str, GivenRow]] = field(default_factory=dict)
    """What its subagents were given, by their ids; they do not have what the session was given."""
    giving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while something is given, so that two who ask at once do not both get it."""

    def places(self, kind: str) -> list[str]:
        """The places that were seen opened, or changed, the latest last."""
        return [place for seen, place in self.seen if seen == kind]


class Journal:
    """The sessions that are open, and what happens in them."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._open: dict[tuple[str, str], OpenSession] = {}
        self._unwritten: dict[int, OpenSession] = {}
        """Sessions of which something is still to be written, by their number."""
        self._waiting = 0
        self._taken = self._kept = 0
        """How much was taken since the start, and how much of that is on the disk."""
        self._writer: asyncio.Task[StoreError | None] | None = None

    def __iter__(self) -> Iterator[OpenSession]:
        return iter(list(self._open.values()))

    async def load(self) -> None:
        """Take up the sessions that were open when the daemon last ran."""
        for row in await self._store.truth.read(worklog.open_ones):
            await self.begun(row)

    async def begun(self, row: SessionRow) -> OpenSession:
        """A session was begun, or somebody goes on with it."""
        seen = await self._store.truth.read(worklog.waiting, row.seq)
        session = self._open.setdefault((row.workspace_id, row.id), OpenSession(row))
        session.row.tree_id, session.row.active_at = row.tree_id, row.active_at
        session.row.branch, session.row.task = row.branch, row.task
        for each in seen:
            if each.kind in (OPENED, CHANGED):
                session.seen.setdefault((each.kind, each.content))
        return session

    def get(self, workspace_id: str, session_id: str) -> OpenSession | None:
        """The open session of this id."""
        return self._open.get((workspace_id, session_id))

    async def close(self, session: OpenSession) -> None:
        """Take nothing more for a session, and return once all that was taken is on the disk.

        Raises:
            StoreError: it could not be written, and is kept.
        """
        self._open.pop((session.row.workspace_id, session.row.id), None)
        await self.written()

    def reopen(self, session: OpenSession) -> None:
        """Take observations again for a session that could not be ended."""
        self._open.setdefault((session.row.workspace_id, session.row.id), session)

    def heard_of(self, session: OpenSession) -> None:
        """Note that somebody still works in it; kept along with the next observation."""
        session.row.active_at = iso(self._clock())

    def note(self, session: OpenSession, row: ObservationRow) -> bool:
        """Take an observation; false where the session is over its limits, and it is dropped.

        Raises:
            RecallError: `busy`.
        """
        if self._waiting >= MAX_WAITING:
            raise RecallError("busy", f"{MAX_WAITING} observations wait to be written: try again in a moment")
        size = len(row.content.encode("utf-8", "replace"))
        self.heard_of(session)
        full = (
            session.row.observed >= self._config.session_observations
            or session.row.observed_bytes + size > self._config.session_bytes
        )
        if full:
            session.row.dropped += 1
            session.dropped += 1
        else:
            session.row.observed += 1
            session.row.observed_bytes += size
            session.fresh.append(row)
            self._waiting += 1
        self._taken += 1
        self._unwritten[session.row.seq] = session
        self._writing()
        return not full

    # --- what the daemon sees by itself -----------------------------------------------------------

    def file_opened(self, event: ContextReady) -> None:
        """A file was opened in a tree."""
        if event.cause == "opened":
            self._see(event.tree_id, OPENED, event.path)

    def code_changed(self, event: CodeChanged) -> None:
        """A file was changed in a tree, and of its symbols these."""
        for place in [event.path, *(f"{event.path}::{name}" for name in event.symbols)]:
            self._see(event.tree_id, CHANGED, place)

    def _see(self, tree_id: str, kind: str, place: str) -> None:
        # Where several work in one tree, nobody can tell whose it was.
        here = [session for session in self._open.values() if session.row.tree_id == tree_id]
        if len(here) != 1:
            return
        (session,) = here
        again = (kind, place) in session.seen
        session.seen.pop((kind, place), None)
        if again or len(session.seen) < MAX_SEEN:
            session.seen[kind, place] = None  # the latest last
        if not again and len(session.seen) < MAX_SEEN and self._waiting < MAX_WAITING:
            row = ObservationRow(session_seq=session.row.seq, at=iso(self._clock()), kind=kind, content=place)
            self.note(session, row)

    # --- writing ----------------------------------------------------------------------------------

    async def written(self) -> None:
        """Return once everything taken so far is on the disk.

        Raises:
            StoreError: it could not be written, and is kept.
        """
        wanted = self._taken
        while self._kept < wanted:
            failure = await asyncio.shield(self._writing())
            if failure is not None:
                raise failure

    async def stop(self) -> None:
        """Write what is left."""
        try:
            await self.written()
        except StoreError as error:
            log.warning("observations are lost: %s", error)

    def _writing(self) -> asyncio.Task[StoreError | None]:
        """The writing that goes on, or one that begins."""
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="session journal")
        return self._writer

    async def _write(self) -> StoreError | None:
        """Write what waits, in one transaction; what cannot be written goes with the next, and why is returned."""
        until = self._taken
        batch = [(session, session.fresh, session.dropped) for session in self._unwritten.values()]
        for session in self._unwritten.values():
            session.fresh, session.dropped = [], 0
        self._unwritten = {}
        rows = {session.row.seq: (session.row.active_at, fresh, dropped) for session, fresh, dropped in batch}
        try:
            await self._store.truth.write(_keep, rows)
        except StoreError as error:
            log.warning("observations could not be written, and are kept for the next writing: %s", error)
            for session, fresh, dropped in batch:
                session.fresh, session.dropped = [*fresh, *session.fresh], dropped + session.dropped
                self._unwritten[session.row.seq] = session
            return error
        self._waiting -= sum(len(fresh) for _, fresh, _ in batch)
        self._kept = until
        if self._kept < self._taken:
            self._writer = asyncio.create_task(self._write(), name="session journal")
        return None


def _keep(connection: Connection, rows: dict[int, tuple[str, list[ObservationRow], int]]) -> None:
    for seq, (active_at, fresh, dropped) in rows.items():
        worklog.observe(connection, seq, fresh, active_at, dropped)
