"""What memories say of each other: one supersedes, contradicts, follows from, cites, needs or resembles another."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.dialects.sqlite import insert

from recalld.store import importance, schema
from recalld.store.memories import live_among
from recalld.store.rows import LinkRow, MemoryRow

MOST_RIVALS = 20
"""So many memories that settle the same are looked at."""

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


def rivals(connection: Connection, memory_id: str, subjects: Sequence[str]) -> list[MemoryRow]:
    """The memories before this one, in its workspace, that settle one of these subjects and are in force, newest first.

    Those with the very same text are none, nor are those that are linked with it already; of many the newest.
    """
    if not subjects:
        return []
    labels, new, old = schema.memory_labels, _memories.alias(), _memories
    others = select(old.c.seq).join(labels, labels.c.memory_seq == old.c.seq).join(new, new.c.id == memory_id)
    settles = (labels.c.kind == "rule") & labels.c.key.in_(subjects) & (labels.c.workspace_id == new.c.workspace_id)
    successor = _memories.alias()
    superseded = (
        select(_links.c.target_id)
        .join(successor, successor.c.id == _links.c.source_id)
        .where(_links.c.kind == "supersedes", _links.c.target_id == old.c.id, successor.c.forgotten_at.is_(None))
    )
    linked = select(_links.c.kind).where(
        or_(
            (_links.c.source_id == new.c.id) & (_links.c.target_id == old.c.id),
            (_links.c.source_id == old.c.id) & (_links.c.target_id == new.c.id),
        )
    )
    others = others.where(settles, old.c.seq < new.c.seq, old.c.forgotten_at.is_(None))
    others = others.where(old.c.text_hash != new.c.text_hash, ~superseded.exists(), ~linked.exists())
    newest = others.distinct().order_by(old.c.seq.desc()).limit(MOST_RIVALS)
    query = importance.rows().where(_memories.c.seq.in_(newest)).order_by(_memories.c.seq.desc())
    return [MemoryRow(**row) for row in connection.execute(query).mappings()]


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
