from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recall.protocol.errors import RecallError
from recall.protocol.values import JobStatus
from recalld.jobs import Job, Jobs

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Diary:
    """When jobs ran, and what runs of them there were."""

    def __init__(self, **last_runs: datetime) -> None:
        self.kept = dict(last_runs)
        self.runs: list[str] = []
        self.changed = asyncio.Event()
        self.failing = False

    async def last_run(self, name: str) -> datetime | None:
        return self.kept.get(name)

    async def set_last_run(self, name: str, at: datetime) -> None:
        self.kept[name] = at

    async def work(self) -> str:
        self.runs.append("work")
        self.changed.set()
        if self.failing:
            raise ValueError("the disk is full")
        return "3 changed"

    async def ran(self, times: int) -> None:
        async with asyncio.timeout(5):
            while len(self.runs) < times:
                self.changed.clear()
                await self.changed.wait()
            await asyncio.sleep(0)  # lets the run be accounted for


class MovedClock:
    """A clock that goes like any other, and that tests set."""

    def __init__(self, moment: datetime) -> None:
        self._began, self._ahead = time.monotonic(), timedelta()
        self._moment = moment
        self._asked = asyncio.Event()

    def __call__(self) -> datetime:
        self._asked.set()
        return self._moment + self._ahead + timedelta(seconds=time.monotonic() - self._began)

    def move(self, by: timedelta) -> None:
        self._ahead += by

    async def asked(self) -> None:
        """Return once it was compared with the loop's time, and what follows from that was done."""
        async with asyncio.timeout(5):
            for _ in range(4):  # twice in each comparison, so that this begins and ends a whole one
                self._asked.clear()
                await self._asked.wait()


