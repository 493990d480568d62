"""Workspaces, the keys they are recognised by, and their trees."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from recalld.store.rows import TreeRow, WorkspaceRow
from recalld.store.schema import memories, trees, workspace_keys, workspaces


def find_workspace(connection: Connection, keys: Sequence[str]) -> str | None:
    """The workspace of the first of these keys that is known."""
    query = select(workspace_keys.c.key, workspace_keys.c.workspace_id).where(workspace_keys.c.key.in_(keys))
    known = {row.key: row.workspace_id for row in connection.execute(query)}
    return next((known[key] for key in keys if key in known), None)


def add_workspace(connection: Connection, row: WorkspaceRow, keys: Sequence[str]) -> None:
    """Add a workspace and what it is to be recognised by."""
    connection.execute(insert(workspaces).values(structs.asdict(row)))
    add_keys(connection, row.id, keys)


def add_keys(connection: Connection, workspace_id: str, keys: Sequence[str]) -> None:
    """Let a workspace be recognised by more keys; one that has a workspace already stays with it."""
    if keys:
        added = [{"key": key, "workspace_id": workspace_id} for key in keys]
        connection.execute(insert(workspace_keys).on_conflict_do_nothing(), added)


def claim_key(connection: Connection, workspace_id: str, key: str) -> None:
    """Let this workspace, and no other, be recognised by a key."""
    values = {"key": key, "workspace_id": workspace_id}
    connection.execute(insert(workspace_keys).values(values).on_conflict_do_update(index_elements=["key"], set_=values))


def get_workspace(connection: Connection, workspace_id: str) -> WorkspaceRow | None:
    """The workspace of this id."""
    found = connection.execute(select(workspaces).where(workspaces.c.id == workspace_id)).mappings().first()
    return WorkspaceRow(**found) if found is not None else None


def all_workspaces(connection: Connection) -> list[WorkspaceRow]:
    """All workspaces, oldest first."""
    query = select(workspaces).order_by(workspaces.c.created_at, workspaces.c.id)
    return [WorkspaceRow(**found) for found in connection.execute(query).mappings()]


def save_tree(connection: Connection, row: TreeRow) -> None:
    """Add a tree, or replace what is known of it."""
    values = structs.asdict(row)
    connection.execute(insert(trees).values(values).on_conflict_do_update(index_elements=[trees.c.id], set_=values))


def all_trees(connection: Connection) -> list[TreeRow]:
    """All trees, the one that was active last first."""
    query = select(trees).order_by(trees.c.active_at.desc(), trees.c.id)
    return [TreeRow(**found) for found in connection.execute(query).mappings()]


def touch_tree(connection: Connection, tree_id: str, at: str) -> None:
    """Note that a tree was active."""
    connection.execute(update(trees).where(trees.c.id == tree_id).values(active_at=at))


def memory_counts(connection: Connection) -> dict[str, int]:
    """How many memories each workspace has that are not forgotten; workspaces without any are left out."""
    query = (
        select(memories.c.workspace_id, func.count().label("live"))
        .where(memories.c.forgotten_at.is_(None))
        .group_by(memories.c.workspace_id)
    )
    return {row.workspace_id: row.live for row in connection.execute(query)}
