"""Forgetting by age and text: what a dry run lists is what the same line forgets, and it can be brought back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recall import Client, RecallError
from recall.cli.main import main
from tests.inproc.conftest import House

# Wildcards of LIKE, quotes of SQL, letters whose case is more than one letter, and few others, so that texts meet.
TEXT = st.text(alphabet="aAbB %_'\"\\*?;-ßSs İi̇Σσς", min_size=1, max_size=6)
SETTINGS_OF_PROPERTY = settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def test_a_dry_run_lists_exactly_what_the_same_request_forgets(house: House, client: Client) -> None:
    texts: dict[str, str] = {}
    stored_at: dict[str, float] = {}
    day = 0.0

    @SETTINGS_OF_PROPERTY
    @given(st.lists(TEXT, min_size=1, max_size=4), TEXT, st.one_of(st.none(), st.sampled_from([0.5, 1.0, 5.0])))
    def run(stored: list[str], needle: str, older_than: float | None) -> None:
        nonlocal day
        # A full stop before and behind, because white space at the ends of a text is not kept.
        fresh = [{"title": "T", "narrative": f".{text}.", "force": True} for text in stored]
        for memory_id in client.store_many(fresh):
            texts[memory_id], stored_at[memory_id] = client.get(memory_id).narrative, day
        house.pass_days(1)
        day += 1
        expected = [
            memory_id
            for memory_id, text in texts.items()
            if needle.casefold() in text.casefold()
            if older_than is None or day - stored_at[memory_id] > older_than
        ]
        told = client.forget(containing=needle, older_than_days=older_than, dry_run=True)
        assert told.ids == expected
        assert client.list(limit=1).total == len(texts)
        done = client.forget(containing=needle, older_than_days=older_than)
        assert (done.ids, done.titles) == (told.ids, told.titles)
        for memory_id in done.ids:
            del texts[memory_id]
        assert client.list(limit=1).total == len(texts)

    run()


def test_the_same_line_forgets_what_it_listed(
    house: House, client: Client, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    old = client.store(title="A Temporary workaround for the pool")
    client.store(title="Tenants are isolated")
    house.pass_days(31)
    fresh = client.store(title="Another temporary thing")
    line = ["forget", "--older-than", "30d", "--containing", "temporary", "--json"]
    assert main([*line, "--dry-run"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ids"], client.list(limit=1).total) == ([old.id], 3)
    assert main(line) == 0
    assert json.loads(capsys.readouterr().out) == told
    assert client.get(old.id).forgotten_at is not None
    assert client.get(fresh.id).forgotten_at is None


def test_personal_memories_are_forgotten_by_id_alone(client: Client) -> None:
    mine = client.store(title="I like tabs, temporarily", personal=True)
    assert client.forget(containing="temporarily", dry_run=True).ids == []
    assert client.forget(containing="temporarily").ids == []
    assert client.forget(mine.id).ids == [mine.id]


def test_what_was_forgotten_in_bulk_comes_back_for_thirty_days_and_not_after(
    house: House, client: Client, project: Path
) -> None:
    first, second = client.store(title="Temporary: one"), client.store(title="Temporary: two")
    assert set(client.forget(containing="temporary").ids) == {first.id, second.id}
    house.pass_days(29)
    house.restart()
    with Client(project) as later:
        assert later.restore(first.id).forgotten_at is None
        assert [brief.id for brief in later.search("temporary one").results] == [first.id]
        house.pass_days(2)
        house.restart()
    with Client(project) as later:
        assert later.get(first.id).title == "Temporary: one"
        with pytest.raises(RecallError) as refusal:
            later.restore(second.id)
        assert refusal.value.code == "unknown_id"
