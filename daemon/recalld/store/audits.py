"""What audits go by: how memories stand, what long looks at them found, what was answered, and what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from recalld.store.links import superseded
from recalld.store.schema import (
    anchors,
    audit_answers,
    audit_checks,
    audit_open,
    memories,
    memory_importance,
    memory_labels,
    memory_links,
)
from recalld.store.statements import in_batches

AnswerKind = Literal["keep", "later"]

_m, _i, _c, _links, _labels = memories.c, memory_importance.c, audit_checks.c, memory_links.c, memory_labels.c
_live = _m.forgotten_at.is_(None)


class Examined(NamedTuple):
    """What an audit goes by of one memory, without its text."""

    seq: int
    id: str
    text_hash: str
    version: int
    provenance: str
    importance_score: float
    pinned: bool
    rated: bool
    useful: int
    recalls: int
    reinforced_on: int
    present: float
    secret: str | None
    double_id: str | None
    double_hash: str | None
    similarity: float | None
    anchor_ids: tuple[int, ...]


class Check(NamedTuple):
    """What a long look at a memory found."""

    seq: int
    text_hash: str
    secret: str | None
    compared: bool = False
    """Whether it was looked for others that say the same."""
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
    evidence: str | None
    secret: str | None


class Answer(NamedTuple):
    """What somebody said to a finding: it stays quiet until its state is another."""

    memory_id: str
    kind: str
    about: str
    state: str
    answer: AnswerKind


class LostConcept(NamedTuple):
    """A concept all of whose memories are forgotten or superseded."""

    key: str
    label: str
    memory_id: str
    """The newest of them."""
    memories: int


# --- how memories stand -----------------------------------------------------------------------------


def examined(connection: Connection, workspace_id: str, after_seq: int, limit: int) -> list[Examined]:
    """The next memories of a workspace in the order of storing, without the forgotten ones.

    Args:
        after_seq: 0, or the last `seq` seen.
    """
    asked = {"workspace": workspace_id, "after": after_seq, "limit": limit}
    return [_as_examined(row) for row in connection.execute(_NEXT_EXAMINED, asked)]


def some_examined(connection: Connection, ids: Sequence[str]) -> dict[str, Examined]:
    """Those of these memories that are not forgotten, by id."""
    found: dict[str, Examined] = {}
    for batch in in_batches(ids):
        rows = map(_as_examined, connection.execute(_examined().where(_m.id.in_(batch))))
        found |= {row.id: row for row in rows}
    return found


def _examined() -> sa.Select[Any]:
    tied = sa.select(sa.func.group_concat(anchors.c.id)).where(anchors.c.memory_id == _m.id).scalar_subquery()
    return (
        sa.select(
            _m.seq, _m.id, _m.text_hash, _m.version, _m.provenance, _m.importance_score, _m.pinned,
            (_m.useful > 0) | (_m.not_useful > 0), _m.useful, _i.recalls, _i.reinforced_on, _i.present,
            _c.secret, _c.double_id, _c.double_hash, _c.similarity, tied,
        )
        .join(memory_importance, _i.memory_seq == _m.seq)
        .outerjoin(audit_checks, (_c.memory_seq == _m.seq) & (_c.text_hash == _m.text_hash))
        .where(_live)
    )  # fmt: skip


# Made once: to put it together takes longer than to read a slice.
_NEXT_EXAMINED = (
    _examined()
    .where(_m.workspace_id == sa.bindparam("workspace"), _m.seq > sa.bindparam("after"))
    .order_by(_m.seq)
    .limit(sa.bindparam("limit"))
)


def _as_examined(row: sa.Row[Any]) -> Examined:
    anchor_ids = tuple(map(int, row[-1].split(","))) if row[-1] else ()
    return Examined._make([*row[:-1], anchor_ids])


def successors(connection: Connection, scope: Sequence[str], workspace_id: str) -> dict[str, str]:
    """What stands in the place of each memory of a workspace that was superseded, without the forgotten ones.

    Args:
        scope: the workspaces in which a successor counts.
    """
    query = sa.select(_m.id).join(memory_links, (_links.target_id == _m.id) & (_links.kind == "supersedes")).distinct()
    replaced = list(connection.scalars(query.where(_m.workspace_id == workspace_id, _live)))
    found: dict[str, str] = {}
    for batch in in_batches(replaced):
        found |= superseded(connection, scope, batch)
    return found


def at_odds(connection: Connection, workspace_id: str) -> list[tuple[str, str, str]]:
    """The pairs of a workspace's memories that contradict each other, without the forgotten ones.

    Returns:
        The older one, the newer one, and the hash of that one's text.
    """
    one, other = memories.alias(), memories.alias()
    query = (
        sa.select(one.c.seq, one.c.id, one.c.text_hash, other.c.seq, other.c.id, other.c.text_hash)
        .join(memory_links, _links.source_id == one.c.id)
        .join(other, other.c.id == _links.target_id)
        .where(_links.kind == "contradicts", one.c.workspace_id == workspace_id)
        .where(one.c.forgotten_at.is_(None), other.c.forgotten_at.is_(None))
        .order_by(_links.source_id, _links.target_id)
    )
    pairs = (sorted((tuple(row[:3]), tuple(row[3:]))) for row in connection.execute(query))
    return [(older_id, newer_id, text) for (_, older_id, _), (_, newer_id, text) in pairs]


def linked(connection: Connection, ids: Sequence[str]) -> set[frozenset[str]]:
    """The pairs, among links of these memories, of which anything is said."""
    pairs: set[frozenset[str]] = set()
    for batch in in_batches(ids):
        query = sa.select(_links.source_id, _links.target_id)
        query = query.where(_links.source_id.in_(batch) | _links.target_id.in_(batch))
        pairs |= {frozenset((row.source_id, row.target_id)) for row in connection.execute(query)}
    return pairs


def lost_concepts(connection: Connection, workspace_id: str, limit: int) -> list[LostConcept]:
    """Concepts all of whose memories are forgotten or superseded, the one that was lost last first."""
    gone = sa.union(
        sa.select(_m.seq).where(_m.workspace_id == workspace_id, sa.not_(_live)),
        sa.select(_m.seq).where(_m.workspace_id == workspace_id, _superseded(memories)),
    )
    kept, holder = memory_labels.alias(), memories.alias()
    # Asked only for the concepts of what is gone, and answered by the first memory that is not.
    in_force = (
        sa.exists()
        .where(kept.c.kind == "concept", kept.c.key == _labels.key, kept.c.workspace_id == workspace_id)
        .where(holder.c.seq == kept.c.memory_seq, holder.c.forgotten_at.is_(None), ~_superseded(holder))
    )
    query = (
        sa.select(_labels.key, sa.func.max(_labels.label), sa.func.max(_labels.memory_seq), sa.func.count())
        .where(_labels.kind == "concept", _labels.memory_seq.in_(gone), ~in_force)
        .group_by(_labels.key)
        .order_by(sa.func.max(_labels.memory_seq).desc(), _labels.key)
        .limit(limit)
    )
    lost = list(connection.execute(query))
    newest = sa.select(_m.seq, _m.id).where(_m.seq.in_([seq for _, _, seq, _ in lost]))
    ids = {row.seq: row.id for row in connection.execute(newest)}
    return [LostConcept(key, label, ids[seq], count) for key, label, seq, count in lost]


def _superseded(memory: sa.FromClause) -> sa.Exists:
    """By one that is not forgotten."""
    link, successor = memory_links.alias(), memories.alias()
    return (
        sa.exists()
        .where(link.c.target_id == memory.c.id, link.c.kind == "supersedes")
        .where(successor.c.id == link.c.source_id, successor.c.forgotten_at.is_(None))
    )


# --- long looks -------------------------------------------------------------------------------------


def unchecked(
    connection: Connection, workspace_id: str, scheme: int, *, compared: bool, before_seq: int | None, limit: int
) -> list[Unchecked]:
    """Memories of a workspace that are yet to be looked at, the newest first.

    Args:
        scheme: of the look for secrets; what was looked at by an older one is to be looked at again.
        compared: those that are yet to be compared with others; else those that are to be looked at for secrets.
        before_seq: None, or the last `seq` seen, so that what was passed once is not passed again.
    """
    query = sa.select(_m.seq, _m.id, _m.text_hash, _m.title, _m.narrative, _m.evidence, _c.secret)
    query = query.outerjoin(audit_checks, _c.memory_seq == _m.seq).where(_to_check(workspace_id, scheme, compared))
    if before_seq is not None:
        query = query.where(_m.seq < before_seq)
    return [Unchecked._make(row) for row in connection.execute(query.order_by(_m.seq.desc()).limit(limit))]


def count_unchecked(connection: Connection, workspace_id: str, scheme: int) -> int:
    """How many memories of a workspace are yet to be looked at, or to be compared with others."""
    query = sa.select(sa.func.count()).select_from(memories).outerjoin(audit_checks, _c.memory_seq == _m.seq)
    return connection.execute(query.where(_to_check(workspace_id, scheme, True))).scalar_one()


def keep_checks(connection: Connection, checks: Sequence[Check], scheme: int) -> None:
    """Keep what long looks found; what was erased meanwhile is passed over."""
    there = set(connection.scalars(sa.select(_m.seq).where(_m.seq.in_([check.seq for check in checks]))))
    rows = []
    for check in checks:
        if check.seq in there:
            values = check._asdict()
            rows.append({"memory_seq": values.pop("seq"), "scheme": scheme, **values})
    if rows:
        new = insert(audit_checks)
        changed = {name: new.excluded[name] for name in rows[0] if name != "memory_seq"}
        connection.execute(new.on_conflict_do_update(index_elements=["memory_seq"], set_=changed), rows)


def _to_check(workspace_id: str, scheme: int, compared: bool) -> sa.ColumnElement[bool]:
    stale = _c.memory_seq.is_(None) | (_c.text_hash != _m.text_hash) | (_c.scheme != scheme)
    return sa.and_(_m.workspace_id == workspace_id, _live, stale | sa.not_(_c.compared) if compared else stale)


# --- answers, and what is open ----------------------------------------------------------------------


def keep_answer(connection: Connection, answer: Answer, at: str) -> None:
    """Keep what was said to a finding; what was said before to the same is forgotten."""
    values = answer._asdict() | {"at": at}
    new = insert(audit_answers).values(values)
    connection.execute(new.on_conflict_do_update(index_elements=["memory_id", "kind", "about"], set_=values))
    connection.execute(sa.delete(audit_open).where(audit_open.c.memory_id == answer.memory_id))


def answers(connection: Connection, workspace_ids: Sequence[str]) -> dict[tuple[str, str, str], Answer]:
    """What was said to findings about these workspaces' memories, by memory, kind and what it was about."""
    kept = audit_answers.c
    query = sa.select(kept.memory_id, kept.kind, kept.about, kept.state, kept.answer)
    query = query.join(memories, _m.id == kept.memory_id).where(_m.workspace_id.in_(workspace_ids))
    found = [Answer._make(row) for row in connection.execute(query)]
    return {(each.memory_id, each.kind, each.about): each for each in found}


