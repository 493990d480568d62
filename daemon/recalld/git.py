"""Asking git: which folder is a project, what it is called, what it ignores. The only place that runs git.

A repository may come from anybody, so nothing in it may make git run a program, talk to the network, ask a
question or write: hooks and the file-system monitor are off, no transport is allowed, and git's own check of
who owns a repository stays in force. Everything here blocks for a few milliseconds; keep it off the event loop.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_S = 30.0
"""Longest time one git process may take; the root commit of a very long history takes the most."""
MAX_PATHSPECS = 200
"""So many folders at most are named to git one by one; for more the whole tree is asked about."""

DEFAULT_IGNORES = """\
# What recalld leaves out of folders that are no git repository. Their own .gitignore files hold too.
node_modules/
bower_components/
.venv/
venv/
__pycache__/
site-packages/
dist/
build/
target/
.tox/
.nox/
.eggs/
*.egg-info/
.mypy_cache/
.pytest_cache/
.ruff_cache/
.hypothesis/
.cache/
.gradle/
.next/
.nuxt/
.terraform/
.hg/
.svn/
.idea/
*.pyc
*.pyo
*.o
*.so
*.class
.DS_Store
"""

# What says where the user's own git and its settings are; all other GIT_* variables (as a hook inherits them)
# would point git at another repository.
_KEPT_VARIABLES = {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"}
_SAFETY = (
    "--no-pager",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
)
_NO_REPOSITORY = ("not a git repository", "must be run in a work tree")
_NO_COMMIT = ("bad revision", "unknown revision", "ambiguous argument")
_UNDER_WAY = (
    "index.lock",
    "rebase-merge",
    "rebase-apply",
    "sequencer",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
)
_MAIN_LINES = ("refs/remotes/origin/HEAD", "refs/heads/main", "refs/heads/master", "refs/heads/trunk")
_NO_BLOB = frozenset("0")
_COMMIT = re.compile(rb"[0-9a-f]{40,64}")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ssh": 22, "git": 9418, "ftp": 21, "ftps": 990}
_SCP_LIKE = re.compile(r"^(?:[^@/:]+@)?(?P<host>\[[^\]/]+\]|[^/:]+):(?P<path>(?!//).*)$")


class GitError(Exception):
    """Git refused or failed; the message is one line that says why."""


class GitMissing(GitError):  # noqa: N818 - named like the wire's code `git_missing`
    """There is no git on this machine."""


@dataclass(frozen=True, slots=True)
class GitTree:
    """A work tree, and where git keeps what belongs to it."""

    root: Path
    """Top folder of the work tree."""
    git_dir: Path
    """What belongs to this work tree alone: `HEAD`, `index`."""
    common_dir: Path
    """What all worktrees of the repository share: `info/exclude`, `config`."""
    plain: bool = False
    """No repository of the folder's own: git only lends its rules of what is ignored."""


# --- which project ----------------------------------------------------------------------------------


def find_root(path: Path) -> GitTree | None:
    """The work tree that holds a folder.

    Args:
        path: an absolute path of an existing folder.

    Returns:
        None outside any work tree, and inside a git folder or a bare repository.

    Raises:
        GitError: git refuses the repository (it belongs to another user) or cannot be asked.
    """
    if not any(os.path.lexists(folder / ".git") for folder in (path, *path.parents)):
        return None
    question = ("rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir")
    answer = _run(path, question, expected=_NO_REPOSITORY)
    if not answer:
        return None
    root, git_dir, common_dir = (Path(line) for line in os.fsdecode(answer).rstrip("\n").split("\n"))
    return GitTree(root, git_dir, common_dir)


def plain_tree(root: Path, keep_in: Path) -> GitTree:
    """A folder outside any repository, seen through git's rules of what is ignored.

    Args:
        root: the folder.
        keep_in: where the empty repository is kept that holds the default rules; shared by all such folders.

    Raises:
        GitError: that repository cannot be made.
    """
    git_dir = keep_in / "plain.git"
    if not (git_dir / "HEAD").exists():
        git_dir.mkdir(parents=True, exist_ok=True)
        _run(git_dir, ("init", "--quiet", "--bare", "--template=", "."))
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info" / "exclude").write_text(DEFAULT_IGNORES, "utf-8")
    return GitTree(root, git_dir, git_dir, plain=True)


