"""A real daemon in a folder of its own, and a real project to follow."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from recall import Client, RecallError
from recall.paths import Paths, find_paths

MODELS = '''"""Models."""


class Memory:
    """A memory."""

    lazy = "raise"

    def load(self, key: str) -> str:
        """Load one."""
        return self.lazy + key


def connect(url: str) -> str:
    return url
'''


class Daemon:
    """One daemon, run by its own `RECALLD_HOME`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environ = {**os.environ, "RECALLD_HOME": str(home)}
        self.paths: Paths = find_paths(self.environ)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: object) -> None:
        environ = self.environ | {f"RECALLD_{name.upper()}": str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "recalld"], env=environ, stderr=subprocess.PIPE, start_new_session=True
        )
        wait_until(self.answers, 20, "the daemon to answer")

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.process.stderr and self.process.stderr.read().decode()
        try:
            with Client(self.home, start=False, timeout_s=1) as client:
                return client.hello().pid == self.process.pid
        except RecallError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> float:
        """Ask the daemon to stop; seconds it took."""
        assert self.process is not None
        started = time.monotonic()
        self.process.terminate()
        self.process.wait(10)
        return time.monotonic() - started

    def recall(self, *words: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "recall", *words]
        run = subprocess.run(command, cwd=cwd, env=self.environ, capture_output=True, text=True, check=False)
        assert not check or run.returncode == 0, f"{words}: {run.stdout}{run.stderr}"
        return run


def wait_until(true: Callable[[], bool], timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    home = Path(tempfile.mkdtemp(prefix="recalld-test-"))
    monkeypatch.setenv("RECALLD_HOME", str(home))
    made = Daemon(home)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()
    for process in psutil.process_iter(["environ"]):
        with contextlib.suppress(psutil.Error):
            if (process.info["environ"] or {}).get("RECALLD_HOME") == str(home) and process.pid != os.getpid():
                process.kill()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    models = root / "api" / "models"
    models.mkdir(parents=True)
    (models / "memory.py").write_text(MODELS)
    (root / "api" / "views.py").write_text("def show(request):\n    return request\n")
    (root / "README.md").write_text("# Project\n\n## Use\n")
    git(root, "init", "-q")
    commit(root)
    return root


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    run = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def commit(folder: Path, message: str = "change") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
