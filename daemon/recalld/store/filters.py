"""Which memories fulfil given criteria, found without their texts."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from recalld.store import derived
from recalld.store.schema import anchor_forms, anchors, memories

_BELOW = "0"
"""The character after `/`: what sorts from `api/` to before `api0` lies below `api/`."""


class Criteria(msgspec.Struct, kw_only=True, frozen=True):
    """What a memory must be; all that is given must hold."""

    workspace_ids: tuple[str, ...]
    memory_types: tuple[str, ...] = ()
    """Any of these."""
    concepts: tuple[str, ...] = ()
    """All of these, whatever their case."""
    tags: tuple[str, ...] = ()
    """All of these, whatever their case."""
    session_id: str | None = None
    since: str | None = None
    """Stored at this time or later, as the store writes times."""
    before: str | None = None
    """Stored before this time."""
    min_importance: float | None = None
    title: str | None = None
    """With this in its title, whatever the case of Latin letters."""
    places: tuple[str, ...] | None = None
    """Files and folders (ending in `/`; `./` is the root): with a form of an anchor at or below any of them."""
    standing: tuple[int, ...] = ()
    """Ids of anchors that count as being in one of the places."""
    among: tuple[frozenset[str], ...] = ()
    """In each of these sets of ids."""
    not_among: frozenset[str] = frozenset()
    """In none of these."""
    anchored: bool = False
    """Tied to code at all."""


def conditions(criteria: Criteria) -> list[sa.ColumnElement[bool]]:
    """The criteria as conditions on the table of memories, for a query of its own."""
    column = memories.c
    wanted: list[sa.ColumnElement[bool]] = [column.workspace_id.in_(criteria.workspace_ids)]
    if criteria.memory_types:
        wanted.append(column.memory_type.in_(criteria.memory_types))
    wanted += [column.seq.in_(derived.labelled("concept", concept)) for concept in criteria.concepts]
    wanted += [column.seq.in_(derived.labelled("tag", tag)) for tag in criteria.tags]
    if criteria.session_id is not None:
        wanted.append(column.session_id == criteria.session_id)
    if criteria.since is not None:
        wanted.append(column.created_at >= criteria.since)
    if criteria.before is not None:
        wanted.append(column.created_at < criteria.before)
    if criteria.min_importance is not None:
        wanted.append(column.importance_score >= criteria.min_importance)
    if criteria.title is not None:
        wanted.append(column.title.icontains(criteria.title, autoescape=True))
    if criteria.places is not None:
        wanted.append(column.id.in_(_tied(criteria.places, criteria.standing)))
    wanted += [column.id.in_(_values(some)) for some in criteria.among]
    if criteria.not_among:
        wanted.append(column.id.not_in(_values(criteria.not_among)))
    if criteria.anchored:
        wanted.append(sa.exists().where(anchors.c.memory_id == column.id))
    return wanted


def matching(
    connection: Connection,
    criteria: Criteria,
    *,
    ids: Collection[str] | None = None,
    seqs: Collection[int] | None = None,
    limit: int | None = None,
) -> dict[str, int]:
    """The memories, without the forgotten ones, for which all criteria hold.

    Args:
        ids: look at these alone.
        seqs: likewise, by their `seq`.
        limit: stop after so many.

    Returns:
        The `seq` of each, by id, in no order.
    """
    wanted = [*conditions(criteria), memories.c.forgotten_at.is_(None)]
    if ids is not None:
        wanted.append(memories.c.id.in_(_values(ids)))
    if seqs is not None:
        wanted.append(memories.c.seq.in_(_values(seqs)))
    query = sa.select(memories.c.id, memories.c.seq).where(*wanted).limit(limit)
    return {row.id: row.seq for row in connection.execute(query)}


def owners(connection: Connection, workspace_ids: Sequence[str]) -> list[tuple[int, str]]:
    """(anchor id, memory id) of all anchors of these workspaces' memories, forgotten ones too."""
    query = sa.select(anchors.c.id, anchors.c.memory_id).join(memories, memories.c.id == anchors.c.memory_id)
    found = connection.execute(query.where(memories.c.workspace_id.in_(workspace_ids)))
    return [(row.id, row.memory_id) for row in found]


def _tied(places: Sequence[str], standing: Sequence[int]) -> sa.Select[tuple[str]]:
    """The ids of the memories with an anchor that has or had its place at or below one of these."""
    forms = sa.select(anchor_forms.c.anchor_id).where(_at_or_below(anchor_forms.c.path, places))
    inside = _at_or_below(anchors.c.path, places) | anchors.c.id.in_(forms) | anchors.c.id.in_(_values(standing))
    return sa.select(anchors.c.memory_id).where(inside)


def _at_or_below(path: sa.ColumnElement[str], places: Sequence[str]) -> sa.ColumnElement[bool]:
    inside: list[sa.ColumnElement[bool]] = [sa.false()]
    for place in places:
        if place == "./":
            return sa.true()
        inside.append(path == place)
        if place.endswith("/"):
            inside.append((path >= place) & (path < place[:-1] + _BELOW))
    return sa.or_(*inside)


def _values(values: Collection[str] | Collection[int]) -> sa.Select[tuple[str]]:
    """Any number of values as one parameter."""
    listed = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return sa.select(listed.c.value)
