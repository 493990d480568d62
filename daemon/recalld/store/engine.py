"""Connections to one SQLite file, with transactions that are what they say."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import cast

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event

from recalld.store.errors import DiskUnusable, StoreBusy, StoreDamaged, StoreError

BUSY_TIMEOUT_MS = 5_000
"""How long to wait for another program, such as a `sqlite3` shell, that holds the file."""

DURABLE = (
    "journal_mode = WAL",
    "synchronous = FULL",
    # macOS alone knows these two: there a plain fsync leaves the data in the drive's cache.
    "fullfsync = ON",
    "checkpoint_fullfsync = ON",
    "secure_delete = ON",
)
DERIVED = (
    "journal_mode = WAL",
    # Whole after a loss of power, though perhaps not the newest.
    "synchronous = NORMAL",
    "journal_size_limit = 4194304",
)

SUFFIXES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file is called as the file, with one of these."""

_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
_DISK = {"SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"}


def make_engine(file: Path, *, begin: str, pragmas: Sequence[str], connections: int) -> Engine:
    """An engine whose every transaction starts with `begin`.

    The driver's own transaction handling is switched off: it begins a transaction only before a statement
    that writes, so that reads would see no snapshot and schema changes could not be rolled back.

    Args:
        begin: `BEGIN` for a snapshot to read from, `BEGIN IMMEDIATE` to write.
        pragmas: what each connection is set to, as `name = value`.
        connections: how many there are at most.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        pool_size=connections,
        max_overflow=0,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: SQLiteConnection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (f"busy_timeout = {BUSY_TIMEOUT_MS}", "temp_store = MEMORY", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("casefold", 1, str.casefold, deterministic=True)

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def create_private(file: Path) -> None:
    """Make the file if it is not there, and readable by its owner alone; its log takes the mode over."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    file.chmod(0o600)


def identity(file: Path) -> tuple[int, int] | None:
    """What tells a file from another of its name; None where there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def put_back(engine: Engine, file: Path) -> None:
    """Write a database that was deleted while it was open to where it was, with its folder.

    Raises:
        DiskUnusable: that cannot be.
    """
    part = file.with_name(f"{file.name}.part")
    connection = engine.raw_connection()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        create_private(part)
        with closing(sqlite3.connect(part)) as target:
            cast("sqlite3.Connection", connection.driver_connection).backup(target)
        for suffix in SUFFIXES:  # they belong to the one that was deleted
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        part.replace(file)
    except OSError as error:
        raise DiskUnusable(f"{file} was deleted, and cannot be put back ({error.strerror})") from error
    finally:
        connection.close()


def remove(file: Path) -> None:
    """Remove a database with its log."""
    for suffix in ("", *SUFFIXES):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def explained(error: BaseException | None, file: Path) -> StoreError | None:
    """The store's own error for what SQLite said; None where it is a mistake of ours."""
    name: str = getattr(error, "sqlite_errorname", "")
    # Extended codes carry what they extend as their beginning: SQLITE_IOERR_FSYNC.
    code = "_".join(name.split("_")[:2])
    if code in _BUSY:
        return StoreBusy(f"{file} is held by another program: close it, and try again")
    if code in _DAMAGED:
        return StoreDamaged(
            f"{file} is damaged ({error}): put a copy of it back, `recall backup --restore FILE`, "
            "or let `recall doctor --mend` save what is whole"
        )
    if code in _DISK:
        return DiskUnusable(f"{file} cannot be read or written ({error}): check the disk and the file's owner")
    return None
