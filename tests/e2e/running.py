"""A real daemon in a folder of its own, and what tests do around it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

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


def runs(pid: int) -> bool:
    """Whether a process is there and no mere entry that nobody has reaped yet."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(true: Callable[[], bool], timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false"]
    run = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def commit(folder: Path, message: str = "change") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
