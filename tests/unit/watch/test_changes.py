"""What happens to files in a watched tree, and how it is reported."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import time
from pathlib import Path

from recalld.events import FilesChanged, TreeGone, TreeListed

from .conftest import TREE, Play, Stage, git, make_repository, report, watching


def test_a_tree_is_listed_with_the_stamps_of_its_files(play: Play) -> None:
    async def story(stage: Stage) -> None:
        status = (stage.root / "a.py").lstat()
        assert set(stage.listed) == {"a.py", "src/b.py", "src/c.py"}
        assert stage.listed["a.py"] == f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"

    play(story)


def test_a_saved_file_is_reported_after_the_settle_delay_without_sync(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("a.py", "new\n")
        assert await stage.published.until(FilesChanged) == report(changed=("a.py",))

    play(story)


def test_created_changed_and_deleted_files_stand_in_one_report(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("new.py")
        stage.write("src/b.py", "other\n")
        (stage.root / "a.py").unlink()
        assert await stage.news() == report(changed=("new.py", "src/b.py"), removed=("a.py",))

    play(story)


def test_what_was_reported_once_is_not_reported_again(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("a.py", "new\n")
        assert await stage.news() == report(changed=("a.py",))
        assert await stage.news() == report()

    play(story)


def test_a_file_that_is_written_to_and_kept_open_is_reported(play: Play) -> None:
    async def story(stage: Stage) -> None:
        with (stage.root / "a.py").open("a") as file:
            file.write("more\n")
            file.flush()
            assert await stage.news() == report(changed=("a.py",))

    play(story)


def test_a_file_saved_by_way_of_a_temporary_one_is_changed_and_nothing_else(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write(".a.py.tmp", "new\n")
        (stage.root / ".a.py.tmp").rename(stage.root / "a.py")
        assert await stage.news() == report(changed=("a.py",))

    play(story)


def test_a_file_saved_over_a_backup_that_goes_again_is_changed_and_nothing_else(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").rename(stage.root / "a.py~")
        stage.write("a.py", "new\n")
        (stage.root / "a.py~").unlink()
        assert await stage.news() == report(changed=("a.py",))

    play(story)


def test_a_file_saved_over_a_backup_that_stays_is_two_files(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").rename(stage.root / "a.py~")
        stage.write("a.py", "new\n")
        assert await stage.news() == report(changed=("a.py", "a.py~"))

    play(story)


def test_a_file_that_comes_and_goes_is_no_news(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("brief.py")
        (stage.root / "brief.py").unlink()
        await stage.sync()
        assert stage.published.take() == []

    play(story)


def test_a_moved_file_is_moved_even_if_it_is_written_to_and_moved_on(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").rename(stage.root / "src/a.py")
        assert await stage.news() == report(moved=(("a.py", "src/a.py"),))
        (stage.root / "src/a.py").rename(stage.root / "between.py")
        (stage.root / "between.py").rename(stage.root / "z.py")
        stage.write("z.py", "more\n")
        assert await stage.news() == report(moved=(("src/a.py", "z.py"),))

    play(story)


def test_a_file_moved_there_and_back_is_changed_at_most(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").rename(stage.root / "z.py")
        (stage.root / "z.py").rename(stage.root / "a.py")
        assert await stage.news() == report(changed=("a.py",))

    play(story)


def test_a_file_moved_over_another_stands_in_one_list_only(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").rename(stage.root / "src/b.py")
        assert await stage.news() == report(moved=(("a.py", "src/b.py"),))

    play(story)


def test_two_files_that_change_places_are_changed(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").rename(stage.root / "tmp")
        (stage.root / "src/b.py").rename(stage.root / "a.py")
        (stage.root / "tmp").rename(stage.root / "src/b.py")
        assert await stage.news() == report(changed=("a.py", "src/b.py"))

    play(story)


def test_a_moved_folder_is_its_files_and_goes_on_being_watched(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "src").rename(stage.root / "lib")
        assert await stage.news() == report(moved=(("src/b.py", "lib/b.py"), ("src/c.py", "lib/c.py")))
        stage.write("lib/b.py", "new\n")
        stage.write("lib/d.py")
        assert await stage.news() == report(changed=("lib/b.py", "lib/d.py"))

    play(story)


def test_a_file_moved_out_of_a_folder_that_was_just_moved_comes_from_its_old_path(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "src").rename(stage.root / "lib")
        (stage.root / "lib/b.py").rename(stage.root / "b.py")
        assert await stage.news() == report(moved=(("src/b.py", "b.py"), ("src/c.py", "lib/c.py")))

    play(story)


def test_a_file_moved_out_of_the_tree_is_removed_and_delays_nothing(play: Play, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        began = time.monotonic()
        (stage.root / "a.py").rename(tmp_path / "away.py")
        stage.write("src/b.py", "new\n")
        assert await stage.published.until(FilesChanged) == report(changed=("src/b.py",), removed=("a.py",))
        assert time.monotonic() - began < 0.4, "watchdog's own pairing of moves waits for 0.5 s"

    play(story)


def test_a_folder_moved_out_of_the_tree_takes_its_files_along(play: Play, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "src").rename(tmp_path / "away")
        assert await stage.news() == report(removed=("src/b.py", "src/c.py"))
        (tmp_path / "away/b.py").write_text("nobody looks\n")
        assert await stage.news() == report()

    play(story)


def test_a_folder_moved_into_the_tree_brings_its_files(play: Play, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        shutil.copytree(stage.root / "src", tmp_path / "other" / "deep")
        (tmp_path / "other").rename(stage.root / "other")
        assert await stage.news() == report(changed=("other/deep/b.py", "other/deep/c.py"))
        stage.write("other/deep/b.py", "new\n")
        assert await stage.news() == report(changed=("other/deep/b.py",))

    play(story)


def test_new_folders_are_found_with_all_that_came_with_them(play: Play) -> None:
    async def story(stage: Stage) -> None:
        await stage.sh("mkdir -p d/e/f && touch d/e/f/g && cp -r src copy")
        assert await stage.news() == report(changed=("copy/b.py", "copy/c.py", "d/e/f/g"))

    play(story)


def test_files_that_come_into_new_folders_while_these_are_walked_are_found(play: Play) -> None:
    async def story(stage: Stage) -> None:
        def make() -> None:
            for number in range(200):
                stage.write(f"new/d{number % 20}/e{number}/f.py")

        maker = threading.Thread(target=make)
        maker.start()
        changed: set[str] = set()
        while maker.is_alive():
            changed.update((await stage.news()).changed)
        changed.update((await stage.news()).changed)
        assert changed == {f"new/d{number % 20}/e{number}/f.py" for number in range(200)}

    play(story)


def test_a_removed_folder_takes_its_files_along_and_may_come_again(play: Play) -> None:
    async def story(stage: Stage) -> None:
        shutil.rmtree(stage.root / "src")
        assert await stage.news() == report(removed=("src/b.py", "src/c.py"))
        stage.write("src/b.py")
        assert await stage.news() == report(changed=("src/b.py",))
        shutil.rmtree(stage.root / "src")
        stage.write("src/b.py")
        assert await stage.news() == report(changed=("src/b.py",))
        stage.write("src/d.py")
        assert await stage.news() == report(changed=("src/d.py",))

    play(story)


def test_a_file_that_becomes_a_folder_and_back_is_followed(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").unlink()
        stage.write("a.py/inner.py")
        assert await stage.news() == report(changed=("a.py/inner.py",), removed=("a.py",))
        shutil.rmtree(stage.root / "a.py")
        stage.write("a.py")
        assert await stage.news() == report(changed=("a.py",), removed=("a.py/inner.py",))

    play(story)


def test_links_are_not_followed(play: Play, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        (tmp_path / "outside").mkdir()
        (stage.root / "folder").symlink_to(tmp_path / "outside")
        (stage.root / "loop").symlink_to(stage.root)
        (stage.root / "file").symlink_to(stage.root / "a.py")
        (tmp_path / "outside" / "x.py").write_text("x")
        assert await stage.news() == report()
        (stage.root / "a.py").unlink()
        (stage.root / "a.py").symlink_to(stage.root / "src/b.py")
        assert await stage.news() == report(removed=("a.py",))

    play(story)


def test_names_that_are_no_text_are_left_out(play: Play) -> None:
    async def story(stage: Stage) -> None:
        for name in (b"file-\xff.py", b"folder-\xff/a.py", "ünï.py".encode()):
            stage.write(os.fsdecode(name))
        assert await stage.news() == report(changed=("ünï.py",))
        await stage.watcher.rescan(TREE, "asked")
        assert "ünï.py" in (listed := (await stage.published.until(TreeListed)).files)
        assert len(listed) == 4

    play(story)


def test_a_branch_switch_is_one_report(play: Play) -> None:
    files = {f"pkg{n % 30}/m{n}.py": f"{n}\n" for n in range(600)}

    async def story(stage: Stage) -> None:
        await stage.sh("git checkout --quiet -b side && git rm --quiet -r pkg0 && git mv pkg1 renamed")
        await stage.sh("for f in pkg*/*.py; do echo more >> $f; done; git add -A")
        await stage.sh("git -c user.name=A -c user.email=a@example.org commit --quiet --message side")
        await stage.news()
        await stage.sh("git checkout --quiet main")
        switched = await stage.published.until(FilesChanged)
        assert set(switched.changed) == set(files)
        assert set(switched.removed) == {f"renamed/m{n}.py" for n in range(600) if n % 30 == 1}
        assert switched.moved == ()
        assert await stage.news() == report()

    play(story, files, settle_delay_ms=250, settle_ceiling_ms=5000)


def test_a_burst_that_does_not_end_is_reported_at_the_ceiling(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stop = threading.Event()

        def keep_writing() -> None:
            while not stop.wait(0.005):
                stage.write("a.py", f"{time.monotonic()}\n")

        writer = threading.Thread(target=keep_writing)
        writer.start()
        try:
            assert await stage.published.until(FilesChanged, within_s=3.0) == report(changed=("a.py",))
        finally:
            stop.set()
            writer.join()

    play(story, settle_delay_ms=200, settle_ceiling_ms=400)


def test_reports_come_in_the_order_of_what_happened(play: Play) -> None:
    async def story(stage: Stage) -> None:
        there = False
        for number in range(30):
            if there:
                (stage.root / "flip.py").unlink()
            else:
                stage.write("flip.py", str(number))
            there = not there
            expected = report(changed=("flip.py",)) if there else report(removed=("flip.py",))
            assert await stage.news() == expected

    play(story)


def test_a_root_that_is_removed_or_renamed_is_gone(play: Play, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.root.rename(tmp_path / "renamed")
        assert await stage.published.until(TreeGone) == TreeGone(TREE)
        assert stage.watcher.health(TREE).mode == "stopped"
        (tmp_path / "renamed").rename(stage.root)
        await stage.watcher.add(TREE, stage.root)
        assert (await stage.published.until(TreeListed)).files == stage.listed
        shutil.rmtree(stage.root)
        assert await stage.published.until(TreeGone) == TreeGone(TREE)
        await stage.sync()

    play(story)


def test_a_root_whose_parent_was_renamed_is_gone_at_its_next_change(tmp_path: Path) -> None:
    root = tmp_path / "parent" / "project"
    make_repository(root, {"a.py": "a\n"})

    async def story() -> None:
        async with watching(root) as stage:
            (tmp_path / "parent").rename(tmp_path / "renamed")
            (tmp_path / "renamed/project/a.py").write_text("new\n")
            assert await stage.published.until(TreeGone) == TreeGone(TREE)

    asyncio.run(story())


def test_a_root_that_is_not_there_is_gone_at_once(play: Play, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.watcher.add("tree-2", tmp_path / "nowhere")
        assert await stage.published.until(TreeGone) == TreeGone("tree-2")

    play(story)


def test_a_removed_tree_is_reported_no_more_and_others_are(play: Play, tmp_path: Path) -> None:
    make_repository(tmp_path / "other", {"x.py": "x\n"})

    async def story(stage: Stage) -> None:
        await stage.watcher.add("tree-2", tmp_path / "other")
        await stage.published.until(TreeListed)
        await stage.watcher.remove(TREE)
        stage.write("a.py", "new\n")
        (tmp_path / "other/x.py").write_text("new\n")
        await stage.watcher.sync("tree-2", 5)
        assert stage.published.take() == [FilesChanged("tree-2", ("x.py",))]

    play(story)


def test_a_file_moved_from_one_tree_to_another_leaves_the_one_and_comes_into_the_other(
    play: Play, tmp_path: Path
) -> None:
    make_repository(tmp_path / "other", {"x.py": "x\n"})

    async def story(stage: Stage) -> None:
        await stage.watcher.add("tree-2", tmp_path / "other")
        await stage.published.until(TreeListed)
        (stage.root / "src").rename(tmp_path / "other/src")
        await stage.sync()
        await stage.watcher.sync("tree-2", 5)
        left, came = sorted(stage.published.take(), key=lambda event: event.tree_id)  # type: ignore[attr-defined] # all have one
        assert left == report(removed=("src/b.py", "src/c.py"))
        assert isinstance(came, FilesChanged)
        assert set(came.changed) == {"src/b.py", "src/c.py"}
        (tmp_path / "other/src/b.py").write_text("new\n")
        await stage.watcher.sync("tree-2", 5)
        assert stage.published.take() == [FilesChanged("tree-2", ("src/b.py",))]

    play(story)


def test_sync_flushes_what_would_still_be_waited_for(play: Play) -> None:
    async def story(stage: Stage) -> None:
        for number in range(20):
            stage.write("a.py", f"{number}\n")
            began = time.monotonic()
            assert await stage.news() == report(changed=("a.py",))
            assert time.monotonic() - began < 5

    play(story, settle_delay_ms=60_000, settle_ceiling_ms=60_000)


def test_many_syncs_at_once_are_all_answered(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("a.py", "new\n")
        await asyncio.gather(*(stage.sync() for _ in range(50)))
        assert stage.published.take() == [report(changed=("a.py",))]

    play(story)


def test_sync_outlives_a_cleaner_of_temporary_files(play: Play, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        shutil.rmtree(tmp_path / "scratch" / "watch" / "cookies")
        stage.write("a.py", "new\n")
        assert await stage.news() == report(changed=("a.py",))

    play(story)


def test_the_watch_stops_at_once(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("a.py", "new\n")
        began = time.monotonic()
        await stage.watcher.stop()
        assert time.monotonic() - began < 0.5
        stage.published.take()
        git(stage.root, "checkout", "--", "a.py")
        assert {thread.name for thread in threading.enumerate()}.isdisjoint({"watch", "inotify"})
        assert stage.published.take() == []

    play(story, settle_delay_ms=1000)
