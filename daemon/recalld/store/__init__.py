"""The truth: memories, versions, anchors with their accepted forms, ratings. The only place with SQL.

Two files in one folder. `memory.db` is the truth, and `cp memory.db` is a good backup. `code.db` holds what
can be derived again from the code: outlines, verdicts, and what crashed a parser; it is never migrated.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import Connection

from recall.paths import make_private
from recalld.store import derived, schema
from recalld.store.copies import CODE, STORE, Copy, write_copy
from recalld.store.database import Database
from recalld.store.engine import remove
from recalld.store.errors import (
    DiskUnusable,
    NotACopy,
    StoreBusy,
    StoreConflict,
    StoreDamaged,
    StoreError,
    StoreReplaced,
    StoreTooNew,
)
from recalld.store.migrate import migrate

__all__ = [
    "Copy",
    "Database",
    "DiskUnusable",
    "NotACopy",
    "Store",
    "StoreBusy",
    "StoreConflict",
    "StoreDamaged",
    "StoreError",
    "StoreReplaced",
    "StoreTooNew",
    "code_of",
]


_CODES: dict[type[StoreError], str] = {
    DiskUnusable: "disk",
    NotACopy: "not_a_backup",
    StoreBusy: "busy",
    StoreConflict: "busy",
    StoreDamaged: "damaged",
    StoreReplaced: "damaged",
    StoreTooNew: "newer_schema",
}


def code_of(error: StoreError) -> str:
    """What the protocol calls an error of the store."""
    return _CODES.get(type(error), "internal")


class Store:
    """The two databases of one data folder.

    Args:
        folder: made private to its owner.
        max_pending: see `Database`.

    Attributes:
        truth: `memory.db`; a write that returned is durable.
        code: `code.db`.
    """

    def __init__(self, folder: Path, *, max_pending: int = 1_000) -> None:
        self.truth = Database(folder / STORE, durable=True, max_pending=max_pending)
        self.code = Database(folder / CODE, durable=False, max_pending=max_pending)
        self._folder = folder

    async def open(self) -> None:
        """Make, migrate and repair what is there, and start.

        Raises:
            StoreError: `memory.db` is damaged, is none of ours, or is from a newer version.
            PermissionError: the folder belongs to somebody else.
        """
        make_private(self._folder)
        await asyncio.to_thread(migrate, self.truth.file)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.close)
            await self.truth.open()
            await self.truth.write(derived.repair)
            await self._open_code()
            undo.pop_all()

    async def close(self) -> None:
        """Finish what was begun and stop."""
        await self.code.close()
        await self.truth.close()

    async def copy(self, to: Path) -> Copy:
        """Copy the truth of this moment into a file, while reads and writes go on; see `write_copy`."""
        return await asyncio.to_thread(write_copy, self.truth.file, to)

    async def _open_code(self) -> None:
        try:
            await self.code.open()
            fits = await self.code.read(_version) == schema.CODE_VERSION
        except StoreDamaged:
            fits = False
        if not fits:
            await self.code.close()
            remove(self.code.file)
            await self.code.open()
            await self.code.write(_make_code)


def _version(connection: Connection) -> int:
    version: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    return version


def _make_code(connection: Connection) -> None:
    schema.code.create_all(connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {schema.CODE_VERSION}")
