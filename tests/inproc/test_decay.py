"""Importance over time: what memories are worth as days of work go by, and what is noted of their use."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall import Client
from tests.inproc.conftest import House

FILE = "api/models/memory.py"


def work(house: House, client: Client, days: int) -> None:
    """Work on so many days, and let importance decay at the end of them."""
    for _ in range(days):
        house.pass_days(1)
        client.list(limit=1)
    house.run(house.app.decay.run())


def worth(client: Client, memory_id: str) -> float:
    (found,) = (brief for brief in client.list(limit=500).memories if brief.id == memory_id)
    assert found.present_importance is not None
    return found.present_importance


def test_what_nobody_asks_for_fades_by_days_of_work_and_what_is_pinned_stays(house: House, client: Client) -> None:
    stored = client.store(title="Fixtures use UTC", importance_score=0.8)
    pinned = client.store(title="Tenants are isolated", importance_score=1.0)
    work(house, client, 60)
    assert worth(client, stored.id) == pytest.approx(0.4, abs=0.01)
    assert worth(client, pinned.id) == 1.0
    shown = client.get(stored.id)
    assert shown.importance_score == 0.8
    assert shown.importance_reason.startswith("0.40 of 0.80: 60 days of work since it was confirmed")


def test_a_project_left_alone_forgets_nothing(house: House, client: Client) -> None:
    stored = client.store(title="Fixtures use UTC", importance_score=0.8)
    house.pass_days(400)
    work(house, client, 1)
    assert worth(client, stored.id) > 0.78


def test_decay_run_twice_changes_nothing(house: House, client: Client) -> None:
    stored = client.store(title="Fixtures use UTC", importance_score=0.8)
    work(house, client, 30)
    before = worth(client, stored.id)
    assert house.run(house.app.decay.run()) == "0 changed"
    assert worth(client, stored.id) == before < 0.8


def test_code_that_is_as_it_was_slows_decay(house: House, client: Client, project: Path) -> None:
    tied = client.store(title="Connections are pooled", source_files=[FILE], importance_score=0.8)
    free = client.store(title="Deploys are on Tuesdays", importance_score=0.8)
    work(house, client, 60)
    assert worth(client, tied.id) == pytest.approx(0.8 * 0.5**0.5, abs=0.01)
    assert worth(client, free.id) == pytest.approx(0.4, abs=0.01)
    (project / FILE).unlink()
    client.sync()
    work(house, client, 0)
    assert worth(client, tied.id) == pytest.approx(0.4, abs=0.01)


def test_what_is_rated_useful_or_edited_begins_anew_and_lasts_longer(house: House, client: Client) -> None:
    rated = client.store(title="Fixtures use UTC", importance_score=0.8)
    edited = client.store(title="Ports are above 9000", importance_score=0.8)
    work(house, client, 60)
    client.rate(rated.id, True)
    client.edit(edited.id, tags=["ports"])
    assert worth(client, rated.id) == pytest.approx(0.88)
    assert worth(client, edited.id) == pytest.approx(0.8)
    work(house, client, 60)
    assert worth(client, rated.id) > 0.5 > worth(client, edited.id)


def test_a_rating_of_not_useful_takes_a_quarter_of_what_is_left(house: House, client: Client) -> None:
    stored = client.store(title="Fixtures use UTC", importance_score=0.8)
    work(house, client, 60)
    client.rate(stored.id, False)
    assert worth(client, stored.id) == pytest.approx(0.3, abs=0.01)
    work(house, client, 0)
    assert worth(client, stored.id) == pytest.approx(0.3, abs=0.01)


def test_a_search_that_returns_a_memory_counts_once_a_day(house: House, client: Client) -> None:
    stored = client.store(title="Fixtures use UTC", importance_score=0.8)
    client.sync()
    for _ in range(2):
        for _ in range(3):
            assert client.search("fixtures UTC").results
        house.run(house.app.decay.write_notes())
        house.pass_days(1)
    assert "recalled on 2 days" in client.get(stored.id).importance_reason


def test_what_was_handed_over_and_not_used_loses_a_little_and_what_is_pinned_nothing(
    house: House, client: Client
) -> None:
    stored = client.store(title="Fixtures use UTC", importance_score=0.8)
    pinned = client.store(title="Tenants are isolated", importance_score=1.0)
    for _ in range(2):
        house.run(house.app.decay.unused([stored.id, pinned.id, "mem-unknown"]))
    assert worth(client, stored.id) == pytest.approx(0.8 * 0.98**2, abs=0.001)
    assert worth(client, pinned.id) == 1.0
    assert "handed over and not used 2 times" in client.get(stored.id).importance_reason
    work(house, client, 0)
    assert worth(client, stored.id) == pytest.approx(0.8 * 0.98**2, abs=0.001)
    client.rate(stored.id, True)
    assert worth(client, stored.id) == pytest.approx(0.88)
    assert client.get(stored.id).version == 2  # nothing but the rating made a version


def test_a_preview_lists_what_will_have_faded_and_is_true(house: House, client: Client) -> None:
    low = client.store(title="Fixtures use UTC", importance_score=0.2)
    lower = client.store(title="Ports are above 9000", importance_score=0.11)
    client.store(title="Deploys are on Tuesdays", importance_score=0.9)
    client.store(title="Tenants are isolated", importance_score=1.0)
    preview = client.decay(90)
    assert ([each.id for each in preview.memories], preview.total) == ([low.id, lower.id], 2)
    assert (preview.threshold, preview.days) == (0.1, 90)
    assert [each.id for each in client.decay(10).memories] == [lower.id]
    assert client.decay().memories == []
    work(house, client, 90)
    faded = client.decay()
    assert [(each.id, each.present_importance) for each in faded.memories] == [
        (each.id, each.then) for each in preview.memories
    ]
    assert all(each.present_importance == each.then for each in faded.memories)


def test_lists_and_searches_rank_by_what_memories_are_worth_now(house: House, client: Client) -> None:
    old = client.store(title="Retries wait for two seconds", importance_score=0.9)
    work(house, client, 120)
    new = client.store(title="Retries wait for jitter too", importance_score=0.5)
    assert [brief.id for brief in client.list().memories] == [new.id, old.id]
    client.sync()
    parts = {brief.id: brief.parts or {} for brief in client.search("retries wait", explain=True).results}
    assert parts[old.id]["importance"] < parts[new.id]["importance"]


def test_personal_memories_decay_by_days_of_work_in_any_project(house: House, client: Client) -> None:
    stored = client.store(title="Prefer small commits", memory_type="preference", personal=True, importance_score=0.8)
    work(house, client, 60)
    assert worth(client, stored.id) == pytest.approx(0.4, abs=0.01)


def test_days_of_work_are_counted_over_a_restart(house: House, client: Client) -> None:
    stored = client.store(title="Fixtures use UTC", importance_score=0.8)
    work(house, client, 30)
    house.restart()
    work(house, client, 30)
    assert worth(client, stored.id) == pytest.approx(0.4, abs=0.01)