def root_commit(tree: GitTree) -> str | None:
    """The oldest commit without a parent that HEAD goes back to.

    Returns:
        None without any commit, and in a shallow clone, whose history ends where it was cut off.
    """
    if (tree.common_dir / "shallow").exists():
        return None
    answer = _run(tree.root, ("rev-list", "--max-parents=0", "HEAD", "--"), tree, expected=_NO_COMMIT)
    commits = answer.split()
    return commits[-1].decode("ascii") if commits else None


def origin_url(tree: GitTree) -> str | None:
    """The URL of the remote called origin, as configured."""
    answer = _run(tree.root, ("config", "--get", "remote.origin.url"), tree, empty_codes=(1,))
    return os.fsdecode(answer).strip() or None


def normalise_url(url: str) -> str:
    """One form for all ways to name the same remote: `host/path`, or the path of a local one.

    User, scheme, the scheme's own port, a trailing slash and `.git` go; the host's letters become small.
    """
    url = url.strip()
    if "://" in url:
        parts = urlsplit(url)
        if parts.scheme == "file":
            return _without_suffix(parts.path)
        host = (parts.hostname or "").lower()
        try:
            port = parts.port
        except ValueError:
            port = None
        if port is not None and port != _DEFAULT_PORTS.get(parts.scheme.removeprefix("git+")):
            host = f"{host}:{port}"
        return f"{host}/{_without_suffix(parts.path).lstrip('/')}"
    found = _SCP_LIKE.match(url)
    if found is None:
        return _without_suffix(url)
    return f"{found['host'].strip('[]').lower()}/{_without_suffix(found['path']).lstrip('/')}"


def writing(tree: GitTree) -> bool:
    """Whether git has its index locked, as it does while it writes files."""
    return not tree.plain and os.path.lexists(tree.git_dir / "index.lock")


def settling(tree: GitTree) -> bool:
    """Whether a checkout, merge, rebase or the like is under way: the files may not be what anybody wants yet."""
    return not tree.plain and any(os.path.lexists(tree.git_dir / name) for name in _UNDER_WAY)


# --- what is ignored --------------------------------------------------------------------------------


def ignored(root: Path, tree: GitTree, under: Sequence[str] = ()) -> set[str]:
    """The files and folders that git ignores.

    What is inside an ignored folder is not named, nor looked at. Tracked files are never ignored.

    Args:
        root: the tree's own root or a folder in it; paths are relative to it.
        tree: a repository's, or `plain_tree`'s.
        under: look only at these files and folders.

    Returns:
        Paths with `/`; those of folders end in `/`.

    Raises:
        GitError: git cannot be asked.
    """
    paths = under if len(under) <= MAX_PATHSPECS else ()
    flags = ("-z", "--others", "--ignored", "--exclude-standard", "--directory")
    answer = _run(root, ("--literal-pathspecs", "ls-files", *flags, "--", *paths), tree)
    entries = os.fsdecode(answer).split("\0")
    # Git also names a folder that merely holds nothing but ignored entries, and then these after it. Such a
    # folder is not ignored: a new file in it may well count.
    entries.sort()
    found = set()
    for entry, following in zip(entries, [*entries[1:], ""], strict=True):
        if entry and not (entry.endswith("/") and following.startswith(entry)):
            found.add(entry)
    return found


def check_ignored(root: Path, tree: GitTree, paths: Iterable[str]) -> set[str]:
    """Those of some paths that git ignores, by one process for all.

    Args:
        root: as for `ignored`.
        tree: as for `ignored`.
        paths: relative to `root`, with `/`; they need not exist.

    Raises:
        GitError: git cannot be asked.
    """
    # A path that begins with a colon would be taken for a pattern.
    asked = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
    if not asked:
        return set()
    answer = _run(root, ("check-ignore", "-z", "--stdin"), tree, given=asked, empty_codes=(1,))
    return {path.removeprefix("./") for path in os.fsdecode(answer).split("\0") if path}


