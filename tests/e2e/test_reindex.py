"""Vectors are rebuilt while search stays up, whatever is killed meanwhile."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from recall import Client
from tests.e2e.running import Daemon, wait_until

MEMORIES = 400
QUESTION = "where is it stored that somebody has logged in"
ANSWER = "Login sessions of users are stored in Redis"
SUBJECTS = ["retry limits", "date parsing", "colour themes", "database migrations", "websocket reconnects"]


@pytest.fixture
def client(daemon: Daemon, project: Path) -> Iterator[Client]:
    """Of a daemon that has everything indexed."""
    daemon.start()
    with Client(project) as client:
        notes = [{"title": f"Note {n} about {SUBJECTS[n % 5]}", "narrative": "w " * 60} for n in range(MEMORIES - 1)]
        client.store_many([*notes, {"title": ANSWER}])
        wait_until(lambda: client.status().vectors == "ready", 60, "vectors")
        yield client


def finds_by_meaning(client: Client) -> bool:
    found = client.search(QUESTION)
    return found.warnings == [] and found.results[0].title == ANSWER and "meaning" in " ".join(found.results[0].why)


def test_search_by_meaning_stays_up_and_a_kill_in_the_middle_costs_nothing(
    daemon: Daemon, project: Path, client: Client
) -> None:
    assert finds_by_meaning(client)
    client.reindex()
    assert client.status().rebuilding == MEMORIES
    wait_until(lambda: client.status().rebuilding < MEMORIES - 50, 30, "the rebuild to begin")
    assert finds_by_meaning(client)
    before = client.status()
    assert before.vectors == f"rebuilding ({before.rebuilding} left)"

    assert daemon.process is not None
    for process in psutil.Process(daemon.process.pid).children():
        if "recalld.vectors.worker" in process.cmdline():
            process.kill()
    wait_until(lambda: client.status().vectors.startswith("down"), 10, "the kill to be noticed")
    wait_until(lambda: client.status().vectors.startswith("rebuilding"), 30, "vectors to be back")
    between = client.status().rebuilding
    assert 0 < between <= before.rebuilding
    assert finds_by_meaning(client)

    daemon.kill()
    daemon.start()
    client.reindex()  # as somebody would who does not know that it goes on by itself
    wait_until(lambda: client.status().vectors.startswith("rebuilding"), 30, "vectors to be back")
    assert 0 < client.status().rebuilding <= between
    assert finds_by_meaning(client)
    late = client.store(title="The cat sleeps on the keyboard").id
    client.sync()
    assert client.status().rebuilding > 0
    assert client.search("a sleepy pet").results[0].id == late

    wait_until(lambda: client.status().vectors == "ready", 60, "the rebuild to end")
    assert client.status().rebuilding == 0
    assert finds_by_meaning(client)


def test_the_command_draws_how_far_it_is_and_interrupting_it_leaves_the_daemon_at_work(
    daemon: Daemon, project: Path, client: Client
) -> None:
    with seen_on_a_terminal(daemon, project) as (command, seen):
        wait_until(lambda: re.search(rf"embedding anew .*[1-9]\d*/{MEMORIES}", seen()) is not None, 30, "the bar")
        command.send_signal(signal.SIGINT)
        assert command.wait(10) == 130
        wait_until(lambda: "the daemon goes on with it" in seen(), 5, "the last word")
    assert client.status().rebuilding > 0
    run = daemon.recall("reindex", cwd=project)
    assert re.search(r"embedding anew: \d+ of \d+ memories", run.stderr)
    assert run.stdout.startswith("rebuilt ")
    assert client.status().rebuilding == 0


class seen_on_a_terminal:  # noqa: N801  # reads as what it does
    """Runs `recall reindex` with its errors on a terminal."""

    def __init__(self, daemon: Daemon, project: Path) -> None:
        self._daemon, self._project = daemon, project
        self._seen = b""

    def __enter__(self) -> tuple[subprocess.Popen[bytes], seen_on_a_terminal]:
        self._master, slave = pty.openpty()
        self._command = subprocess.Popen(
            [sys.executable, "-c", HEEDING],
            cwd=self._project,
            env=self._daemon.environ | {"TERM": "xterm", "COLUMNS": "100"},
            stdout=subprocess.DEVNULL,
            stderr=slave,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self._command, self

    def __call__(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self._seen.decode(errors="replace"))

    def __exit__(self, *_: object) -> None:
        if self._command.poll() is None:
            self._command.kill()
            self._command.wait()
        self._reader.join()
        os.close(self._master)

    def _read(self) -> None:
        try:
            while more := os.read(self._master, 4096):
                self._seen += more
        except OSError:  # the far end is closed
            return


# What a shell runs in the background ignores interrupts, and so would all that it starts.
HEEDING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from recall.cli.main import main
sys.exit(main(["reindex"]))
"""
