"""The demo, as a person runs it: against a real daemon of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

DEMO = [sys.executable, "-m", "recall", "demo"]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "RECALLD_HOME": str(folder / "mine")}


def daemons_below(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["environ"]):
        home = (process.info["environ"] or {}).get("RECALLD_HOME", "")
        if home.startswith(f"{folder}/recall-demo-"):
            found.append(process)
    return found


def assert_nothing_is_left(folder: Path) -> None:
    assert list(folder.glob("recall*")) == []
    assert not (folder / "mine").exists()
    deadline = time.monotonic() + 5
    while daemons_below(folder):
        assert time.monotonic() < deadline, daemons_below(folder)
        time.sleep(0.02)


def test_the_demo_plays_to_its_end_and_leaves_nothing_behind(tmp_path: Path) -> None:
    run = subprocess.run(
        DEMO, env=environment(tmp_path), capture_output=True, text=True, timeout=100, check=False, cwd="/"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for part in (
        "sample is a workspace now",
        "SQLAlchemy lazy loading strategy  decision · current",
        "opened   api/models/memory.py",
        "importance 0.95 → 0.97",
        "current → changed",
        "changed → current",
    ):
        assert part in run.stdout
    assert_nothing_is_left(tmp_path)


@pytest.fixture
def heeding_interrupts() -> Iterator[None]:
    """What a shell runs in the background ignores interrupts, and so would all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_interrupts")
def test_an_interrupted_demo_leaves_nothing_behind_either(tmp_path: Path) -> None:
    demo = subprocess.Popen(DEMO, env=environment(tmp_path), stdout=subprocess.PIPE, text=True, cwd="/")
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("stored"):
            break
    demo.send_signal(signal.SIGINT)
    demo.stdout.read()
    assert demo.wait(20) == 130
    assert_nothing_is_left(tmp_path)
