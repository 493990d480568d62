"""What audits look for, what they found out at length, and what was put off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from recalld.store.schema import (
    audit_checks,
    audit_put_off,
    memories,
    memory_importance,
    memory_labels,
    memory_links,
)
from recalld.store.statements import in_batches

DoubtKind = Literal[
    "secret", "contradicted", "double", "superseded", "unrated", "fading", "never_recalled", "lost_concept"
]

_m, _i, _c, _links, _labels = memories.c, memory_importance.c, audit_checks.c, memory_links.c, memory_labels.c
_live = _m.forgotten_at.is_(None)


class Doubt(NamedTuple):
    """What speaks against a memory, besides its code."""

    kind: DoubtKind
    memory_id: str
    """Of a concept without memories: of the newest that was about it."""
    other_id: str | None
    detail: str
    """The kind of secret, the concept."""
    state: str
    """Another one when what is doubted has changed."""


class Check(NamedTuple):
    """What a long look at a memory found."""

    seq: int
    text_hash: str
    secret: str | None
    double_id: str | None = None
    double_hash: str | None = None
    similarity: float | None = None


class Unchecked(NamedTuple):
    """A memory that nobody took a long look at since its text is this."""

    seq: int
    id: str
    text_hash: str
    title: str
    narrative: str


def doubts(connection: Connection, workspace_id: str, *, faded: float, idle_since: int, limit: int) -> list[Doubt]:
    """What speaks against a workspace's memories, the kinds that weigh most first, in each the most important ones.

    Args:
        faded: a present importance below which a memory has faded.
        idle_since: a day of work; what was confirmed then or before, and never recalled, is doubted.
        limit: at most so many of each kind.
    """
    free = sa.not_(_m.pinned)
    no_other, nothing = sa.null().label("other"), sa.literal("")
    untouched = sa.cast(_i.reinforced_on, sa.Text)
    plain: dict[DoubtKind, sa.ColumnElement[bool]] = {
        "unrated": (_m.provenance == "extracted") & (_m.useful == 0) & (_m.not_useful == 0),
        "fading": free & (_i.present < faded),
        "never_recalled": free
        & (_i.present >= faded)
        & (_i.recalls == 0)
        & (_m.useful == 0)
        & (_i.reinforced_on <= idle_since),
    }
    found = _of(connection, "secret", _checked(workspace_id).add_columns(no_other, _c.secret, nothing)
                .where(_c.secret.is_not(None)), limit)  # fmt: skip
    found += _of(connection, "contradicted", _linked(workspace_id, "contradicts"), limit)
    found += _of(connection, "double", _doubled(workspace_id), limit)
    found += _of(connection, "superseded", _linked(workspace_id, "supersedes"), limit)
    for kind, condition in plain.items():
        query = _alive(workspace_id).add_columns(no_other, nothing, untouched).where(condition)
        found += _of(connection, kind, query, limit)
    return found + _lost_concepts(connection, workspace_id, limit)


def unchecked(connection: Connection, workspace_id: str, limit: int) -> list[Unchecked]:
    """Memories of a workspace that nobody took a long look at since they have the text they have, the newest first."""
    seen = sa.exists().where(_c.memory_seq == _m.seq, _c.text_hash == _m.text_hash)
    query = sa.select(_m.seq, _m.id, _m.text_hash, _m.title, _m.narrative)
    query = query.where(_m.workspace_id == workspace_id, _live, ~seen).order_by(_m.seq.desc()).limit(limit)
    return [Unchecked._make(row) for row in connection.execute(query)]


def count_unchecked(connection: Connection, workspace_id: str) -> int:
    """How many memories of a workspace are yet to be looked at."""
    seen = sa.exists().where(_c.memory_seq == _m.seq, _c.text_hash == _m.text_hash)
    query = sa.select(sa.func.count()).select_from(memories).where(_m.workspace_id == workspace_id, _live, ~seen)
    return connection.execute(query).scalar_one()


def keep_checks(connection: Connection, checks: Sequence[Check]) -> None:
    """Keep what long looks found; what was erased meanwhile is passed over."""
    values = {check.seq: check for check in checks}
    there = set(connection.scalars(sa.select(_m.seq).where(_m.seq.in_(values))))
    kept = [{"memory_seq": seq, **check._asdict()} for seq, check in values.items() if seq in there]
    for row in kept:
        del row["seq"]
    if kept:
        new = insert(audit_checks)
        changed = {name: new.excluded[name] for name in kept[0] if name != "memory_seq"}
        connection.execute(new.on_conflict_do_update(index_elements=["memory_seq"], set_=changed), kept)


def put_off(connection: Connection, workspace_id: str, subject: str, kind: str, state: str, at: str) -> None:
    """Keep that a finding is not to be shown until its state is another."""
    values = {"workspace_id": workspace_id, "subject": subject, "kind": kind, "state": state, "at": at}
    new = insert(audit_put_off).values(values)
    keys = ["workspace_id", "subject", "kind"]
    connection.execute(new.on_conflict_do_update(index_elements=keys, set_={"state": state, "at": at}))


def all_put_off(connection: Connection, workspace_id: str) -> dict[tuple[str, str], str]:
    """The state of each finding that was put off, by subject and kind."""
    kept = audit_put_off.c
    query = sa.select(kept.subject, kept.kind, kept.state).where(kept.workspace_id == workspace_id)
    return {(row.subject, row.kind): row.state for row in connection.execute(query)}


def text_hashes(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The hash of each memory's text, by id."""
    found: dict[str, str] = {}
    for batch in in_batches(ids):
        query = sa.select(_m.id, _m.text_hash).where(_m.id.in_(batch))
        found |= {row.id: row.text_hash for row in connection.execute(query)}
    return found


