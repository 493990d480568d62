"""What memories say of each other: one supersedes, contradicts, follows from, cites, needs or resembles another."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, Select, bindparam, delete, or_, select
from sqlalchemy.dialects.sqlite import insert

from recalld.store import importance, schema
from recalld.store.memories import live_among
from recalld.store.rows import LinkRow, MemoryRow

MOST_SETTLED, MOST_RIVALS = 200, 20
"""So many of the newest memories that settle the same are looked at, and so many of those that are in force."""

_links, _memories = schema.memory_links, schema.memories


def add(connection: Connection, link: LinkRow) -> None:
    """Keep a link; one that is known stays as it is, but what was recognised becomes stated when it is stated."""
    kept = insert(_links).values(structs.asdict(link))
    if link.origin == "stated":
        kept = kept.on_conflict_do_update(
            index_elements=["source_id", "target_id", "kind"], set_={"origin": kept.excluded.origin}
        )
    else:
        kept = kept.on_conflict_do_nothing()
    connection.execute(kept)


def rivals(connection: Connection, memory_id: str) -> list[MemoryRow]:
    """The memories before this one, in its workspace, that settle what it settles and are in force, newest first.

    Those with the very same text are none, nor are those that are linked with it already; of many the newest.
    """
    settled = connection.execute(_SETTLED, {"id": memory_id}).all()
    if not settled:
        return []
    new = settled[0]
    asked = {"id": memory_id, "seq": new.seq, "workspace": new.workspace_id, "text": new.text_hash}
    found = connection.execute(_RIVALS, asked | {"subjects": [each.key for each in settled]})
    return [MemoryRow(**row) for row in found.mappings()]


def _rivals() -> Select[Any]:
    labels, successor = schema.memory_labels.c, _memories.alias()
    settling = (
        select(labels.memory_seq)
        .where(labels.kind == "rule", labels.key.in_(bindparam("subjects", expanding=True)))
        .where(labels.workspace_id == bindparam("workspace"), labels.memory_seq < bindparam("seq"))
        .order_by(labels.memory_seq.desc())
        .limit(MOST_SETTLED)
    )
    superseded = (
        select(_links.c.target_id)
        .join(successor, successor.c.id == _links.c.source_id)
        .where(_links.c.kind == "supersedes", _links.c.target_id == _memories.c.id, successor.c.forgotten_at.is_(None))
    )
    one, other = _links.c.source_id, _links.c.target_id
    linked = select(_links.c.kind).where(
        or_((one == bindparam("id")) & (other == _memories.c.id), (one == _memories.c.id) & (other == bindparam("id")))
    )
    return (
        importance.rows()
        .where(_memories.c.seq.in_(settling), _memories.c.forgotten_at.is_(None))
        .where(_memories.c.text_hash != bindparam("text"), ~superseded.exists(), ~linked.exists())
        .order_by(_memories.c.seq.desc())
        .limit(MOST_RIVALS)
    )


# Made once: to put them together takes longer than to run them, and they are run for each memory that is stored.
_SETTLED = (
    select(_memories.c.seq, _memories.c.workspace_id, _memories.c.text_hash, schema.memory_labels.c.key)
    .join(schema.memory_labels, schema.memory_labels.c.memory_seq == _memories.c.seq)
    .where(_memories.c.id == bindparam("id"), schema.memory_labels.c.kind == "rule")
)
_RIVALS = _rivals()


def remove(connection: Connection, source_id: str, target_id: str, kind: str) -> None:
    """Drop a link, if there is one."""
    connection.execute(
        delete(_links).where(_links.c.source_id == source_id, _links.c.target_id == target_id, _links.c.kind == kind)
    )


def links_of(connection: Connection, workspace_ids: Sequence[str], ids: Sequence[str]) -> list[LinkRow]:
    """The links from and to these memories, oldest first, whose both ends are in these workspaces and not forgotten."""
    query = select(_links).where(or_(_links.c.source_id.in_(ids), _links.c.target_id.in_(ids)))
    query = query.order_by(_links.c["at"], _links.c.source_id, _links.c.target_id)
    found = [LinkRow(**row) for row in connection.execute(query).mappings()]
    live = live_among(connection, workspace_ids, {each for link in found for each in (link.source_id, link.target_id)})
    return [link for link in found if {link.source_id, link.target_id} <= live]


def superseded(connection: Connection, workspace_ids: Sequence[str], ids: Sequence[str]) -> dict[str, str]:
    """Of these memories those that were superseded, with what stands in their place.

    That is the newest that supersedes it and belongs to these workspaces; where this one was forgotten, what
    supersedes it in turn.
    """
    successors: dict[str, list[tuple[str, bool]]] = {}
    asked = set(ids)
    while asked:
        # Which workspace is asked here and not in the query: SQLite would begin with all memories of the workspace.
        query = (
            select(_links.c.target_id, _links.c.source_id, _memories.c.workspace_id, _memories.c.forgotten_at)
            .join(_memories, _memories.c.id == _links.c.source_id)
            .where(_links.c.kind == "supersedes", _links.c.target_id.in_(asked))
            .order_by(_links.c["at"].desc(), _links.c.source_id)
        )
        further = set()
        for old, new, workspace_id, forgotten_at in connection.execute(query):
            if workspace_id not in workspace_ids:
                continue
            successors.setdefault(old, []).append((new, forgotten_at is None))
            if forgotten_at is not None:
                further.add(new)
        asked = further - successors.keys()
    found = ((each, _standing(successors, each)) for each in ids)
    return {old: new for old, new in found if new is not None}


def leads_to(connection: Connection, start: str, end: str, kind: str) -> bool:
    """Whether links of one kind lead from a memory to another, over any number of memories."""
    step = select(_links.c.target_id).where(_links.c.source_id == start, _links.c.kind == kind).cte(recursive=True)
    step = step.union(
        select(_links.c.target_id).join(step, step.c.target_id == _links.c.source_id).where(_links.c.kind == kind)
    )
    return connection.scalar(select(step.c.target_id).where(step.c.target_id == end)) is not None


def _standing(successors: dict[str, list[tuple[str, bool]]], old: str) -> str | None:
    """The first successor that is live, over those that are not."""
    waiting = deque([old])
    while waiting:
        for new, live in successors.get(waiting.popleft(), []):
            if live:
                return new
            waiting.append(new)
    return None
