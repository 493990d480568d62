"""What happens at the system's limits: lost events, no watches left, no inotify at all."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest
from watchdog.observers.inotify_c import DEFAULT_NUM_EVENTS

from recalld.events import FilesChanged, TreeListed
from recalld.watch import worker
from recalld.watch.inotify import InotifyWatches

from .conftest import TREE, Play, Stage, make_repository, report, watching

QUEUE_LENGTH = Path("/proc/sys/fs/inotify/max_queued_events")


def _overflow(stage: Stage) -> None:
    """Have the system lose events: more of them than its queue holds, while nobody reads."""
    system = stage.watcher._system
    assert isinstance(system, InotifyWatches)
    with system._inotify._lock:
        # The reader may have taken one buffer full before it had to wait.
        for _ in range(int(QUEUE_LENGTH.read_text()) // 2 + DEFAULT_NUM_EVENTS):
            for name in ("a.py", "src/b.py"):
                os.close(os.open(stage.root / name, os.O_RDONLY))
        # This is told by nobody.
        (stage.root / "late").mkdir()
        (stage.root / "late/x.py").write_text("x")
        (stage.root / "src/c.py").unlink()


def test_lost_events_are_made_good_by_one_listing_and_then_it_is_quiet(play: Play, tmp_path: Path) -> None:
    make_repository(tmp_path / "other", {"o.py": ""})

    async def story(stage: Stage) -> None:
        await stage.watcher.add("tree-2", tmp_path / "other")
        await stage.published.until(TreeListed)
        _overflow(stage)
        listings = [await stage.published.until(TreeListed) for _ in range(2)]
        assert {listing.tree_id for listing in listings} == {TREE, "tree-2"}
        assert {listing.reason for listing in listings} == {"overflow"}
        listed = next(listing.files for listing in listings if listing.tree_id == TREE)
        assert set(listed) == {"a.py", "src/b.py", "late/x.py"}
        assert stage.watcher.health(TREE).overflows == 1
        stage.write("late/x.py", "new\n")
        assert await stage.news() == report(changed=("late/x.py",))
        before = time.process_time()
        await asyncio.sleep(0.5)
        assert time.process_time() - before < 0.1
        assert stage.published.take() == []

    play(story)


def test_sync_holds_in_the_midst_of_lost_events(play: Play) -> None:
    async def story(stage: Stage) -> None:
        _overflow(stage)
        await stage.sync()
        listings = [event for event in stage.published.take() if isinstance(event, TreeListed)]
        assert set(listings[-1].files) == {"a.py", "src/b.py", "late/x.py"}

    play(story)


def test_more_notices_than_can_wait_count_as_lost(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_WAITING", 50)

    async def story(stage: Stage) -> None:
        for number in range(500):
            stage.write(f"new/{number % 7}/{number}.py")
        await stage.sync()
        known: set[str] = set()
        for event in stage.published.take():
            if isinstance(event, TreeListed):
                known = set(event.files)
            elif isinstance(event, FilesChanged):
                known |= set(event.changed)
        assert {f"new/{number % 7}/{number}.py" for number in range(500)} <= known

    play(story)


FOLDERS = {f"d{number}/f.py": "" for number in range(40)}


def test_folders_without_a_watch_are_polled_and_health_says_so(play: Play) -> None:
    async def story(stage: Stage) -> None:
        health = stage.watcher.health(TREE)
        assert health.mode == "partly polling"
        assert 0 < health.watched_folders < 20
        assert health.polled_folders == 41 - health.watched_folders
        assert "max_user_watches" in health.warnings[0]
        # Told, or found by looking: nobody sees a difference but for the time.
        for number in range(40):
            stage.write(f"d{number}/f.py", "new\n")
        changed: set[str] = set()
        while len(changed) < 40:
            changed |= set((await stage.published.until(FilesChanged)).changed)
        stage.write("d39/new/deep/f.py")
        (stage.root / "d38/f.py").unlink()
        (stage.root / "d37").rename(stage.root / "d77")
        found = await stage.news()
        assert {"d39/new/deep/f.py"} <= set(found.changed)
        assert {"d38/f.py"} <= set(found.removed)
        assert ("d37/f.py", "d77/f.py") in found.moved or "d77/f.py" in found.changed

    play(story, FOLDERS, max_watches=20, poll_interval_s=0.1)


def test_with_no_watch_left_for_the_root_all_is_polled(play: Play) -> None:
    async def story(stage: Stage) -> None:
        assert stage.watcher.health(TREE).mode == "polling"
        stage.write("d1/f.py", "new\n")
        assert await stage.published.until(FilesChanged) == report(changed=("d1/f.py",))
        stage.write("d1/f.py", "newer\n")
        assert await stage.news() == report(changed=("d1/f.py",))

    play(story, FOLDERS, max_watches=1, poll_interval_s=0.1)


def test_watches_that_become_free_are_used(play: Play, tmp_path: Path) -> None:
    make_repository(tmp_path / "other", {f"o{number}/f.py": "" for number in range(12)})

    async def story(stage: Stage) -> None:
        await stage.watcher.add("tree-2", tmp_path / "other")
        await stage.published.until(TreeListed)
        assert stage.watcher.health("tree-2").mode == "partly polling"
        await stage.watcher.remove(TREE)
        async with asyncio.timeout(5):
            while stage.watcher.health("tree-2").mode != "inotify":  # noqa: ASYNC110 - `recall status` asks like this
                await asyncio.sleep(0.02)
        assert stage.watcher.health("tree-2").warnings == []
        (tmp_path / "other/o11/f.py").write_text("new\n")
        await stage.watcher.sync("tree-2", 5)
        assert stage.published.take() == [FilesChanged("tree-2", ("o11/f.py",))]

    play(story, {f"d{number}/f.py": "" for number in range(12)}, max_watches=20, poll_interval_s=0.1)


IN_A_NAMESPACE = """
    import asyncio, json, pathlib, sys
    from recalld.config import Config
    from recalld.events import FilesChanged
    from recalld.watch import Watcher

    async def main():
        root, scratch, name, limit = sys.argv[1:]
        pathlib.Path("/proc/sys/user", name).write_text(limit)
        events = []
        watcher = Watcher(Config(poll_interval_s=0.1), events.append, scratch=pathlib.Path(scratch))
        await watcher.start()
        await watcher.add("t", pathlib.Path(root))
        health = watcher.health("t")
        for number in range(40):
            pathlib.Path(root, f"d{number}", "f.py").write_text("new")
        await watcher.sync("t", 10)
        changed = [path for event in events if isinstance(event, FilesChanged) for path in event.changed]
        await watcher.stop()
        print(json.dumps([health.mode, health.watched_folders, len(set(changed)), health.warnings]))

    asyncio.run(main())
