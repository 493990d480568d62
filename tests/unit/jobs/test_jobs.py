from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

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

    async def work(self) -> None:
        self.runs.append("work")
        self.changed.set()
        if self.failing:
            raise ValueError("the disk is full")

    async def ran(self, times: int) -> None:
        async with asyncio.timeout(5):
            while len(self.runs) < times:
                self.changed.clear()
                await self.changed.wait()
            await asyncio.sleep(0)  # lets the run be accounted for


def now_is(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def test_runs_missed_while_the_daemon_was_off_are_made_up_by_one() -> None:
    async def scenario() -> None:
        diary = Diary(sweep=NOON - timedelta(days=5))
        jobs = Jobs([Job(name="sweep", every_hours=24, run=diary.work, max_s=5)], diary, now_is(NOON))
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
            Job(name="soon", every_hours=24, run=diary.work, max_s=5),
            Job(name="later", every_hours=24, run=diary.work, max_s=5),
        ]
        jobs = Jobs(table, diary, now_is(NOON))
        began = asyncio.get_running_loop().time()
        await jobs.start()
        await diary.ran(1)
        assert asyncio.get_running_loop().time() - began > 0.15
        soon, later = jobs.status()
        assert soon.outcome == "done"
        assert (later.outcome, later.next_run) == (None, "2026-03-02T11:00:00Z")
        await jobs.stop()

    asyncio.run(scenario())


def test_a_job_that_never_ran_runs_at_the_first_start_and_not_again_at_the_next() -> None:
    async def scenario() -> None:
        diary = Diary()
        for _ in range(2):
            jobs = Jobs([Job(name="sweep", every_hours=24, run=diary.work, max_s=5)], diary, now_is(NOON))
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
    job = Job(name="nightly", cron="30 3 * * *", run=Diary().work, max_s=5)
    assert job.due(last_run, NOON) == datetime.fromisoformat(due)


def test_a_failing_job_is_logged_and_tried_again_later_each_time(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        diary = Diary()
        diary.failing = True
        jobs = Jobs(
            [Job(name="sweep", every_hours=24, run=diary.work, max_s=5)], diary, first_retry=timedelta(seconds=0.05)
        )
        began = asyncio.get_running_loop().time()
        await jobs.start()
        await diary.ran(3)
        assert asyncio.get_running_loop().time() - began > 0.14  # 0.05 + 0.1
        (status,) = jobs.status()
        assert status.outcome == "failed: ValueError: the disk is full"
        assert status.last_run is None
        assert diary.kept == {}
        diary.failing = False
        await diary.ran(4)
        (status,) = jobs.status()
        assert status.outcome == "done"
        await jobs.stop()

    with caplog.at_level(logging.WARNING, logger="recalld.jobs"):
        asyncio.run(scenario())
    assert "job sweep failed" in caplog.text
    assert "the disk is full" in caplog.text


def test_a_job_that_takes_too_long_is_cancelled_and_others_go_on() -> None:
    async def scenario() -> None:
        diary = Diary()
        cancelled = asyncio.Event()

        async def hang() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                cancelled.set()

        table = [
            Job(name="hang", every_hours=1, run=hang, max_s=0.1),
            Job(name="sweep", every_hours=1, run=diary.work, max_s=5),
        ]
        jobs = Jobs(table, diary)
        await jobs.start()
        await diary.ran(1)
        assert jobs.status()[0].outcome == "running"
        async with asyncio.timeout(5):
            await cancelled.wait()
        assert jobs.status()[0].outcome == "failed: took longer than 0.1 s"
        await jobs.stop()

    asyncio.run(scenario())


def test_stopping_cancels_what_runs_and_starts_nothing_more() -> None:
    async def scenario() -> None:
        diary = Diary()
        ended: list[bool] = []

        async def hang() -> None:
            diary.changed.set()
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(True)

        jobs = Jobs([Job(name="hang", every_hours=1, run=hang, max_s=60)], diary)
        await jobs.start()
        await diary.changed.wait()
        await jobs.stop()
        assert ended == [True]
        assert diary.kept == {}

    asyncio.run(scenario())


def test_a_job_needs_one_of_interval_and_cron() -> None:
    with pytest.raises(ValueError, match="one of every_hours and cron"):
        Job(name="never", run=Diary().work, max_s=1)
