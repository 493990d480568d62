"""A real daemon in this process, on a thread of its own, with a clock that tests move."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recall import Client
from recall.paths import find_paths
from recalld.app import App
from recalld.config import Config
from recalld.lifecycle import DaemonLock, make_folders
from tests.e2e.running import MODELS, commit, git


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
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._live, name="the daemon")

    def start(self) -> None:
        self._thread.start()
        assert self._up.wait(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.app.shutdown)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)

    def run(self, work: Callable[[], Any]) -> Any:
        """Have a coroutine run on the daemon's own loop."""
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(30)

    def _live(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        make_folders(self.paths)
        lock = DaemonLock(self.paths.lock)
        lock.acquire()
        self.app = App(self._config, self.paths, lock, clock=lambda: self.now)
        self._loop.call_soon(self._up.set)
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
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "api/models").mkdir(parents=True)
    (root / "api/models/memory.py").write_text(MODELS)
    (root / "api/views.py").write_text("def show(request):\n    return request\n")
    git(root, "init", "-q")
    (root / "name.txt").write_text(str(tmp_path))  # makes the root commit, and so the workspace, this test's own
    commit(root)
    return root


@pytest.fixture
def client(house: House, project: Path) -> Iterator[Client]:
    with Client(project) as made:
        made.sync()
        yield made
        made.close_tree()
