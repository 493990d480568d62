"""Which project a call is about, and how its daemon is reached."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from recall.aio import AsyncClient
from recall.connection import listening
from recall.paths import find_paths
from recall.protocol.errors import RecallError
from recall.start import start_daemon

MOST_OPEN = 8
"""Connections that are kept for the next call."""


class Projects:
    """The projects that one MCP client works in.

    What a call names comes first, then the client's roots, then `CLAUDE_PROJECT_DIR`, then the working directory.

    Args:
        start: whether a daemon may be started, and a workspace made.
        timeout_s: seconds that each request may take.
        folder: the project where the client names none.

    Attributes:
        roots: the folders that the client said it works in; None until it was asked.
    """

    def __init__(self, *, start: bool = True, timeout_s: float = 30.0, folder: Path | None = None) -> None:
        self.roots: list[Path] | None = None
        self._start = start
        self._timeout_s = timeout_s
        self._folder = folder or Path(os.environ.get("CLAUDE_PROJECT_DIR") or ".").expanduser().absolute()
        self._connections: dict[Path, _Connection] = {}
        self._started = asyncio.Event()
        self._started.set()

    def start_daemon(self) -> None:
        """Start the daemon where none runs, in a thread, so that nothing waits for it but the first call."""
        if not self._start:
            return
        paths, loop = find_paths(), asyncio.get_running_loop()
        self._started.clear()

        def start() -> None:
            with contextlib.suppress(RecallError):  # the first call tries again, and says what is wrong
                if not listening(paths):
                    start_daemon(paths)
            with contextlib.suppress(RuntimeError):  # the client is gone, and the loop with it
                loop.call_soon_threadsafe(self._started.set)

        # A thread that no exit waits for: a client that leaves at once is not to be kept.
        threading.Thread(target=start, name="recalld start", daemon=True).start()

    def folder(self, named: str | None = None, paths: Sequence[str] = ()) -> Path:
        """The folder of the project that a call is about.

        Args:
            named: the folder that it names.
            paths: the files that it names; one in another root than the first says that this is meant.
        """
        roots = self.roots or [self._folder]
        if named is not None:
            return roots[0] / Path(named).expanduser()
        for path in map(Path, paths):
            for root in roots if path.is_absolute() else ():
                if path.is_relative_to(root):
                    return root
        return roots[0]

    @contextlib.asynccontextmanager
    async def client(self, folder: Path) -> AsyncIterator[AsyncClient]:
        """A client for the tree that holds a folder, for as long as a call takes; many calls may share it."""
        await self._started.wait()
        found = self._connections.pop(folder, None) or _Connection(folder, start=self._start, timeout_s=self._timeout_s)
        self._connections[folder] = found  # the last used is last
        found.calls += 1
        try:
            yield found.client
        finally:
            found.calls -= 1
            await self._let_go()

    async def close(self) -> None:
        """Let go of all connections."""
        connections, self._connections = self._connections, {}
        for each in connections.values():
            await each.client.close()

    async def _let_go(self) -> None:
        idle = [folder for folder, each in self._connections.items() if each.calls == 0]
        for folder in idle[: max(0, len(self._connections) - MOST_OPEN)]:
            await self._connections.pop(folder).client.close()


class _Connection:
    """A client, and how many calls it serves just now."""

    def __init__(self, folder: Path, *, start: bool, timeout_s: float) -> None:
        self.client = AsyncClient(folder, start=start, timeout_s=timeout_s)
        self.calls = 0


def folder_of(uri: str) -> Path | None:
    """The folder that a root names; None where it is none of this machine's."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    folder = Path(unquote(parts.path))
    return folder if folder.is_dir() else None
