"""Which opened files are told, with the programs that people and agents really use."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recalld.events import FileOpened, FilesChanged

from .conftest import TREE, Play, Stage, report

FIVE = {f"{name}.py": f"print('{name}')\n" for name in "abcde"}
DEEP = {f"{folder}{name}.py": "print()\n" for folder in ("", "x/", "x/y/", "z/") for name in "abcdefgh"}


def _needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("nvim --headless {} +q", marks=_needs("nvim")),
        pytest.param("vim -es {} +q", marks=_needs("vim")),
        "cat {}",
        "head -3 {}",
        "grep print {}",
        f"{sys.executable} -c \"open('{{}}').read()\"",
        f"{sys.executable} -c \"import json, decimal; open('{{}}').read()\"",
    ],
)
@pytest.mark.parametrize("path", ["a.py", "sub/f.py", "sub/g.py"])
def test_a_file_that_a_program_was_told_to_open_is_told(play: Play, program: str, path: str) -> None:
    async def story(stage: Stage) -> None:
        assert await stage.opened(program.format(path)) == [path]

    play(story, FIVE | {"sub/f.py": "print()\n", "sub/g.py": "print()\n"})


@_needs("vim")
def test_vim_is_recognised_even_where_there_is_one_file_only(play: Play) -> None:
    async def story(stage: Stage) -> None:
        assert await stage.opened("vim -es sub/only.py +q; true") == ["sub/only.py"]

    play(story, FIVE | {"sub/only.py": ""})


@_needs("nvim")
def test_an_editor_that_saves_is_told_as_a_change(play: Play) -> None:
    async def story(stage: Stage) -> None:
        await stage.sh("nvim --headless a.py '+normal ihello' +wq")
        assert (await stage.news()) == report(changed=("a.py",))

    play(story, FIVE)


SEARCHES = [
    "grep -r print . || true",
    "grep -rl nothing-of-the-kind . || true",
    pytest.param("rg print", marks=_needs("rg")),
    pytest.param("ctags -R -f /dev/null .", marks=_needs("ctags")),
    "git grep print",
    "git status",
    "git diff",
    "find . -name '*.py' -not -path './.git/*' -exec cat {} +",
    "bash -c 'shopt -s globstar; cat **/*.py'",
    "tar cf - . | wc -c",
    "cp -r . ../backup",
    f"{sys.executable} -c \"import pathlib; [p.read_bytes() for p in pathlib.Path('.').rglob('*.py')]\"",
    f"{sys.executable} -c \"import os; [open(d + '/' + f).close() for d, _, fs in os.walk('.') for f in fs]\"",
]


@pytest.mark.parametrize("files", [FIVE, DEEP], ids=["five", "deep"])
@pytest.mark.parametrize("search", SEARCHES)
def test_a_program_that_goes_through_the_tree_opens_nothing(play: Play, search: str, files: dict[str, str]) -> None:
    async def story(stage: Stage) -> None:
        # Touched, so that git has to look into them.
        await stage.sh("touch *.py")
        await stage.sync()
        assert await stage.opened(search) == []

    play(story, files)


def test_git_that_looks_into_one_changed_file_opens_nothing(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("a.py", "new\n")
        await stage.sync()
        assert await stage.opened("git diff; git status; git stash --quiet; git stash pop --quiet") == []

    play(story, FIVE)


def test_the_daemons_own_reads_are_not_told(play: Play) -> None:
    async def story(stage: Stage) -> None:
        for path in ("a.py", "b.py"):
            stage.watcher.before_read(stage.root / path)
            (stage.root / path).read_bytes()
            stage.watcher.after_read(stage.root / path)
        assert await stage.opened("cat a.py c.py") == ["a.py", "c.py"], "the daemon read a.py, and so did somebody else"

    play(story, FIVE)


def test_the_watchs_own_looking_around_is_not_told(play: Play) -> None:
    async def story(stage: Stage) -> None:
        for number in range(3):
            await stage.watcher.rescan(TREE, "asked")
            stage.write(f"new{number}/x.py")
            await stage.sync()
        assert await stage.opened("true") == []
        # Had its own git counted as one that a person ran, or its own walk as a search, this would be kept quiet.
        await stage.watcher.rescan(TREE, "asked")
        (stage.root / "a.py").read_bytes()
        assert (await stage.published.until(FileOpened)).path == "a.py"

    play(story, FIVE)


def test_ignored_files_are_not_told(play: Play) -> None:
    async def story(stage: Stage) -> None:
        stage.write("x.log")
        stage.write("out/y.py")
        await stage.sync()
        assert await stage.opened("cat x.log out/y.py") == []

    play(story, FIVE | {".gitignore": "*.log\nout/\n"})


def test_a_file_is_told_soon_after_it_was_opened(play: Play) -> None:
    async def story(stage: Stage) -> None:
        began = time.monotonic()
        (stage.root / "a.py").read_bytes()
        assert (await stage.published.until(FileOpened)).path == "a.py"
        assert time.monotonic() - began < 1.0

    play(story, FIVE)


def test_opens_can_be_switched_off(play: Play) -> None:
    async def story(stage: Stage) -> None:
        (stage.root / "a.py").read_bytes()
        stage.write("b.py", "new\n")
        await stage.published.until(FilesChanged)
        await stage.sync()
        assert stage.published.take() == []

    play(story, FIVE, watch_opens=False, open_hold_ms=0)


def test_two_trees_do_not_share_a_search(play: Play, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    subprocess.run(["git", "init", "--quiet", str(other)], check=True)
    for name, text in FIVE.items():
        (other / name).write_text(text)

    async def story(stage: Stage) -> None:
        await stage.watcher.add("tree-2", other)
        assert await stage.opened(f"grep -r print {other}; cat a.py") == ["a.py"]

    play(story, FIVE)
