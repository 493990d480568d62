"""The pool with real processes and real files that break real grammars."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from recalld.code import ParserPool
from recalld.outline import Outline

SEGFAULT = b"* - + " * 100
"""As Markdown."""
ABORT = b'"${' * 133_000
"""As Kotlin."""
HANG = b"x = " + b"(" * 100_000
"""As nearly anything."""


class Quarantine:
    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self.paths: list[str] = []

    def reason(self, content_hash: str) -> str | None:
        return self.reasons.get(content_hash)

    def add(self, content_hash: str, path: str, reason: str) -> None:
        self.reasons[content_hash] = reason
        self.paths.append(path)

    def hashes(self) -> Collection[str]:
        return self.reasons


class Reads:
    """What the watcher would be told."""

    def __init__(self) -> None:
        self.open: list[Path] = []
        self.count = 0

    def before(self, path: Path) -> None:
        self.open.append(path)
        self.count += 1

    def after(self, path: Path) -> None:
        self.open.remove(path)


@asynccontextmanager
async def running_pool(
    quarantine: Quarantine | None = None,
    reads: Reads | None = None,
    *,
    workers: int = 2,
    timeout_s: float = 20.0,
    idle_s: float = 60.0,
    memory_mb: int = 1_024,
) -> AsyncIterator[ParserPool]:
    reads = reads or Reads()
    pool = ParserPool(
        workers=workers,
        timeout_s=timeout_s,
        idle_s=idle_s,
        max_file_bytes=1_000_000,
        max_symbols=1_000,
        memory_mb=memory_mb,
        quarantine=quarantine or Quarantine(),
        before_read=reads.before,
        after_read=reads.after,
    )
    try:
        yield pool
    finally:
        await pool.stop()
    assert children() == []
    assert reads.open == []


def children() -> list[psutil.Process]:
    """The workers that run, and those that ended and were not waited for."""
    return [child for child in psutil.Process().children() if is_worker(child)]


def is_worker(child: psutil.Process) -> bool:
    try:
        return any("recalld.code.worker" in part for part in child.cmdline())
    except psutil.ZombieProcess:
        return True
    except psutil.NoSuchProcess:
        return False


async def until(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.005)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


def test_processes_start_when_needed_and_stay_warm(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("def f(): pass\n")

    async def test() -> None:
        reads = Reads()
        async with running_pool(reads=reads) as pool:
            assert children() == []
            first = await pool.outline(tmp_path, "sub/a.py")
            assert (first.path, first.status, first.symbols[0].name) == ("sub/a.py", "parsed", "f")
            (process,) = children()
            assert (await pool.outline(tmp_path, "sub/nothing.py")).status == "gone"
            assert children() == [process]
            assert reads.count == 2
            assert pool.backlog() == 0

    run(test)


def test_a_folder_of_killers_costs_one_process_each_once(tmp_path: Path) -> None:
    killers = {"a.md": SEGFAULT, "b.kt": ABORT, "c.js": HANG, "d.java": HANG, "e.cs": HANG}
    for name, content in killers.items():
        (tmp_path / name).write_bytes(content)
    good = [f"good{i}.py" for i in range(30)]
    for name in good:
        (tmp_path / name).write_text("def f(): pass\n")
    paths = [path for pair in zip(killers, good, strict=False) for path in pair] + good[len(killers) :]

    async def outlines(pool: ParserPool) -> dict[str, Outline]:
        found = await asyncio.gather(*(pool.outline(tmp_path, path) for path in paths))
        return {outline.path: outline for outline in found}

    async def test() -> None:
        quarantine = Quarantine()
        async with running_pool(quarantine, timeout_s=1.0) as pool:
            first = await outlines(pool)
            assert [first[path].status for path in good] == ["parsed"] * len(good)
            assert {path: (first[path].status, first[path].note) for path in killers} == {
                "a.md": ("quarantined", "crashes the parser (SIGSEGV)"),
                "b.kt": ("quarantined", "crashes the parser (SIGABRT)"),
                "c.js": ("quarantined", "takes longer than 1 s to parse"),
                "d.java": ("quarantined", "takes longer than 1 s to parse"),
                "e.cs": ("quarantined", "takes longer than 1 s to parse"),
            }
            assert all(first[path].content_hash and first[path].stamp for path in killers)
            assert sorted(quarantine.paths) == sorted(killers)
            assert pool.crashes == len(killers)
            second = await outlines(pool)
            assert {path: outline.status for path, outline in second.items()} == {
                path: outline.status for path, outline in first.items()
            }
            assert pool.crashes == len(killers)
        async with running_pool(quarantine, timeout_s=1.0) as pool:  # after a restart
            third = await outlines(pool)
            assert [third[path].note for path in killers] == [first[path].note for path in killers]
            (tmp_path / "c.js").write_text("function f() {}\n")
            assert (await pool.outline(tmp_path, "c.js")).status == "parsed"
            assert pool.crashes == 0

    run(test)


def test_when_a_process_is_killed_its_other_files_are_answered(tmp_path: Path) -> None:
    (tmp_path / "slow.js").write_bytes(HANG)
    (tmp_path / "good.py").write_text("def f(): pass\n")

    async def test() -> None:
        quarantine = Quarantine()
        async with running_pool(quarantine, workers=1) as pool:
            await pool.outline(tmp_path, "good.py")
            slow = asyncio.create_task(pool.outline(tmp_path, "slow.js"))
            await parsing(pool)
            good = asyncio.create_task(pool.outline(tmp_path, "good.py"))
            await asyncio.sleep(0)
            (first,) = children()
            os.kill(first.pid, signal.SIGKILL)
            assert (await good).status == "parsed"
            assert not slow.done()
            assert quarantine.paths == []
            await parsing(pool)  # anybody may be killed once
            (second,) = children()
            os.kill(second.pid, signal.SIGKILL)
            assert (await slow).note == "crashes the parser (SIGKILL)"
            assert quarantine.paths == ["slow.js"]
            assert pool.crashes == 2

    run(test)


async def parsing(pool: ParserPool) -> None:
    """Return once a process has begun to parse the first of its files."""

    def has_begun() -> bool:
        return any(next(iter(process.jobs), 0) == process.last_note()[0] > 0 for process in pool._processes)

    await until(has_begun)


def test_a_process_that_dies_idle_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")

    async def test() -> None:
        async with running_pool() as pool:
            await pool.outline(tmp_path, "a.py")
            (process,) = children()
            os.kill(process.pid, signal.SIGTERM)
            assert (await pool.outline(tmp_path, "a.py")).status == "parsed"

    run(test)


def test_urgent_files_overtake_a_scan(tmp_path: Path) -> None:
    for i in range(60):
        (tmp_path / f"a{i}.py").write_text("def f(): pass\n" * 200)

    async def test() -> None:
        async with running_pool() as pool:
            order: list[str] = []

            async def read(path: str, urgent: bool) -> None:
                order.append((await pool.outline(tmp_path, path, urgent=urgent)).path)

            scan = [asyncio.create_task(read(f"a{i}.py", urgent=False)) for i in range(60)]
            await until(lambda: len(order) > 5)
            assert pool.backlog() > 30
            await read("a59.py", urgent=True)
            assert order.index("a59.py") < 40
            await asyncio.gather(*scan)
            assert len(order) == 61

    run(test)


def test_a_cancelled_caller_disturbs_nobody(tmp_path: Path) -> None:
    for i in range(20):
        (tmp_path / f"a{i}.py").write_text("def f(): pass\n")

    async def test() -> None:
        reads = Reads()
        async with running_pool(reads=reads, workers=1) as pool:
            await pool.outline(tmp_path, "a0.py")
            tasks = [asyncio.create_task(pool.outline(tmp_path, f"a{i}.py")) for i in range(20)]
            await asyncio.sleep(0)  # two are under way, the others wait
            for task in tasks[:10]:
                task.cancel()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            assert [isinstance(one, asyncio.CancelledError) for one in found] == [True] * 10 + [False] * 10
            assert reads.count == 1 + 2 + 10
            assert pool.backlog() == 0

    run(test)


def test_idle_processes_are_let_go_and_come_back(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")

    async def test() -> None:
        async with running_pool(idle_s=0.05) as pool:
            await pool.outline(tmp_path, "a.py")
            await until(lambda: not children())
            assert pool.crashes == 0
            assert (await pool.outline(tmp_path, "a.py")).status == "parsed"

    run(test)


def test_stopping_is_quick_and_answers_whoever_waits(tmp_path: Path) -> None:
    (tmp_path / "slow.js").write_bytes(HANG)

    async def test() -> None:
        quarantine = Quarantine()
        async with running_pool(quarantine) as pool:
            tasks = [asyncio.create_task(pool.outline(tmp_path, "slow.js")) for _ in range(10)]
            await parsing(pool)
            started = time.monotonic()
            await pool.stop()
            assert time.monotonic() - started < 0.5
            assert {outline.status for outline in await asyncio.gather(*tasks)} == {"unreadable"}
            assert quarantine.paths == []
            assert (await pool.outline(tmp_path, "slow.js")).note == "the daemon is stopping"

    run(test)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the limit holds on Linux")
def test_a_file_that_needs_too_much_memory_is_quarantined(tmp_path: Path) -> None:
    (tmp_path / "wide.py").write_bytes(b"x = [" + b"a, " * 300_000 + b"]\n")
    (tmp_path / "good.py").write_text("x = 1\n")

    async def test() -> None:
        async with running_pool(memory_mb=40) as pool:
            wide, good = await asyncio.gather(pool.outline(tmp_path, "wide.py"), pool.outline(tmp_path, "good.py"))
            assert (wide.status, good.status) == ("quarantined", "parsed")
            assert wide.note.startswith(("needs too much memory", "crashes the parser"))
            assert pool.crashes == 1

    run(test)


def test_a_pool_that_cannot_start_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")

    async def test() -> None:
        async with running_pool() as pool:
            for program in (str(tmp_path / "no_such_python"), "/bin/false"):
                monkeypatch.setattr("sys.executable", program)
                assert (await pool.outline(tmp_path, "a.py")).note == "the parser cannot be started"
            monkeypatch.undo()
            assert (await pool.outline(tmp_path, "a.py")).status == "parsed"

    run(test)


def test_a_process_ends_when_its_daemon_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")

    async def test() -> None:
        async with running_pool() as pool:
            await pool.outline(tmp_path, "a.py")
            (process,) = children()
            pool._processes[0]._stdin().close()
            await until(lambda: not psutil.pid_exists(process.pid))

    run(test)


def test_a_process_loads_no_more_than_it_needs() -> None:
    unwanted = {"asyncio", "sqlalchemy", "zmq", "recalld.code.pool", "recalld.config"}
    script = "import sys, recalld.code.worker; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    assert "tree_sitter" in loaded
    assert unwanted.isdisjoint(loaded)
