"""Links between memories: what is stated of two of them, and how one shows the other."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from recall.protocol.errors import RecallError
from recall.protocol.values import Link, LinkDirection
from recalld.memory.trees import PERSONAL, Tree
from recalld.store import Store, links, memories
from recalld.store.rows import LinkKind, LinkOrigin, LinkRow, MemoryRow

MUTUAL: frozenset[LinkKind] = frozenset({"contradicts", "related_to"})
"""Kinds that say of both the same; such a link is kept from the smaller id to the greater."""


def add_between(connection: Connection, row: MemoryRow, other: MemoryRow, kind: LinkKind, origin: LinkOrigin) -> Link:
    """Keep a link from a memory that was just stored, and show it as that one does.

    Nothing leads to it yet, so that it cannot supersede itself over others.
    """
    link = _kept(LinkRow(source_id=row.id, target_id=other.id, kind=kind, origin=origin, at=row.created_at))
    links.add(connection, link)
    return seen_from(row.id, link, other.id, other.title)


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


def seen_from(memory_id: str, row: LinkRow, other: str, title: str) -> Link:
    """A link as one of its ends shows it.

    Args:
        other: the id at its other end.
        title: the title of that one.
    """
    direction: LinkDirection = "outgoing" if row.source_id == memory_id else "incoming"
    return Link(
        kind=row.kind,
        direction="both" if row.kind in MUTUAL else direction,
        id=other,
        title=title,
        origin=row.origin,
    )


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
        seen_from(memory_id, row, other, titles[other]) for row, other in zip(found, others, strict=True)
    ], successor
