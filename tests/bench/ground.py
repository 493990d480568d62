"""What the benchmarks stand on: a daemon of their own, a large real project, ten thousand memories."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from recall import Client, RecallError
from recall.paths import find_paths

DJANGO = "5.2.19"
"""The large real project: its source as it is on PyPI."""
BATCH = 500


class Ground:
    """A temporary folder with a daemon's home and copies of the project in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        os.environ["RECALLD_HOME"] = str(self.home)
        self.paths = find_paths()
        self.daemon: subprocess.Popen[bytes] | None = None

    @cached_property
    def django(self) -> Path:
        """The large real project, fetched when first asked for."""
        return _django()

    def start(self) -> float:
        """Start the daemon; seconds until its first answer."""
        started = time.perf_counter()
        self.daemon = subprocess.Popen([sys.executable, "-m", "recalld"], start_new_session=True)
        with Client(self.folder, start=False, timeout_s=5) as client:
            while True:
                try:
                    client.hello()
                except RecallError:
                    time.sleep(0.002)
                    continue
                return time.perf_counter() - started

    def stop(self) -> None:
        """Stop the daemon."""
        if self.daemon is not None:
            self.daemon.terminate()
            self.daemon.wait(20)
            self.daemon = None

    def project(self, name: str) -> Path:
        """A fresh copy of the project, as a repository of its own."""
        root = self.folder / name
        shutil.copytree(self.django, root)
        commands = (["init", "-q"], ["config", "gc.auto", "0"], ["add", "-A"], ["commit", "-qm", name])
        for command in commands:
            subprocess.run(
                ["git", "-c", "user.name=b", "-c", "user.email=b@example.invalid", *command], cwd=root, check=True
            )
        return root

    def family(self) -> list[psutil.Process]:
        """The daemon and its workers."""
        assert self.daemon is not None
        daemon = psutil.Process(self.daemon.pid)
        return [daemon, *daemon.children(recursive=True)]

    def memory_mb(self) -> float:
        """What the daemon and its workers hold: proportional set size, so that shared pages count once."""
        return sum(process.memory_full_info().pss for process in self.family()) / 1e6

    def cpu_s(self) -> float:
        """Processor time of the daemon and its workers so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self.family())


@contextmanager
def ground() -> Iterator[Ground]:
    """A `Ground` that leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="recalld-bench-"))
    made = Ground(folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def settled(client: Client) -> None:
    """Wait until everything is read and indexed."""
    client.sync(timeout_s=300)
    while not (status := client.status()).ready or status.vectors != "ready":
        time.sleep(0.1)


def store_memories(client: Client, texts: list[dict[str, Any]]) -> float:
    """Store memories in batches; seconds it took until acknowledged."""
    started = time.perf_counter()
    for first in range(0, len(texts), BATCH):
        client.store_many(texts[first : first + BATCH])
    return time.perf_counter() - started


def memory_texts(django: Path, count: int) -> list[dict[str, Any]]:
    """Memories of two or three sentences each, out of the project's own documentation, each one different."""
    found: list[str] = []
    for page in sorted((django / "docs").rglob("*.txt")):
        for paragraph in page.read_text("utf-8").split("\n\n"):
            line = " ".join(paragraph.split())
            if 60 < len(line) < 600 and re.match(r"[A-Z`]", line) and ". " in line:
                found.append(line)
    texts = dict.fromkeys(found)
    # Where the documentation has fewer, the rest joins two of them.
    pairs = (f"{one} {two}" for one, two in zip(found, found[7:], strict=False))
    for pair in pairs:
        if len(texts) >= count:
            break
        texts.setdefault(pair)
    kinds = itertools.cycle(["decision", "pattern", "convention", "debugging", "reference"])
    return [{"narrative": text, "memory_type": next(kinds), "force": True} for text in itertools.islice(texts, count)]


def p(share: float, seconds: list[float]) -> float:
    """A percentile, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def timed(call: Callable[[], object], times: int) -> list[float]:
    """Seconds that each of so many calls took."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return taken


def process_times(command: list[str], times: int, **options: Any) -> float:
    """Median seconds of a whole process, after one that is not counted."""

    def run() -> None:
        subprocess.run(command, check=True, capture_output=True, **options)

    run()
    return statistics.median(timed(run, times))


def _django() -> Path:
    cache = Path(tempfile.gettempdir()) / "recalld-bench-django"
    source = cache / f"django-{DJANGO}"
    if not source.is_dir():
        options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(cache)]
        subprocess.run([sys.executable, "-m", "pip", "download", *options, f"django=={DJANGO}"], check=True)
        with tarfile.open(cache / f"django-{DJANGO}.tar.gz") as archive:
            archive.extractall(cache, filter="data")
    return source
