"""Memories, their versions and ratings.

Each function takes a connection and composes with others inside one transaction:
`await store.truth.write(fn, …)`, where `fn` calls several of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from recalld.store import derived, importance, schema
from recalld.store.anchors import anchors_of, insert_anchors, replace_anchors
from recalld.store.errors import StoreConflict
from recalld.store.filters import Criteria, conditions
from recalld.store.rows import AnchorRow, MemoryRow, RatingRow, VersionRow
from recalld.store.statements import in_batches, last_id

Sort = Literal["importance", "age", "used"]

_memories = schema.memories
_live = _memories.c.forgotten_at.is_(None)
_ORDER: dict[Sort, tuple[Any, ...]] = {
    "importance": (schema.memory_importance.c.present.desc(), _memories.c.seq.desc()),
    "age": (_memories.c.created_at, _memories.c.seq),
    "used": (_memories.c.last_used_at.desc().nulls_last(), _memories.c.seq.desc()),
}

# --- changing ------------------------------------------------------------------------------------


def insert(connection: Connection, row: MemoryRow, anchors: Sequence[AnchorRow]) -> None:
    """Add a memory with its anchors and their forms; its first version has the cause `stored`."""
    insert_many(connection, [(row, anchors)])


def insert_many(connection: Connection, stored: derived.Stored) -> None:
    """Add memories, each with its anchors, in order; the `seq` they bring is not used."""
    if not stored:
        return
    first = last_id(connection, _memories) + 1
    numbered = [(structs.replace(row, seq=first + n), anchors) for n, (row, anchors) in enumerate(stored)]
    connection.execute(sa.insert(_memories), [own_columns(row) for row, _ in numbered])
    importance.insert(connection, [row for row, _ in numbered])
    insert_anchors(connection, ((row.id, anchors) for row, anchors in numbered))
    derived.index(connection, numbered)
    connection.execute(
        sa.insert(schema.memory_versions),
        [_version(row, anchors, "stored", row.created_at) for row, anchors in numbered],
    )


def update(connection: Connection, row: MemoryRow, cause: str, anchors: Sequence[AnchorRow] | None) -> None:
    """Store a memory's new state as its next version, and set `row.version` to that.

    Args:
        row: as it was read, with what is to be another; `updated_at` is the version's time.
        cause: why, as the history shows it.
        anchors: all of the memory's anchors; None leaves them as they are. One that ties to the same code as
            before stays the same and keeps the forms it had.

    Raises:
        StoreConflict: the memory has a newer version than `row`, or is gone.
    """
    values = own_columns(row) | {"version": row.version + 1}
    del values["seq"]
    unchanged = (_memories.c.id == row.id) & (_memories.c.version == row.version)
    if connection.execute(sa.update(_memories).where(unchanged).values(values)).rowcount != 1:
        raise StoreConflict(f"{row.id} was changed or erased meanwhile: read it again, then change it")
    importance.reinforce(connection, row)
    if anchors is not None:
        replace_anchors(connection, row.id, anchors)
    _take_note(connection, [row.id], cause, row.updated_at)
    row.version += 1


def set_forgotten(
    connection: Connection, ids: Sequence[str], at: str | None, cause: str, *, now: str | None = None
) -> None:
    """Forget memories, or bring them back; those that are so already stay as they are.

    A forgotten memory is in no list and found by no search, and keeps everything.

    Args:
        at: when they were forgotten; None brings them back.
        cause: why, as the history shows it.
        now: the time of the new version; `at`, or for what is brought back the system's time, if not given.
    """
    moment = now or at or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    turned = _live if at is not None else sa.not_(_live)
    for batch in in_batches(ids):
        changing = list(connection.scalars(sa.select(_memories.c.id).where(_memories.c.id.in_(batch), turned)))
        connection.execute(
            sa.update(_memories)
            .where(_memories.c.id.in_(changing))
            .values(forgotten_at=at, updated_at=moment, version=_memories.c.version + 1)
        )
        _take_note(connection, changing, cause, moment)


def purge(connection: Connection, ids: Sequence[str]) -> None:
    """Erase memories with all that was ever known of them.

    Their bytes are gone from the file once the log is: `Database.scrub` sees to that at once.
    """
    _erase(connection, ids)
    if ids:
        derived.erase_traces(connection)


def purge_forgotten_before(connection: Connection, at: str, limit: int) -> dict[str, list[int]]:
    """Erase some of what was forgotten before a time, but for its traces in the index.

    Returns:
        The ids of its anchors, by its own; nothing once all is erased.
    """
    expired = sa.select(_memories.c.id).where(_memories.c.forgotten_at < at).limit(limit)
    ids = list(connection.scalars(expired))
    bound = anchors_of(connection, ids)
    _erase(connection, ids)
    return {each: [anchor.id for anchor in bound.get(each, [])] for each in ids}


def _erase(connection: Connection, ids: Sequence[str]) -> None:
    for batch in in_batches(ids):
        chosen = _memories.c.id.in_(batch)
        derived.unindex(connection, list(connection.scalars(sa.select(_memories.c.seq).where(chosen))))
        connection.execute(sa.delete(_memories).where(chosen))  # takes versions, anchors, forms and ratings along


def add_rating(connection: Connection, rating: RatingRow) -> None:
    """Keep a rating."""
    connection.execute(sa.insert(schema.ratings), [structs.asdict(rating)])


def mark_used(connection: Connection, ids: Sequence[str], at: str) -> None:
    """Note that memories were of use; that makes no new version."""
    for batch in in_batches(ids):
        connection.execute(sa.update(_memories).where(_memories.c.id.in_(batch)).values(last_used_at=at))


def _take_note(connection: Connection, ids: Sequence[str], cause: str, at: str) -> None:
    """After memories changed: add their state to the versions, and index them by it."""
    rows = get_many(connection, ids)
    if not rows:
        return
    bound = anchors_of(connection, ids)
    changed = [(row, bound.get(row.id, [])) for row in rows.values()]
    connection.execute(
        sa.insert(schema.memory_versions), [_version(row, anchors, cause, at) for row, anchors in changed]
    )
    derived.unindex(connection, [row.seq for row, _ in changed])
    derived.index(connection, changed)


def own_columns(row: MemoryRow) -> dict[str, object]:
    """What a memory has in its own table."""
    return {column.name: getattr(row, column.name) for column in _memories.c}


def _version(row: MemoryRow, anchors: Sequence[AnchorRow], cause: str, at: str) -> dict[str, object]:
    snapshot = {
        "title": row.title,
        "narrative": row.narrative,
        "memory_type": row.memory_type,
        "importance_score": row.importance_score,
        "concepts": row.concepts,
        "tags": row.tags,
        "source_files": [anchor.path for anchor in anchors if anchor.kind != "symbol"],
        "symbols": [f"{anchor.path}::{anchor.symbol}" for anchor in anchors if anchor.kind == "symbol"],
    }
    return {"memory_id": row.id, "version": row.version, "at": at, "cause": cause, "snapshot": snapshot}


# --- one or some by id ---------------------------------------------------------------------------


def get(connection: Connection, memory_id: str) -> MemoryRow | None:
    """The memory of this id, also a forgotten one."""
    return get_many(connection, [memory_id]).get(memory_id)


def get_many(connection: Connection, ids: Sequence[str]) -> dict[str, MemoryRow]:
    """The memories of these ids that there are, also forgotten ones, by id."""
    found: dict[str, MemoryRow] = {}
    for batch in in_batches(ids):
        query = importance.rows().where(_memories.c.id.in_(batch))
        found |= {row["id"]: MemoryRow(**row) for row in connection.execute(query).mappings()}
    return found


def versions(connection: Connection, memory_id: str) -> list[VersionRow]:
    """The states a memory has had, newest first."""
    kept = schema.memory_versions
    query = sa.select(kept).where(kept.c.memory_id == memory_id).order_by(kept.c.version.desc())
    return [
        VersionRow(memory_id=row.memory_id, version=row.version, at=row.at, cause=row.cause, **row.snapshot)
        for row in connection.execute(query)
    ]


def ratings(connection: Connection, memory_id: str) -> list[RatingRow]:
    """A memory's ratings, oldest first."""
    kept = schema.ratings
    columns = [column for column in kept.c if column is not kept.c.id]
    query = sa.select(*columns).where(kept.c.memory_id == memory_id).order_by(kept.c.id)
    return [RatingRow(**row) for row in connection.execute(query).mappings()]


