from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from recalld.store import StoreBusy, StoreDamaged, StoreError
from recalld.store.database import CHECKPOINT_DELAY_S, Database


def make_table(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE things (name TEXT)")


def add(connection: Connection, *names: str) -> None:
    for name in names:
        connection.exec_driver_sql("INSERT INTO things VALUES (?)", (name,))


def names(connection: Connection) -> list[str]:
    return list(connection.exec_driver_sql("SELECT name FROM things ORDER BY rowid").scalars())


def add_then_fail(connection: Connection) -> None:
    add(connection, "half")
    connection.exec_driver_sql("CREATE TABLE half (name TEXT)")
    raise LookupError("no")


async def opened(file: Path, *, durable: bool = True, max_pending: int = 100) -> Database:
    database = Database(file, durable=durable, max_pending=max_pending)
    await database.open()
    await database.write(make_table)
    return database


async def until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.01)


def names_in_copy(file: Path, copy: Path) -> list[str]:
    shutil.copyfile(file, copy)
    connection = sqlite3.connect(copy)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in connection.execute("SELECT name FROM things ORDER BY rowid")]
    except sqlite3.OperationalError:  # the table is not in the file yet
        return []
    finally:
        connection.close()
        copy.with_name(copy.name + "-wal").unlink(missing_ok=True)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db")
        await database.write(add, "one", "two")
        assert await database.read(names) == ["one", "two"]
        await database.close()

    asyncio.run(scenario())


