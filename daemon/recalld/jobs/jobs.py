"""What runs when.

APScheduler keeps the timer, so that the daemon sleeps until the next job is due; each job's trigger says when
that is, and a failed job is tried again sooner, later with each failure.

A timer stands still while the machine sleeps, and knows nothing of a clock that is set anew. So the clock is compared
with the event loop's own time now and then, and where they part, what is due when is looked at again.
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

from recall.protocol.errors import RecallError
from recall.protocol.values import JobStatus
from recalld.memory.clock import Clock, iso, system_clock

FIRST_RETRY = timedelta(minutes=1)
MAX_RETRY = timedelta(hours=6)
COMPARE_EVERY_S = 30.0
"""How often the clock is compared with the event loop's time."""
JUMP_S = 5.0
"""By so much they part when the machine slept or somebody set the clock; corrections of the network's are smaller."""

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
        what: what it does, in the user's words.
        run: does the work, in slices that hold nobody up; returns what it did, in words; raises when it failed.
        max_s: time after which it is cancelled and counts as failed.
        every_hours: a job that never ran is due at once.
        cron: five fields, in UTC; a job that never ran waits for the first time they name.
    """

    name: str
    what: str
    run: Callable[[], Awaitable[str]]
    max_s: float
    every_hours: float | None = None
    cron: str | None = None

    def __post_init__(self) -> None:
        if (self.every_hours is None) == (self.cron is None):
            raise ValueError(f"job {self.name} takes one of every_hours and cron")

    @property
    def when(self) -> str:
        """How often it runs, in words."""
        if self.every_hours is None:
            return f"at {self.cron} UTC"
        return f"every {self.every_hours:g} h" if self.every_hours >= 1 else f"every {self.every_hours * 60:g} min"

    def due(self, last_run: datetime | None, now: datetime) -> datetime:
        """When it is to run next; in the past where that was missed, however often."""
        if self.every_hours is not None:
            period = timedelta(hours=self.every_hours)
            # A run from further ahead than the next one was noted by a clock that was wrong.
            return now if last_run is None or last_run > now + period else last_run + period
        after = now if last_run is None else min(last_run, now)
        due: datetime = CronTrigger.from_crontab(self.cron, timezone=UTC).get_next_fire_time(after, after)
        return due


@dataclass
class _Progress:
    last_run: datetime | None = None
    next_run: datetime | None = None
    outcome: str | None = None
    result: str = ""
    took_s: float | None = None
    failures: int = 0
    task: asyncio.Task[None] | None = None


class Jobs:
    """Runs each job when it is due or asked for, one run of it at a time.

    Runs that were missed, by sleep or because the daemon was off, are made up by a single one.

    Args:
        table: the jobs; their names differ.
        last_runs: outlives the daemon.
        now: the time; tests move it.
        first_retry: how soon a failed job is tried again; doubled with each further failure in a row.
        compare_every_s: how soon a clock that jumped is noticed.
    """

    def __init__(
        self,
        table: Sequence[Job],
        last_runs: LastRuns,
        now: Clock = system_clock,
        *,
        first_retry: timedelta = FIRST_RETRY,
        compare_every_s: float = COMPARE_EVERY_S,
    ) -> None:
        self._table = {job.name: job for job in table}
        self._last_runs = last_runs
        self._now = now
        self._first_retry = first_retry
        self._compare_every_s = compare_every_s
        self._progress = {name: _Progress() for name in self._table}
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._comparing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; what was missed while the daemon was off runs now."""
        self._scheduler.start()
        for name, job in self._table.items():
            last_run = await self._last_runs.last_run(name)
            self._progress[name].last_run = last_run
            self._progress[name].outcome = "done" if last_run is not None else None
            self._schedule(name, job.due(last_run, self._now()))
        self._comparing = asyncio.create_task(self._compare_clocks(), name="comparing clocks")

    async def stop(self) -> None:
        """Run nothing more; what is running is cancelled."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # it shuts down in the loop's next round
        running = [self._comparing, *(progress.task for progress in self._progress.values())]
        tasks = [task for task in running if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self, name: str) -> JobStatus:
        """Run a job now and wait until it is over; where it is running already, wait for that run.

        Raises:
            RecallError: `invalid_params`, there is no such job; `shutting_down`.
        """
        if name not in self._table:
            raise RecallError("invalid_params", f"there is no job {name}: {', '.join(self._table)}", field="name")
        run = self._begin(name)
        await asyncio.wait({run})
        if run.cancelled():
            raise RecallError("shutting_down", f"the daemon is stopping: {name} runs again when it has started")
        return self._status(name)

    def status(self) -> list[JobStatus]:
        """How each job is doing."""
        return [self._status(name) for name in self._table]

    def warnings(self) -> list[str]:
        """The jobs that fail, each with the reason and when it is tried again."""
        failing = [(name, progress) for name, progress in self._progress.items() if progress.failures]
        return [_warning(name, progress) for name, progress in failing]

    def _status(self, name: str) -> JobStatus:
        job, progress = self._table[name], self._progress[name]
        return JobStatus(
            name=name,
            what=job.what,
            when=job.when,
            max_s=job.max_s,
            next_run=iso(progress.next_run) if progress.next_run else None,
            last_run=iso(progress.last_run) if progress.last_run else None,
            outcome="running" if progress.task is not None else progress.outcome,
            result=progress.result,
            took_s=progress.took_s,
            failures=progress.failures,
        )

    # --- when -------------------------------------------------------------------------------------

    def _schedule(self, name: str, due: datetime) -> None:
        self._progress[name].next_run = due
        # APScheduler goes by the system's time, which is not the injected one.
        at = datetime.now(UTC) + max(due - self._now(), timedelta())
        self._scheduler.add_job(
            self._launch, "date", run_date=at, args=[name], id=name, misfire_grace_time=None, replace_existing=True
        )

    async def _compare_clocks(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            clock, steady = self._now(), loop.time()
            await asyncio.sleep(self._compare_every_s)
            jump_s = (self._now() - clock).total_seconds() - (loop.time() - steady)
            if abs(jump_s) > JUMP_S:
                self._schedule_anew()

    def _schedule_anew(self) -> None:
        now = self._now()
        for name, progress in self._progress.items():
            if progress.task is not None:
                continue  # it is scheduled when it ends
            due = self._table[name].due(progress.last_run, now)
            if progress.failures and progress.next_run is not None:
                due = min(progress.next_run, now + self._retry_after(progress.failures))
            self._schedule(name, due)

    def _retry_after(self, failures: int) -> timedelta:
        return min(self._first_retry * (1 << min(failures - 1, 16)), MAX_RETRY)

    # --- a run ------------------------------------------------------------------------------------

    async def _launch(self, name: str) -> None:
        self._begin(name)

    def _begin(self, name: str) -> asyncio.Task[None]:
        """The run that is under way, begun if there is none.

        A task of its own: one that APScheduler runs cannot be waited for when the daemon stops.
        """
        progress = self._progress[name]
        if progress.task is None:
            progress.next_run = None
            progress.task = asyncio.create_task(self._run(name), name=f"job {name}")
        return progress.task

    async def _run(self, name: str) -> None:
        job, progress = self._table[name], self._progress[name]
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(job.max_s) as limit:
                progress.result = await job.run()
            progress.last_run = self._now()
            await self._last_runs.set_last_run(name, progress.last_run)
        except Exception as error:  # an outer edge: whatever a job does, the others go on
            why = f"took longer than {job.max_s:g} s" if limit.expired() else f"{type(error).__name__}: {error}"
            progress.failures += 1
            progress.outcome, progress.result = f"failed: {why}", ""
            due = min(self._now() + self._retry_after(progress.failures), job.due(self._now(), self._now()))
            log.warning("job %s failed, again at %s: %s", name, iso(due), why, exc_info=not limit.expired())
        else:
            progress.failures = 0
            progress.outcome = "done"
            due = job.due(progress.last_run, self._now())
        progress.took_s = round(asyncio.get_running_loop().time() - began, 3)
        progress.task = None
        self._schedule(name, due)


def _warning(name: str, progress: _Progress) -> str:
    times = f" {progress.failures} times in a row" if progress.failures > 1 else ""
    why = (progress.outcome or "").removeprefix("failed: ")
    when = f"at {iso(progress.next_run)}" if progress.next_run else "right now"
    return f"the job {name} failed{times}: {why}; it is tried again {when}, the log says more"
