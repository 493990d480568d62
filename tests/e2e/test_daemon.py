"""The daemon as a process: one at a time, up and down, nothing lost."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from recall import Client
from tests.e2e.running import MODELS, Daemon, git, runs, wait_until


def test_sigterm_stops_it_within_two_seconds_and_leaves_no_socket(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        client.sync()
    assert daemon.stop() < 2
    assert not daemon.paths.requests.exists()
    assert not daemon.paths.events.exists()


def test_recall_down_stops_it_and_leaves_no_process(daemon: Daemon, project: Path) -> None:
    daemon.recall("up", cwd=project)
    pid = json.loads(daemon.recall("status", "--json", cwd=project).stdout)["pid"]
    daemon.recall("down", cwd=project)
    assert not runs(pid)
    assert daemon.recall("--no-start", "search", "x", cwd=project, check=False).returncode == 3


def test_a_second_start_finds_the_first_and_leaves_its_socket_alone(daemon: Daemon, project: Path) -> None:
    daemon.start()
    second = subprocess.run(
        [sys.executable, "-m", "recalld"], env=daemon.environ, capture_output=True, text=True, check=False, timeout=20
    )
    assert second.returncode == 0
    assert "runs already" in second.stderr
    assert daemon.answers()


def test_ten_clients_that_start_it_at_once_get_one_daemon(daemon: Daemon, project: Path) -> None:
    def pid(_: int) -> int:
        with Client(project) as client:
            return client.status().pid

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(pid, range(10)))) == 1


def test_what_was_acknowledged_survives_a_kill(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        ids = [client.store(title=f"decision number {n}", memory_type="decision").id for n in range(20)]
        daemon.kill()
    daemon.start()
    with Client(project) as client:
        assert [client.get(each).id for each in ids] == ids


def test_changes_made_while_it_was_down_are_found_at_the_start(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        client.sync()
        kept = client.store(title="load adds the key", symbols=["api/models/memory.py::Memory.load"])
        gone = client.store(title="show shows", symbols=["api/views.py::show"])
        daemon.stop()
    file = project / "api/models/memory.py"
    file.write_text(MODELS.replace("self.lazy + key", "key + self.lazy"))
    (project / "api/views.py").unlink()
    daemon.start()
    with Client(project) as client:
        client.sync()
        assert client.get(kept.id).verdict == "changed"
        assert client.get(gone.id).verdict == "missing"


def test_derived_data_can_be_deleted_while_it_is_down(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        client.store(title="Sessions live in Redis", narrative="with a TTL of a day", source_files=["api/views.py"])
        client.sync()
        daemon.stop()
    for file in daemon.paths.data.glob("code.db*"):
        file.unlink()
    subprocess.run(["rm", "-rf", str(daemon.paths.data / "vectors")], check=True)
    daemon.start()
    with Client(project) as client:
        client.sync()
        wait_until(lambda: client.status().vectors == "ready", 30, "vectors to be back")
        found = client.search("where is the user's login state kept")
        assert [hit.title for hit in found.results] == ["Sessions live in Redis"]
        assert found.results[0].verdict == "current"


def test_folders_are_private(daemon: Daemon, project: Path) -> None:
    daemon.start()
    for folder in (daemon.paths.data, daemon.paths.runtime):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in (daemon.paths.requests, daemon.paths.events, daemon.paths.data / "memory.db"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


def test_it_answers_before_the_model_is_loaded(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        assert client.hello().pid
        assert client.store(title="early bird").id
        assert client.search("early bird").results[0].title == "early bird"


def test_a_copy_of_the_database_is_a_good_backup(daemon: Daemon, project: Path, tmp_path: Path) -> None:
    daemon.start()
    with Client(project) as client:
        stored = client.store(title="copied", narrative="all of it")
        log = daemon.paths.data / "memory.db-wal"
        wait_until(lambda: not log.exists() or log.stat().st_size == 0, 5, "the log to be truncated")
        copy = tmp_path / "copy.db"
        copy.write_bytes((daemon.paths.data / "memory.db").read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as backup:
        assert backup.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert backup.execute("SELECT id, title FROM memories").fetchall() == [(stored.id, "copied")]


def test_worktrees_share_memories_and_see_their_own_verdicts(daemon: Daemon, project: Path, tmp_path: Path) -> None:
    daemon.start()
    other = tmp_path / "other"
    git(project, "worktree", "add", "-q", "-b", "side", str(other))
    with Client(project) as here, Client(other) as there:
        stored = here.store(title="load adds the key", symbols=["api/models/memory.py::Memory.load"])
        there.sync()
        (other / "api/models/memory.py").write_text(MODELS.replace("self.lazy + key", "key"))
        there.sync()
        assert here.workspace_id == there.workspace_id
        assert here.tree_id != there.tree_id
        assert (here.get(stored.id).verdict, there.get(stored.id).verdict) == ("current", "changed")