def rated_memories(connection: Connection, workspace_ids: Sequence[str]) -> int:
    """How many memories of these workspaces were rated at all."""
    rated = (_m.useful > 0) | (_m.not_useful > 0)
    query = sa.select(sa.func.count()).select_from(memories).where(_m.workspace_id.in_(workspace_ids), _live, rated)
    return connection.execute(query).scalar_one()


def by_provenance(connection: Connection, workspace_id: str) -> Mapping[str, int]:
    """How many memories of a workspace came from where."""
    query = sa.select(_m.provenance, sa.func.count()).where(_m.workspace_id == workspace_id, _live)
    return {row[0]: row[1] for row in connection.execute(query.group_by(_m.provenance))}


# --- the queries; each gives memory id, other id, detail, state ------------------------------------


def _of(connection: Connection, kind: DoubtKind, query: sa.Select[Any], limit: int) -> list[Doubt]:
    ordered = query.order_by(_i.present.desc(), _m.seq).limit(limit)
    return [
        Doubt(kind, memory_id, other_id, detail, f"{text_hash} {state}")
        for memory_id, text_hash, other_id, detail, state in connection.execute(ordered)
    ]


def _alive(workspace_id: str) -> sa.Select[Any]:
    query = sa.select(_m.id, _m.text_hash)
    return query.join(memory_importance, _i.memory_seq == _m.seq).where(_m.workspace_id == workspace_id, _live)


def _checked(workspace_id: str) -> sa.Select[Any]:
    """The live memories with what a long look at their present text found."""
    current = (_c.memory_seq == _m.seq) & (_c.text_hash == _m.text_hash)
    return _alive(workspace_id).join(audit_checks, current)


def _doubled(workspace_id: str) -> sa.Select[Any]:
    """The older of two that say the same, each once; linked ones are settled already."""
    other = memories.alias("other")
    linked = sa.exists().where(
        ((_links.source_id == _m.id) & (_links.target_id == other.c.id))
        | ((_links.source_id == other.c.id) & (_links.target_id == _m.id))
    )
    same = (other.c.id == _c.double_id) & (other.c.text_hash == _c.double_hash) & other.c.forgotten_at.is_(None)
    query = _checked(workspace_id).join(other, same).where(~linked)
    # Where each is the other's double, the newer one tells.
    mutual = sa.exists().where(_double.c.memory_seq == other.c.seq, _double.c.double_id == _m.id)
    query = query.where((other.c.seq < _m.seq) | ~mutual)
    return query.add_columns(other.c.id, sa.literal(""), other.c.text_hash)


_double = audit_checks.alias("mutual")


def _linked(workspace_id: str, kind: Literal["supersedes", "contradicts"]) -> sa.Select[Any]:
    """The older of two that contradict each other, or what was superseded, with the other; in force both."""
    other = memories.alias("other")
    query = _alive(workspace_id)
    if kind == "supersedes":
        query = query.join(memory_links, (_links.target_id == _m.id) & (_links.kind == kind))
        query = query.join(other, other.c.id == _links.source_id)
    else:
        either = (_links.target_id == _m.id) | (_links.source_id == _m.id)
        query = query.join(memory_links, either & (_links.kind == kind))
        query = query.join(other, other.c.id.in_([_links.source_id, _links.target_id]) & (other.c.seq > _m.seq))
        old, successor = memory_links.alias("old"), memories.alias("successor")
        replaced = (
            sa.exists()
            .where(old.c.target_id.in_([_m.id, other.c.id]), old.c.kind == "supersedes")
            .where(successor.c.id == old.c.source_id, successor.c.forgotten_at.is_(None))
        )
        query = query.where(~replaced)
    return query.where(other.c.forgotten_at.is_(None)).add_columns(other.c.id, sa.literal(""), other.c.text_hash)


def _lost_concepts(connection: Connection, workspace_id: str, limit: int) -> list[Doubt]:
    """Concepts all of whose memories are forgotten or superseded, each with the newest of these."""
    successor = memories.alias("successor")
    superseded = (
        sa.exists()
        .where(_links.target_id == _m.id, _links.kind == "supersedes")
        .where(successor.c.id == _links.source_id, successor.c.forgotten_at.is_(None))
    )
    in_force = sa.case((_live & ~superseded, 1), else_=0)
    query = (
        sa.select(_labels.key, sa.func.max(_labels.label), sa.func.max(_m.seq))
        .join(memories, _m.seq == _labels.memory_seq)
        .where(_labels.kind == "concept", _labels.workspace_id == workspace_id)
        .group_by(_labels.key)
        .having(sa.func.max(in_force) == 0)
        .order_by(sa.func.max(_m.seq).desc())
        .limit(limit)
    )
    lost = list(connection.execute(query))
    newest = sa.select(_m.seq, _m.id, _m.text_hash).where(_m.seq.in_([seq for *_, seq in lost]))
    ids = {row.seq: (row.id, row.text_hash) for row in connection.execute(newest)}
    return [Doubt("lost_concept", ids[seq][0], None, label, f"{key} {ids[seq][1]}") for key, label, seq in lost]