def now_is(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def a_job(run: Callable[[], Awaitable[str]], *, name: str = "sweep", max_s: float = 5, **when: Any) -> Job:
    return Job(name=name, what="sweeps", run=run, max_s=max_s, **when)


def test_runs_missed_while_the_daemon_was_off_are_made_up_by_one() -> None:
    async def scenario() -> None:
        diary = Diary(sweep=NOON - timedelta(days=5))
        jobs = Jobs([a_job(every_hours=24, run=diary.work)], diary, now_is(NOON))
        await jobs.start()
        await diary.ran(1)
        (status,) = jobs.status()
        assert (status.last_run, status.next_run) == ("2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z")
        assert status.outcome == "done"
        assert diary.kept == {"sweep": NOON}
        await jobs.stop()
        assert diary.runs == ["work"]

    asyncio.run(scenario())


def test_a_job_runs_when_its_time_comes_and_not_before() -> None:
    async def scenario() -> None:
        diary = Diary(soon=NOON - timedelta(hours=24) + timedelta(seconds=0.2), later=NOON - timedelta(hours=1))
        table = [
            a_job(name="soon", every_hours=24, run=diary.work),
            a_job(name="later", every_hours=24, run=diary.work),
        ]
        jobs = Jobs(table, diary, now_is(NOON))
        began = asyncio.get_running_loop().time()
        await jobs.start()
        await diary.ran(1)
        assert asyncio.get_running_loop().time() - began > 0.15
        soon, later = jobs.status()
        assert soon.outcome == "done"
        assert (later.last_run, later.next_run) == ("2026-03-01T11:00:00Z", "2026-03-02T11:00:00Z")
        await jobs.stop()

    asyncio.run(scenario())


def test_a_job_that_never_ran_runs_at_the_first_start_and_not_again_at_the_next() -> None:
    async def scenario() -> None:
        diary = Diary()
        for _ in range(2):
            jobs = Jobs([a_job(every_hours=24, run=diary.work)], diary, now_is(NOON))
            await jobs.start()
            await diary.ran(1)
            await jobs.stop()
        assert diary.runs == ["work"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("last_run", "due"),
    [
        (None, "2026-03-02T03:30:00Z"),
        (NOON - timedelta(hours=1), "2026-03-02T03:30:00Z"),
        (NOON - timedelta(days=3), "2026-02-27T03:30:00Z"),
    ],
)
def test_cron_times_are_utc_and_count_from_the_last_run(last_run: datetime | None, due: str) -> None:
    job = a_job(name="nightly", cron="30 3 * * *", run=Diary().work, max_s=5)
    assert job.due(last_run, NOON) == datetime.fromisoformat(due)


def test_a_failing_job_is_logged_and_tried_again_later_each_time(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        diary = Diary()
        diary.failing = True
        jobs = Jobs([a_job(every_hours=24, run=diary.work)], diary, first_retry=timedelta(seconds=0.05))
        began = asyncio.get_running_loop().time()
        await jobs.start()
        await diary.ran(3)
        assert asyncio.get_running_loop().time() - began > 0.14  # 0.05 + 0.1
        (status,) = jobs.status()
        assert status.outcome == "failed: ValueError: the disk is full"
        assert (status.last_run, status.failures) == (None, 3)
        assert "the job sweep failed 3 times in a row: ValueError: the disk is full; it is" in jobs.warnings()[0]
        assert diary.kept == {}
        diary.failing = False
        await diary.ran(4)
        (status,) = jobs.status()
        assert (status.outcome, status.result, status.failures) == ("done", "3 changed", 0)
        assert jobs.warnings() == []
        await jobs.stop()

    with caplog.at_level(logging.WARNING, logger="recalld.jobs"):
        asyncio.run(scenario())
    assert "job sweep failed" in caplog.text
    assert "the disk is full" in caplog.text


def test_a_job_that_takes_too_long_is_cancelled_and_others_go_on() -> None:
    async def scenario() -> None:
        diary = Diary()
        cancelled = asyncio.Event()

        async def hang() -> str:
            try:
                await asyncio.sleep(60)
            finally:
                cancelled.set()
            return "never"

        table = [
            a_job(name="hang", every_hours=1, run=hang, max_s=0.1),
            a_job(every_hours=1, run=diary.work),
        ]
        jobs = Jobs(table, diary)
        await jobs.start()
        await diary.ran(1)
        assert jobs.status()[0].outcome == "running"
        async with asyncio.timeout(5):
            await cancelled.wait()
        assert jobs.status()[0].outcome == "failed: took longer than 0.1 s"
        assert jobs.warnings()[0].startswith("the job hang failed: took longer than 0.1 s; it is tried again at 20")
        await jobs.stop()

    asyncio.run(scenario())


def test_stopping_cancels_what_runs_and_starts_nothing_more() -> None:
    async def scenario() -> None:
        diary = Diary()
        ended: list[bool] = []

        async def hang() -> str:
            diary.changed.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(True)
            return "never"

        jobs = Jobs([a_job(name="hang", every_hours=1, run=hang, max_s=60)], diary)
        await jobs.start()
        await diary.changed.wait()
        await jobs.stop()
        assert ended == [True]
        assert diary.kept == {}

    asyncio.run(scenario())


def test_a_job_needs_one_of_interval_and_cron() -> None:
    with pytest.raises(ValueError, match="one of every_hours and cron"):
        a_job(run=Diary().work)


# --- the machine sleeps, the clock is moved ------------------------------------------------------


def a_clock_that_jumps(by: timedelta, last_run: datetime) -> tuple[Diary, JobStatus]:
    """What comes of a daily job that was not due yet when the clock jumped."""
    diary, clock = Diary(sweep=last_run), MovedClock(NOON)

    async def scenario() -> JobStatus:
        jobs = Jobs([a_job(every_hours=24, run=diary.work)], diary, clock, compare_every_s=0.01)
        await jobs.start()
        await clock.asked()
        assert diary.runs == []
        clock.move(by)
        await diary.ran(1)
        await clock.asked()
        await jobs.stop()
        return jobs.status()[0]

    return diary, asyncio.run(scenario())


def test_a_machine_that_slept_a_week_makes_up_one_run() -> None:
    diary, status = a_clock_that_jumps(timedelta(days=7), NOON - timedelta(hours=1))
    assert diary.runs == ["work"]
    assert (status.last_run, status.next_run) == ("2026-03-08T12:00:00Z", "2026-03-09T12:00:00Z")


def test_a_clock_that_was_set_back_a_year_stops_no_job() -> None:
    diary, status = a_clock_that_jumps(timedelta(days=-365), NOON - timedelta(hours=1))
    assert diary.runs == ["work"]
    assert (status.last_run, status.next_run) == ("2025-03-01T12:00:00Z", "2025-03-02T12:00:00Z")


def test_a_clock_that_was_set_back_while_the_daemon_was_off_stops_no_job() -> None:
    async def scenario() -> None:
        diary = Diary(sweep=NOON + timedelta(days=365))
        for _ in range(2):
            jobs = Jobs([a_job(every_hours=24, run=diary.work)], diary, now_is(NOON))
            await jobs.start()
            await diary.ran(1)
            await jobs.stop()
        assert diary.runs == ["work"]
        assert diary.kept == {"sweep": NOON}

    asyncio.run(scenario())


@pytest.mark.parametrize("by", [timedelta(hours=3), timedelta(hours=-3)])
def test_a_clock_that_is_set_a_little_runs_nothing_early_or_twice(by: timedelta) -> None:
    async def scenario() -> None:
        diary, clock = Diary(sweep=NOON - timedelta(hours=1)), MovedClock(NOON)
        jobs = Jobs([a_job(every_hours=24, run=diary.work)], diary, clock, compare_every_s=0.01)
        await jobs.start()
        clock.move(by)
        await clock.asked()
        assert (diary.runs, jobs.status()[0].next_run) == ([], "2026-03-02T11:00:00Z")
        await jobs.stop()

    asyncio.run(scenario())


def test_a_failing_job_is_tried_again_soon_after_the_clock_was_set_back() -> None:
    async def scenario() -> None:
        diary, clock = Diary(), MovedClock(NOON)
        diary.failing = True
        jobs = Jobs([a_job(every_hours=24, run=diary.work)], diary, clock, compare_every_s=0.01)
        await jobs.start()
        await diary.ran(1)
        clock.move(timedelta(days=-365))
        await clock.asked()
        assert (jobs.status()[0].next_run or "")[:16] in {"2025-03-01T12:00", "2025-03-01T12:01"}
        await jobs.stop()

    asyncio.run(scenario())


# --- asked for by hand ---------------------------------------------------------------------------


def test_a_job_that_is_asked_for_runs_at_once_and_then_at_its_time_from_there() -> None:
    async def scenario() -> None:
        diary = Diary(sweep=NOON - timedelta(hours=23))
        jobs = Jobs([a_job(every_hours=24, run=diary.work)], diary, now_is(NOON))
        await jobs.start()
        status = await jobs.run("sweep")
        assert (status.outcome, status.result, status.next_run) == ("done", "3 changed", "2026-03-02T12:00:00Z")
        assert diary.runs == ["work"]
        with pytest.raises(RecallError, match="there is no job weep: sweep"):
            await jobs.run("weep")
        await jobs.stop()

    asyncio.run(scenario())


def test_a_job_that_is_asked_for_while_it_runs_is_waited_for_and_not_run_twice() -> None:
    async def scenario() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()
        runs: list[str] = []

        async def work() -> str:
            runs.append("work")
            begun.set()
            await go_on.wait()
            return "much"

        jobs = Jobs([a_job(every_hours=24, run=work)], Diary(), now_is(NOON))
        await jobs.start()
        await begun.wait()
        asked = [asyncio.create_task(jobs.run("sweep")) for _ in range(3)]
        await asyncio.sleep(0)
        go_on.set()
        assert {status.result for status in await asyncio.gather(*asked)} == {"much"}
        assert runs == ["work"]
        await jobs.stop()

    asyncio.run(scenario())


def test_who_waits_for_a_job_when_the_daemon_stops_is_told() -> None:
    async def scenario() -> None:
        begun = asyncio.Event()

        async def work() -> str:
            begun.set()
            await asyncio.sleep(60)
            return "never"

        jobs = Jobs([a_job(every_hours=24, run=work)], Diary(), now_is(NOON))
        await jobs.start()
        await begun.wait()
        asked = asyncio.create_task(jobs.run("sweep"))
        await asyncio.sleep(0)
        await jobs.stop()
        with pytest.raises(RecallError, match="stopping"):
            await asked

    asyncio.run(scenario())
