"""What runs when.

APScheduler keeps the timer, so that the daemon sleeps until the next job is due; each job's trigger says when
that is, and a failed job is tried again sooner, later with each failure.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

# APScheduler has no stubs.
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

from recall.protocol.values import JobStatus
from recalld.memory.clock import Clock, iso, system_clock

FIRST_RETRY = timedelta(minutes=1)
MAX_RETRY = timedelta(hours=6)

log = logging.getLogger(__name__)


class LastRuns(Protocol):
    """Remembers over restarts when each job last ran."""

    async def last_run(self, name: str) -> datetime | None:
        """When the job last ran to its end; None if never."""

    async def set_last_run(self, name: str, at: datetime) -> None:
        """Note that the job has run."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One line of the table: every so many hours after its last run, or at the times of a cron expression.

    Attributes:
        name: stable; its last run is remembered under it.
        run: does the work; raises when it failed.
        max_s: time after which it is cancelled and counts as failed.
        every_hours: a job that never ran is due at once.
        cron: five fields, in UTC; a job that never ran waits for the first time they name.
    """

    name: str
    run: Callable[[], Awaitable[str | None]]
    max_s: float
    every_hours: float | None = None
    cron: str | None = None

    def __post_init__(self) -> None:
        if (self.every_hours is None) == (self.cron is None):
            raise ValueError(f"job {self.name} takes one of every_hours and cron")

    def due(self, last_run: datetime | None, now: datetime) -> datetime:
        """When it is to run next; in the past where that was missed, however often."""
        if self.every_hours is not None:
            return now if last_run is None else last_run + timedelta(hours=self.every_hours)
        after = now if last_run is None else min(last_run, now)
        due: datetime = CronTrigger.from_crontab(self.cron, timezone=UTC).get_next_fire_time(after, after)
        return due


@dataclass
class _Progress:
    last_run: datetime | None = None
    next_run: datetime | None = None
    outcome: str | None = None
    failures: int = 0
    task: asyncio.Task[None] | None = None


class Jobs:
    """Runs each job when it is due, one run of it at a time.

    Runs that were missed, by sleep or because the daemon was off, are made up by a single one.

    Args:
        table: the jobs; their names differ.
        last_runs: outlives the daemon.
        now: the time; tests move it.
        first_retry: how soon a failed job is tried again; doubled with each further failure in a row.
    """

    def __init__(
        self,
        table: Sequence[Job],
        last_runs: LastRuns,
        now: Clock = system_clock,
        *,
        first_retry: timedelta = FIRST_RETRY,
    ) -> None:
        self._table = {job.name: job for job in table}
        self._last_runs = last_runs
        self._now = now
        self._first_retry = first_retry
        self._progress = {name: _Progress() for name in self._table}
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    async def start(self) -> None:
        """Begin; what was missed while the daemon was off runs now."""
        self._scheduler.start()
        for name, job in self._table.items():
            last_run = await self._last_runs.last_run(name)
            self._progress[name].last_run = last_run
            self._schedule(name, job.due(last_run, self._now()))

    async def stop(self) -> None:
        """Run nothing more; what is running is cancelled."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it shuts down in the loop's next round
        running = [progress.task for progress in self._progress.values() if progress.task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def status(self) -> list[JobStatus]:
        """How each job is doing."""
        return [
            JobStatus(
                name=name,
                next_run=iso(progress.next_run) if progress.next_run else None,
                last_run=iso(progress.last_run) if progress.last_run else None,
                outcome="running" if progress.task is not None else progress.outcome,
            )
            for name, progress in self._progress.items()
        ]

    def _schedule(self, name: str, due: datetime) -> None:
        self._progress[name].next_run = due
        # APScheduler goes by the system's time, which is not the injected one.
        at = datetime.now(UTC) + max(due - self._now(), timedelta())
        self._scheduler.add_job(self._launch, "date", run_date=at, args=[name], id=name, misfire_grace_time=None)

    async def _launch(self, name: str) -> None:
        # A task of its own: one that APScheduler runs cannot be waited for when the daemon stops.
        progress = self._progress[name]
        progress.next_run = None
        progress.task = asyncio.create_task(self._run(name), name=f"job {name}")

    async def _run(self, name: str) -> None:
        job, progress = self._table[name], self._progress[name]
        try:
            async with asyncio.timeout(job.max_s) as limit:
                await job.run()
            progress.last_run = self._now()
            await self._last_runs.set_last_run(name, progress.last_run)
        except Exception as error:  # an outer edge: whatever a job does, the others go on
            why = f"took longer than {job.max_s:g} s" if limit.expired() else f"{type(error).__name__}: {error}"
            progress.failures += 1
            progress.outcome = f"failed: {why}"
            due = min(self._now() + self._retry_after(progress.failures), job.due(self._now(), self._now()))
            log.warning("job %s failed, again at %s: %s", name, iso(due), why, exc_info=not limit.expired())
        else:
            progress.failures = 0
            progress.outcome = "done"
            due = job.due(progress.last_run, self._now())
        progress.task = None
        self._schedule(name, due)

    def _retry_after(self, failures: int) -> timedelta:
        return min(self._first_retry * (1 << min(failures - 1, 16)), MAX_RETRY)
