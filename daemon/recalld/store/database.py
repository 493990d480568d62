"""One SQLite file: a single writer, a few readers, and an event loop that never waits for the disk."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from threading import BoundedSemaphore
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from recalld.store.copies import asides
from recalld.store.engine import (
    BUSY_TIMEOUT_MS,
    DERIVED,
    DURABLE,
    create_private,
    explained,
    identity,
    make_engine,
    put_back,
    remove,
)
from recalld.store.errors import StoreBusy, StoreDamaged, StoreError, StoreReplaced
from recalld.store.onlookers import Onlookers

CHECKPOINT_DELAY_S = 0.4
"""How long after a write the log goes into the file; at most that often while writes go on."""
CHECKPOINT_WAIT_MS = 50
"""How long a checkpoint, and with it the writer, waits for whoever still reads from the log."""
MAX_CHECKPOINT_DELAY_S = 10.0

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class Database:
    """A file and the threads that work on it.

    Args:
        file: need not exist.
        durable: whether a write that returned survives a loss of power; then the file is also a whole copy
            of all writes within a second of the last. Otherwise it is for what can be derived again, and is
            removed once it turns out to be damaged.
        readers: reads at the same time.
        max_pending: reads, and again writes, that may be under way or wait.
    """

    def __init__(self, file: Path, *, durable: bool, readers: int = 2, max_pending: int = 1_000) -> None:
        self.file = file
        self._durable = durable
        self._max_pending = max_pending
        self._readers = readers
        self._writer: _Lane | None = None
        self._reader: _Lane | None = None
        self._written = asyncio.Event()
        self._checkpoints: asyncio.Task[None] | None = None
        self._identity: tuple[int, int] | None = None
        """Of the file that is open, whatever is called so now; None where it may be lost."""

    async def open(self) -> None:
        """Start the threads and see that the file can be used.

        Raises:
            StoreError: it cannot; `StoreDamaged` where it is not a whole database.
        """
        create_private(self.file)
        # The log of the truth goes into the file by `_keep_checkpointed` alone, which looks first whether it is read.
        pragmas = ("foreign_keys = ON", *((*DURABLE, "wal_autocheckpoint = 0") if self._durable else DERIVED))
        writer = make_engine(self.file, begin="BEGIN IMMEDIATE", pragmas=pragmas, connections=1)
        reader = make_engine(self.file, begin="BEGIN", pragmas=("query_only = ON",), connections=self._readers)
        self._writer = _Lane(self.file, "write", writer, 1, self._max_pending)
        self._reader = _Lane(self.file, "read", reader, self._readers, self._max_pending)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.close)
            await self.write(_touch)
            undo.pop_all()
        if self._durable:
            self._identity = identity(self.file)
            self._checkpoints = asyncio.create_task(self._keep_checkpointed(), name=f"checkpoints of {self.file.name}")

    async def close(self) -> None:
        """Finish what was begun, put the log into the file, and end the threads."""
        if self._checkpoints is not None:
            self._checkpoints.cancel()
            await asyncio.gather(self._checkpoints, return_exceptions=True)
            self._checkpoints = None
            with suppress(StoreError):
                await self._run(self._writer, self._see_that_it_is_there)
        for lane in (self._reader, self._writer):  # the last connection to close takes the log with it
            if lane is not None:
                await lane.close()
        self._reader = self._writer = self._identity = None

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `fn` finds, called with a connection and the arguments; all that it reads is of one moment.

        Raises:
            StoreBusy: too many reads wait.
            StoreError: the file cannot be read.
        """

        def job(engine: Engine) -> T:
            with engine.connect() as connection:
                return fn(connection, *args, **kwargs)

        return await self._run(self._reader, job)

    async def write(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `fn` returns, called with a connection and the arguments, all it did being one transaction.

        When this returns, it is done for good; when it raises, whatever `fn` raised, nothing was done. A
        cancelled caller may find it either way.

        Raises:
            StoreBusy: too many writes wait.
            StoreError: the file cannot be written.
        """

        def job(engine: Engine) -> T:
            self._see_that_it_is_there(engine)
            with engine.begin() as connection:
                return fn(connection, *args, **kwargs)

        self._written.set()
        return await self._run(self._writer, job)

    async def scrub(self, wait_ms: int = BUSY_TIMEOUT_MS) -> None:
        """Let nothing of what was purged be found on the disk: not in the log, not in what the file was before.

        Args:
            wait_ms: how long this, and with it the writer, waits for whoever reads from the log.

        Raises:
            StoreBusy: somebody reads from the log for longer than can be waited for.
        """
        for copy in list(asides(self.file)):
            copy.unlink()
        if not await self._run(self._writer, lambda engine: _checkpoint(engine, wait_ms)):
            raise StoreBusy(f"{self.file} is being read by another program: close it, and purge again")

    async def _run(self, lane: _Lane | None, job: Callable[[Engine], T]) -> T:
        if lane is None:
            raise StoreError(f"{self.file} is not open")
        try:
            return await lane.run(job)
        except StoreDamaged:
            if not self._durable:
                log.exception("%s is damaged and will be made anew at the next start", self.file)
                remove(self.file)
            raise

    def _see_that_it_is_there(self, engine: Engine) -> None:
        """Put the file back where somebody deleted it: what is written to it is lost with this process otherwise.

        Raises:
            StoreReplaced: another file stands in its place.
        """
        found = identity(self.file)
        if self._identity is None or found == self._identity:
            return
        if found is not None:
            raise StoreReplaced(
                f"{self.file} was replaced by another file: `recall down`, then `recall up`, and that one is taken"
            )
        put_back(engine, self.file)
        for lane in (self._writer, self._reader):
            if lane is not None:
                lane.connect_anew()
        self._identity = identity(self.file)
        log.warning("%s was deleted while it was in use, and was put back as it was", self.file)

    async def _keep_checkpointed(self) -> None:
        onlookers = Onlookers(self.file)
        try:
            await self._checkpoint_again_and_again(onlookers)
        finally:
            onlookers.close()

    async def _checkpoint_again_and_again(self, onlookers: Onlookers) -> None:
        def checkpoint(engine: Engine) -> bool | None:
            return None if onlookers.any() else _checkpoint(engine, CHECKPOINT_WAIT_MS)

        delay_s = CHECKPOINT_DELAY_S
        while True:
            await self._written.wait()
            await asyncio.sleep(delay_s)
            self._written.clear()
            try:
                done = await self._run(self._writer, checkpoint)
            except StoreError as error:
                log.warning("the log was not put into the file: %s", error)
                done = False
            if done is None:  # somebody copies the file
                self._written.set()
                delay_s = CHECKPOINT_DELAY_S
            elif done:
                delay_s = CHECKPOINT_DELAY_S
            else:
                delay_s = min(2 * delay_s, MAX_CHECKPOINT_DELAY_S)
                self._written.set()


class _Lane:
    """Threads that run jobs of one kind in the order they came, and refuse more than they can bear."""

    def __init__(self, file: Path, kind: str, engine: Engine, threads: int, max_pending: int) -> None:
        self._file = file
        self._kind = kind
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"{file.name}-{kind}")
        self._max_pending = max_pending
        self._room = BoundedSemaphore(max_pending)

    async def run(self, job: Callable[[Engine], T]) -> T:
        if not self._room.acquire(blocking=False):
            raise StoreBusy(f"{self._max_pending} {self._kind}s of {self._file.name} wait already: try again later")
        future = self._threads.submit(self._run, job)
        # Not when the caller goes on: a cancelled one leaves a job behind that still takes room.
        future.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(future)

    def connect_anew(self) -> None:
        self._engine.dispose()

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._engine.dispose)

    def _run(self, job: Callable[[Engine], T]) -> T:
        try:
            return job(self._engine)
        except (DBAPIError, sqlite3.Error) as error:
            explanation = explained(error.orig if isinstance(error, DBAPIError) else error, self._file)
            if explanation is None:
                raise
            raise explanation from error


def _touch(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()


def _checkpoint(engine: Engine, wait_ms: int) -> bool:
    """Put the log into the file and cut it to nothing; False where a reader stood in the way."""
    # Past the engine's transactions: a checkpoint cannot run inside one.
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {wait_ms}")
        busy: int = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        return busy == 0
    finally:
        connection.close()
