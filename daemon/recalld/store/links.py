"""What memories say of each other: one supersedes, contradicts, follows from, cites, needs or resembles another."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.dialects.sqlite import insert

from recalld.store import schema
from recalld.store.memories import live_among
from recalld.store.rows import LinkRow

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


def recognise(connection: Connection, memory_id: str) -> None:
    """Let a rule that was stored supersede the newest one of its workspace that settles the same and says otherwise."""
    labels, mine = schema.memory_labels, schema.memory_labels.alias()
    new, old = _memories.alias(), _memories
    query = (
        select(old.c.id, new.c.created_at)
        .select_from(new)
        .join(mine, (mine.c.memory_seq == new.c.seq) & (mine.c.kind == "rule"))
        .join(labels, (labels.c.kind == "rule") & (labels.c.key == mine.c.key))
        .join(old, old.c.seq == labels.c.memory_seq)
        .where(new.c.id == memory_id, labels.c.workspace_id == new.c.workspace_id, old.c.seq < new.c.seq)
        .where(old.c.forgotten_at.is_(None), old.c.text_hash != new.c.text_hash)
        .order_by(old.c.seq.desc())
        .limit(1)
    )
    for old_id, at in connection.execute(query):
        add(connection, LinkRow(source_id=memory_id, target_id=old_id, kind="supersedes", origin="recognised", at=at))


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
