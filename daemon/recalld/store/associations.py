"""What memories have in common, and what they learned of each other.

Shared concepts, code and sessions stand in labels, anchors and `session_id` already, and are read from there; only what
is learned by recalling has a table.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import Connection, delete, or_, select, text
from sqlalchemy.dialects.sqlite import insert

from recalld.store import schema

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
SUBJECT_SHARE = 0.5
"""How firmly a memory hangs on a word of its title, where it hangs on a stated concept by 1."""

# Keys whose members are few, counted no further than is needed to know it.
_LABELS = text(f"""
    WITH own AS (
        SELECT DISTINCT l.key FROM memories m JOIN memory_labels l ON l.memory_seq = m.seq
        WHERE m.id IN (SELECT value FROM json_each(:ids)) AND l.kind IN ('concept', 'subject')
    ), telling AS (
        SELECT own.key FROM own WHERE (
            SELECT count(*) FROM (
                SELECT 1 FROM memory_labels d WHERE d.kind IN ('concept', 'subject') AND d.key = own.key
                AND d.workspace_id IN (SELECT value FROM json_each(:scope)) LIMIT {MAX_MEMBERS + 1}
            )
        ) BETWEEN 2 AND {MAX_MEMBERS}
    )
    SELECT l.key AS key, l.label AS label, l.kind AS kind, m.id AS id
    FROM telling CROSS JOIN memory_labels l ON l.kind IN ('concept', 'subject') AND l.key = telling.key
        AND l.workspace_id IN (SELECT value FROM json_each(:scope))
    CROSS JOIN memories m ON m.seq = l.memory_seq WHERE m.forgotten_at IS NULL
""")  # noqa: S608 - the limits above are all that is put in
_PLACES = text(f"""
    WITH own AS (
        SELECT DISTINCT path FROM anchors WHERE memory_id IN (SELECT value FROM json_each(:ids))
    ), telling AS (
        SELECT own.path FROM own WHERE (
            SELECT count(*) FROM (SELECT 1 FROM anchors d WHERE d.path = own.path LIMIT {10 * MAX_MEMBERS})
        ) < {10 * MAX_MEMBERS}
    )
    SELECT a.kind AS kind, a.path AS path, a.symbol AS symbol, m.id AS id
    FROM telling CROSS JOIN anchors a ON a.path = telling.path CROSS JOIN memories m ON m.id = a.memory_id
    WHERE m.forgotten_at IS NULL AND m.workspace_id IN (SELECT value FROM json_each(:scope))
""")  # noqa: S608 - likewise
_SESSIONS = text("""
    WITH own AS (
        SELECT DISTINCT workspace_id, session_id FROM memories
        WHERE id IN (SELECT value FROM json_each(:ids)) AND session_id IS NOT NULL
    )
    SELECT m.session_id AS session_id, m.id AS id
    FROM own CROSS JOIN memories m ON m.workspace_id = own.workspace_id AND m.session_id = own.session_id
    WHERE m.forgotten_at IS NULL
""")


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

    def hang(kind: NodeKind, key: str, label: str, memory_id: str, share: float = 1.0) -> None:
        members = found.setdefault((kind, key), Node(kind, key, label)).members
        members[memory_id] = max(share, members.get(memory_id, 0.0))

    for row in connection.execute(_LABELS, given):
        hang("concept", row.key, row.label, row.id, 1.0 if row.kind == "concept" else SUBJECT_SHARE)
    for row in connection.execute(_PLACES, given):
        hang("folder" if row.kind == "folder" else "file", row.path, row.path, row.id)
        if row.symbol is not None:
            hang("symbol", f"{row.path}::{row.symbol}", f"{row.path}::{row.symbol}", row.id)
    for row in connection.execute(_SESSIONS, given):
        hang("session", row.session_id, row.session_id, row.id)
    wanted = set(ids)
    return [
        node for node in found.values() if 2 <= len(node.members) <= MAX_MEMBERS and not wanted.isdisjoint(node.members)
    ]


def live(connection: Connection, workspace_ids: Sequence[str], ids: Collection[str]) -> set[str]:
    """Those of these memories that are in these workspaces and not forgotten."""
    table = schema.memories.c
    query = select(table.id).where(table.id.in_(ids), table.workspace_id.in_(workspace_ids))
    return set(connection.scalars(query.where(table.forgotten_at.is_(None))))


def learned(connection: Connection, workspace_ids: Sequence[str], ids: Sequence[str], now: datetime) -> list[Pair]:
    """The learned associations of these memories, by their weight now; forgotten memories are absent."""
    table, one, other = schema.associations, schema.memories.alias(), schema.memories.alias()
    query = (
        select(table)
        .join(one, one.c.id == table.c.one_id)
        .join(other, other.c.id == table.c.other_id)
        .where(or_(table.c.one_id.in_(ids), table.c.other_id.in_(ids)))
        .where(*(each.c.forgotten_at.is_(None) & each.c.workspace_id.in_(workspace_ids) for each in (one, other)))
    )
    rows = connection.execute(query)
    return [Pair(row.one_id, row.other_id, "recalled", _faded(row.weight, row.at, now)) for row in rows]


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
