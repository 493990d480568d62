"""Backups: one when somebody asks for it, and one a day by itself."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC
from pathlib import Path

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recalld.config import Config
from recalld.memory.clock import Clock
from recalld.store import Copy, DiskUnusable, NotACopy, Store

PATTERN = f"memory-{'[0-9]' * 8}T{'[0-9]' * 12}Z.db"

log = logging.getLogger(__name__)


def folder_of(config: Config, data: Path) -> Path:
    """Where the daily backups are.

    Args:
        data: the folder of the store.
    """
    return Path(config.backup_folder).expanduser() if config.backup_folder else data / "backups"


class Backups:
    """Copies of all memories, each whole and looked through before it counts.

    Args:
        config: `backup_folder` and `backup_keep` are taken from it.
        data: the folder of the store, in which the daily ones are unless a setting says otherwise.

    Attributes:
        folder: where the daily ones are.
        newest: the last of them; None before the first.
    """

    def __init__(self, config: Config, data: Path, store: Store, clock: Clock) -> None:
        self.folder = folder_of(config, data)
        self.newest: Path | None = None
        self._keep = config.backup_keep
        self._store = store
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def load(self) -> None:
        """See what backups there are."""
        kept = await asyncio.to_thread(self._kept)
        self.newest = kept[-1] if kept else None

    async def make(self, request: wire.Backup) -> wire.BackupReply:
        """Copy everything into a file that somebody named.

        Raises:
            RecallError: `invalid_params` where the path is not absolute; `not_a_backup` where something else is there.
        """
        to = Path(request.path)
        if not to.is_absolute():
            raise RecallError("invalid_params", f"{to} is not an absolute path: give one", field="path")
        if await asyncio.to_thread(to.is_dir):
            to /= self._name()
        try:
            made = await self._store.copy(to)
        except NotACopy as error:
            raise RecallError("not_a_backup", str(error), field="path") from error
        size = (await asyncio.to_thread(to.stat)).st_size
        return wire.BackupReply(path=str(to), memories=made.memories, workspaces=made.workspaces, bytes=size)

    async def run(self) -> str:
        """Make the daily backup, and drop those that are too many.

        Returns:
            What was done, in words.

        Raises:
            StoreError: it could not be made, or did not arrive whole; those of before stay.
        """
        if not self._keep:
            return "switched off: backup_keep is 0"
        made = await self._next()
        await asyncio.to_thread(self._drop_all_but, self._keep)
        return f"{made.memories:,} memories in {self.newest}"

    async def leave_out_purged(self) -> str | None:
        """See that the daily backups hold nothing that was purged: a new one takes the place of them all.

        Returns:
            What could not be done, in words.
        """
        if not await asyncio.to_thread(self._kept):
            return None
        try:
            if self._keep:
                await self._next()
            await asyncio.to_thread(self._drop_all_but, 1 if self._keep else 0)
        except (DiskUnusable, OSError) as error:
            log.warning("the backups still hold what was purged: %s", error)
            return f"erased, but the backups in {self.folder} still hold it, because no new one could be made: {error}"
        return None

    async def _next(self) -> Copy:
        async with self._one_at_a_time:
            try:
                await asyncio.to_thread(self.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise DiskUnusable(f"{self.folder} cannot be made ({error}): see the setting backup_folder") from error
            to = self.folder / self._name()
            made = await self._store.copy(to)
            self.newest = to
            return made

    def _name(self) -> str:
        return f"memory-{self._clock().astimezone(UTC):%Y%m%dT%H%M%S%fZ}.db"

    def _kept(self) -> list[Path]:
        return sorted(self.folder.glob(PATTERN))

    def _drop_all_but(self, count: int) -> None:
        """Drop all but the newest so many; the one made last stays, even if a clock that was set back calls it old."""
        kept = [file for file in self._kept() if file != self.newest]
        for file in kept[: max(len(kept) - max(count - 1, 0), 0)]:
            file.unlink(missing_ok=True)
