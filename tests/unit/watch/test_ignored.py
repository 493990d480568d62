"""What git ignores takes no watch, is not looked at and not reported."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from recalld.events import FilesChanged, TreeListed

from .conftest import TREE, Play, Stage, git, make_repository, report, watching


def test_ignored_files_and_folders_are_neither_listed_nor_reported(play: Play) -> None:
    async def story(stage: Stage) -> None:
        assert set(stage.listed) == {".gitignore", "a.py", "src/.gitignore", "src/b.py"}
        stage.write("out/x.py")
        stage.write("a.log")
        stage.write("src/generated.py")
        stage.write("new/out/x.py")
        stage.write("new/y.log")
        stage.write("new/y.py")
        assert await stage.news() == report(changed=("new/y.py",))
        stage.write("new/y.log", "more\n")
        stage.write("new/out/x.py", "more\n")
        assert await stage.news() == report()

    files = {".gitignore": "out/\n*.log\n", "a.py": "", "src/.gitignore": "generated*\n", "src/b.py": ""}
    play(story, files)


def test_thousands_of_ignored_folders_take_no_watch(tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_repository(root, {".gitignore": "node_modules/\ncache-*/\n", "src/a.py": ""})
    for number in range(3000):
        (root / f"node_modules/p{number % 50}/q{number}").mkdir(parents=True)
        (root / f"cache-{number}").mkdir()

    async def story() -> None:
        async with watching(root) as stage:
            assert set(stage.listed) == {".gitignore", "src/a.py"}
            assert stage.watcher.health(TREE).watched_folders == 2
            stage.write("node_modules/p1/q1/x.js")
            stage.write("cache-7/x.py")
            (root / "cache-new").mkdir()
            assert await stage.news() == report()
            assert stage.watcher.health(TREE).watched_folders == 2

    asyncio.run(story())


def test_a_folder_that_is_tracked_in_spite_of_the_rules_is_watched(tmp_path: Path) -> None:
    root = tmp_path / "project"
    make_repository(root, {"build/kept.py": "", "a.py": ""})
    (root / ".gitignore").write_text("build/\n")

    async def story() -> None:
        async with watching(root) as stage:
            assert "build/kept.py" in stage.listed
            stage.write("build/kept.py", "new\n")
            stage.write("build/made.py")
            assert await stage.news() == report(changed=("build/kept.py",))

    asyncio.run(story())


def test_new_rules_have_the_tree_listed_anew(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("new/b.py")
        assert await stage.news() == report(changed=("new/b.py",))
        stage.write(".gitignore", "new/\n")
        await stage.sync()
        changed, listed = stage.published.take()
        assert changed == report(changed=(".gitignore",))
        assert isinstance(listed, TreeListed)
        assert (set(listed.files), listed.reason) == ({".gitignore", "a.py"}, "ignore rules")
        assert stage.watcher.health(TREE).watched_folders == 1
        stage.write("new/b.py", "new\n")
        assert await stage.news() == report()

        (stage.root / ".gitignore").unlink()
        await stage.sync()
        changed, listed = stage.published.take()
        assert changed == report(removed=(".gitignore",))
        assert isinstance(listed, TreeListed)
        assert set(listed.files) == {"a.py", "new/b.py"}
        stage.write("new/b.py", "newer\n")
        assert await stage.news() == report(changed=("new/b.py",))

    play(story, {"a.py": ""})


def test_the_repositorys_own_rules_hold_from_the_moment_they_change(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("new/b.py")
        (stage.root / ".git/info/exclude").write_text("new/\n")
        listed = await stage.published.until(TreeListed)
        assert (set(listed.files), listed.reason) == ({"a.py"}, "ignore rules")

    play(story, {"a.py": ""})


def test_a_file_that_gets_an_ignored_name_is_removed_and_comes_back(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").rename(stage.root / "a.log")
        (stage.root / "src").rename(stage.root / "out")
        assert await stage.news() == report(removed=("a.py", "src/b.py"))
        assert stage.watcher.health(TREE).watched_folders == 1
        (stage.root / "a.log").rename(stage.root / "a.py")
        (stage.root / "out").rename(stage.root / "src")
        assert await stage.news() == report(changed=("a.py", "src/b.py"))
        stage.write("src/b.py", "new\n")
        assert await stage.news() == report(changed=("src/b.py",))

    play(story, {".gitignore": "out/\n*.log\n", "a.py": "", "src/b.py": ""})


def test_a_name_is_judged_anew_when_something_else_takes_it(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("thing/x.py")
        assert await stage.news() == report()
        shutil.rmtree(stage.root / "thing")
        stage.write("thing")
        assert await stage.news() == report(changed=("thing",))

    play(story, {".gitignore": "thing/\n", "a.py": ""})


def test_what_is_in_the_git_folder_is_no_news(play: Play) -> None:
    async def story(stage: Stage) -> None:
        await stage.sh("git commit --quiet --allow-empty -m x --author 'A <a@example.org>' || true; git gc --quiet")
        await stage.sh("git branch side; git tag t")
        assert await stage.news() == report()

    play(story)


def test_repositories_within_are_left_out_from_the_start_and_when_they_come(play: Play, tmp_path: Path) -> None:
    make_repository(tmp_path / "other", {"x.py": "", "deep/y.py": ""})

    async def story(stage: Stage) -> None:
        await stage.sh(f"git clone --quiet {tmp_path / 'other'} vendored")
        assert await stage.news() == report()
        stage.write("vendored/x.py", "new\n")
        assert await stage.news() == report()
        assert stage.watcher.health(TREE).watched_folders == 2
        await stage.watcher.rescan(TREE, "asked")
        assert (await stage.published.until(TreeListed)).files == stage.listed
        shutil.rmtree(stage.root / "vendored")
        stage.write("vendored/x.py")
        assert await stage.news() == report(changed=("vendored/x.py",))

    play(story)


def test_a_folder_that_becomes_a_repository_leaves_the_tree(play: Play) -> None:
    async def story(stage: Stage) -> None:
        git(stage.root / "src", "init", "--quiet")
        assert await stage.news() == report(removed=("src/b.py", "src/c.py"))
        assert stage.watcher.health(TREE).watched_folders == 1

    play(story)


def test_a_plain_folder_has_sensible_rules_and_its_own(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    for path in ("node_modules/x/y.js", ".venv/lib/z.py", "pkg/__pycache__/a.pyc", "pkg/a.py", "pkg/a.tmp"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    (root / "pkg/.gitignore").write_text("*.tmp\n")

    async def story() -> None:
        async with watching(root) as stage:
            assert set(stage.listed) == {"pkg/.gitignore", "pkg/a.py"}
            stage.write("pkg/b.py")
            stage.write("pkg/b.tmp")
            stage.write("pkg/__pycache__/b.pyc")
            stage.write("lib/node_modules/x.js")
            assert await stage.news() == report(changed=("pkg/b.py",))

    asyncio.run(story())


async def _until_listed(stage: Stage, files: set[str]) -> None:
    while (listed := await stage.published.until(TreeListed)).files.keys() != files:
        pass
    assert listed.reason == "ignore rules"


def test_a_plain_folder_that_becomes_a_repository_gets_its_rules(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    (root / "build").mkdir(parents=True)
    (root / "build/a.py").write_text("x")

    async def story() -> None:
        async with watching(root) as stage:
            assert stage.listed == {}
            git(root, "init", "--quiet")
            await _until_listed(stage, {"build/a.py"})

    asyncio.run(story())


def test_a_repository_that_takes_its_time_to_be_made_gets_its_rules_in_the_end(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    (root / "build").mkdir(parents=True)
    (root / "build/a.py").write_text("x")
    made = tmp_path / "made"
    made.mkdir()
    git(made, "init", "--quiet")

    async def story() -> None:
        async with watching(root) as stage:
            for part in ("refs", "HEAD", "config", "objects"):
                (root / ".git").mkdir(exist_ok=True)
                (made / ".git" / part).rename(root / ".git" / part)
                await stage.sync()
            await _until_listed(stage, {"build/a.py"})

    asyncio.run(story())


def test_a_part_of_a_repository_is_watched_by_the_repositorys_rules(tmp_path: Path) -> None:
    make_repository(tmp_path / "whole", {".gitignore": "*.log\nout/\n", "part/a.py": "", "part/.keep": ""})
    (tmp_path / "whole/part/a.log").write_text("x")
    (tmp_path / "whole/out").mkdir()
    (tmp_path / "whole/out/b.py").write_text("x")

    async def story(part: str, expected: set[str]) -> None:
        async with watching(tmp_path / "whole" / part) as stage:
            assert set(stage.listed) == expected
            stage.write("new.py")
            assert await stage.news() == report(changed=("new.py",))

    asyncio.run(story("part", {"a.py", ".keep"}))
    asyncio.run(story("out", {"b.py"}))


def test_git_is_asked_once_about_an_ignored_file_that_is_written_over_and_over(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(stage: Stage) -> None:
        stage.write("a.log")
        await stage.sync()
        monkeypatch.setenv("PATH", "")
        for number in range(5):
            stage.write("a.log", f"{number}\n")
            stage.write("a.py", f"{number}\n")
            assert await stage.news() == report(changed=("a.py",))
        assert stage.watcher.health(TREE).mode == "inotify", "a question to git would have failed"
        stage.write("b.log")
        await stage.sync()
        assert stage.watcher.health(TREE).mode == "stopped"

    play(story, {".gitignore": "*.log\n", "a.py": ""})


def test_a_worktree_is_a_tree_of_its_own(play: Play, tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.sh(f"git worktree add --quiet {tmp_path / 'side'}")
        await stage.watcher.add("tree-2", tmp_path / "side")
        assert (await stage.published.until(TreeListed)).files.keys() == stage.listed.keys()
        (tmp_path / "side/a.py").write_text("new\n")
        await stage.watcher.sync("tree-2", 5)
        assert stage.published.take() == [FilesChanged("tree-2", ("a.py",))]
        (stage.root / ".git/info/exclude").write_text("src/\n")
        listed = {(await stage.published.until(TreeListed)).tree_id for _ in range(2)}
        assert listed == {TREE, "tree-2"}

    play(story)
