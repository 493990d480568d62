"""A real daemon in this process, on a thread of its own, with a clock that tests move."""

from __future__ import annotations

import asyncio
import contextlib
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
    """One daemon for the tests of many modules; each test has a project, and with it a workspace, of its own.

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
        return job.next_run is not None and job.next_run > iso(self.now)

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


@contextlib.contextmanager
def a_house(**settings: Any) -> Iterator[House]:
    home = Path(tempfile.mkdtemp(prefix="recalld-test-"))
    with at_home(home):
        made = House(**settings)
        made.start()
    yield made
    made.stop()
    shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Let clients find the daemon that lives there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECALLD_HOME", str(home))
        yield


@pytest.fixture(scope="package")
def shared_house() -> Iterator[House]:
    """To start a daemon with its model takes longer than most tests."""
    with a_house() as made:
        yield made


@pytest.fixture(scope="module")
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """The daemon that modules share; one of its own for a module that names `SETTINGS`, be it none."""
    settings = getattr(request.module, "SETTINGS", None)
    if settings is None:
        made: House = request.getfixturevalue("shared_house")
        with at_home(made.paths.home):
            yield made
    else:
        with a_house(**settings) as made, at_home(made.paths.home):
            yield made


@pytest.fixture
def client(request: pytest.FixtureRequest, house: House, project: Path) -> Iterator[Client]:
    with Client(project) as made:
        made.sync()
        yield made
        if not hasattr(request.module, "SETTINGS"):
            _purge_personal(made)
        made.close_tree()


def _purge_personal(client: Client) -> None:
    """Leave nothing behind that the tests of other modules would see."""
    personal = [brief.id for brief in client.list(personal=True, limit=500).memories]
    if personal:
        client.forget(personal, purge=True)
