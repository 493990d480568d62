"""The code of a tree as it was at a revision: which files are different since, and what they declared then."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recall.protocol.errors import RecallError
from recalld import git
from recalld.code import ParserPool
from recalld.memory.trees import Tree
from recalld.outline import Outline

BATCH = 64
"""So many files of then are on the disk, and in the parsers' queue, at once."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is different between a commit and a tree as it stands."""

    tree: git.GitTree
    blobs: dict[str, str | None]
    """The changed files, relative to the root, with git's name of what was in them; None for what was no file then."""


class Past:
    """Looks at a tree's repository, and outlines files as they were.

    Args:
        pool: parses, as for the files of now.
        max_file_bytes: larger files are left out.
    """

    def __init__(self, pool: ParserPool, max_file_bytes: int) -> None:
        self._pool = pool
        self._max_file_bytes = max_file_bytes

    async def change(self, tree: Tree, revision: str | None) -> Change:
        """What is different from a revision; without one, what is not committed.

        Raises:
            RecallError: `no_repository`, `unknown_revision`, `git_missing`.
        """
        return await asyncio.to_thread(_change, tree.root, revision)

    async def outlines(self, change: Change, paths: Sequence[str]) -> dict[str, Outline]:
        """The outlines that these of the changed files had; what was not there or cannot be read is left out."""
        found: dict[str, Outline] = {}
        for start in range(0, len(paths), BATCH):
            folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="recalld-"))
            try:
                batch = paths[start : start + BATCH]
                written = await asyncio.to_thread(_write, change, batch, folder, self._max_file_bytes)
                parsed = await asyncio.gather(*(self._pool.outline(folder, path, urgent=True) for path in written))
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            found |= {outline.path: outline for outline in parsed}
        return found


def _change(root: Path, revision: str | None) -> Change:
    try:
        tree = git.find_root(root)
        if tree is None or os.path.realpath(tree.root) != os.path.realpath(root):
            raise RecallError(
                "no_repository",
                f"{root} is no git repository, so there is nothing to compare it with: "
                "`recall audit` lists all memories that no longer agree with the code",
            )
        commit = git.commit_of(tree, revision or "HEAD")
        if commit is None and revision is not None:
            message = f"git knows no commit {revision!r} in {root}: name a branch, a tag or a hash"
            raise RecallError("unknown_revision", message, field="revision")
        return Change(tree, git.changes_since(tree, commit))
    except git.GitMissing:
        raise RecallError("git_missing", "git is not installed: install it, it tells what has changed") from None
    except git.GitError as error:
        raise RecallError("no_repository", f"git cannot say what has changed: {error}") from None


def _write(change: Change, paths: Sequence[str], folder: Path, max_file_bytes: int) -> list[str]:
    """Put files into a folder as they were; the paths of those that could be."""
    wanted = {path: blob for path in paths if (blob := change.blobs[path]) is not None}
    try:
        contents = git.contents(change.tree, wanted.values(), max_file_bytes)
    except git.GitError:  # a clone that has not fetched it all
        return []
    written = []
    for path, blob in wanted.items():
        if blob in contents:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(contents[blob])
            written.append(path)
    return written
