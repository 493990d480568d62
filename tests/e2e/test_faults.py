"""Kills, damage, full disks, wrong settings: what was acknowledged stays, and what is wrong is said."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import zmq

from recall import Client, RecallError
from recall.protocol.events import MemoryChanged
from tests.e2e.running import Daemon, wait_until

FILE = "api/models/memory.py"


def fails_to_start(environ: dict[str, str]) -> str:
    """What a daemon says that cannot start: one line."""
    run = subprocess.run(
        [sys.executable, "-m", "recalld"], env=environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert run.returncode == 1, run.stderr
    assert run.stderr.startswith("recalld: ")
    assert run.stderr.count("\n") == 1, run.stderr
    return run.stderr


def children(daemon: Daemon) -> list[psutil.Process]:
    assert daemon.process is not None
    return psutil.Process(daemon.process.pid).children(recursive=True)


# --- durability ----------------------------------------------------------------------------------


def test_it_stops_within_two_seconds_under_load_and_loses_nothing(
    daemon: Daemon, project: Path, tmp_path: Path
) -> None:
    big = tmp_path / "big"
    big.mkdir()
    for n in range(3_000):
        (big / f"m{n}.py").write_text("".join(f"def f{n}_{m}(a, b):\n    return a + b\n\n" for m in range(20)))
    daemon.start()
    acknowledged: list[str] = []

    def store(worker: int) -> None:
        with Client(project, start=False, timeout_s=5) as client, contextlib.suppress(RecallError):
            for n in range(10_000):
                stored = client.store(title=f"{worker} {n}")
                acknowledged.append(stored.id)

    with Client(project) as client, Client(big) as scanning:
        client.list()
        scanning.list()
        workers = [threading.Thread(target=store, args=(worker,)) for worker in range(4)]
        for worker in workers:
            worker.start()
        wait_until(lambda: len(acknowledged) > 50, 20, "the load")
        assert next(one for one in client.status().workspaces if one.path == str(big)).scanning
        family = children(daemon)
        assert daemon.stop() < 2
    for worker in workers:
        worker.join(60)
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    daemon.start()
    with Client(project) as client:
        assert all(client.get(each).id == each for each in acknowledged)


# --- what dies beside it -------------------------------------------------------------------------


def test_it_survives_the_death_of_every_process_of_its_own(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        client.store(title="Sessions live in Redis", source_files=[FILE])
        client.sync()
        wait_until(lambda: client.status().vectors == "ready", 30, "vectors")
        for round_ in range(2):
            for process in children(daemon):
                process.send_signal(signal.SIGKILL)
            (project / FILE).write_text(f"def after_{round_}(): pass\n")
            assert client.search("sessions redis").results
            client.sync()
            assert [symbol.name for symbol in client.outline(FILE).symbols] == [f"after_{round_}"]
        wait_until(lambda: client.status().vectors == "ready", 30, "vectors to be back")
        found = client.search("where is the login state kept")
        assert (len(found.results), found.warnings) == (1, [])
        assert client.status().quarantined == []


# --- damage --------------------------------------------------------------------------------------


def test_damaged_derived_data_is_made_anew(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        stored = client.store(title="Sessions live in Redis", symbols=[f"{FILE}::load"])
        client.sync()
        wait_until(lambda: client.status().vectors == "ready", 30, "vectors")
    daemon.stop()
    for file in [daemon.paths.data / "code.db", *(daemon.paths.data / "vectors").rglob("*")]:
        if file.is_file():
            file.write_bytes(b"rubbish" * 2_000)
    daemon.start()
    with Client(project) as client:
        client.sync()
        assert client.get(stored.id).verdict == "current"
        wait_until(lambda: client.status().vectors == "ready", 60, "vectors to be made anew")
        assert client.search("where is the login state kept").results[0].id == stored.id


def test_a_damaged_store_stops_the_start_with_one_line(daemon: Daemon, project: Path) -> None:
    daemon.start()
    with Client(project) as client:
        client.store(title="x")
    daemon.stop()
    (daemon.paths.data / "memory.db").write_bytes(b"rubbish" * 2_000)
    assert "memory.db is damaged" in fails_to_start(daemon.environ)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
def test_a_disk_that_is_full_refuses_clearly_and_loses_nothing(daemon: Daemon, project: Path) -> None:
    daemon.start(parse_workers=1)
    assert daemon.process is not None
    with Client(project) as client:
        first = client.store(title="before").id
        wait_until(lambda: client.status().vectors == "ready", 30, "vectors")
        _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (300_000, hard))
        acknowledged = [first]

        def fill_up() -> None:
            while True:
                stored = client.store(title=f"number {len(acknowledged)}", narrative=os.urandom(10_000).hex())
                acknowledged.append(stored.id)

        with pytest.raises(RecallError) as refusal:
            fill_up()
        assert "memory.db" in refusal.value.message
        assert "disk" in refusal.value.message
        assert client.get(first).title == "before"
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        acknowledged.append(client.store(title="room again").id)
        assert client.list(limit=500).total == len(acknowledged)


# --- settings and places -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RECALLD_PARSE_WORKERS", "many", "parse_workers"),
        ("RECALLD_PARSE_WORKERS", "99", "parse_workers"),
        ("RECALLD_LOG_LEVEL", "loud", "log_level"),
        ("RECALLD_SETTLE_DELAY_MS", "-1", "settle_delay_ms"),
        ("RECALLD_WATCH_OPENS", "perhaps", "watch_opens"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path: Path, name: str, value: str, said: str) -> None:
    assert said in fails_to_start({**os.environ, "RECALLD_HOME": str(tmp_path), name: value})


@pytest.mark.parametrize(("text", "said"), [("parse_wrokers = 2\n", "parse_wrokers"), ("= =", "config.toml")])
def test_a_wrong_file_of_settings_stops_the_start_with_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    assert said in fails_to_start({**os.environ, "RECALLD_HOME": str(tmp_path)})


def test_a_place_that_cannot_be_used_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", Path("/proc/nowhere")):
        assert str(home) in fails_to_start({**os.environ, "RECALLD_HOME": str(home)})
    (tmp_path / "data").mkdir()
    (tmp_path / "data/memory.db").mkdir()
    assert "memory.db" in fails_to_start({**os.environ, "RECALLD_HOME": str(tmp_path)})


def test_a_home_with_a_very_long_path_works_and_two_homes_are_two_daemons(
    daemon: Daemon, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.start()
    with Client(project) as client:
        client.store(title="in the first")
    deep = daemon.home / ("long" * 20) / ("longer" * 20)
    monkeypatch.setenv("RECALLD_HOME", str(deep))
    second = Daemon(deep)
    second.start()
    try:
        assert not second.paths.runtime.is_relative_to(deep)
        with Client(project) as client:
            assert client.list().total == 0
            client.store(title="in the second")
            with client.events(timeout_s=5) as stream:
                client.store(title="heard")
                assert isinstance(next(stream), MemoryChanged)
        second.stop()
        monkeypatch.setenv("RECALLD_HOME", str(daemon.home))
        assert daemon.answers()
    finally:
        shutil.rmtree(second.paths.runtime, ignore_errors=True)


def test_the_log_is_json_and_rotated(daemon: Daemon, project: Path) -> None:
    daemon.start(log_max_bytes=500, log_backups=1, log_level="debug")
    with Client(project) as client:
        client.sync()
    daemon.stop()
    logs = sorted(daemon.paths.logs.iterdir())
    assert [file.name for file in logs] == ["daemon.log", "daemon.log.1"]
    for file in logs:
        assert file.stat().st_size < 2_000
        for line in file.read_text().splitlines():
            assert {"event", "level", "timestamp"} <= json.loads(line).keys()


# --- limits --------------------------------------------------------------------------------------


def test_more_requests_than_can_be_under_way_are_refused_as_busy(daemon: Daemon, project: Path) -> None:
    daemon.start(max_pending_requests=10)
    with Client(project) as client:
        client.sync()
        dealer: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        dealer.connect(daemon.paths.requests_address)
        for n in range(200):
            params = {"title": f"number {n}"}
            dealer.send(json.dumps({"id": n, "method": "store", "params": params, "tree": str(project)}).encode())
        replies: list[dict[str, Any]] = []
        while dealer.poll(2_000 if len(replies) < 200 else 50):
            replies.append(json.loads(dealer.recv()))
        dealer.close(0)
        assert sorted(reply["id"] for reply in replies) == list(range(200))
        refused = [reply["error"] for reply in replies if reply.get("error")]
        assert {error["code"] for error in refused} == {"busy"}
        assert {error["details"]["limit"] for error in refused} == {10}
        assert all("max_pending_requests" in error["message"] for error in refused)
        assert client.list(limit=1).total == 200 - len(refused) > 0


def test_clients_that_vanish_leave_nothing_behind(daemon: Daemon, project: Path) -> None:
    daemon.start()
    assert daemon.process is not None
    process = psutil.Process(daemon.process.pid)
    with Client(project) as client:
        client.sync()
        wait_until(lambda: client.status().vectors == "ready", 30, "vectors")
        before = process.num_fds()
        for n in range(100):
            dealer: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
            dealer.connect(daemon.paths.requests_address)
            dealer.send(json.dumps({"id": n, "method": "status", "params": {}, "tree": str(project)}).encode())
            ear: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
            ear.connect(daemon.paths.events_address)
            ear.subscribe("")
            if n % 2:
                dealer.poll(1_000)
            dealer.close(0)
            ear.close(0)
        assert client.list().total == 0
        wait_until(lambda: process.num_fds() <= before + 4, 10, "the descriptors to be given back")


def test_trees_that_come_and_go_give_everything_back(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    assert daemon.process is not None
    process = psutil.Process(daemon.process.pid)
    counts = []
    for n in range(12):
        root = tmp_path / f"p{n}"
        root.mkdir()
        (root / "a.py").write_text("def a(): pass\n")
        with Client(root) as client:
            client.sync()
            client.close_tree()
        counts.append((process.num_fds(), process.num_threads()))
    assert counts[-1] <= (counts[3][0] + 4, counts[3][1] + 2)


@pytest.mark.long
def test_an_idle_daemon_uses_no_processor_worth_measuring(daemon: Daemon, project: Path) -> None:
    daemon.start(parse_idle_s=1)
    assert daemon.process is not None
    with Client(project) as client:
        client.sync()
        wait_until(lambda: client.status().vectors == "ready", 30, "vectors")
        wait_until(lambda: len(children(daemon)) <= 1, 20, "the parser to be let go")
    family = [psutil.Process(daemon.process.pid), *children(daemon)]

    def used() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in family)

    before = used()
    time.sleep(30)  # what is measured is that nothing happens
    assert (used() - before) / 30 < 0.001
