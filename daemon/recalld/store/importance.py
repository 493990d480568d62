"""What memories' importance is now, what it comes from, and the days on which workspaces were worked in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from recalld.store.rows import MemoryRow
from recalld.store.schema import anchors, memories, memory_importance, workspaces
from recalld.store.statements import in_batches

_kept = memory_importance.c
_KEPT = (
    _kept.present.label("present_importance"),
    _kept.reinforced_on,
    _kept.recalls,
    _kept.recalled_at,
    _kept.unused,
)


class Weighed(NamedTuple):
    """What the present importance of a memory comes from, but for its code."""

    seq: int
    id: str
    base: float
    pinned: bool
    useful: int
    present: float
    reinforced_on: int
    recalls: int
    unused: int
    anchor_ids: tuple[int, ...]


def rows() -> sa.Select[tuple[MemoryRow]]:
    """A query for whole memories, to which conditions are added."""
    return sa.select(memories, *_KEPT).join(memory_importance, _kept.memory_seq == memories.c.seq)


def insert(connection: Connection, stored: Sequence[MemoryRow]) -> None:
    """Keep what memories that were added begin with."""
    values = [
        {
            "memory_seq": row.seq,
            "present": row.present_importance,
            "reinforced_on": row.reinforced_on,
            "recalls": row.recalls,
            "recalled_at": row.recalled_at,
            "unused": row.unused,
        }
        for row in stored
    ]
    connection.execute(sa.insert(memory_importance), values)


def reinforce(connection: Connection, row: MemoryRow) -> None:
    """Keep what changed with a memory; how often it was recalled is counted elsewhere."""
    values = {"present": row.present_importance, "reinforced_on": row.reinforced_on, "unused": row.unused}
    connection.execute(sa.update(memory_importance).where(_kept.memory_seq == row.seq).values(values))


def note_recalled(connection: Connection, ids: Sequence[str], at: str) -> None:
    """Count one more day on which these were recalled."""
    for batch in in_batches(ids):
        connection.execute(
            sa.update(memory_importance).where(_of(batch)).values(recalls=_kept.recalls + 1, recalled_at=at)
        )


def note_unused(connection: Connection, ids: Sequence[str], factor: float) -> None:
    """Count that these were handed over and not used; those that are pinned lose nothing by it.

    Args:
        factor: what is left of their importance.
    """
    for batch in in_batches(ids):
        lowered = {"unused": _kept.unused + 1, "present": _kept.present * factor}
        connection.execute(sa.update(memory_importance).where(_of(batch, pinned=False)).values(lowered))


def weighed(connection: Connection, workspace_id: str, after_seq: int, limit: int) -> list[Weighed]:
    """The next memories of a workspace in the order of storing, without the forgotten ones.

    Args:
        after_seq: 0, or the last `seq` seen.
    """
    tied = sa.select(sa.func.group_concat(anchors.c.id)).where(anchors.c.memory_id == memories.c.id).scalar_subquery()
    columns = memories.c
    query = (
        sa.select(
            columns.seq,
            columns.id,
            columns.importance_score,
            columns.pinned,
            columns.useful,
            _kept.present,
            _kept.reinforced_on,
            _kept.recalls,
            _kept.unused,
            tied,
        )
        .join(memory_importance, _kept.memory_seq == columns.seq)
        .where(columns.workspace_id == workspace_id, columns.forgotten_at.is_(None), columns.seq > after_seq)
        .order_by(columns.seq)
        .limit(limit)
    )
    return [
        Weighed._make([*known, tuple(map(int, anchor_ids.split(","))) if anchor_ids else ()])
        for *known, anchor_ids in connection.execute(query)
    ]


def set_present(connection: Connection, present: Mapping[int, float]) -> None:
    """Keep what the importance of memories is now, by `seq`."""
    if present:
        changed = sa.update(memory_importance).where(_kept.memory_seq == sa.bindparam("seq"))
        values = [{"seq": seq, "now": now} for seq, now in present.items()]
        connection.execute(changed.values(present=sa.bindparam("now")), values)


def days_worked(connection: Connection) -> dict[str, tuple[int, str | None]]:
    """On how many days each workspace was worked in, and on which last."""
    query = sa.select(workspaces.c.id, workspaces.c.days_worked, workspaces.c.worked_on)
    return {row.id: (row.days_worked, row.worked_on) for row in connection.execute(query)}


def note_worked(connection: Connection, workspace_id: str, days: int, on: str) -> None:
    """Keep that a workspace was worked in on one more day."""
    worked = {"days_worked": days, "worked_on": on}
    connection.execute(sa.update(workspaces).where(workspaces.c.id == workspace_id).values(worked))


def _of(ids: Sequence[str], *, pinned: bool | None = None) -> sa.ColumnElement[bool]:
    chosen = sa.select(memories.c.seq).where(memories.c.id.in_(ids))
    return _kept.memory_seq.in_(chosen if pinned is None else chosen.where(memories.c.pinned == pinned))
