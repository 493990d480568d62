"""What git says is being worked on, and when it is asked again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recalld import git as daemons_git
from recalld.events import FilesChanged
from recalld.memory.trees import Tree
from recalld.memory.working import MAX_FILES, Work, Working
from tests.e2e.running import commit, git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text("x = 1\n")
    commit(tmp_path)
    return tmp_path


def a_tree(root: Path) -> Tree:
    return Tree(id="tree-1", workspace_id="ws-1", root=root)


def ask(working: Working, root: Path) -> Work:
    return asyncio.run(working.of(a_tree(root)))


def changed(working: Working, *paths: str) -> None:
    working.files_changed(FilesChanged("tree-1", paths))


def test_work_is_what_is_not_committed_and_what_the_branch_changed(root: Path) -> None:
    working = Working()
    assert ask(working, root) == Work("main")
    git(root, "checkout", "-q", "-b", "feature")
    (root / "a.py").write_text("x = 2\n")
    (root / "b.py").write_text("x = 2\n")
    commit(root)
    (root / "b.py").write_text("x = 3\n")
    (root / "new.py").write_text("x = 1\n")
    assert ask(working, root) == Work("feature", ("b.py", "new.py"), ("a.py",))


def test_a_file_that_changes_is_known_once_the_watch_tells(root: Path) -> None:
    working = Working()
    assert ask(working, root).changed == ()
    (root / "a.py").write_text("x = 2\n")
    changed(working, "a.py")
    assert ask(working, root).changed == ("a.py",)


def test_a_commit_is_known_without_being_told(root: Path) -> None:
    working = Working()
    (root / "a.py").write_text("x = 2\n")
    assert ask(working, root).changed == ("a.py",)
    commit(root)
    assert ask(working, root).changed == ()
    git(root, "reset", "-q", "--soft", "HEAD~1")
    assert ask(working, root).changed == ("a.py",)


def test_what_is_known_is_not_asked_for_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    working = Working()
    (root / "a.py").write_text("x = 2\n")
    before = ask(working, root)
    monkeypatch.setenv("PATH", "")  # there is no git to ask
    assert ask(working, root) == before
    changed(working, "a.py")
    assert ask(working, root) == Work("main")


def test_a_change_of_many_files_says_nothing_of_what_is_worked_on(root: Path) -> None:
    for number in range(MAX_FILES + 1):
        (root / f"{number}.py").write_text("")
    assert ask(Working(), root) == Work("main")


def test_without_a_commit_or_a_repository_there_is_no_work(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    assert ask(Working(), plain) == Work()
    git(plain, "init", "-q", "-b", "main")
    assert ask(Working(), plain) == Work("main")


def test_a_renamed_file_counts_by_both_its_names(root: Path) -> None:
    found = daemons_git.find_root(root)
    assert found is not None
    first = git(root, "rev-parse", "HEAD")
    git(root, "mv", "a.py", "ä.py")
    commit(root)
    assert sorted(daemons_git.changed_between(found, first, "HEAD")) == ["a.py", "ä.py"]
