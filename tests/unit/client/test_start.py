"""Starting a real daemon, and living through its restarts."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from recall import Client, RecallError
from recall.cli.daemon import stop
from recall.protocol.events import ContextPushed


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="recall-start-"))
    monkeypatch.setenv("RECALLD_HOME", str(folder))
    yield folder
    with Client(folder, start=False) as client:
        stop(client)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("def f():\n    return 1\n")
    return tmp_path


def pid_of(path: Path) -> int:
    with Client(path) as client:
        return client.hello().pid


@pytest.mark.usefixtures("home")
def test_the_first_request_starts_a_daemon_that_outlives_its_client(project: Path) -> None:
    code = "import recall, sys; print(recall.Client(sys.argv[1]).hello().pid)"
    run = subprocess.run([sys.executable, "-c", code, str(project)], capture_output=True, text=True, check=True)
    with Client(project, start=False) as client:
        assert client.hello().pid == int(run.stdout)


@pytest.mark.usefixtures("home")
def test_clients_that_start_at_once_end_with_one_daemon(project: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(pid_of, [project] * 4))) == 1


def test_a_daemon_that_cannot_start_says_why_at_once(home: Path, project: Path) -> None:
    (home / "config.toml").write_text("no_such_setting = 1\n")
    with Client(project) as client, pytest.raises(RecallError) as caught:
        client.hello()
    assert caught.value.code == "unreachable"
    assert "no_such_setting" in caught.value.message


def test_a_relative_home_means_the_same_to_client_and_daemon(
    home: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.parent)
    monkeypatch.setenv("RECALLD_HOME", home.name)
    with Client(project) as client:
        assert client.status().home == str(home)


@pytest.mark.usefixtures("home")
def test_a_listener_lives_through_a_crash_and_is_brought_up_to_date(project: Path) -> None:
    missed: list[str | None] = []
    with Client(project) as client:
        client.store(title="F", narrative="f returns 1", symbols=["a.py::f"])
        client.sync()
        with client.events(["a.py"], timeout_s=20, on_missed=missed.append) as events:
            crashed = psutil.Process(client.hello().pid)
            crashed.kill()
            crashed.wait(10)
            (project / "a.py").write_text("def f():\n    return 2\n")
            client.sync()  # starts the next daemon, which finds the change
            pushed = next(event for event in events if isinstance(event, ContextPushed))
    assert missed[0] is None
    assert [memory.verdict for memory in pushed.context.memories] == ["changed"]


@pytest.mark.usefixtures("home")
def test_stopping_returns_once_the_process_is_gone(project: Path) -> None:
    with Client(project) as client:
        daemon = psutil.Process(client.hello().pid)
        assert stop(client) == daemon.pid
    assert not daemon.is_running() or daemon.status() == psutil.STATUS_ZOMBIE
    with Client(project, start=False) as client:
        assert stop(client) is None
