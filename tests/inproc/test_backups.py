"""Backups: asked for and daily, whole, and without what was purged."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from recall import Client, RecallError
from tests.inproc.conftest import House

SETTINGS = {"backup_keep": 3}


def titles(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {title for (title,) in connection.execute("SELECT title FROM memories")}


def daily(house: House) -> list[Path]:
    return sorted((house.paths.data / "backups").iterdir())


def test_a_backup_that_is_asked_for_holds_all_memories(client: Client, tmp_path: Path) -> None:
    client.store(title="Sessions live in Redis")
    client.store(title="I like tabs", personal=True)
    made = client.backup(tmp_path / "all.db")
    assert made.path == str(tmp_path / "all.db")
    assert titles(tmp_path / "all.db") >= {"Sessions live in Redis", "I like tabs"}
    assert made.memories == len(titles(tmp_path / "all.db"))
    assert made.bytes == (tmp_path / "all.db").stat().st_size
    assert client.backup(tmp_path).path.startswith(
        str(tmp_path / "memory-2030")
    )  # a folder: the file is named by the time


def test_a_place_where_no_backup_can_be_is_refused(client: Client, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("do not lose this")
    for path, code in ((tmp_path / "notes.txt", "not_a_backup"), (tmp_path / "nowhere/all.db", "disk")):
        with pytest.raises(RecallError) as refusal:
            client.backup(path)
        assert refusal.value.code == code
        assert str(path) in refusal.value.message
    assert (tmp_path / "notes.txt").read_text() == "do not lose this"


def test_the_daily_backup_keeps_so_many_and_says_where_it_is(house: House, client: Client) -> None:
    for day in range(5):
        client.store(title=f"day {day}")
        house.pass_days(1)
        assert client.run_job("backup").outcome == "done"
    kept = daily(house)
    assert len(kept) == 3
    assert "day 4" in titles(kept[-1])
    assert client.status().last_backup == str(kept[-1])
    assert {stat.S_IMODE(file.stat().st_mode) for file in kept} == {0o600}
    assert stat.S_IMODE(kept[0].parent.stat().st_mode) == 0o700
    house.restart()
    assert client.status().last_backup == str(kept[-1])


def test_a_backup_that_fails_leaves_the_older_ones_and_warns(house: House, client: Client) -> None:
    client.run_job("backup")
    (*_, last) = daily(house)
    folder, aside = last.parent, last.parent.with_name("aside")
    folder.rename(aside)
    folder.write_text("no folder")
    try:
        house.pass_days(1)
        assert "backup_folder" in (client.run_job("backup").outcome or "")
        assert any("the job backup failed" in warning for warning in client.status().warnings)
    finally:
        folder.unlink()
        aside.rename(folder)
    assert last in daily(house)
    assert client.run_job("backup").outcome == "done"


def test_what_is_purged_is_in_no_daily_backup_any_more(house: House, client: Client) -> None:
    stays = client.store(title="this one stays").id
    secret = client.store(title="zqxkey9f3wvjq").id
    house.pass_days(1)
    client.run_job("backup")
    assert any(b"zqxkey9f3wvjq" in file.read_bytes() for file in daily(house))
    assert client.forget([secret], purge=True).warnings == []
    (only,) = daily(house)
    assert b"zqxkey9f3wvjq" not in only.read_bytes()
    assert "this one stays" in titles(only)
    assert client.get(stays).title == "this one stays"
