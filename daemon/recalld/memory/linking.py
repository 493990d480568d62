"""Links between memories: what is stated of two of them, and how one shows the other."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from recall.protocol.errors import RecallError
from recall.protocol.values import Link, LinkDirection
from recalld.memory.trees import PERSONAL, Tree
from recalld.store import Store, links, memories
from recalld.store.rows import LinkKind, LinkRow

MUTUAL: frozenset[LinkKind] = frozenset({"contradicts", "related_to"})
"""Kinds that say of both the same; such a link is kept from the smaller id to the greater."""


def add(connection: Connection, row: LinkRow) -> None:
    """Keep a link, which must fit those that are there.

    Raises:
        RecallError: `invalid_params` for a memory that would supersede itself, over others or at once.
    """
    link = _kept(row)
    if link.kind == "supersedes" and links.leads_to(connection, link.target_id, link.source_id, "supersedes"):
        raise RecallError(
            "invalid_params",
            f"{link.target_id} supersedes {link.source_id} already, by itself or over others: "
            "remove that link before you turn it around",
            field="target_id",
        )
    links.add(connection, link)


def remove(connection: Connection, row: LinkRow) -> None:
    """Drop a link, if there is one."""
    link = _kept(row)
    links.remove(connection, link.source_id, link.target_id, link.kind)


async def linkable(store: Store, tree: Tree, ids: Sequence[str], field: str) -> None:
    """Make sure that a tree's memories may be linked to these.

    Args:
        field: the parameter that names them.

    Raises:
        RecallError: `unknown_id`, `forgotten`.
    """
    found = await store.truth.read(memories.get_many, ids) if ids else {}
    for each in ids:
        row = found.get(each)
        if row is None or row.workspace_id not in (tree.workspace_id, PERSONAL):
            raise RecallError("unknown_id", f"there is no memory {each} in this workspace", field=field)
        if row.forgotten_at is not None:
            raise RecallError("forgotten", f"{each} was forgotten: `recall restore {each}` brings it back", field=field)


async def shown(store: Store, tree: Tree, memory_id: str) -> tuple[list[Link], str | None]:
    """The links of a memory, oldest first, and what superseded it."""
    return await store.truth.read(_shown, [tree.workspace_id, PERSONAL], memory_id)


def _kept(link: LinkRow) -> LinkRow:
    if link.source_id == link.target_id:
        raise RecallError("invalid_params", "a memory cannot be linked to itself: name another", field="target_id")
    if link.kind in MUTUAL:
        link.source_id, link.target_id = sorted((link.source_id, link.target_id))
    return link


def _shown(connection: Connection, scope: Sequence[str], memory_id: str) -> tuple[list[Link], str | None]:
    found = links.links_of(connection, scope, [memory_id])
    others = [row.target_id if row.source_id == memory_id else row.source_id for row in found]
    titles = {each: row.title for each, row in memories.get_many(connection, others).items()}
    successor = links.superseded(connection, scope, [memory_id]).get(memory_id)
    return [
        Link(kind=row.kind, direction=_direction(row, memory_id), id=other, title=titles[other], origin=row.origin)
        for row, other in zip(found, others, strict=True)
    ], successor


def _direction(row: LinkRow, memory_id: str) -> LinkDirection:
    if row.kind in MUTUAL:
        return "both"
    return "outgoing" if row.source_id == memory_id else "incoming"
