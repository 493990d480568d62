"""Watches by watchdog's observer, as on macOS; here on whatever system the tests run on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recalld.config import Config
from recalld.events import Event, FilesChanged, TreeGone, TreeListed
from recalld.watch.native import NativeWatches
from recalld.watch.opens import OwnReads
from recalld.watch.worker import Worker

from .conftest import DEADLINE_S, TREE, make_repository

# On Linux the observer warns when a new folder is both told and found.
pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")


class Bench:
    """A worker with native watches, and what it published."""

    def __init__(self, scratch: Path) -> None:
        self.events: list[Event] = []
        self.worker = Worker(Config(), self.events.append, OwnReads(), scratch)
        self.system = NativeWatches(self.worker.deliver)
        self.worker.start(self.system)

    def add(self, root: Path) -> None:
        self.worker.do(lambda: self.worker.add(TREE, root)).result(DEADLINE_S)

    def changed(self) -> set[str]:
        return {path for event in self.events if isinstance(event, FilesChanged) for path in event.changed}

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not reached():
            assert time.monotonic() < deadline, self.events
            time.sleep(0.01)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "scratch")
    yield bench
    bench.worker.stop(1.0)
    bench.system.stop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    make_repository(root, {".gitignore": "out/\n*.log\n", "a.py": "a\n", "src/b.py": "b\n"})
    return root


def test_changes_are_told_and_what_is_ignored_is_not(bench: Bench, root: Path) -> None:
    bench.add(root)
    assert isinstance(bench.events[0], TreeListed)
    assert set(bench.events[0].files) == {".gitignore", "a.py", "src/b.py"}
    (root / "out").mkdir()
    (root / "out/x.py").write_text("x")
    (root / "a.log").write_text("x")
    (root / "new/deep").mkdir(parents=True)
    (root / "new/deep/c.py").write_text("x")
    (root / "a.py").write_text("new\n")
    bench.until(lambda: {"a.py", "new/deep/c.py"} <= bench.changed())
    (root / "new/deep/c.py").write_text("new\n")
    (root / "src/b.py").unlink()
    bench.until(
        lambda: any(isinstance(event, FilesChanged) and event.removed == ("src/b.py",) for event in bench.events)
    )
    assert bench.changed() == {"a.py", "new/deep/c.py"}


def test_moves_within_the_tree_are_moves(bench: Bench, root: Path) -> None:
    bench.add(root)
    (root / "a.py").rename(root / "src/a.py")
    moved = (("a.py", "src/a.py"),)
    bench.until(lambda: any(isinstance(event, FilesChanged) and event.moved == moved for event in bench.events))


def test_sync_compares_the_tree_itself(bench: Bench, root: Path) -> None:
    bench.add(root)
    for number in range(10):
        (root / f"src/new{number}.py").write_text("x")
        bench.worker.sync(TREE).result(DEADLINE_S)
        assert f"src/new{number}.py" in bench.changed()


def test_a_removed_root_is_gone(bench: Bench, root: Path, tmp_path: Path) -> None:
    bench.add(root)
    root.rename(tmp_path / "renamed")
    (tmp_path / "renamed/a.py").write_text("new\n")
    bench.until(lambda: TreeGone(TREE) in bench.events)
