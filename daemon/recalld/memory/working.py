"""What is being worked on in a tree, as git tells it: the branch, what it changed, and what is not committed."""

from __future__ import annotations

import asyncio
import logging
from typing import NamedTuple

from recalld import git
from recalld.events import FilesChanged
from recalld.memory.trees import Tree

MAX_FILES = 200
"""Of each kind that are looked at; a change of more says nothing of what is worked on."""

log = logging.getLogger(__name__)

_State = tuple[int, int]
"""When HEAD and the index were changed last."""


class Work(NamedTuple):
    """What is being worked on; files by their path relative to the tree's root."""

    branch: str | None = None
    changed: tuple[str, ...] = ()
    """Not committed."""
    on_branch: tuple[str, ...] = ()
    """Changed since the branch left the main line, without those of `changed`."""


class Working:
    """Asks git, and asks it again only where something has changed since."""

    def __init__(self) -> None:
        self._repositories: dict[str, git.GitTree | None] = {}
        self._known: dict[str, tuple[_State, Work]] = {}

    def files_changed(self, event: FilesChanged) -> None:
        """What was known of a tree holds no more."""
        self._known.pop(event.tree_id, None)

    async def of(self, tree: Tree) -> Work:
        """What is being worked on; nothing where the tree is no repository, or git cannot be asked."""
        if tree.id not in self._repositories:
            self._repositories[tree.id] = await asyncio.to_thread(_repository, tree)
        repository = self._repositories[tree.id]
        if repository is None:
            return Work()
        state = await asyncio.to_thread(_state, repository)
        known = self._known.get(tree.id)
        if known is not None and known[0] == state:
            return known[1]
        work = await asyncio.to_thread(_work, repository)
        self._known[tree.id] = (state, work)
        return work


def _repository(tree: Tree) -> git.GitTree | None:
    try:
        found = git.find_root(tree.root)
    except git.GitError as error:
        log.warning("what is worked on in %s is not known: %s", tree.root, error)
        return None
    return found if found is not None and found.root == tree.root else None


def _state(repository: git.GitTree) -> _State:
    times = []
    for name in ("HEAD", "index"):
        try:
            times.append((repository.git_dir / name).stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return times[0], times[1]


def _work(repository: git.GitTree) -> Work:
    branch = git.branch_of(repository)
    try:
        head = git.commit_of(repository, "HEAD")
        if head is None:
            return Work(branch)
        changed = _few(git.changes_since(repository, head))
        fork = git.fork_point(repository)
        since = git.changes_since(repository, fork) if fork is not None else {}
        return Work(branch, changed, _few({path: None for path in since if path not in changed}))
    except git.GitError as error:
        log.warning("what is worked on in %s is not known: %s", repository.root, error)
        return Work(branch)


def _few(files: dict[str, str | None]) -> tuple[str, ...]:
    return tuple(sorted(files)) if len(files) <= MAX_FILES else ()