# --- many of a workspace, without the forgotten ones ---------------------------------------------


def doubles(connection: Connection, workspace_ids: Sequence[str], text_hash: str) -> list[str]:
    """Ids of the memories of these workspaces with just this text, the oldest first."""
    query = sa.select(_memories.c.id).where(
        _memories.c.workspace_id.in_(workspace_ids), _memories.c.text_hash == text_hash, _live
    )
    return list(connection.scalars(query.order_by(_memories.c.seq)))


def list_memories(
    connection: Connection,
    criteria: Criteria,
    *,
    sort: Sort = "importance",
    unrated: bool = False,
    no_files: bool = False,
    forgotten: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[MemoryRow], int]:
    """Memories for which all criteria hold.

    Args:
        criteria: see there.
        sort: most important, oldest, or most recently used first.
        unrated: only those that were never rated.
        no_files: only those without any anchor.
        forgotten: those that were forgotten, instead.
        limit: how many to return.
        offset: how many to leave out before.

    Returns:
        The memories, and how many there are without limit and offset.
    """
    wanted = [*conditions(criteria), sa.not_(_live) if forgotten else _live]
    if unrated:
        wanted += [_memories.c.useful == 0, _memories.c.not_useful == 0]
    if no_files:
        wanted.append(~sa.exists().where(schema.anchors.c.memory_id == _memories.c.id))
    total: int = connection.execute(sa.select(sa.func.count()).select_from(_memories).where(*wanted)).scalar_one()
    query = importance.rows().where(*wanted).order_by(*_ORDER[sort]).limit(limit).offset(offset)
    return [MemoryRow(**row) for row in connection.execute(query).mappings()], total