def test_a_write_that_raises_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db")
        with pytest.raises(LookupError):
            await database.write(add_then_fail)
        assert await database.read(names) == []
        await database.write(make_half)  # fails if the table of the failed write were there
        await database.close()

    def make_half(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (name TEXT)")

    asyncio.run(scenario())


def test_a_read_sees_one_moment_while_writes_go_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db")
        await database.write(add, "before")
        begun, written = threading.Event(), threading.Event()

        def read_twice(connection: Connection) -> tuple[list[str], list[str]]:
            first = names(connection)
            begun.set()
            assert written.wait(5)
            return first, names(connection)

        reading = asyncio.create_task(database.read(read_twice))
        await asyncio.to_thread(begun.wait, 5)
        await database.write(add, "meanwhile")  # is not held up by the read
        written.set()
        assert await reading == (["before"], ["before"])
        assert await database.read(names) == ["before", "meanwhile"]
        await database.close()

    asyncio.run(scenario())


def test_many_reads_and_writes_at_once_meet_no_lock_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db", max_pending=1_000)
        writes = [database.write(add, f"{n:03}") for n in range(150)]
        reads = [database.read(names) for _ in range(150)]
        results = await asyncio.gather(*(job for pair in zip(writes, reads, strict=True) for job in pair))
        assert await database.read(names) == [f"{n:03}" for n in range(150)]
        assert all(found == sorted(found) for found in results if found is not None)
        await database.close()

    asyncio.run(scenario())


def test_a_read_cannot_write(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db")
        with pytest.raises(StoreError):
            await database.read(add, "one")
        assert await database.read(names) == []
        await database.close()

    asyncio.run(scenario())


def test_the_event_loop_goes_on_while_a_write_takes_its_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db")
        release = threading.Event()
        writing = asyncio.create_task(database.write(lambda _connection: release.wait(5)))
        await asyncio.sleep(0)
        release.set()  # only a loop that is not blocked comes here
        assert await writing
        await database.close()

    asyncio.run(scenario())


def test_more_writes_than_may_wait_are_refused_and_the_rest_is_done(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db", max_pending=3)
        release = threading.Event()
        held = asyncio.create_task(database.write(lambda _connection: release.wait(5)))
        waiting = [asyncio.create_task(database.write(add, name)) for name in ("one", "two")]
        await asyncio.sleep(0)
        with pytest.raises(StoreBusy):
            await database.write(add, "too many")
        release.set()
        await asyncio.gather(held, *waiting)
        await database.write(add, "three")
        assert await database.read(names) == ["one", "two", "three"]
        await database.close()

    asyncio.run(scenario())


def test_a_write_whose_caller_gave_up_is_whole_or_not_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db")
        begun, release = threading.Event(), threading.Event()

        def add_slowly(connection: Connection) -> None:
            add(connection, "one")
            begun.set()
            assert release.wait(5)
            add(connection, "two")

        writing = asyncio.create_task(database.write(add_slowly))
        await asyncio.to_thread(begun.wait, 5)
        writing.cancel()
        release.set()
        await asyncio.gather(writing, return_exceptions=True)
        await database.write(add, "three")
        assert await database.read(names) == ["one", "two", "three"]
        await database.close()

    asyncio.run(scenario())


def test_a_plain_copy_soon_after_a_write_is_whole(tmp_path: Path) -> None:
    async def scenario() -> None:
        file = tmp_path / "a.db"
        database = await opened(file)
        await database.write(add, "one", "two")
        written = time.monotonic()
        await until(lambda: (tmp_path / "a.db-wal").stat().st_size == 0)
        assert time.monotonic() - written < 1.0
        assert names_in_copy(file, tmp_path / "copy.db") == ["one", "two"]
        await database.close()

    asyncio.run(scenario())


def test_writes_that_never_pause_reach_the_file_too(tmp_path: Path) -> None:
    def reached(file: Path) -> bool:
        try:
            return "first" in names_in_copy(file, tmp_path / "copy.db")
        except sqlite3.DatabaseError:
            return False  # copied in the very moment in which the log was written back

    async def scenario() -> None:
        file = tmp_path / "a.db"
        database = await opened(file)
        async with asyncio.timeout(5):
            while not reached(file):
                await database.write(add, "first")
        await database.close()

    asyncio.run(scenario())


def test_the_log_is_cut_later_when_a_reader_stood_in_the_way(tmp_path: Path) -> None:
    async def scenario() -> None:
        file = tmp_path / "a.db"
        database = await opened(file)
        foreign = sqlite3.connect(file, isolation_level=None)
        foreign.execute("BEGIN")
        foreign.execute("SELECT count(*) FROM things").fetchone()
        await database.write(add, "one")
        await asyncio.sleep(1.5 * CHECKPOINT_DELAY_S)  # lets the first attempt pass, and fail
        assert (tmp_path / "a.db-wal").stat().st_size > 0
        foreign.execute("COMMIT")
        foreign.close()
        await until(lambda: (tmp_path / "a.db-wal").stat().st_size == 0)
        await database.close()

    asyncio.run(scenario())


def test_closing_leaves_one_whole_file(tmp_path: Path) -> None:
    async def scenario(*, durable: bool) -> None:
        database = await opened(tmp_path / f"{durable}.db", durable=durable)
        await database.write(add, "one")
        await database.close()

    for durable in (True, False):
        asyncio.run(scenario(durable=durable))
        file = tmp_path / f"{durable}.db"
        assert sorted(tmp_path.glob(f"{durable}.db*")) == [file]
        assert names_in_copy(file, tmp_path / "copy.db") == ["one"]


def test_another_program_may_write_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        file = tmp_path / "a.db"
        database = await opened(file)
        foreign = sqlite3.connect(file, isolation_level=None)
        foreign.execute("BEGIN IMMEDIATE")
        foreign.execute("INSERT INTO things VALUES ('theirs')")
        writing = asyncio.create_task(database.write(add, "ours"))
        await asyncio.wait([writing], timeout=0.1)
        assert not writing.done()
        foreign.execute("COMMIT")
        foreign.close()
        await writing
        assert await database.read(names) == ["theirs", "ours"]
        await database.close()

    asyncio.run(scenario())


def test_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    def modes() -> dict[str, int]:
        return {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}

    async def scenario() -> None:
        database = await opened(tmp_path / "a.db")
        await database.write(add, "one")
        assert modes() == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}
        await database.close()

    asyncio.run(scenario())


def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    async def scenario() -> None:
        file = tmp_path / "a.db"
        file.write_text("this is a letter, and a long one at that " * 100)
        with pytest.raises(StoreDamaged, match=r"a\.db is damaged .*put a copy of it back"):
            await Database(file, durable=True).open()
        assert file.read_text().startswith("this is a letter")

    asyncio.run(scenario())


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        database = await opened(tmp_path / "a.db")
        await database.close()
        with pytest.raises(StoreError, match="not open"):
            await database.read(names)

    asyncio.run(scenario())
