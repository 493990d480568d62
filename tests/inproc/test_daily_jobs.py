"""The daemon's own work, by the clock and asked for."""

from __future__ import annotations

import pytest

from recall import Client, RecallError
from recall.protocol.values import JobStatus
from tests.inproc.conftest import House

SETTINGS = {"forget_days": 20}
FILE = "api/models/memory.py"


def job(client: Client, name: str) -> JobStatus:
    return next(each for each in client.status().jobs if each.name == name)


def test_the_status_says_of_each_job_what_it_does_when_and_how_it_went(house: House, client: Client) -> None:
    house.restart()
    for each in client.status().jobs:
        assert (each.outcome, each.failures) == ("done", 0)
        assert each.what
        assert each.when.startswith("every ")
        assert each.max_s
        assert each.last_run
        assert each.next_run
        assert each.next_run > each.last_run


def test_a_job_that_is_asked_for_runs_now_and_says_what_it_did(house: House, client: Client) -> None:
    client.store(title="Fixtures use UTC", importance_score=0.8)
    house.pass_days(1)
    client.list()
    ran = client.run_job("decay")
    assert (ran.name, ran.outcome) == ("decay", "done")
    assert ran.result.endswith(" changed")
    (brief,) = client.list().memories
    assert brief.present_importance is not None
    assert brief.present_importance < 0.8
    assert client.run_job("decay").result == "0 changed"
    assert job(client, "decay").last_run == ran.last_run == f"{house.now:%Y-%m-%dT%H:%M:%SZ}"
    with pytest.raises(RecallError) as refusal:
        client.run_job("dust")
    assert (refusal.value.code, refusal.value.field) == ("invalid_params", "name")
    assert "decay, audit, close-sessions, purge-forgotten" in refusal.value.message


def test_runs_that_were_missed_while_the_daemon_was_off_are_made_up(house: House, client: Client) -> None:
    forgotten = client.store(title="Forgotten long ago", source_files=[FILE])
    client.forget([forgotten.id])
    client.run_job("purge-forgotten")
    assert client.get(forgotten.id).forgotten_at
    house.pass_days(100)
    house.restart()
    assert job(client, "purge-forgotten").last_run == f"{house.now:%Y-%m-%dT%H:%M:%SZ}"
    with pytest.raises(RecallError, match="there is no memory"):
        client.get(forgotten.id)


def test_what_has_expired_is_erased_with_what_was_said_of_its_code(house: House, client: Client) -> None:
    secret = "zyxwvuexpired"
    old = client.store(title="Old", narrative=f"It was {secret}.", source_files=[FILE], concepts=[secret])
    (tied,) = house.app._trees.resolve(client.tree_id).verdicts
    kept = [client.store(title=f"Kept {number}") for number in range(3)]
    client.forget([old.id])
    house.pass_days(19)
    client.forget([kept[0].id])
    client.run_job("purge-forgotten")
    assert client.restore(old.id).forgotten_at is None
    client.forget([old.id])
    house.pass_days(21)
    assert client.run_job("purge-forgotten").result.endswith(" erased")
    for gone in (old, kept[0]):
        with pytest.raises(RecallError, match="there is no memory"):
            client.get(gone.id)
    assert {brief.title for brief in client.list().memories} == {"Kept 1", "Kept 2"}
    assert tied not in house.app._trees.resolve(client.tree_id).verdicts
    client.sync()
    found = [file for file in house.paths.data.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
    assert found == []


def test_days_of_work_are_counted_on_after_the_clock_was_set_back(house: House, client: Client) -> None:
    client.list()
    house.pass_days(-365)
    stored = client.store(title="Fixtures use UTC", importance_score=0.8)
    for _ in range(60):
        house.pass_days(1)
        client.list(limit=1)
    assert client.get(stored.id).importance_reason.startswith("0.40 of 0.80: 60 days of work")
