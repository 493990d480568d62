"""The projects that open files belong to: for each one connection to the daemon, and an ear for what it pushes."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from recall.aio import AsyncClient
from recall.connection import listening
from recall.lsp.documents import Document
from recall.paths import find_paths
from recall.protocol.errors import RecallError
from recall.protocol.events import (
    HEARTBEAT_S,
    AnyEvent,
    ContextPushed,
    MemoryChanged,
    ScanProgress,
    Stopping,
    VerdictChanged,
)
from recall.protocol.requests import PreviewReply

SILENCE_S = 3 * HEARTBEAT_S
"""After so long without a heartbeat the daemon is taken for lost."""
LOOK_S = 0.5
"""How often it is looked whether a lost daemon is back."""

log = logging.getLogger(__name__)
Changed = Callable[[MemoryChanged | VerdictChanged | None], None]


class Project:
    """One followed tree, with those of its files that the editor has open.

    Args:
        root: of the tree.
        changed: called with what happened to each memory that was changed, or of which the code says something else;
            with None where that may have been missed.
        start: start the daemon where none runs.
    """

    def __init__(self, root: Path, changed: Changed, *, start: bool) -> None:
        self.root = root
        self.client = AsyncClient(root, start=start)
        self._changed = changed
        self._documents: set[Document] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._following = asyncio.create_task(self._follow(), name=f"following {root}")

    async def open(self, document: Document) -> None:
        """Tell the daemon of an open file, and follow what it says of it."""
        self._documents.add(document)
        document.follow(self._preview)
        await self._tell_opened(document)

    async def closed(self, document: Document) -> None:
        """Tell the daemon that a file is closed."""
        self._documents.discard(document)
        try:
            await self.client.closed(document.path)
        except RecallError as error:
            log.info("%s: %s", document.path, error)

    async def close(self) -> None:
        """Close what is open, and let go of the connection."""
        self._following.cancel()
        if listening(find_paths()):  # else to tell it would start one
            await asyncio.gather(*(self.closed(document) for document in list(self._documents)))
        await self.client.close()

    async def _preview(self, path: str, text: str, version: int) -> PreviewReply:
        return await self.client.preview(path, text, version=version)

    async def _tell_opened(self, document: Document) -> None:
        try:
            await self.client.opened(document.path)
        except RecallError as error:
            log.info("%s: %s", document.path, error)

    # --- what the daemon pushes -----------------------------------------------------------------------

    async def _follow(self) -> None:
        known = False
        while True:
            try:
                events = self.client.events(timeout_s=SILENCE_S, heartbeats=True, on_missed=self._missed)
                async with events:
                    # What was pushed before somebody listened was missed, too.
                    self._missed(None) if known else self._refresh()
                    known = True
                    async for event in events:
                        if isinstance(event, Stopping):
                            break
                        self._take(event)
            except RecallError as error:
                log.info("%s: %s", self.root, error)
            await asyncio.sleep(LOOK_S)
            await _back()

    def _take(self, event: AnyEvent) -> None:
        match event:
            case ContextPushed(file_path=path, cause=cause):
                if cause != "opened":
                    self._refresh(path)
            case MemoryChanged() | VerdictChanged():
                self._changed(event)
                self._refresh()
            case ScanProgress(finished=True):
                self._refresh()

    def _missed(self, topic: str | None) -> None:
        self._changed(None)
        self._refresh()
        if topic is None:  # perhaps another daemon, which does not know what is open
            for document in self._documents:
                telling = asyncio.create_task(self._tell_opened(document))
                self._telling.add(telling)
                telling.add_done_callback(self._telling.discard)

    def _refresh(self, path: str | None = None) -> None:
        for document in self._documents:
            if path is None or document.path == self.root / path:
                document.refresh()


class Projects:
    """Finds the projects that files belong to.

    Args:
        changed: see `Project`.
        start: start the daemon where none runs, and make repositories workspaces.
    """

    def __init__(self, changed: Changed, *, start: bool) -> None:
        self._changed = changed
        self._start = start
        self._by_root: dict[Path, Project] = {}
        self._finding = asyncio.Lock()

    def holding(self, path: Path) -> Project | None:
        """The project that a file is in, if it is one of those found so far."""
        for folder in (path, *path.parents):
            if folder in self._by_root:
                return self._by_root[folder]
            if (folder / ".git").exists():
                return None  # a project of its own
        return None

    def all(self) -> list[Project]:
        """Those found so far."""
        return list(self._by_root.values())

    async def find(self, path: Path) -> Project | None:
        """The project that a file or folder is in; None where it is in none.

        A repository becomes a project when a file of it is opened, as by any other client; any other folder only by
        `recall up`. A missing daemon is started.

        Raises:
            RecallError: the daemon cannot be reached, or refuses the folder.
        """
        async with self._finding:
            if (known := self.holding(path)) is not None:
                return known
            folder = await asyncio.to_thread(_folder_of, path)
            client = AsyncClient(folder, start=self._start)
            try:
                await client.hello()
                made = self._start and in_repository(folder)
                if not made and not await _is_known(folder):
                    return None
                opened = await client.open_workspace(folder)
            finally:
                await client.close()
            root = _real(opened.workspace.path)
            if root not in self._by_root:
                self._by_root[root] = Project(root, self._changed, start=self._start)
            return self._by_root[root]

    async def open(self, document: Document) -> None:
        """Find a file's project, and have the file followed, once there is a daemon."""
        project = None
        while document.is_open:
            try:
                project = await self.find(document.path)
                break
            except RecallError as error:
                log.warning("%s: %s", document.path, error)
                if error.code not in ("unreachable", "timeout", "busy", "shutting_down"):
                    project = None
                    break
            document.ask_no_more()
            await asyncio.sleep(LOOK_S)
            await _back()
        if project is None or not document.is_open:
            document.ask_no_more()
        else:
            await project.open(document)

    async def closed(self, document: Document) -> None:
        """A file was closed."""
        if (project := self.holding(document.path)) is not None:
            await project.closed(document)

    async def close(self) -> None:
        """Let go of everything."""
        await asyncio.gather(*(project.close() for project in self._by_root.values()))


def in_repository(folder: Path) -> bool:
    """Whether a folder is in a git repository."""
    return any((each / ".git").exists() for each in (folder, *folder.parents))


def _real(path: str) -> Path:
    """A folder by its own name, as files are looked for by theirs."""
    return Path(os.path.realpath(path))


def _folder_of(path: Path) -> Path:
    """The nearest folder that is there."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


async def _is_known(folder: Path) -> bool:
    """Whether somebody made the folder's project a workspace."""
    client = AsyncClient(folder, start=False)
    try:
        await client.list(limit=1)
    except RecallError as error:
        if error.code == "unknown_tree":
            return False
        raise
    finally:
        await client.close()
    return True


async def _back() -> None:
    """Return once a daemon listens. Whatever is asked of it starts it; waiting for it does not."""
    while True:
        if listening(find_paths()):
            return
        await asyncio.sleep(LOOK_S)
