from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from recalld.config import Config
from recalld.events import Event, FileOpened, FilesChanged, TreeListed
from recalld.watch import Watcher

E_ = TypeVar("E_", bound=Event)
TREE = "tree-1"
DEADLINE_S = 10.0


class Published:
    """What a watch published, in order; filled from its thread."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._events.append(event)

    def take(self) -> list[Event]:
        """All so far; they are gone then."""
        with self._lock:
            events, self._events = self._events, []
        return events

    async def until(self, kind: type[E_], within_s: float = DEADLINE_S) -> E_:
        """The next event of a kind; those before it are gone then."""
        async with asyncio.timeout(within_s):
            while True:
                with self._lock:
                    for index, event in enumerate(self._events):
                        if isinstance(event, kind):
                            del self._events[: index + 1]
                            return event
                await asyncio.sleep(0.002)


@dataclass
class Stage:
    """A watched project."""

    root: Path
    watcher: Watcher
    published: Published
    listed: dict[str, str]

    def write(self, path: str, text: str = "x\n") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    async def sh(self, command: str) -> None:
        """Run a command in the project's root, in a process of its own."""
        process = await asyncio.create_subprocess_shell(
            command, cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
        )
        _, stderr = await process.communicate()
        assert process.returncode == 0, f"{command}: {stderr.decode()}"

    async def sync(self) -> None:
        await self.watcher.sync(TREE, DEADLINE_S)

    async def news(self) -> FilesChanged:
        """All that changed since, as one report; each list sorted."""
        await self.sync()
        reports = [event for event in self.published.take() if isinstance(event, FilesChanged)]
        return FilesChanged(
            TREE,
            tuple(sorted(path for report in reports for path in report.changed)),
            tuple(sorted(path for report in reports for path in report.removed)),
            tuple(sorted(pair for report in reports for pair in report.moved)),
        )

    async def opened(self, by: str) -> list[str]:
        """The files that count as opened by a person when a command runs."""
        await self.sh(by)
        await self.sync()
        # By now all has been told. What is held back is decided when its time is over, and published before the
        # second of two syncs that follow.
        await asyncio.sleep(Config().open_hold_ms / 1000)
        await self.sync()
        await self.sync()
        return [event.path for event in self.published.take() if isinstance(event, FileOpened)]


def report(
    changed: tuple[str, ...] = (), removed: tuple[str, ...] = (), moved: tuple[tuple[str, str], ...] = ()
) -> FilesChanged:
    return FilesChanged(TREE, changed, removed, moved)


def make_repository(root: Path, files: dict[str, str]) -> None:
    """A repository with one commit of these files."""
    root.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message=first")


def git(root: Path, *command: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", str(root), *identity, *command], check=True, capture_output=True)


@asynccontextmanager
async def watching(
    root: Path, settings: dict[str, float] | None = None, *, max_watches: int | None = None
) -> AsyncIterator[Stage]:
    """A watch over one tree; its scratch folder lies beside the root."""
    published = Published()
    config = msgspec.convert(settings or {}, Config)
    scratch = root.parent / "scratch"
    watcher = Watcher(config, published, scratch=scratch, max_watches=max_watches)
    await watcher.start()
    try:
        await watcher.add(TREE, root)
        listed = await published.until(TreeListed)
        assert listed.reason == "start"
        yield Stage(root, watcher, published, listed.files)
    finally:
        await watcher.stop()


Play = Callable[..., None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run a story on a watched repository with the given files."""

    def run(
        story: Callable[[Stage], Awaitable[None]],
        files: dict[str, str] | None = None,
        *,
        max_watches: int | None = None,
        **settings: float,
    ) -> None:
        root = tmp_path / "project"
        make_repository(root, {"a.py": "a\n", "src/b.py": "b\n", "src/c.py": "c\n"} if files is None else files)

        async def through() -> None:
            async with watching(root, settings, max_watches=max_watches) as stage:
                await story(stage)

        asyncio.run(through())

    return run
