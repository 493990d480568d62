"""Asking git about real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from recalld import git
from recalld.git import GitError, GitMissing, GitTree


def _git(folder: Path, *command: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", "-C", str(folder), *identity, *command], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    _git(root, "init", "--quiet")
    _write(root, **{"src/a.py": "a = 1\n"})
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", "first")
    return root


def _tree(root: Path) -> GitTree:
    tree = git.find_root(root)
    assert tree is not None
    return tree


# --- which project ----------------------------------------------------------------------------------


def test_the_root_is_found_from_a_folder_deep_inside(repository: Path) -> None:
    tree = _tree(repository / "src")
    assert (tree.root, tree.git_dir, tree.common_dir) == (
        repository,
        repository / ".git",
        repository / ".git",
    )


def test_a_worktree_has_a_git_folder_of_its_own_and_shares_the_common_one(repository: Path, tmp_path: Path) -> None:
    _git(repository, "worktree", "add", "--quiet", str(tmp_path / "side"))
    tree = _tree(tmp_path / "side")
    assert tree.root == tmp_path / "side"
    assert tree.git_dir == repository / ".git" / "worktrees" / "side"
    assert tree.common_dir == repository / ".git"


def test_a_plain_folder_has_no_root(tmp_path: Path) -> None:
    assert git.find_root(tmp_path) is None


def test_a_git_folder_itself_and_a_bare_repository_are_no_work_tree(repository: Path, tmp_path: Path) -> None:
    _git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare.git")
    assert git.find_root(repository / ".git") is None
    assert git.find_root(tmp_path / "bare.git") is None


def test_a_folder_that_only_looks_like_a_repository_is_none(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("nonsense")
    with pytest.raises(GitError):
        git.find_root(tmp_path)
    (tmp_path / ".git").unlink()
    (tmp_path / ".git").mkdir()
    assert git.find_root(tmp_path) is None


def test_a_repository_named_by_the_environment_is_not_taken_for_the_folders_own(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    assert _tree(other).root == other


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_a_repository_of_another_user_is_refused_with_what_to_do(repository: Path) -> None:
    for path in [repository, *repository.rglob("*")]:
        os.chown(path, 12345, 12345)
    with pytest.raises(GitError, match=r"safe\.directory"):
        git.find_root(repository)


def test_git_that_is_not_installed_is_said_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(GitMissing, match="not installed"):
        git.find_root(repository)


def test_a_monitor_that_a_repository_names_is_never_run(repository: Path, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    hook.chmod(0o755)
    _git(repository, "config", "core.fsmonitor", str(hook))
    tree = _tree(repository)
    git.ignored(repository, tree)
    git.check_ignored(repository, tree, ["src/b.py"])
    assert not (tmp_path / "was-run").exists()
    _git(repository, "status")
    assert (tmp_path / "was-run").exists(), "the hook itself works"


def test_the_root_commit_stays_while_commits_are_added(repository: Path) -> None:
    first = _git(repository, "rev-parse", "HEAD")
    _git(repository, "commit", "--quiet", "--allow-empty", "--message", "second")
    assert git.root_commit(_tree(repository)) == first


def test_without_a_commit_there_is_no_root_commit(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet")
    assert git.root_commit(_tree(tmp_path)) is None


def test_a_shallow_clone_does_not_take_its_cut_for_a_root(repository: Path, tmp_path: Path) -> None:
    _git(repository, "commit", "--quiet", "--allow-empty", "--message", "second")
    _git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "shallow")
    assert git.root_commit(_tree(tmp_path / "shallow")) is None


def test_the_origin_is_told_as_it_is_configured(repository: Path) -> None:
    assert git.origin_url(_tree(repository)) is None
    _git(repository, "remote", "add", "origin", "git@example.org:group/project.git")
    assert git.origin_url(_tree(repository)) == "git@example.org:group/project.git"


@pytest.mark.parametrize(
    "url",
    [
        "git@Example.org:group/project.git",
        "example.org:group/project",
        "ssh://git@example.org/group/project.git",
        "ssh://git@example.org:22/group/project",
        "https://example.org/group/project.git/",
        "https://user:secret@EXAMPLE.ORG:443/group/project",
        "http://example.org:80/group/project.git",
        "git://example.org/group/project.git",
        "git+ssh://git@example.org:22/group/project.git",
        "  https://example.org/group/project  ",
    ],
)
def test_all_ways_to_name_a_remote_have_one_form(url: str) -> None:
    assert git.normalise_url(url) == "example.org/group/project"


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://example.org:8443/p.git", "example.org:8443/p"),
        ("ssh://git@[::1]:2222/p", "::1:2222/p"),
        ("/srv/git/p.git", "/srv/git/p"),
        ("../p", "../p"),
        ("file:///srv/git/p.git", "/srv/git/p"),
        ("https://example.org/Group/P", "example.org/Group/P"),
        ("https://example.org:port/p", "example.org/p"),
    ],
)
def test_what_makes_a_remote_another_one_stays(url: str, form: str) -> None:
    assert git.normalise_url(url) == form


def test_a_merge_with_conflicts_is_under_way_until_it_is_ended(repository: Path) -> None:
    tree = _tree(repository)
    assert not git.settling(tree)
    _git(repository, "checkout", "--quiet", "-b", "side")
    _write(repository, **{"src/a.py": "a = 2\n"})
    _git(repository, "commit", "--quiet", "--all", "--message", "side")
    _git(repository, "checkout", "--quiet", "-")
    _write(repository, **{"src/a.py": "a = 3\n"})
    _git(repository, "commit", "--quiet", "--all", "--message", "main")
    with pytest.raises(subprocess.CalledProcessError):
        _git(repository, "merge", "side")
    assert git.settling(tree)
    _git(repository, "merge", "--abort")
    assert not git.settling(tree)


# --- what is ignored --------------------------------------------------------------------------------


def test_ignored_folders_are_named_and_not_looked_into(repository: Path) -> None:
    _write(repository, **{".gitignore": "node_modules/\n*.log\n", "node_modules/deep/x.js": "", "src/a.log": ""})
    assert git.ignored(repository, _tree(repository)) == {"node_modules/", "src/a.log"}


def test_a_folder_with_nothing_but_ignored_files_is_not_ignored_itself(repository: Path) -> None:
    _write(repository, **{".gitignore": "*.log\ncache/\n", "logs/in/a.log": "", "wrap/cache/x": ""})
    assert git.ignored(repository, _tree(repository)) == {"logs/in/a.log", "wrap/cache/"}


def test_all_places_with_rules_hold(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\texcludesFile = {tmp_path / 'everywhere'}\n")
    (tmp_path / "everywhere").write_text("*.global\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "exclude").write_text("*.local\n")
    _write(repository, **{"src/.gitignore": "/nested\n!kept.local\n", "src/nested": "", "nested": ""})
    _write(repository, **{"a.global": "", "a.local": "", "src/kept.local": ""})
    assert git.ignored(repository, _tree(repository)) == {"a.global", "a.local", "src/nested"}


def test_tracked_files_are_never_ignored(repository: Path) -> None:
    _write(repository, **{".gitignore": "build/\n", "build/kept.py": "", "build/made.py": ""})
    _git(repository, "add", "--force", "build/kept.py")
    tree = _tree(repository)
    assert git.ignored(repository, tree) == {"build/made.py"}
    assert git.check_ignored(repository, tree, ["build/kept.py", "build/made.py"]) == {"build/made.py"}


def test_only_the_named_folders_are_looked_at(repository: Path) -> None:
    _write(repository, **{".gitignore": "*.log\nout/\n", "a/x.log": "", "b/x.log": "", "out/x": "", "c*/x.log": ""})
    tree = _tree(repository)
    assert git.ignored(repository, tree, ["a", "out"]) == {"a/x.log", "out/"}
    assert git.ignored(repository, tree, ["c*"]) == {"c*/x.log"}


def test_a_folder_in_a_repository_is_asked_about_by_its_own_paths(repository: Path) -> None:
    _write(repository, **{".gitignore": "*.log\n", "src/a.log": "", "b.log": ""})
    tree = _tree(repository)
    assert git.ignored(repository / "src", tree) == {"a.log"}
    assert git.check_ignored(repository / "src", tree, ["new.log", "new.py"]) == {"new.log"}


def test_a_batch_of_paths_is_judged_at_once(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.log\n")
    paths = [f"new/{number}.{kind}" for number in range(3000) for kind in ("log", "py")]
    assert git.check_ignored(repository, _tree(repository), paths) == {path for path in paths if path.endswith("log")}
    assert git.check_ignored(repository, _tree(repository), []) == set()


def test_unusual_names_are_taken_as_they_are(repository: Path) -> None:
    names = [":(top)x.log", "ü ñ.log", "with\nnewline.log", "-x.log", 'quote".log', ":x.log"]
    _write(repository, **{".gitignore": "*.log\n"}, **dict.fromkeys(names, ""))
    tree = _tree(repository)
    assert git.ignored(repository, tree) == set(names)
    assert git.check_ignored(repository, tree, [*names, ":(top)x.py"]) == set(names)


def test_repositories_within_are_not_looked_into(repository: Path) -> None:
    _write(repository, **{".gitignore": "*.log\n", "inner/x.log": ""})
    _git(repository / "inner", "init", "--quiet")
    assert git.ignored(repository, _tree(repository)) == set()


def test_a_plain_folder_has_defaults_and_its_own_rules(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    _write(root, **{"node_modules/x/y.js": "", ".venv/bin/python": "", "pkg/__pycache__/a.pyc": "", "pkg/a.py": ""})
    _write(root, **{"pkg/.gitignore": "*.tmp\n", "pkg/a.tmp": "", "b.tmp": ""})
    tree = git.plain_tree(root, tmp_path / "kept")
    assert git.ignored(root, tree) == {"node_modules/", ".venv/", "pkg/__pycache__/", "pkg/a.tmp"}
    assert git.check_ignored(root, tree, ["node_modules/new", "pkg/new.py", "pkg/new.tmp"]) == {
        "node_modules/new",
        "pkg/new.tmp",
    }
    assert not git.settling(tree)
    assert [path.name for path in root.iterdir() if path.name == ".git"] == []


def test_nothing_is_written_into_a_repository(repository: Path) -> None:
    _write(repository, **{"src/a.py": "a = 2\n", ".gitignore": "*.log\n", "a.log": ""})
    before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
    tree = _tree(repository)
    git.ignored(repository, tree)
    git.check_ignored(repository, tree, ["b.log"])
    git.root_commit(tree)
    git.origin_url(tree)
    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before


def test_a_folder_that_is_gone_is_an_error_of_git(repository: Path) -> None:
    tree = _tree(repository)
    with pytest.raises(GitError, match="gone"):
        git.ignored(repository / "gone", tree)


# --- what changed -----------------------------------------------------------------------------------


def _changed(root: Path, revision: str = "HEAD") -> dict[str, bytes | None]:
    """The changed files, with what was in them."""
    tree = _tree(root)
    changed = git.changes_since(tree, git.commit_of(tree, revision))
    blobs = [blob for blob in changed.values() if blob is not None]
    found = git.contents(tree, blobs, 1000)
    return {path: found[blob] if blob is not None else None for path, blob in changed.items()}


def test_a_commit_is_named_in_any_way_that_git_knows(repository: Path) -> None:
    first = _git(repository, "rev-parse", "HEAD")
    _git(repository, "tag", "--annotate", "--message", "v1", "v1")
    _git(repository, "commit", "--quiet", "--allow-empty", "--message", "second")
    tree = _tree(repository)
    assert {git.commit_of(tree, name) for name in ("v1", "HEAD~1", first, first[:8], "@{1}", "HEAD^{/first}")} == {
        first
    }


@pytest.mark.parametrize("name", ["nope", "--all", "-h", "HEAD..HEAD", "HEAD:src", "HEAD@{99}", "a" * 40, "", "a\nb"])
def test_what_names_no_commit_is_none_and_no_option(repository: Path, name: str) -> None:
    assert git.commit_of(_tree(repository), name) is None


def test_all_that_is_not_committed_is_a_change(repository: Path) -> None:
    _write(repository, **{name: f"{name}\n" for name in ("same", "staged", "unstaged", "gone", "removed", "moved")})
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message", "more")
    assert _changed(repository) == {}
    _write(repository, **{".gitignore": "*.log\n", "a.log": "", "deep/er/new": "", "added": "", "staged": "2\n"})
    _git(repository, "add", "added", "staged")
    _write(repository, unstaged="2\n")
    (repository / "gone").unlink()
    _git(repository, "rm", "--quiet", "removed")
    _git(repository, "mv", "moved", "elsewhere")
    assert _changed(repository) == {
        ".gitignore": None,
        "added": None,
        "deep/er/new": None,
        "elsewhere": None,
        "gone": b"gone\n",
        "moved": b"moved\n",
        "removed": b"removed\n",
        "staged": b"staged\n",
        "unstaged": b"unstaged\n",
    }


def test_since_an_older_revision_committed_and_uncommitted_changes_count(repository: Path) -> None:
    _write(repository, **{"b.py": "b = 1\n"})
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message", "second")
    _write(repository, **{"src/a.py": "a = 2\n"})
    assert _changed(repository, "HEAD~1") == {"b.py": None, "src/a.py": b"a = 1\n"}


def test_without_a_commit_every_file_is_new(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet")
    _write(tmp_path, staged="", untracked="")
    _git(tmp_path, "add", "staged")
    tree = _tree(tmp_path)
    assert git.commit_of(tree, "HEAD") is None
    assert git.changes_since(tree, None) == {"staged": None, "untracked": None}
    assert list((tmp_path / ".git" / "objects").glob("82/*")) == [], "nothing is compared by writing it"


def test_a_file_that_was_only_touched_has_not_changed(repository: Path) -> None:
    os.utime(repository / "src/a.py", (1, 1))
    assert _changed(repository) == {}


def test_a_conflict_is_a_change_from_what_was_committed(repository: Path) -> None:
    _git(repository, "checkout", "--quiet", "-b", "side")
    _write(repository, **{"src/a.py": "a = 2\n"})
    _git(repository, "commit", "--quiet", "--all", "--message", "side")
    _git(repository, "checkout", "--quiet", "-")
    _write(repository, **{"src/a.py": "a = 3\n"})
    _git(repository, "commit", "--quiet", "--all", "--message", "main")
    with pytest.raises(subprocess.CalledProcessError):
        _git(repository, "merge", "side")
    assert _changed(repository) == {"src/a.py": b"a = 3\n"}


def test_changes_in_unusual_names_are_taken_as_they_are(repository: Path) -> None:
    names = [":(top)x", "ü ñ", "with\nnewline", "-x", 'quote"', " "]
    _write(repository, **dict.fromkeys(names, "1\n"))
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message", "names")
    _write(repository, **dict.fromkeys(names, "2\n"))
    assert _changed(repository) == dict.fromkeys(names, b"1\n")


def test_links_and_repositories_within_have_no_content_to_compare(repository: Path) -> None:
    (repository / "link").symlink_to("src/a.py")
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message", "link")
    (repository / "link").unlink()
    _write(repository, link="a file now\n", **{"inner/x.py": ""})
    _git(repository / "inner", "init", "--quiet")
    assert _changed(repository) == {"link": None}


def test_contents_over_the_limit_and_those_that_are_not_there_are_left_out(repository: Path) -> None:
    _write(repository, small="1", large="1" * 20)
    _git(repository, "add", "--all")
    small, large = (_git(repository, "rev-parse", f":{name}") for name in ("small", "large"))
    tree = _tree(repository)
    assert git.contents(tree, [large, "0" * 39 + "1", small, small], 10) == {small: b"1"}
    assert git.contents(tree, [], 10) == {}


def test_no_program_that_a_repository_names_runs_to_find_what_changed(repository: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\ncat\n")
    program.chmod(0o755)
    for key in ("filter.a=b.clean", "filter.a=b.process", "diff.external", "diff.d.command", "diff.d.textconv"):
        _git(repository, "config", key, str(program))
    _git(repository, "config", "filter.a=b.required", "true")
    for hook in ("post-index-change", "pre-commit"):
        (repository / ".git/hooks").mkdir(exist_ok=True)
        (repository / ".git/hooks" / hook).symlink_to(program)
    (repository / ".git/info").mkdir(exist_ok=True)
    (repository / ".git/info/attributes").write_text("*.py filter=a=b diff=d\n")
    _write(repository, **{"src/a.py": "a = 2\n"})
    assert _changed(repository) == {"src/a.py": b"a = 1\n"}
    assert not (tmp_path / "was-run").exists()
    with pytest.raises(subprocess.CalledProcessError):  # it is no filter as git wants one
        _git(repository, "diff")
    assert (tmp_path / "was-run").exists(), "the program itself works"


def test_finding_what_changed_writes_nothing_into_a_repository(repository: Path) -> None:
    os.utime(repository / "src/a.py", (1, 1))
    _write(repository, new="")
    before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
    _changed(repository)
    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before
