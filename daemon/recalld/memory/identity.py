"""Which project a folder belongs to: by its git history first, by its path otherwise."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from recall.protocol.errors import RecallError
from recalld import git

MAX_CLONES = 5
"""Of a chain of local clones, so many are gone through to where they come from."""
_ID_FILE = "recalld-workspace"


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a folder this project and no other."""

    root: Path
    """The project's folder, with symlinks resolved."""
    keys: tuple[str, ...]
    """By what the workspace is known, the surest first."""
    workspace_id: str
    """The id for it where none of the keys is known yet."""
    formerly: str | None = None
    """The key it had while it was no repository yet, if it was ever opened then."""

    @property
    def tree_id(self) -> str:
        """The id of this folder as a tree."""
        return f"tree-{digest(str(self.root))}"


def identify(path: str, *, plain: bool = True) -> Identity:
    """The identity of the project that holds a folder. Blocks on git for some milliseconds.

    Worktrees and clones of one repository share root commit and origin. The key with the repository's own
    folder comes first, so that changing the origin's URL loses nothing; it holds the root commit too, so
    that another repository put into the same place is another project. A repository without a commit
    carries its id in a file of its git folder.

    Args:
        path: absolute; a folder, or a file in one.
        plain: whether it may be no repository, or be one as a whole home folder.

    Raises:
        RecallError: `not_a_folder`, `no_repository`, `too_wide`, `git_missing`.
    """
    folder = Path(os.path.realpath(path))
    if os.path.isfile(folder):  # noqa: PTH113  # says no, too, of what is too long to be
        folder = folder.parent
    if not os.path.isdir(folder):  # noqa: PTH112
        raise RecallError(
            "not_a_folder", f"{path} is no folder that can be read: give a project's folder", field="path"
        )
    try:
        tree = git.find_root(folder)
        if not plain:
            _refuse_unasked(folder, tree)
        return _plain(folder) if tree is None else _of_git(tree)
    except git.GitMissing:
        raise RecallError("git_missing", "git is not installed: install it, it tells what a project contains") from None
    except git.GitError as error:
        raise RecallError("not_a_folder", f"git does not let {folder} be read: {error}", field="path") from None


def _refuse_unasked(folder: Path, tree: git.GitTree | None) -> None:
    """Refuse what nobody would call a project who did not say so."""
    if tree is None:
        raise RecallError(
            "no_repository", f"{folder} is in no git repository: `recall up` there takes it", field="path"
        )
    _refuse_wide(Path(os.path.realpath(tree.root)))


def _refuse_wide(root: Path) -> None:
    home = Path(os.path.realpath(Path.home()))
    if root == home or root in home.parents or root == Path(os.path.realpath(tempfile.gettempdir())):
        raise RecallError("too_wide", f"{root} is too wide to be one project: name a project's folder", field="path")


def _plain(root: Path) -> Identity:
    _refuse_wide(root)
    key = f"path:{root}"
    return Identity(root, (key,), f"ws-{digest(key)}")


def _of_git(tree: git.GitTree) -> Identity:
    root = Path(os.path.realpath(tree.root))
    common = Path(os.path.realpath(tree.common_dir))
    id_file = common / _ID_FILE
    given = id_file.read_text("ascii", "replace").strip() if id_file.is_file() else ""
    commit = git.root_commit(tree)
    if commit is None:
        if not given.startswith("ws-"):
            given = f"ws-{os.urandom(6).hex()}"
            id_file.write_text(given + "\n")
        return Identity(root, (f"id:{given}",), given, formerly=f"path:{root}")
    shared = f"git:{commit}:{_origin(tree)}"
    carried = (f"id:{given}",) if given.startswith("ws-") else ()
    keys = (*carried, f"dir:{common}:{commit}", shared)
    return Identity(root, keys, f"ws-{digest(shared)}", formerly=f"path:{root}")


def _origin(tree: git.GitTree) -> str:
    """Where a repository comes from; a clone of one on this disk comes from where that one comes from."""
    url = git.origin_url(tree)
    for _ in range(MAX_CLONES):
        folder = Path(url.removeprefix("file://") if url else "")
        if not (folder.is_absolute() and folder.is_dir()):
            break
        url = git.origin_url(git.GitTree(folder, folder, folder))
    return git.normalise_url(url) if url else ""


def digest(text: str) -> str:
    """Twelve hex digits of a text, for ids that come out the same each time."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
