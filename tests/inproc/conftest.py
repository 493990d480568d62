"""A real daemon in this process, on a thread of its own, with a clock that tests move."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from recall import Client
from recall.connection import listening
from recall.paths import find_paths
from recall.protocol.values import JobStatus
from recalld.app import App
from recalld.config import Config
from recalld.lifecycle import DaemonLock, make_folders
from recalld.memory.clock import iso
from tests.e2e.conftest import project
from tests.e2e.running import wait_until

__all__ = ["House", "client", "house", "project"]


T = TypeVar("T")


class House:
    """One daemon for the tests of a module; each test has a project, and with it a workspace, of its own.

    Attributes:
        now: what the daemon takes for the present.
    """

    def __init__(self, **settings: Any) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)
        self.paths = find_paths()
        self.app: App
        self._config = Config(**settings)
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread

    def start(self) -> None:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="the daemon")
        self._thread.start()
        wait_until(lambda: listening(self.paths), 20, "the daemon")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.app.shutdown)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def restart(self) -> None:
        """Stop and start again; what was due meanwhile has been done when this returns."""
        self.stop()
        self.start()
        with Client(self.paths.home, start=False) as client:
            wait_until(lambda: all(map(self._rests, client.status().jobs)), 20, "the jobs")

    def _rests(self, job: JobStatus) -> bool:
        return job.outcome == "done" or (job.next_run is not None and job.next_run > iso(self.now))

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the daemon's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _serve(self) -> None:
        make_folders(self.paths)
        lock = DaemonLock(self.paths.lock)
        lock.acquire()
        self._loop = asyncio.get_running_loop()
        self.app = App(self._config, self.paths, lock, clock=lambda: self.now)
        await self.app.run()


@pytest.fixture(scope="module")
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    home = Path(tempfile.mkdtemp(prefix="recalld-test-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECALLD_HOME", str(home))
        made = House(**getattr(request.module, "SETTINGS", {}))
        made.start()
        yield made
        made.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def client(house: House, project: Path) -> Iterator[Client]:
    with Client(project) as made:
        made.sync()
        yield made
        made.close_tree()