def set_open(connection: Connection, workspace_id: str, found: Mapping[str, int]) -> None:
    """Keep which memories an audit of a workspace wants looked at, by id with the version that they had."""
    kept = audit_open.c
    connection.execute(sa.delete(audit_open).where(kept.workspace_id == workspace_id))
    there = _existing(connection, found)
    rows = [
        {"memory_id": memory_id, "workspace_id": workspace_id, "version": version}
        for memory_id, version in found.items()
        if memory_id in there
    ]
    if rows:
        connection.execute(insert(audit_open).on_conflict_do_nothing(), rows)


def open_counts(connection: Connection, workspace_id: str | None = None) -> dict[str, int]:
    """How many memories are to be looked at; what was changed or forgotten since is not.

    Args:
        workspace_id: of this workspace; None for each.
    """
    kept = audit_open.c
    query = sa.select(kept.workspace_id, sa.func.count()).join(memories, _m.id == kept.memory_id)
    query = query.where(_m.version == kept.version, _live).group_by(kept.workspace_id)
    if workspace_id is not None:
        query = query.where(kept.workspace_id == workspace_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def _existing(connection: Connection, ids: Iterable[str]) -> set[str]:
    return {
        each for batch in in_batches(list(ids)) for each in connection.scalars(sa.select(_m.id).where(_m.id.in_(batch)))
    }