# --- what changed -----------------------------------------------------------------------------------


def commit_of(tree: GitTree, revision: str) -> str | None:
    """The commit that a branch, a tag, a hash or the like names; None where there is none.

    Raises:
        GitError: git cannot be asked.
    """
    question = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    answer = _run(tree.root, question, tree, empty_codes=(1, 128)).strip()
    return answer.decode("ascii") if _COMMIT.fullmatch(answer) else None  # a range is answered with two


def branch_of(tree: GitTree) -> str | None:
    """The branch that is checked out; None where it is none, as in the middle of a rebase."""
    try:
        head = (tree.git_dir / "HEAD").read_text("utf-8", "surrogateescape").strip()
    except OSError:
        return None
    return head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else None


def fork_point(tree: GitTree) -> str | None:
    """The commit at which what is checked out left the main line; None where it is on it, or there is none.

    Raises:
        GitError: git cannot be asked.
    """
    head = commit_of(tree, "HEAD")
    for name in _MAIN_LINES if head is not None else ():
        main = commit_of(tree, name)
        if main is not None:
            fork = _run(tree.root, ("merge-base", main, "HEAD"), tree, empty_codes=(1, 128)).decode("ascii").strip()
            return fork if fork and fork != head else None
    return None


def changes_since(tree: GitTree, commit: str | None) -> dict[str, str | None]:
    """The files that are different in the work tree from what they are in a commit.

    What is staged and what is not, what is gone, and what is new and not ignored. A renamed file is one that is
    gone and one that is new. Repositories within are left out.

    Args:
        tree: a repository's.
        commit: from `commit_of`; None compares with nothing, so that every file is new.

    Returns:
        By path, relative to the tree's root, the name of the content that the file had, for `contents`; None for
        one that was not there, or was no regular file.

    Raises:
        GitError: git cannot be asked.
    """
    if commit is None:
        commit = _run(tree.root, ("hash-object", "-t", "tree", "--stdin"), tree).decode("ascii").strip()
    form = ("--raw", "-z", "--no-abbrev", "--no-renames", "--no-color", "--ignore-submodules=all")
    question = ("diff", "--no-ext-diff", "--no-textconv", *form, commit, "--")
    with tempfile.TemporaryDirectory(prefix="recalld-") as scratch:
        answer = _run(tree.root, question, tree, variables=_without_filters(tree) | _copied_index(tree, Path(scratch)))
    changed: dict[str, str | None] = {}
    fields = iter(os.fsdecode(answer).split("\0"))
    for described, path in zip(fields, fields, strict=False):  # what ends the last path begins nothing
        mode, _, blob = described.removeprefix(":").split(" ")[:3]
        changed[path] = blob if mode.startswith("100") and not _NO_BLOB.issuperset(blob) else None
    untracked = _run(tree.root, ("ls-files", "-z", "--others", "--exclude-standard"), tree)
    for path in os.fsdecode(untracked).split("\0"):
        if path and not path.endswith("/"):
            changed.setdefault(path, None)
    # A commit is only bytes that somebody wrote, and may name what no checkout would ever make.
    return {path: blob for path, blob in changed.items() if not path.startswith("/") and ".." not in path.split("/")}


def changed_between(tree: GitTree, one: str, other: str) -> list[str]:
    """The files that are different in two commits, relative to the tree's root; a renamed one counts twice.

    Raises:
        GitError: git cannot be asked.
    """
    answer = _run(tree.root, ("diff-tree", "-r", "-z", "--name-only", "--no-renames", one, other, "--"), tree)
    return [path for path in os.fsdecode(answer).split("\0") if path]


