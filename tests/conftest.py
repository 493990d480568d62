"""No test reaches the daemon of whoever runs it, and none leaves one behind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest


@pytest.fixture(scope="session", autouse=True)
def nobodys_home() -> Iterator[Path]:
    """A home for clients that a test gave none; a daemon that was started there is a fault of that test."""
    home = Path(tempfile.mkdtemp(prefix="recalld-nobody-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECALLD_HOME", str(home))
        yield home
    started = [process for process in psutil.process_iter(["environ"]) if _home_of(process) == str(home)]
    for process in started:
        process.kill()
    shutil.rmtree(home, ignore_errors=True)
    assert started == [], "a test started a daemon without a home of its own"


def _home_of(process: psutil.Process) -> str | None:
    home: str | None = (process.info["environ"] or {}).get("RECALLD_HOME")
    # The test run itself, and what it started besides, may carry the variable too.
    return home if "recalld" in " ".join(_command(process)) else None


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
