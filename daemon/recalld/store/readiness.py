"""What it takes to say whether a project can rely on its memories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from recalld.store import schema
from recalld.store.schema import anchors, memories, memory_importance, memory_links, session_given

MOST_LOOKED_AT = 5_000
"""Memories whose texts are read, the most important first."""

_m, _s = memories.c, schema.sessions.c
_live = _m.forgotten_at.is_(None)


class Brief(NamedTuple):
    """A memory that is in force."""

    id: str
    title: str
    narrative: str
    memory_type: str
    pinned: bool
    tied: bool
    """Whether to any code."""


class Sessions(NamedTuple):
    """The sessions of a workspace, counted."""

    started: int
    last_at: str | None
    ended: int
    summarised: int
    """Ended with a summary."""
    given: int
    """Memories that were handed over in any of them."""


def briefs(connection: Connection, workspace_ids: Sequence[str]) -> list[Brief]:
    """The memories of these workspaces that are in force, the most important first."""
    tied = sa.exists().where(anchors.c.memory_id == _m.id)
    successor = memories.alias("successor")
    superseded = (
        sa.exists()
        .where(memory_links.c.target_id == _m.id, memory_links.c.kind == "supersedes")
        .where(successor.c.id == memory_links.c.source_id, successor.c.forgotten_at.is_(None))
    )
    query = (
        sa.select(_m.id, _m.title, _m.narrative, _m.memory_type, _m.pinned, tied)
        .join(memory_importance, memory_importance.c.memory_seq == _m.seq)
        .where(_m.workspace_id.in_(workspace_ids), _live, ~superseded)
        .order_by(memory_importance.c.present.desc(), _m.seq.desc())
        .limit(MOST_LOOKED_AT)
    )
    return [Brief._make(row) for row in connection.execute(query)]


def sessions(connection: Connection, workspace_id: str) -> Sessions:
    """How many sessions of a workspace there were, and how they went."""
    query = sa.select(
        sa.func.count(),
        sa.func.max(_s.started_at),
        sa.func.count().filter(_s.status == "ended"),
        sa.func.count().filter((_s.status == "ended") & (_s.summary != "")),
    ).where(_s.workspace_id == workspace_id)
    given = sa.select(sa.func.count()).select_from(session_given).join(schema.sessions)
    handed_over: int = connection.execute(given.where(_s.workspace_id == workspace_id)).scalar_one()
    started, last_at, ended, summarised = connection.execute(query).one()
    return Sessions(started, last_at, ended, summarised, handed_over)


def rated(connection: Connection, workspace_ids: Sequence[str]) -> int:
    """How many memories of these workspaces were rated at all."""
    ever = (_m.useful > 0) | (_m.not_useful > 0)
    query = sa.select(sa.func.count()).select_from(memories).where(_m.workspace_id.in_(workspace_ids), _live, ever)
    return connection.execute(query).scalar_one()