def contents(tree: GitTree, blobs: Iterable[str], max_bytes: int) -> dict[str, bytes]:
    """What was in files, by the names from `changes_since`; what is larger, or not in this clone, is left out.

    Raises:
        GitError: git cannot be asked.
    """
    asked = "".join(f"{blob}\n" for blob in dict.fromkeys(blobs))
    described = _run(tree.root, ("cat-file", "--batch-check"), tree, given=asked.encode("ascii"))
    sizes: dict[str, int] = {}
    for line in described.decode("ascii").splitlines():
        name, kind, *more = line.split(" ")
        if kind == "blob" and int(more[0]) <= max_bytes:
            sizes[name] = int(more[0])
    asked = "".join(f"{blob}\n" for blob in sizes)
    answer = _run(tree.root, ("cat-file", "--batch", "--buffer"), tree, given=asked.encode("ascii"))
    found: dict[str, bytes] = {}
    at = 0
    for name, size in sizes.items():
        at = answer.index(b"\n", at) + 1
        found[name] = answer[at : at + size]
        at += size + 1
    return found


def _without_filters(tree: GitTree) -> dict[str, str]:
    """What keeps git from running the programs that turn a file into what is committed of it.

    Git compares a file whose time has changed by its content, and would ask them for it.
    """
    answer = _run(tree.root, ("config", "-z", "--name-only", "--get-regexp", r"^filter\."), tree, empty_codes=(1,))
    drivers = {os.fsdecode(name).rpartition(".")[0] for name in answer.split(b"\0") if name}
    settings = {f"{driver}.{role}": "" for driver in drivers for role in ("clean", "process")}
    settings |= {f"{driver}.required": "false" for driver in drivers}
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}  # not `-c`, which takes the first `=` for the end of a name
    for number, (name, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _copied_index(tree: GitTree, scratch: Path) -> dict[str, str]:
    """What makes git use a copy of the index, because it writes down which files were only touched."""
    copy = scratch / "index"
    try:
        shutil.copy2(tree.git_dir / "index", copy)  # with its time, by which git knows what it cannot be sure of
    except FileNotFoundError:
        pass
    except OSError as error:
        raise GitError(f"git's index in {tree.git_dir} cannot be read: {error.strerror}") from None
    return {"GIT_INDEX_FILE": str(copy)}


# --- the process ------------------------------------------------------------------------------------


def _run(
    folder: Path,
    question: Sequence[str],
    tree: GitTree | None = None,
    *,
    given: bytes = b"",
    variables: Mapping[str, str] | None = None,
    expected: Sequence[str] = (),
    empty_codes: Sequence[int] = (),
) -> bytes:
    """Run git in a folder.

    Args:
        folder: where git looks for the repository, unless `tree` is a plain one.
        question: command and arguments.
        tree: what is asked about.
        given: standard input.
        variables: of the environment, for this one question.
        expected: failures whose message holds one of these are an empty answer.
        empty_codes: so are these exit codes.
    """
    # A repository is found by git anew and not named outright, which would switch off its check of the owner.
    place = (f"--git-dir={tree.git_dir}", f"--work-tree={tree.root}") if tree and tree.plain else ()
    command = ["git", *_SAFETY, "-C", str(folder), *place, *question]
    environment = _environment() | dict(variables or {})
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, timeout=TIMEOUT_S, env=environment, check=False
        )
    except FileNotFoundError:
        raise GitMissing("git is not installed: install it, it tells what a project contains") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git in {folder} took longer than {TIMEOUT_S:.0f} s") from None
    except OSError as error:
        raise GitError(f"git cannot be run: {error}") from None
    if done.returncode == 0:
        return done.stdout
    said = os.fsdecode(done.stderr).strip()
    if done.returncode in empty_codes or any(text in said for text in expected):
        return b""
    if "dubious ownership" in said or "unsafe repository" in said:
        raise GitError(
            f"git does not trust {folder}, which belongs to another user: if you do, run "
            f"`git config --global --add safe.directory {folder}`"
        )
    reason = said.splitlines()[-1] if said else f"exit code {done.returncode}"
    raise GitError(f"git in {folder}: {reason}")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name[:4] != "GIT_" or name in _KEPT_VARIABLES}
    return kept | {
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        # No transport at all: a partial clone would fetch what it lacks.
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


def _without_suffix(path: str) -> str:
    return path.rstrip("/").removesuffix(".git").rstrip("/")
