"""A backup taken from a running daemon, and put back: stopped, replaced and started in order."""

from __future__ import annotations

import json
from pathlib import Path

from recall import Client
from tests.e2e.running import Daemon, wait_until

FILE = "api/models/memory.py"


def test_a_backup_brings_everything_back_and_keeps_what_was_there(
    daemon: Daemon, project: Path, tmp_path: Path
) -> None:
    daemon.start()
    with Client(project) as client:
        stored = client.store(title="Sessions live in Redis", symbols=[f"{FILE}::Memory.load"])
        client.sync()
    daemon.recall("backup", str(tmp_path / "all.db"), cwd=project)
    with Client(project) as client:
        client.store(title="A later one", symbols=[f"{FILE}::connect"])
        client.forget([stored.id], purge=True)
    said = json.loads(daemon.recall("backup", "--restore", str(tmp_path / "all.db"), "--json", cwd=project).stdout)
    assert (said["memories"], said["daemon"]) == (1, "running again")
    assert Path(said["aside"]).is_file()
    with Client(project, start=False) as client:
        client.sync()
        (brief,) = client.list().memories
        assert (brief.id, brief.verdict) == (stored.id, "current")
        wait_until(lambda: client.status().vectors == "ready", 30, "vectors")
        assert client.search("where is the login state kept").results[0].id == stored.id
        assert client.search("redis").results[0].id == stored.id
        client.shutdown()


def test_a_backup_goes_to_a_place_where_there_is_nothing_yet(daemon: Daemon, project: Path, tmp_path: Path) -> None:
    daemon.start()
    with Client(project) as client:
        stored = client.store(title="Sessions live in Redis").id
        client.backup(tmp_path / "all.db")
    daemon.stop()
    for file in daemon.paths.data.glob("memory.db*"):
        file.unlink()
    said = daemon.recall("backup", "--restore", str(tmp_path / "all.db"), cwd=project).stdout
    assert "not running: `recall up` starts it" in said
    daemon.start()
    with Client(project) as client:
        assert client.get(stored).title == "Sessions live in Redis"