"""


def _namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-Ur", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not _namespaces(), reason="this system grants no user namespaces")
@pytest.mark.parametrize(
    ("name", "limit", "mode"),
    [
        ("max_inotify_watches", 20, "partly polling"),
        ("max_inotify_watches", 0, "polling"),
        ("max_inotify_instances", 0, "polling"),
    ],
)
def test_the_systems_real_limits_are_met_with_polling(tmp_path: Path, name: str, limit: int, mode: str) -> None:
    make_repository(tmp_path / "project", FOLDERS)
    command = ["unshare", "-Ur", sys.executable, "-c", textwrap.dedent(IN_A_NAMESPACE)]
    done = subprocess.run(
        [*command, str(tmp_path / "project"), str(tmp_path / "scratch"), name, str(limit)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"GIT_CONFIG_COUNT": "0"},
    )
    found, watched, changed, warnings = json.loads(done.stdout)
    assert (found, changed) == (mode, 40)
    assert watched < 20
    assert "sysctl" in warnings[0]


def test_without_git_nothing_is_watched_until_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RETRY_S", 0.1)
    root = tmp_path / "project"
    make_repository(root, {"a.py": ""})

    async def story() -> None:
        async with watching(root) as stage:
            path = os.environ["PATH"]
            monkeypatch.setenv("PATH", "")
            await stage.watcher.add("tree-2", root)
            health = stage.watcher.health("tree-2")
            assert health.mode == "stopped"
            assert "git is not installed" in health.warnings[0]
            monkeypatch.setenv("PATH", path)
            assert (await stage.published.until(TreeListed)).tree_id == "tree-2"
            assert stage.watcher.health("tree-2").warnings == []

    asyncio.run(story())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_a_repository_that_git_does_not_trust_is_watched_with_less(tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_repository(root, {"a.py": "", ".gitignore": "*.log\n"})
    os.chown(root, 12345, 12345)
    os.chown(root / ".git", 12345, 12345)

    async def story() -> None:
        async with watching(root) as stage:
            assert "safe.directory" in stage.watcher.health(TREE).warnings[0]
            stage.write("x.log")
            stage.write("x.py")
            assert await stage.news() == report(changed=("x.py",))

    asyncio.run(story())


def test_folders_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root can read everything")
    root = tmp_path / "project"
    make_repository(root, {"a.py": "", "closed/b.py": ""})
    (root / "closed").chmod(0)

    async def story() -> None:
        async with watching(root) as stage:
            assert set(stage.listed) == {"a.py"}
            stage.write("a.py", "new\n")
            assert await stage.news() == report(changed=("a.py",))

    try:
        asyncio.run(story())
    finally:
        (root / "closed").chmod(0o755)


def test_a_hundred_trees_take_one_inotify_instance_and_two_threads(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"p{number}").mkdir()
        (tmp_path / f"p{number}/a.py").write_text("x")

    async def story() -> None:
        before = psutil.Process().num_fds()
        others = set(threading.enumerate())
        async with watching(tmp_path / "p0") as stage:
            for number in range(1, 100):
                await stage.watcher.add(f"tree-{number + 1}", tmp_path / f"p{number}")
            (tmp_path / "p77/a.py").write_text("new\n")
            assert (await stage.published.until(FilesChanged)) == FilesChanged("tree-78", ("a.py",))
            assert psutil.Process().num_fds() - before < 10
            names = sorted(thread.name for thread in threading.enumerate() if thread not in others)
            assert [name for name in names if not name.startswith("asyncio")] == ["inotify", "watch"]

    asyncio.run(story())
