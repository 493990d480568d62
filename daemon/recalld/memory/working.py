"""What is being worked on in a tree, as git tells it: the branch, what it changed, and what is not committed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import NamedTuple

from recalld import git
from recalld.events import FilesChanged
from recalld.memory.trees import Tree

MAX_FILES = 200
"""Of each kind that are looked at; a change of more says nothing of what is worked on."""

log = logging.getLogger(__name__)

_State = tuple[int, ...]
"""When HEAD, where it points, and the index were changed last."""


class Work(NamedTuple):
    """What is being worked on; files by their path relative to the tree's root."""

    branch: str | None = None
    changed: tuple[str, ...] = ()
    """Not committed."""
    on_branch: tuple[str, ...] = ()
    """Changed since the branch left the main line, without those of `changed`."""


class _Known(NamedTuple):
    """What git said of a repository, which holds as long as its state is the same."""

    state: _State
    branch: str | None
    head: str | None
    on_branch: tuple[str, ...]
    """What the branch changed, committed."""
    changed: tuple[str, ...] | None = None
    """What is not committed; None once a file has changed."""


class Working:
    """Asks git; again for what is committed where HEAD or the index changed, and for the rest where a file did."""

    def __init__(self) -> None:
        self._repositories: dict[str, git.GitTree | None] = {}
        self._known: dict[str, _Known] = {}

    def files_changed(self, event: FilesChanged) -> None:
        """What was known of uncommitted work in a tree holds no more."""
        known = self._known.get(event.tree_id)
        if known is not None:
            self._known[event.tree_id] = known._replace(changed=None)

    async def of(self, tree: Tree) -> Work:
        """What is being worked on; nothing where the tree is no repository, or git cannot be asked."""
        if tree.id not in self._repositories:
            self._repositories[tree.id] = await asyncio.to_thread(_repository, tree)
        repository = self._repositories[tree.id]
        if repository is None:
            return Work()
        before = self._known.get(tree.id)
        known = await asyncio.to_thread(_asked, repository, before)
        if self._known.get(tree.id) is before:  # else a file changed meanwhile
            self._known[tree.id] = known
        changed = known.changed or ()
        return Work(known.branch, changed, tuple(path for path in known.on_branch if path not in changed))


def _repository(tree: Tree) -> git.GitTree | None:
    try:
        found = git.find_root(tree.root)
    except git.GitError as error:
        log.warning("what is worked on in %s is not known: %s", tree.root, error)
        return None
    return found if found is not None and found.root == tree.root else None


def _asked(repository: git.GitTree, before: _Known | None) -> _Known:
    """What git says now, as far as it is not known from before."""
    state = _state(repository)
    known = before if before is not None and before.state == state else None
    if known is not None and known.changed is not None:
        return known
    branch = git.branch_of(repository)
    try:
        known = known or _committed(repository, state, branch)
        changed = _few(git.changes_since(repository, known.head)) if known.head is not None else ()
        return known._replace(changed=changed)
    except git.GitError as error:
        log.warning("what is worked on in %s is not known: %s", repository.root, error)
        return _Known((), branch, None, (), ())  # to be asked again


def _committed(repository: git.GitTree, state: _State, branch: str | None) -> _Known:
    head, fork = git.commit_of(repository, "HEAD"), git.fork_point(repository)
    since = git.changed_between(repository, fork, head) if fork is not None and head is not None else ()
    return _Known(state, branch, head, _few(since))


def _state(repository: git.GitTree) -> _State:
    times = []
    for name in ("HEAD", "logs/HEAD", "index"):
        try:
            times.append((repository.git_dir / name).stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)


def _few(files: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(files)) if len(files) <= MAX_FILES else ()
