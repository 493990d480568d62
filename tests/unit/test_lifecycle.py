from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recall import __version__
from recall.paths import Paths, find_paths
from recalld.lifecycle import AlreadyRunning, DaemonLock, make_folders

HOLD = """
import sys
from pathlib import Path
from recalld.lifecycle import DaemonLock
DaemonLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""

LOG = """
import logging, os, sys, warnings
from pathlib import Path
import structlog
from recall.paths import find_paths
from recalld.config import Config
from recalld.lifecycle import configure_logging, make_folders
paths = find_paths()
make_folders(paths)
def configure(to_stderr=None, **settings):
    configure_logging(Config(**settings), paths, to_stderr=to_stderr)
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"RECALLD_HOME": str(tmp_path / "home")})


def holder(file: Path, before: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", before + HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def logged(paths: Paths, program: str) -> tuple[list[dict[str, Any]], str]:
    """The lines that a program logged, and what it wrote to stderr."""
    environ = {**os.environ, "RECALLD_HOME": str(paths.home)}
    done = subprocess.run(
        [sys.executable, "-c", LOG + program], env=environ, check=True, capture_output=True, text=True
    )
    return [json.loads(line) for line in paths.log.read_text("utf-8").splitlines()], done.stderr


def test_a_second_daemon_learns_process_and_version_of_the_first(tmp_path: Path) -> None:
    first = holder(tmp_path / "daemon.lock")
    with pytest.raises(AlreadyRunning) as refused:
        DaemonLock(tmp_path / "daemon.lock").acquire()
    assert (refused.value.pid, refused.value.version) == (first.pid, __version__)
    first.communicate("")


def test_a_killed_daemon_leaves_no_lock_behind(tmp_path: Path) -> None:
    first = holder(tmp_path / "daemon.lock")
    first.kill()
    first.communicate()
    lock = DaemonLock(tmp_path / "daemon.lock")
    lock.acquire()
    assert (tmp_path / "daemon.lock").read_text() == f"{os.getpid()} {__version__}\n"
    lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    first, second = DaemonLock(tmp_path / "daemon.lock"), DaemonLock(tmp_path / "daemon.lock")
    first.acquire()
    with pytest.raises(AlreadyRunning):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_a_program_that_the_daemon_started_does_not_hold_its_lock(tmp_path: Path) -> None:
    lock = DaemonLock(tmp_path / "daemon.lock")
    lock.acquire()
    child = subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    lock.release()
    other = DaemonLock(tmp_path / "daemon.lock")
    other.acquire()
    other.release()
    child.communicate(b"\n")


def test_the_folders_can_be_entered_by_their_owner_only(paths: Paths) -> None:
    paths.logs.mkdir(parents=True)
    paths.logs.chmod(0o777)
    make_folders(paths)
    for folder in (paths.data, paths.runtime, paths.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_folder_between_one_that_all_may_write_to_and_the_sockets_is_private(tmp_path: Path) -> None:
    everybodys = tmp_path / "tmp"
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    runtime = everybodys / "recalld-1000" / "default"
    make_folders(Paths(tmp_path, tmp_path / "data", runtime, tmp_path / "config.toml", tmp_path / "logs"))
    assert stat.S_IMODE(runtime.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(everybodys.stat().st_mode) == 0o1777


def test_every_log_is_one_json_object_a_line(paths: Paths) -> None:
    lines, stderr = logged(
        paths,
        """
configure()
logging.getLogger("recalld.watch").info("read %d files", 3)
logging.getLogger("some.library").debug("too much to say")
structlog.get_logger("recalld.app").warning("slow", seconds=1.5, path="a\\nb")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("recalld").exception("failed")
warnings.warn("old")
""",
    )
    said = [(line["logger"], line["level"], line["event"]) for line in lines[:3]]
    assert said == [
        ("recalld.watch", "info", "read 3 files"),
        ("recalld.app", "warning", "slow"),
        ("recalld", "error", "failed"),
    ]
    assert (lines[1]["seconds"], lines[1]["path"]) == (1.5, "a\nb")
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert lines[3]["logger"] == "py.warnings"
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert stderr == ""


def test_the_level_that_is_set_is_the_least_that_is_logged(paths: Paths) -> None:
    lines, _ = logged(paths, "configure(log_level='error'); logging.warning('no'); logging.error('yes')")
    assert [line["event"] for line in lines] == ["yes"]


def test_the_log_goes_to_stderr_too_where_asked(paths: Paths) -> None:
    lines, stderr = logged(paths, "configure(to_stderr=True); logging.warning('watches are used up')")
    assert len(lines) == 1
    assert "watches are used up" in stderr
    assert "{" not in stderr


def test_the_log_is_rotated_and_bounded(paths: Paths) -> None:
    logged(
        paths, "configure(log_max_bytes=2000, log_backups=2)\nfor number in range(200): logging.info('line %d', number)"
    )
    files = sorted(paths.logs.iterdir())
    assert [file.name for file in files] == ["daemon.log", "daemon.log.1", "daemon.log.2"]
    assert all(file.stat().st_size <= 2000 for file in files)


def test_a_service_takes_the_lock_from_a_daemon_that_makes_room(paths: Paths) -> None:
    make_folders(paths)
    other = holder(paths.lock)
    lock = DaemonLock(paths.lock)
    lock.take_over()
    assert paths.lock.read_text() == f"{os.getpid()} {__version__}\n"
    assert other.wait(10) == -signal.SIGTERM
    lock.release()


def test_a_daemon_that_does_not_make_room_keeps_the_lock(paths: Paths) -> None:
    make_folders(paths)
    other = holder(paths.lock, "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with pytest.raises(AlreadyRunning) as caught:
        DaemonLock(paths.lock).take_over(timeout_s=0.2)
    assert caught.value.pid == other.pid
    other.kill()
    other.wait(10)


def test_a_lock_whose_file_was_deleted_is_taken_anew(tmp_path: Path) -> None:
    file = tmp_path / "daemon.lock"
    lock = DaemonLock(file)
    lock.acquire()
    lock.keep()
    file.unlink()
    lock.keep()
    with pytest.raises(AlreadyRunning) as found:
        DaemonLock(file).acquire()
    assert found.value.pid == os.getpid()
    lock.release()


def test_a_lock_that_another_took_meanwhile_is_not_taken_from_it(tmp_path: Path) -> None:
    file = tmp_path / "daemon.lock"
    lock = DaemonLock(file)
    lock.acquire()
    file.unlink()
    other = holder(file)
    with pytest.raises(AlreadyRunning) as found:
        lock.keep()
    assert found.value.pid == other.pid
    other.communicate("")
    lock.release()
