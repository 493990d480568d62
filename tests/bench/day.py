"""A day of work in minutes: files saved, agents calling, branches switched, sessions. What has grown at its end?"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from recall import Client
from tests.bench.figures import Figure
from tests.bench.ground import Ground, settled

HOURS, WARM_UP = 24, 6
FILES, SAVES, CALLS, SESSIONS, KEPT = 60, 40, 60, 3, 4
"""Files of the project; what happens in an hour: saves, calls of agents, sessions, memories that stay."""
MEMORY_SHARE, MEMORY_MB = 0.05, 10
DATABASE_BYTES = 40_000
"""What an hour's memories, with the code they are tied to, sessions and observations may take on the disk."""
SPARE = 4
"""Threads, and descriptors, that come once so many have to wait at the same time: pools fill up to their limit."""
IDLE_S = "1"
"""Parsers are let go this soon, so that their coming and going is part of it."""


@dataclass(frozen=True)
class Sample:
    """What a daemon and its processes hold when an hour's work is done."""

    memory_mb: float
    descriptors: int
    threads: int
    processes: int
    queued: int
    log_bytes: int
    database_bytes: int
    derived_bytes: int


class Day:
    """A project, and those who work in it.

    Args:
        client: in the project's folder.
        pid: of the daemon.
        data: its data folder.
        log: its log.
    """

    def __init__(self, client: Client, pid: int, data: Path, log: Path) -> None:
        self._client = client
        self._root = Path(client.path)
        self._daemon = psutil.Process(pid)
        self._data, self._log = data, log
        self._hour = 0

    def hour(self) -> Sample:
        """An hour of work, and what is held after it."""
        self._hour += 1
        client, hour = self._client, self._hour
        self._saves()
        for branch in ("side", "main"):
            _git(self._root, "checkout", "-q", branch)
            client.sync(timeout_s=120)
        for number in range(SESSIONS):
            session = client.session_start(task=f"round totals of kind {number}").session_id
            for step in range(5):
                client.session_record_observation(session, f"Ran the tests of step {step} in hour {hour}.", kind="tool")
            client.session_end(session, "Looked around, and changed nothing that one has to know.")
        stored = [
            client.store(
                title=f"Hour {hour}: totals of kind {n} are rounded once", source_files=[_name(n)], force=True
            ).id
            for n in range(KEPT + 6)
        ]
        client.rate(stored[0], useful=True)
        client.forget(stored[KEPT:], purge=True)
        for number in range(CALLS // 4):
            client.search(f"how are totals of kind {number} rounded")
            client.context(_name(number))
            client.outline(_name(number))
            client.list(limit=20)
        for job in ("decay", "audit", "close-sessions", "purge-forgotten"):
            client.run_job(job)
        settled(client)
        return self._sample()

    def _saves(self) -> None:
        for number in range(SAVES):
            with (self._root / _name(number % FILES)).open("a") as file:
                file.write(f"\n\ndef added_in_hour_{self._hour}_{number}(order):\n    return order.total + {number}\n")
            if number % 10 == 9:
                self._client.sync(timeout_s=120)
        _git(self._root, "checkout", "-q", "--", ".")
        self._client.sync(timeout_s=120)

    def _sample(self) -> Sample:
        _until(lambda: not any(_parses(process) for process in self._family()))
        # The log of the database is cut within a second of the last write.
        _until(lambda: not _size(self._data / "memory.db-wal"))
        family = self._family()
        status = self._client.status()
        return Sample(
            memory_mb=sum(process.memory_full_info().uss for process in family) / 1e6,
            descriptors=sum(process.num_fds() for process in family),
            threads=sum(process.num_threads() for process in family),
            processes=len(family),
            queued=sum(status.queues.values()) - 1,  # the question itself
            log_bytes=sum(_size(file) for file in self._log.parent.iterdir()),
            database_bytes=_size(self._data / "memory.db"),
            derived_bytes=_size(self._data / "code.db") + _size(self._data / "code.db-wal"),
        )

    def _family(self) -> list[psutil.Process]:
        return [self._daemon, *self._daemon.children(recursive=True)]


def day(ground: Ground) -> Iterator[Figure]:
    """24 hours, of which the first warm up; the last ones against those just after."""
    os.environ["RECALLD_PARSE_IDLE_S"] = IDLE_S
    started = time.monotonic()
    try:
        ground.start()
        assert ground.daemon is not None
        with Client(project(ground.folder / "worked"), timeout_s=120) as client:
            settled(client)
            work = Day(client, ground.daemon.pid, ground.paths.data, ground.paths.log)
            samples = [work.hour() for _ in range(HOURS)]
        home = str(ground.home)
        ground.stop()
    finally:
        del os.environ["RECALLD_PARSE_IDLE_S"]
    took = (time.monotonic() - started) / 60
    early, late = samples[WARM_UP : WARM_UP + 6], samples[-6:]
    for name, unit, values, allowed in grown(early, late):
        before, after = values
        yield Figure(
            f"{name} at the end of a day of work ({HOURS} hours in {took:.0f} min)",
            f"{after:,.0f}{unit}",
            f"≤ {allowed:,.0f}{unit}",
            f"{before:,.0f}{unit} after {WARM_UP} to {WARM_UP + 6} hours",
            after <= allowed,
        )
    orphans = left_of(home)
    yield Figure("processes left when the daemon has stopped", f"{len(orphans)}", "0", "–", not orphans)


def grown(early: list[Sample], late: list[Sample]) -> Iterator[tuple[str, str, tuple[float, float], float]]:
    """What is held: its name and unit, early and late by the median, and how much it may be late."""

    def both(of: Callable[[Sample], float]) -> tuple[float, float]:
        return statistics.median(map(of, early)), statistics.median(map(of, late))

    memory = both(lambda each: each.memory_mb)
    yield "memory", " MB", memory, memory[0] + max(MEMORY_SHARE * memory[0], MEMORY_MB)
    for name, spare in (("descriptors", SPARE), ("threads", SPARE), ("processes", 0), ("queued", 0)):
        held = both(lambda each, name=name: getattr(each, name))  # type: ignore[misc]
        yield name, "", held, held[0] + spare
    database = both(lambda each: each.database_bytes)
    hours = HOURS - WARM_UP - 6
    yield "size of the memories' database", " B", database, database[0] + hours * DATABASE_BYTES
    derived = both(lambda each: each.derived_bytes)
    yield "size of what is derived from code", " B", derived, derived[0] * 1.1
    log = both(lambda each: each.log_bytes)
    yield "size of the logs", " B", log, 20_000_000


def project(root: Path) -> Path:
    """A repository with two branches."""
    root.mkdir(parents=True)
    for number in range(FILES):
        body = "\n\n".join(f"def work_{n}(order):\n    return order.total * {n} + {number}" for n in range(20))
        (root / _name(number)).write_text(body + "\n")
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", f"the first of {root}")
    _git(root, "checkout", "-q", "-b", "side")
    for number in range(0, FILES, 3):
        file = root / _name(number)
        file.write_text(file.read_text().replace("order", "invoice"))
    _git(root, "commit", "-q", "-am", "invoices")
    _git(root, "checkout", "-q", "main")
    return root


def left_of(home: str) -> list[int]:
    """The processes that a daemon with this home has left behind."""
    found = []
    for process in psutil.process_iter(["environ", "cmdline"]):
        mine = (process.info["environ"] or {}).get("RECALLD_HOME") == home
        if mine and any("recalld" in word for word in process.info["cmdline"] or []):
            found.append(process.pid)
    return [pid for pid in found if pid != os.getpid()]


def _name(number: int) -> str:
    return f"module_{number}.py"


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _parses(process: psutil.Process) -> bool:
    try:
        return "recalld.code.worker" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it does not come to rest"
        time.sleep(0.05)


def _git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=b", "-c", "user.email=b@example.invalid"]
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)
