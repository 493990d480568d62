"""What can happen to the disk and the daemon's folder: each is said, found by `recall doctor`, and has a way back."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from recall import Client, RecallError
from tests.e2e.running import Daemon, wait_until

FILE = "api/models/memory.py"
linux_root = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0 or shutil.which("mount") is None, reason="mounts a disk of its own"
)


def doctor(daemon: Daemon, project: Path, *words: str) -> dict[str, dict[str, Any]]:
    """What `recall doctor` says of each thing, by name."""
    run = daemon.recall("doctor", "--json", *words, cwd=project, check=False)
    return {check["name"]: check for check in json.loads(run.stdout)["checks"]}


@contextmanager
def a_small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A disk of its own in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(folder)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("no disk may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def remounted(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def damage_a_page(file: Path, table: str) -> None:
    """Overwrite one page of a table in the middle of it."""
    with closing(sqlite3.connect(file)) as connection:
        try:
            pages = connection.execute("SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno", (table,)).fetchall()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no dbstat")
    with file.open("r+b") as opened:
        opened.seek((pages[len(pages) // 2][0] - 1) * 4096)
        opened.write(b"\xa5" * 4096)


# --- a damaged page ------------------------------------------------------------------------------


def test_a_damaged_page_is_found_and_mended_out_of_what_is_whole_and_the_last_backup(
    daemon: Daemon, project: Path
) -> None:
    daemon.start()
    with Client(project) as client:
        ids = client.store_many([{"title": f"number {n}", "narrative": "word " * 300} for n in range(200)])
        assert client.run_job("backup").outcome == "done"
        late = client.store(title="since the backup").id
    daemon.stop()
    damage_a_page(daemon.paths.data / "memory.db", "memories")
    daemon.start()  # what is whole can be used
    found = doctor(daemon, project)
    assert not found["store"]["ok"]
    assert "doctor --mend" in found["store"]["fix"]
    with Client(project) as client, pytest.raises(RecallError) as refusal:
        [client.get(each) for each in ids]
    assert refusal.value.code == "damaged"
    assert "`recall backup --restore FILE`" in refusal.value.message
    assert doctor(daemon, project, "--mend")["store"]["ok"]
    with Client(project) as client:
        assert {client.get(each).title for each in ids} == {f"number {n}" for n in range(200)}
        assert client.get(late).title == "since the backup"
        client.shutdown()
    (aside,) = daemon.paths.data.glob("memory.db.replaced-*")
    assert aside.stat().st_size > 0


def test_a_store_that_stops_the_start_is_mended_too(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        stored = client.store(title="Sessions live in Redis").id
        client.run_job("backup")
    daemon.stop()
    with closing(sqlite3.connect(daemon.paths.data / "memory.db")) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'workspaces'").fetchone()
    with (daemon.paths.data / "memory.db").open("r+b") as opened:
        opened.seek((root - 1) * 4096)
        opened.write(b"\xa5" * 4096)
    refused = daemon.recall("list", cwd=project, check=False)
    assert refused.returncode == 3
    assert "doctor --mend" in refused.stderr
    daemon.recall("doctor", "--mend", cwd=project, check=False)
    daemon.start()
    with Client(project) as client:
        assert client.get(stored).title == "Sessions live in Redis"


def test_there_is_nothing_to_mend_where_all_is_well(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        client.store(title="x")
        pid = client.hello().pid
        run = daemon.recall("doctor", "--mend", cwd=project, check=False)
        assert "there is nothing to mend" in run.stderr
        assert client.hello().pid == pid


# --- the folder ----------------------------------------------------------------------------------


def test_a_data_folder_that_is_deleted_under_the_daemon_comes_back(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        before = client.store(title="before").id
        shutil.rmtree(daemon.paths.data)
        after = client.store(title="after").id
        assert client.get(before).title == "before"
        assert "deleted while it was in use" in daemon.paths.log.read_text()
        wait_until(daemon.paths.lock.exists, 10, "the lock to be taken anew")
    daemon.kill()
    daemon.start()
    with Client(project) as client:
        assert [client.get(each).title for each in (before, after)] == ["before", "after"]


def test_a_data_folder_that_is_deleted_comes_back_also_when_nothing_is_stored_any_more(
    daemon: Daemon, project: Path
) -> None:
    daemon.start()
    with Client(project) as client:
        stored = client.store(title="before").id
    shutil.rmtree(daemon.paths.data)
    daemon.stop()
    daemon.start()
    with Client(project) as client:
        assert client.get(stored).title == "before"


def test_a_store_that_is_replaced_under_the_daemon_is_not_written_to(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        stored = client.store(title="in the copy").id
        client.backup(daemon.home / "copy.db")
        client.store(title="later")
        (daemon.home / "copy.db").replace(daemon.paths.data / "memory.db")
        with pytest.raises(RecallError) as refusal:
            client.store(title="nowhere")
        assert refusal.value.code == "damaged"
        assert "`recall down`, then `recall up`" in refusal.value.message
    daemon.stop()
    daemon.start()
    with Client(project) as client:
        assert [brief.id for brief in client.list().memories] == [stored]


# --- the disk ------------------------------------------------------------------------------------


@linux_root
def test_a_disk_that_is_full_refuses_what_is_new_and_goes_on_once_there_is_room(daemon: Daemon, project: Path) -> None:
    with a_small_disk(daemon.paths.data, 8):
        daemon.start(backup_keep=0)
        with Client(project) as client:
            first = client.store(title="before").id
            filler = daemon.paths.data / "filler"
            filler.write_bytes(b"x" * (shutil.disk_usage(daemon.paths.data).free - 300_000))
            acknowledged = [first]

            def fill_up() -> None:
                while True:
                    stored = client.store(title=f"{len(acknowledged)}", narrative=os.urandom(10_000).hex())
                    acknowledged.append(stored.id)

            with pytest.raises(RecallError) as refusal:
                fill_up()
            assert refusal.value.code == "disk"
            assert "check the disk" in refusal.value.message
            assert client.get(first).title == "before"
            assert not doctor(daemon, project)["disk"]["ok"]
            filler.unlink()
            acknowledged.append(client.store(title="room again").id)
            assert client.list(limit=500).total == len(acknowledged)
        daemon.kill()
        daemon.start(backup_keep=0)
        with Client(project) as client:
            assert client.list(limit=500).total == len(acknowledged)
        daemon.stop()


@linux_root
def test_a_disk_that_turns_read_only_refuses_what_is_new_and_goes_on_later(daemon: Daemon, project: Path) -> None:
    with a_small_disk(daemon.paths.data, 64):
        daemon.start()
        with Client(project) as client:
            stored = client.store(title="before").id
            client.sync()
        daemon.stop()
        remounted(daemon.paths.data, "ro")
        run = subprocess.run(
            [sys.executable, "-m", "recalld"], env=daemon.environ, capture_output=True, text=True, check=False
        )
        assert run.returncode == 1
        assert "Read-only file system" in run.stderr
        assert run.stderr.count("\n") == 1
        assert "cannot be written" in doctor(daemon, project)["disk"]["message"]
        remounted(daemon.paths.data, "rw")
        daemon.start()
        with Client(project) as client:
            assert client.get(stored).title == "before"
        daemon.stop()


# --- descriptors ---------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
def test_with_no_descriptor_left_nothing_is_lost_and_the_next_client_finds_a_daemon(
    daemon: Daemon, project: Path
) -> None:
    daemon.start()
    assert daemon.process is not None
    pid = daemon.process.pid
    with Client(project) as client:
        first = client.store(title="before").id
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        assert soft == min(hard, 65_536)  # it takes all that the system gives
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (psutil.Process(pid).num_fds() + 5, hard))
        assert any("file descriptors are in use" in warning for warning in client.status().warnings)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))  # what it has it keeps, and gets no more
        second = client.store(title="in the meantime").id
        # ZeroMQ ends the process when it cannot take a connection; the client starts another.
        with Client(project) as stranger:
            assert stranger.get(second).title == "in the meantime"
            assert stranger.get(first).title == "before"
            stranger.store(title="afterwards")
            assert stranger.list().total == 3
            stranger.shutdown()
