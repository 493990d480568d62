"""Which tree a request is about that names none: by whatever it does name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import msgspec

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.requests import MAX_PATH
from recalld.memory.trees import PERSONAL, Tree, Trees
from recalld.store import Store, memories, worklog, workspaces

Open = Callable[[wire.OpenWorkspace], Awaitable[wire.OpenWorkspaceReply]]
Text = Annotated[str, msgspec.Meta(max_length=MAX_PATH)]


class Address(msgspec.Struct, kw_only=True, frozen=True):
    """What a request names that leads to a tree; of several, the one that stands first here."""

    workspace_id: Text | None = None
    project_path: Text | None = None
    """A folder in the project."""
    memory_id: Text | None = None
    session_id: Text | None = None
    job_id: Text | None = None
    file_path: Text | None = None
    """Leads to a tree only where it is absolute."""


class Addressing:
    """Finds the tree that a request means, and opens it where it is known and not followed.

    Args:
        open_workspace: makes a folder's project a workspace, or finds it, and follows its tree.
    """

    def __init__(self, store: Store, trees: Trees, open_workspace: Open) -> None:
        self._store = store
        self._trees = trees
        self._open_workspace = open_workspace

    async def tree(self, address: Address) -> Tree:
        """The tree of an address.

        Raises:
            RecallError: `unknown_workspace`, `unknown_tree`, `unknown_id`, `unknown_session`, `unknown_job`,
                `not_a_folder`, `ambiguous_workspace`, which lists those that it could be.
        """
        if address.workspace_id is not None:
            return await self._of_workspace(address.workspace_id, address.project_path or address.file_path)
        if address.project_path is not None:
            return await self._at(address.project_path)
        if address.memory_id is not None:
            return await self._of_memory(address.memory_id)
        if address.session_id is not None:
            return await self._of_session(address.session_id)
        if address.job_id is not None:
            return await self._of_job(address.job_id)
        if address.file_path is not None and Path(address.file_path).is_absolute():
            return self._trees.resolve(address.file_path)
        return self._only_one()

    async def _of_workspace(self, workspace_id: str, path: str | None) -> Tree:
        if workspace_id == PERSONAL:
            raise RecallError(
                "unknown_workspace",
                f"{PERSONAL} is seen in every workspace and is none by itself: name a project's, and say `personal`",
                field="workspace_id",
            )
        followed = self._trees.of_workspace(workspace_id)
        if path is not None and Path(path).is_absolute():
            inside = [tree for tree in followed if Path(path).is_relative_to(tree.root)]
            followed = inside or followed
        return self._trees.latest(followed) or await self._reopened(workspace_id)

    async def _reopened(self, workspace_id: str, tree_id: str | None = None) -> Tree:
        """The tree of a workspace none of whose trees is followed, followed again; the one that was active last."""
        if await self._store.truth.read(workspaces.get_workspace, workspace_id) is None:
            raise RecallError(
                "unknown_workspace", f"there is no workspace {workspace_id}: {self._listed()}", field="workspace_id"
            )
        known = [row for row in await self._store.truth.read(workspaces.all_trees) if row.workspace_id == workspace_id]
        for row in sorted(known, key=lambda row: row.id != tree_id):
            if await asyncio.to_thread(Path(row.path).is_dir):
                return await self._opened(row.path, workspace_id)
        were = ", ".join(row.path for row in known) or "unknown"
        raise RecallError(
            "unknown_tree",
            f"no folder of {workspace_id} is there any more ({were}): "
            f"`recall up PATH --workspace {workspace_id}` names another",
            field="workspace_id",
        )

    async def _at(self, path: str) -> Tree:
        try:
            return self._trees.resolve(path)
        except RecallError:
            return await self._opened(path, None)

    async def _opened(self, path: str, workspace_id: str | None) -> Tree:
        request = wire.OpenWorkspace(path=path, workspace_id=workspace_id)
        opened = await self._open_workspace(request)
        return self._trees.resolve(opened.workspace.tree_id)

    async def _of_memory(self, memory_id: str) -> Tree:
        row = await self._store.truth.read(memories.get, memory_id)
        if row is None:
            raise RecallError("unknown_id", f"there is no memory {memory_id}", field="id")
        if row.workspace_id == PERSONAL:
            return self._trees.resolve(None)  # they are the same wherever one stands
        return self._trees.latest(self._trees.of_workspace(row.workspace_id)) or await self._reopened(row.workspace_id)

    async def _of_session(self, session_id: str) -> Tree:
        rows = await self._store.truth.read(worklog.of_id, session_id)
        if not rows:
            raise RecallError("unknown_session", f"no session {session_id} was started here", field="session_id")
        if len(rows) > 1:
            raise self._ambiguous(f"several workspaces have a session {session_id}", {row.workspace_id for row in rows})
        (row,) = rows
        followed = self._trees.get(row.tree_id)
        if followed is not None and followed.workspace_id == row.workspace_id:
            return followed
        others = self._trees.of_workspace(row.workspace_id)
        return self._trees.latest(others) or await self._reopened(row.workspace_id, row.tree_id)

    async def _of_job(self, job_id: str) -> Tree:
        job = await self._store.truth.read(worklog.job, job_id)
        session = await self._store.truth.read(worklog.by_seq, job.session_seq) if job else None
        if session is None:
            raise RecallError("unknown_job", f"there is no extraction job {job_id}", field="id")
        return await self._of_workspace(session.workspace_id, None)

    def _only_one(self) -> Tree:
        workspace_ids = {tree.workspace_id for tree in self._trees}
        if len(workspace_ids) > 1:
            raise self._ambiguous("several workspaces are open", workspace_ids)
        return self._trees.resolve(None)

    def _ambiguous(self, why: str, workspace_ids: set[str]) -> RecallError:
        listed = [
            {"workspace_id": tree.workspace_id, "path": str(tree.root)}
            for tree in self._trees
            if tree.workspace_id in workspace_ids
        ]
        return RecallError(
            "ambiguous_workspace",
            f"{why}: give `workspace_id`; {self._listed()}",
            field="workspace_id",
            workspaces=listed,
        )

    def _listed(self) -> str:
        each = ", ".join(f"{tree.workspace_id} ({tree.root})" for tree in self._trees)
        return f"open are {each}" if each else "none is open: run `recall up` in your project"