def matching(
    connection: Connection, workspace_id: str, *, older_than: str | None = None, containing: str | None = None
) -> list[str]:
    """Ids of a workspace's memories, oldest first, for which all that is given holds.

    Args:
        older_than: stored before this time.
        containing: found in the title or narrative as it is, whatever the case.
    """
    wanted = [_memories.c.workspace_id == workspace_id, _live]
    if older_than is not None:
        wanted.append(_memories.c.created_at < older_than)
    if containing is not None:
        # Not LIKE: it has wildcards, and knows upper and lower case of ASCII only.
        needle = containing.casefold()
        wanted.append(
            sa.or_(
                *(
                    sa.func.instr(sa.func.casefold(field), needle) > 0
                    for field in (_memories.c.title, _memories.c.narrative)
                )
            )
        )
    return list(connection.scalars(sa.select(_memories.c.id).where(*wanted).order_by(_memories.c.seq)))


def holding(connection: Connection, workspace_ids: Sequence[str], words: Sequence[str], limit: int) -> list[str]:
    """Ids of memories of these workspaces, also forgotten ones, with one of these words in their text, oldest first."""
    held = [sa.func.instr(field, word) > 0 for field in (_memories.c.title, _memories.c.narrative) for word in words]
    query = sa.select(_memories.c.id).where(_memories.c.workspace_id.in_(workspace_ids), sa.or_(sa.false(), *held))
    return list(connection.scalars(query.order_by(_memories.c.seq).limit(limit)))


def foremost(connection: Connection, criteria: Criteria, limit: int) -> list[str]:
    """Ids of the memories that are worth most now, of those for which all criteria hold."""
    query = sa.select(_memories.c.id).join(
        schema.memory_importance, schema.memory_importance.c.memory_seq == _memories.c.seq
    )
    query = query.where(*conditions(criteria), _live).order_by(*_ORDER["importance"]).limit(limit)
    return list(connection.scalars(query))


def newest(connection: Connection, workspace_ids: Sequence[str], limit: int) -> list[str]:
    """Ids of the memories of these workspaces that were stored last, the newest first."""
    # The plus has an index asked for the workspaces' memories. By the order of storing, it would look through all
    # others that were stored since.
    last_first: sa.ColumnElement[int] = sa.literal_column("+memories.seq")
    wanted = sa.select(_memories.c.seq).where(_memories.c.workspace_id.in_(workspace_ids), _live)
    seqs = list(connection.scalars(wanted.order_by(last_first.desc()).limit(limit)))
    query = sa.select(_memories.c.id).where(_memories.c.seq.in_(seqs))
    return list(connection.scalars(query.order_by(_memories.c.seq.desc())))


def at(connection: Connection, seqs: Sequence[int]) -> dict[int, MemoryRow]:
    """The memories at these places in the order of storing that are not forgotten."""
    found: dict[int, MemoryRow] = {}
    for batch in in_batches(seqs):
        query = importance.rows().where(_memories.c.seq.in_(batch), _live)
        found |= {row["seq"]: MemoryRow(**row) for row in connection.execute(query).mappings()}
    return found


def live_ids(connection: Connection, workspace_ids: Sequence[str]) -> list[str]:
    """Ids of all memories of these workspaces, in the order of storing."""
    query = sa.select(_memories.c.id).where(_memories.c.workspace_id.in_(workspace_ids), _live)
    return list(connection.scalars(query.order_by(_memories.c.seq)))


def live_among(connection: Connection, workspace_ids: Sequence[str], ids: Collection[str]) -> set[str]:
    """Those of these memories that belong to these workspaces and are not forgotten.

    For few memories, asked for by themselves: joined to others, the planner may begin with whole workspaces instead.
    """
    found: set[str] = set()
    for batch in in_batches(list(ids)):
        query = sa.select(_memories.c.id).where(_memories.c.id.in_(batch), _memories.c.workspace_id.in_(workspace_ids))
        found |= set(connection.scalars(query.where(_live)))
    return found


# --- of all workspaces, for other indices --------------------------------------------------------


def live_texts(connection: Connection, after_seq: int, limit: int) -> list[tuple[int, str, str, str]]:
    """`seq`, id, workspace and text hash of the memories that are not forgotten, in the order of storing.

    Args:
        after_seq: 0, or the last `seq` seen.
    """
    columns = (_memories.c.seq, _memories.c.id, _memories.c.workspace_id, _memories.c.text_hash)
    query = sa.select(*columns).where(_live, _memories.c.seq > after_seq).order_by(_memories.c.seq).limit(limit)
    return [(row.seq, row.id, row.workspace_id, row.text_hash) for row in connection.execute(query)]


def texts(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str, list[str]]]:
    """Title, narrative and concepts of these memories, by id."""
    found: dict[str, tuple[str, str, list[str]]] = {}
    for batch in in_batches(ids):
        columns = (_memories.c.id, _memories.c.title, _memories.c.narrative, _memories.c.concepts)
        rows = connection.execute(sa.select(*columns).where(_memories.c.id.in_(batch)))
        found |= {row.id: (row.title, row.narrative, row.concepts) for row in rows}
    return found
