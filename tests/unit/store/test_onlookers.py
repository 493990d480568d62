"""Who reads a file besides this process, and what that holds back."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from recalld.store import Database, onlookers
from recalld.store.onlookers import Onlookers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify tells it, so on Linux only")

ROOT = Path(__file__).parents[3]
READER = "import sys; opened = open(sys.argv[1], 'rb'); print('open', flush=True); sys.stdin.read()"


@contextmanager
def another_reads(file: Path) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"open\n"
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "memory.db"
    made.write_bytes(b"x" * 100)
    return made


def test_another_program_counts_for_as_long_as_it_has_the_file_open(file: Path) -> None:
    looked_at = Onlookers(file)
    assert not looked_at.any()
    for _ in range(3):
        with another_reads(file):
            assert looked_at.any()
        assert not looked_at.any()
    looked_at.close()


def test_this_process_itself_does_not_count(file: Path) -> None:
    with file.open("rb"):
        looked_at = Onlookers(file)
        with file.open("rb"), file.open("rb"):
            assert not looked_at.any()
            with another_reads(file):
                assert looked_at.any()
        assert not looked_at.any()
    assert not looked_at.any()
    looked_at.close()


def test_who_has_it_open_for_too_long_counts_no_more(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = Onlookers(file)
    with another_reads(file):
        monkeypatch.setattr(onlookers, "HOLD_S", 0.0)
        assert not looked_at.any()
        monkeypatch.setattr(onlookers, "HOLD_S", 60.0)
        with another_reads(file):
            assert looked_at.any()
    assert not looked_at.any()
    looked_at.close()


def test_where_inotify_gives_nothing_all_goes_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    looked_at = Onlookers(file)
    with another_reads(file):
        assert not looked_at.any()
    looked_at.close()


# --- copies under load ---------------------------------------------------------------------------


def make(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE notes (n INTEGER PRIMARY KEY, text TEXT)")
    connection.exec_driver_sql("CREATE INDEX by_text ON notes (text)")


def put(connection: Connection, n: int) -> None:
    connection.exec_driver_sql("INSERT INTO notes VALUES (?, hex(randomblob(500)))", (n,))


def slowly_copied(file: Path, to: Path) -> None:
    """As `cp` copies a file that takes half a second."""
    with file.open("rb") as source, to.open("wb") as target:
        pieces = max(file.stat().st_size // 20, 4096)
        while piece := source.read(pieces):
            target.write(piece)
            time.sleep(0.025)  # what a slow disk takes


def newest_in(copy: Path) -> int | None:
    """The last note in a copy; None where it is torn."""
    try:
        with closing(sqlite3.connect(copy)) as connection:
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                return None
            found: int = connection.execute("SELECT max(n) FROM notes").fetchone()[0]
            return found
    except sqlite3.DatabaseError:
        return None


def test_a_plain_copy_while_writes_never_pause_is_whole_and_a_second_old_at_most(tmp_path: Path) -> None:
    acknowledged: dict[int, float] = {}

    async def write(database: Database) -> None:
        for n in range(1_000_000):
            await database.write(put, n)
            acknowledged[n] = time.monotonic()

    async def scenario() -> None:
        database = Database(tmp_path / "memory.db", durable=True)
        await database.open()
        await database.write(make)
        writing = asyncio.create_task(write(database))
        copies = []
        for n in range(6):
            await asyncio.sleep(1.2)  # the next copy is asked for
            begun = time.monotonic()
            copy = tmp_path / f"copy-{n}.db"
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", COPY, str(tmp_path / "memory.db"), str(copy), cwd=ROOT
            )
            assert await process.wait() == 0
            copies.append((begun, copy))
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await database.close()
        newest = [(begun, newest_in(copy)) for begun, copy in copies]
        # One may have been begun in the very moment in which the log was written back.
        assert sum(found is None for _, found in newest) <= 1
        for begun, found in newest:
            if found is not None:
                old = [n for n, at in acknowledged.items() if at < begun - 1.0]
                assert not old or found >= max(old)

    asyncio.run(scenario())


COPY = """
import sys
from pathlib import Path
from tests.unit.store.test_onlookers import slowly_copied
slowly_copied(Path(sys.argv[1]), Path(sys.argv[2]))
"""
