"""A daemon that was worked with all day holds no more than it did in the morning, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall import Client
from tests.bench import day
from tests.bench.ground import settled
from tests.e2e.running import Daemon


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_after_a_day_of_work_nothing_has_grown_but_what_was_kept(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start(parse_idle_s=day.IDLE_S)
    assert daemon.process is not None
    with Client(day.project(tmp_path / "worked"), timeout_s=120) as client:
        settled(client)
        work = day.Day(client, daemon.process.pid, daemon.paths.data, daemon.paths.log)
        samples = [work.hour() for _ in range(day.HOURS)]
    held = day.grown(samples[day.WARM_UP : day.WARM_UP + 6], samples[-6:])
    assert [name for name, _, (_, late), allowed in held if late > allowed] == []
    daemon.stop()
    assert day.left_of(str(daemon.home)) == []
    assert not daemon.paths.requests.exists()


def test_an_hour_of_work_ends_at_rest(daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FILES", "SAVES", "CALLS", "SESSIONS"):
        monkeypatch.setattr(day, name, max(getattr(day, name) // 10, 1))
    daemon.start(parse_idle_s=day.IDLE_S)
    assert daemon.process is not None
    with Client(day.project(tmp_path / "worked"), timeout_s=60) as client:
        settled(client)
        work = day.Day(client, daemon.process.pid, daemon.paths.data, daemon.paths.log)
        first, second = work.hour(), work.hour()
        assert (first.queued, second.queued) == (0, 0)
        assert second.processes == first.processes
        assert client.list(limit=1).total == 2 * day.KEPT
    daemon.stop()
    assert day.left_of(str(daemon.home)) == []
