"""That all vectors are to be made anew: asked for once, and kept beside the index until it was done."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

_LENGTH = 8


class Rebuild:
    """One rebuild at a time, which outlasts whatever ends the daemon.

    What is embedded meanwhile is stored with the rebuild's generation. So the index itself says how far it is, and a
    comparison finds what is left.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._writing = asyncio.Lock()
        self.generation = ""
        """Of the rebuild under way, told from all others; empty where none is."""

    async def load(self) -> None:
        """Read whether one is under way.

        Raises:
            OSError: that cannot be read.
        """
        async with self._writing:
            self.generation = await asyncio.to_thread(_read, self._file)

    async def ask(self) -> None:
        """Begin one, and return once that is on the disk; one that is under way already is the one that was asked for.

        Raises:
            OSError: it cannot be read or written.
        """
        async with self._writing:
            if not self.generation:  # perhaps not loaded yet
                self.generation = await asyncio.to_thread(_ask, self._file)

    async def finish(self) -> None:
        """Nothing is left of it.

        Raises:
            OSError: it cannot be written.
        """
        async with self._writing:
            await asyncio.to_thread(self._file.unlink, missing_ok=True)
            self.generation = ""


def _read(file: Path) -> str:
    try:
        # Whatever stands there tells it from others.
        return file.read_text("utf-8", errors="replace").strip()[:_LENGTH]
    except FileNotFoundError:
        return ""


def _ask(file: Path) -> str:
    """The generation of the rebuild under way, which is a new one where none was."""
    generation = _read(file)
    if generation:
        return generation
    generation = secrets.token_hex(_LENGTH // 2)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as written:
        written.write(generation)
        written.flush()
        os.fsync(written.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return generation
