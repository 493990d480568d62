"""Days of work: on how many days each workspace was worked in. Importance decays by them, not by the calendar."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from recalld.memory.clock import Clock
from recalld.memory.trees import PERSONAL
from recalld.store import Store, importance


class Workdays:
    """Counts the days, in UTC, on which something happened in a workspace: a request, a change, an open.

    Personal memories count the days on which anything happened anywhere. Only the event loop touches it.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._days: dict[str, tuple[int, str | None]] = {}
        self._writes: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Read what was counted so far."""
        self._days = await self._store.truth.read(importance.days_worked)

    def of(self, workspace_id: str) -> int:
        """On how many days the workspace has been worked in, today included if it was."""
        return self._days.get(workspace_id, (0, None))[0]

    def worked(self, workspace_id: str) -> None:
        """Something happened in a workspace; the first time on a day that is counted, and written behind."""
        now = self._clock()
        today, tomorrow = (day.strftime("%Y-%m-%d") for day in (now, now + timedelta(days=1)))
        for each in (workspace_id, PERSONAL):
            days, last = self._days.get(each, (0, None))
            # A day still further ahead was noted by a clock that was wrong.
            if last is None or last < today or last > tomorrow:
                self._days[each] = days + 1, today
                write = asyncio.ensure_future(self._store.truth.write(importance.note_worked, each, days + 1, today))
                self._writes.add(write)
                write.add_done_callback(self._writes.discard)

    async def stop(self) -> None:
        """Finish what is being written."""
        await asyncio.gather(*self._writes, return_exceptions=True)
