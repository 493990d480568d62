"""`recall service`, and what all other commands do where a login service is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e import service_manager
from tests.e2e.running import Daemon, runs, wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux's")


@pytest.fixture
def manager(daemon: Daemon, tmp_path: Path) -> Iterator[Path]:
    """A folder with all that a stand-in for systemd's manager notes; the daemon's commands find it first."""
    folder = tmp_path / "manager"
    (folder / "bin").mkdir(parents=True)
    script = folder / "bin" / "systemctl"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{service_manager.__file__}" "{folder}" "$@"\n')
    script.chmod(0o755)
    (folder / "bin" / "journalctl").write_text('#!/bin/sh\necho "journal $*"\n')
    (folder / "bin" / "journalctl").chmod(0o755)
    daemon.environ |= {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    yield folder
    service_manager.stop(folder)


def unit_of(daemon: Daemon) -> Path:
    (file,) = (Path(daemon.environ["XDG_CONFIG_HOME"]) / "systemd" / "user").glob("*.service")
    return file


def recall(daemon: Daemon, project: Path, *words: str, check: bool = True) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(daemon.recall("--json", *words, cwd=project, check=check).stdout)
    return document


def test_a_service_is_set_up_runs_and_is_taken_back_without_a_trace(
    daemon: Daemon, manager: Path, project: Path
) -> None:
    assert "no login service" in daemon.recall("service", "status", cwd=project, check=False).stdout
    told = recall(daemon, project, "service", "install")
    pid = service_manager.running(manager)
    assert (told["installed"], told["enabled"], told["state"]) == (True, True, "active (running)")
    assert told["pid"] == told["daemon_pid"] == pid
    assert (told["python"], told["problems"]) == (sys.executable, [])
    assert recall(daemon, project, "service", "status") == told
    assert "--service" in psutil.Process(pid).cmdline()
    assert recall(daemon, project, "service", "uninstall")["uninstalled"] is True
    assert not runs(pid)
    assert list(Path(daemon.environ["XDG_CONFIG_HOME"]).iterdir()) == []
    assert recall(daemon, project, "service", "uninstall")["uninstalled"] is False


def test_a_daemon_started_by_hand_hands_over_to_the_service(daemon: Daemon, manager: Path, project: Path) -> None:
    daemon.start()
    assert daemon.process is not None
    daemon.recall("store", "Kept", "-c", "kept over the change", cwd=project)
    daemon.recall("service", "install", cwd=project)
    assert daemon.process.wait(10) == 0
    assert recall(daemon, project, "status")["pid"] == service_manager.running(manager)
    assert "Kept" in daemon.recall("list", cwd=project).stdout


def test_up_starts_a_daemon_that_was_stopped_by_its_service(daemon: Daemon, manager: Path, project: Path) -> None:
    daemon.recall("service", "install", cwd=project)
    first = service_manager.running(manager)
    assert "its login service starts it again" in daemon.recall("down", cwd=project).stdout
    assert service_manager.running(manager) == 0
    assert daemon.recall("service", "status", cwd=project, check=False).returncode == 1
    daemon.recall("up", cwd=project)
    second = service_manager.running(manager)
    assert second not in (0, first)
    assert recall(daemon, project, "service", "status")["daemon_pid"] == second


def test_installing_again_starts_the_service_anew(daemon: Daemon, manager: Path, project: Path) -> None:
    daemon.recall("service", "install", cwd=project)
    first = service_manager.running(manager)
    daemon.recall("service", "install", cwd=project)
    assert service_manager.running(manager) not in (0, first)


def test_a_service_that_does_not_start_is_taken_back_and_says_why(daemon: Daemon, manager: Path, project: Path) -> None:
    (daemon.home / "config.toml").write_text("no_such_setting = 1\n")
    run = daemon.recall("service", "install", cwd=project, check=False)
    assert run.returncode == 1
    assert "failed" in run.stderr
    assert list(Path(daemon.environ["XDG_CONFIG_HOME"]).iterdir()) == []
    assert service_manager.running(manager) == 0


def test_an_installation_that_was_moved_is_said_and_the_daemon_started_without_the_service(
    daemon: Daemon, manager: Path, project: Path, tmp_path: Path
) -> None:
    daemon.recall("service", "install", cwd=project)
    daemon.recall("down", cwd=project)
    file = unit_of(daemon)
    file.write_text(file.read_text().replace(sys.executable, str(tmp_path / "gone" / "python")))
    (problem, *_) = recall(daemon, project, "service", "status", check=False)["problems"]
    assert "no longer there" in problem
    assert "recall service install" in problem
    daemon.recall("up", cwd=project)
    assert service_manager.running(manager) == 0
    doctor = daemon.recall("doctor", cwd=project, check=False)
    assert doctor.returncode == 1
    assert "no longer there" in doctor.stdout
    daemon.recall("service", "install", cwd=project)
    assert recall(daemon, project, "service", "status")["problems"] == []


def test_settings_of_the_shell_are_said_not_to_hold_for_the_service(
    daemon: Daemon, manager: Path, project: Path
) -> None:
    daemon.environ["RECALLD_LOG_LEVEL"] = "debug"
    run = daemon.recall("service", "install", cwd=project)
    assert "put log_level into" in run.stderr
    assert service_manager.running(manager)


def test_what_the_manager_heard_is_shown_from_its_journal(daemon: Daemon, manager: Path, project: Path) -> None:
    assert daemon.recall("logs", "--service", cwd=project, check=False).returncode == 1
    daemon.recall("service", "install", cwd=project)
    said = daemon.recall("logs", "--service", "-n", "7", cwd=project).stdout
    assert f"--user-unit={unit_of(daemon).name} --lines=7" in said
    assert manager.exists()


def test_an_older_daemon_is_replaced_and_a_newer_one_is_not(daemon: Daemon, project: Path) -> None:
    def run_version(version: str) -> int:
        code = f"import recall; recall.__version__ = {version!r}; from recalld.__main__ import main; main([])"
        daemon.process = subprocess.Popen([sys.executable, "-c", code], env=daemon.environ, start_new_session=True)
        wait_until(daemon.answers, 20, "the daemon to answer")
        return daemon.process.pid

    old = run_version("0.0.9")
    said = daemon.recall("doctor", cwd=project, check=False).stdout
    assert "older than this client" in said
    up = daemon.recall("up", cwd=project)
    assert "version 0.0.9, this is" in up.stderr
    assert not runs(old)
    daemon.recall("down", cwd=project)
    new = run_version("99.0")
    up = daemon.recall("up", cwd=project)
    assert "newer than this client" in up.stderr
    assert "upgrade recalld where" in up.stderr
    assert runs(new)


def test_where_an_older_daemon_comes_back_it_is_said_whose_it_is(daemon: Daemon, manager: Path, project: Path) -> None:
    daemon.recall("service", "install", cwd=project)
    file = unit_of(daemon)
    old = "-c 'import recall; recall.__version__ = \"0.0.9\"; from recalld.__main__ import main; main()'"
    file.write_text(file.read_text().replace("-m recalld", old))
    daemon.recall("down", cwd=project)
    up = daemon.recall("up", "--no-start", cwd=project, check=False)
    assert up.returncode == 3
    up = daemon.recall("up", cwd=project)
    assert f"the login service runs {sys.executable}, which has version 0.0.9" in up.stderr
    assert service_manager.running(manager)
