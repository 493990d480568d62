"""What memories have in common, and what they learned of each other.

Shared concepts, code and sessions stand in labels, and are read from there; only what is learned by recalling has a
table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import Connection, delete, or_, select, text
from sqlalchemy.dialects.sqlite import insert

from recalld.store import schema
from recalld.store.memories import live_among

NodeKind = Literal["concept", "file", "symbol", "folder", "session"]

MAX_MEMBERS = 60
"""What more memories than this hang on says nothing of any two of them."""
HALF_LIFE_DAYS = 60.0
"""After so many days without use an association has half its weight."""
LEARNED_SHARE = 0.3
"""Of what is missing to 1, what a useful recall together adds."""
UNLEARNED_SHARE = 0.5
"""Of the weight, what a recall together that did not help takes away."""
LEAST_WEIGHT = 0.01
"""An association below this is gone."""
SHARES: dict[str, tuple[NodeKind, float]] = {
    "concept": ("concept", 1.0),
    "subject": ("concept", 0.5),
    "file": ("file", 1.0),
    "symbol": ("symbol", 1.0),
    "session": ("session", 1.0),
    "folder": ("folder", 1.0),
    "inside": ("folder", 0.6),
    "below": ("folder", 0.4),
}
"""By kind of label: the kind of node that a memory hangs on, and how firmly. A subject is a word of the title."""

# Which kinds of label meet at one key. A folder is tried three times: with all below it, if something is tied to the
# folder itself; with what lies in it; and by itself, so that where more than enough lies in it the rest still meets.
#
# Joined in the order written: from few memories to their labels, to the keys of few members, counted no further than
# is needed to know it, to these. The planner, which knows no sizes, would read the labels of all memories first.
_SHARED = text(f"""
    WITH meeting (node, kind) AS (VALUES
        ('concept', 'concept'), ('concept', 'subject'), ('file', 'file'), ('symbol', 'symbol'), ('session', 'session'),
        ('below', 'folder'), ('below', 'inside'), ('below', 'below'),
        ('inside', 'folder'), ('inside', 'inside'),
        ('folder', 'folder')
    ), own AS (
        SELECT DISTINCT meeting.node, l.key
        FROM memories m CROSS JOIN memory_labels l ON l.memory_seq = m.seq CROSS JOIN meeting ON meeting.kind = l.kind
        WHERE m.id IN (SELECT value FROM json_each(:ids)) AND (meeting.node != 'below' OR EXISTS (
            SELECT 1 FROM memory_labels f WHERE f.kind = 'folder' AND f.key = l.key
            AND f.workspace_id IN (SELECT value FROM json_each(:scope))
        ))
    ), telling AS (
        SELECT own.node, own.key FROM own WHERE (
            SELECT count(*) FROM (
                SELECT 1 FROM meeting CROSS JOIN memory_labels d ON d.kind = meeting.kind AND d.key = own.key
                WHERE meeting.node = own.node AND d.workspace_id IN (SELECT value FROM json_each(:scope))
                LIMIT {MAX_MEMBERS + 1}
            )
        ) BETWEEN 2 AND {MAX_MEMBERS}
    )
    SELECT l.kind AS kind, l.key AS key, l.label AS label, m.id AS id
    FROM telling CROSS JOIN meeting ON meeting.node = telling.node
    CROSS JOIN memory_labels l ON l.kind = meeting.kind AND l.key = telling.key
        AND l.workspace_id IN (SELECT value FROM json_each(:scope))
    CROSS JOIN memories m ON m.seq = l.memory_seq WHERE m.forgotten_at IS NULL
""")  # noqa: S608 - the limits above are all that is put in


@dataclass(slots=True)
class Node:
    """Something that memories hang on.

    Attributes:
        key: unlike that of any other node of its kind.
        members: how firmly each memory hangs on it, 0 to 1, by id.
    """

    kind: NodeKind
    key: str
    label: str
    members: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two memories that are tied to each other; of a weight of 0 to 1."""

    one_id: str
    other_id: str
    kind: str
    weight: float


def nodes_of(connection: Connection, workspace_ids: Sequence[str], ids: Sequence[str]) -> list[Node]:
    """What these memories share with each other or with others of these workspaces; forgotten ones are absent.

    What only one memory hangs on is left out, and so is what more than `MAX_MEMBERS` do.
    """
    given = {"ids": _json(ids), "scope": _json(workspace_ids)}
    found: dict[tuple[NodeKind, str], Node] = {}
    for label_kind, key, label, memory_id in connection.execute(_SHARED, given):
        kind, share = SHARES[label_kind]
        members = found.setdefault((kind, key), Node(kind, key, label)).members
        members[memory_id] = max(share, members.get(memory_id, 0.0))
    wanted = set(ids)
    return [node for node in found.values() if len(node.members) > 1 and not wanted.isdisjoint(node.members)]


def learned(connection: Connection, workspace_ids: Sequence[str], ids: Sequence[str], now: datetime) -> list[Pair]:
    """The learned associations of these memories, by their weight now; forgotten memories are absent."""
    table = schema.associations
    rows = connection.execute(select(table).where(or_(table.c.one_id.in_(ids), table.c.other_id.in_(ids)))).all()
    live = live_among(connection, workspace_ids, {each for row in rows for each in (row.one_id, row.other_id)})
    return [
        Pair(row.one_id, row.other_id, "recalled", _faded(row.weight, row.at, now))
        for row in rows
        if {row.one_id, row.other_id} <= live
    ]


def learn(connection: Connection, memory_id: str, others: Sequence[str], now: datetime, *, useful: bool) -> None:
    """Strengthen what ties a memory to those it was recalled with, or weaken it.

    Weights are kept as of `now` and fade by a half-life from then on, however often they are read.
    """
    table = schema.associations
    for other in others:
        first, second = sorted((memory_id, other))
        pair = (table.c.one_id == first) & (table.c.other_id == second)
        known = connection.execute(select(table).where(pair)).first()
        before = _faded(known.weight, known.at, now) if known else 0.0
        weight = before + (1 - before) * LEARNED_SHARE if useful else before * (1 - UNLEARNED_SHARE)
        if weight < LEAST_WEIGHT:
            connection.execute(delete(table).where(pair))
            continue
        values = {"one_id": first, "other_id": second, "weight": weight, "at": now.isoformat()}
        kept = insert(table).values(values)
        connection.execute(
            kept.on_conflict_do_update(
                index_elements=["one_id", "other_id"],
                set_={"weight": kept.excluded.weight, "at": kept.excluded["at"]},
            )
        )


def _faded(weight: float, at: str, now: datetime) -> float:
    days = max((now - datetime.fromisoformat(at)).total_seconds() / 86_400, 0.0)
    faded: float = weight * 0.5 ** (days / HALF_LIFE_DAYS)
    return faded


def _json(values: Sequence[str]) -> str:
    return msgspec.json.encode(values).decode()
