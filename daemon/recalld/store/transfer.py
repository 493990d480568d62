"""Memories with all that is known of them, in pages and out of them: what exports take out, and imports put in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from recalld.store import derived, importance, schema
from recalld.store.anchors import anchors_of, insert_anchors
from recalld.store.memories import own_columns
from recalld.store.rows import (
    AnchorRow,
    ExtractionJobRow,
    ExtractionRow,
    LinkRow,
    MemoryRow,
    RatingRow,
    SessionRow,
    VersionRow,
)
from recalld.store.statements import in_batches, last_id

_m = schema.memories.c
_links, _associations, _sessions = schema.memory_links, schema.associations, schema.sessions
_jobs, _made = schema.extraction_jobs, schema.extractions


class Whole(NamedTuple):
    """A memory with all that is known of it by itself."""

    row: MemoryRow
    anchors: list[AnchorRow]
    """With their forms' code."""
    versions: list[VersionRow]
    """Oldest first."""
    ratings: list[RatingRow]
    """Oldest first."""


class Association(NamedTuple):
    """How firmly two memories are tied by having been recalled together, as of a time."""

    one_id: str
    other_id: str
    weight: float
    at: str


class EndedSession(NamedTuple):
    """A session with what was made of it."""

    row: SessionRow
    jobs: list[tuple[ExtractionJobRow, list[ExtractionRow]]]


class Here(NamedTuple):
    """What is here under an id."""

    workspace_id: str
    text_hash: str
    version: int


# --- out -----------------------------------------------------------------------------------------


def count(connection: Connection, workspace_ids: Sequence[str], *, forgotten: bool) -> int:
    """How many memories these workspaces have."""
    query = sa.select(sa.func.count()).select_from(schema.memories).where(_of(workspace_ids, forgotten))
    return connection.execute(query).scalar_one()


def memories_after(
    connection: Connection, workspace_ids: Sequence[str], after_seq: int, limit: int, *, forgotten: bool
) -> list[Whole]:
    """The next memories of these workspaces in the order of storing, whole."""
    query = importance.rows().where(_of(workspace_ids, forgotten), _m.seq > after_seq)
    rows = [MemoryRow(**row) for row in connection.execute(query.order_by(_m.seq).limit(limit)).mappings()]
    ids = [row.id for row in rows]
    bound = anchors_of(connection, ids, with_code=True)
    states, rated = _versions(connection, ids), _ratings(connection, ids)
    return [Whole(row, bound.get(row.id, []), states.get(row.id, []), rated.get(row.id, [])) for row in rows]


def ties_after(
    connection: Connection, workspace_ids: Sequence[str], after_seq: int, limit: int, *, forgotten: bool
) -> tuple[int, list[LinkRow], list[Association]]:
    """What ties the next memories of these workspaces to others of them.

    Returns:
        The `seq` of the last of these memories, 0 if there are no more; links from them; associations of which they are
        the first.
    """
    scope = _of(workspace_ids, forgotten)
    query = sa.select(_m.seq, _m.id).where(scope, _m.seq > after_seq).order_by(_m.seq).limit(limit)
    found = connection.execute(query).all()
    linked: list[LinkRow] = []
    associated: list[Association] = []
    for batch in in_batches([row.id for row in found]):
        # Asked for by the target's id, one by one: joined, the planner may begin with whole workspaces.
        there = sa.exists().where(_m.id == _links.c.target_id, scope)
        links = sa.select(_links).where(_links.c.source_id.in_(batch), there)
        links = links.order_by(_links.c.source_id, _links.c.target_id, _links.c.kind)
        linked += [LinkRow(**row) for row in connection.execute(links).mappings()]
        other = sa.exists().where(_m.id == _associations.c.other_id, scope)
        pairs = sa.select(_associations).where(_associations.c.one_id.in_(batch), other)
        pairs = pairs.order_by(_associations.c.one_id, _associations.c.other_id)
        associated += [Association(**row) for row in connection.execute(pairs).mappings()]
    return (found[-1].seq if found else 0), linked, associated


def sessions_after(connection: Connection, workspace_id: str, after_seq: int, limit: int) -> list[EndedSession]:
    """The next sessions of a workspace that have ended, with the jobs that are closed."""
    query = sa.select(_sessions).where(_sessions.c.workspace_id == workspace_id, _sessions.c.status == "ended")
    query = query.where(_sessions.c.seq > after_seq).order_by(_sessions.c.seq).limit(limit)
    rows = [SessionRow(**row) for row in connection.execute(query).mappings()]
    return [EndedSession(row, _closed_jobs(connection, row.seq)) for row in rows]


def _closed_jobs(connection: Connection, seq: int) -> list[tuple[ExtractionJobRow, list[ExtractionRow]]]:
    query = sa.select(_jobs).where(_jobs.c.session_seq == seq, _jobs.c.status != "queued")
    jobs = [
        ExtractionJobRow(**row) for row in connection.execute(query.order_by(sa.literal_column("rowid"))).mappings()
    ]
    made: dict[str, list[ExtractionRow]] = {}
    rows = (
        sa.select(_made).where(_made.c.job_id.in_([job.id for job in jobs])).order_by(_made.c.job_id, _made.c.position)
    )
    for row in connection.execute(rows).mappings():
        made.setdefault(row["job_id"], []).append(ExtractionRow(**row))
    return [(job, made.get(job.id, [])) for job in jobs]


def _versions(connection: Connection, ids: Sequence[str]) -> dict[str, list[VersionRow]]:
    kept = schema.memory_versions
    found: dict[str, list[VersionRow]] = {}
    for batch in in_batches(ids):
        query = sa.select(kept).where(kept.c.memory_id.in_(batch)).order_by(kept.c.memory_id, kept.c.version)
        for row in connection.execute(query):
            state = VersionRow(memory_id=row.memory_id, version=row.version, at=row.at, cause=row.cause, **row.snapshot)
            found.setdefault(row.memory_id, []).append(state)
    return found


def _ratings(connection: Connection, ids: Sequence[str]) -> dict[str, list[RatingRow]]:
    kept = schema.ratings
    found: dict[str, list[RatingRow]] = {}
    for batch in in_batches(ids):
        columns = [column for column in kept.c if column is not kept.c.id]
        query = sa.select(*columns).where(kept.c.memory_id.in_(batch)).order_by(kept.c.memory_id, kept.c.id)
        for row in connection.execute(query).mappings():
            found.setdefault(row["memory_id"], []).append(RatingRow(**row))
    return found


def _of(workspace_ids: Sequence[str], forgotten: bool) -> sa.ColumnElement[bool]:
    of_workspaces = _m.workspace_id.in_(workspace_ids)
    return of_workspaces if forgotten else of_workspaces & _m.forgotten_at.is_(None)


# --- in ------------------------------------------------------------------------------------------


def here(connection: Connection, ids: Collection[str]) -> dict[str, Here]:
    """What is here under these ids, in whatever workspace, also what was forgotten."""
    found: dict[str, Here] = {}
    for batch in in_batches(list(ids)):
        query = sa.select(_m.id, _m.workspace_id, _m.text_hash, _m.version).where(_m.id.in_(batch))
        found |= {row.id: Here(row.workspace_id, row.text_hash, row.version) for row in connection.execute(query)}
    return found


def add_memories(connection: Connection, brought: Sequence[Whole]) -> None:
    """Add memories that are not here, with all that is known of them; the `seq` they bring is not used."""
    if not brought:
        return
    first = last_id(connection, schema.memories) + 1
    numbered = [whole._replace(row=structs.replace(whole.row, seq=first + n)) for n, whole in enumerate(brought)]
    connection.execute(sa.insert(schema.memories), [own_columns(whole.row) for whole in numbered])
    importance.insert(connection, [whole.row for whole in numbered])
    insert_anchors(connection, ((whole.row.id, whole.anchors) for whole in numbered))
    ratings = [structs.asdict(rating) for whole in numbered for rating in whole.ratings]
    if ratings:
        connection.execute(sa.insert(schema.ratings), ratings)
    derived.index(connection, [(whole.row, whole.anchors) for whole in numbered])
    versions = [_as_kept(state) for whole in numbered for state in whole.versions]
    connection.execute(sa.insert(schema.memory_versions), versions)


def add_association(connection: Connection, tie: Association) -> bool:
    """Keep an association, unless the two have one already; whether it is new."""
    kept = insert(_associations).values(tie._asdict()).on_conflict_do_nothing()
    return connection.execute(kept).rowcount > 0


def has_link(connection: Connection, link: LinkRow) -> bool:
    """Whether this is said of these two already."""
    same = (_links.c.source_id == link.source_id, _links.c.target_id == link.target_id, _links.c.kind == link.kind)
    return connection.execute(sa.select(_links.c.kind).where(*same)).first() is not None


def add_session(connection: Connection, session: EndedSession, job_ids: Mapping[str, str]) -> bool:
    """Add a session that ended, unless one of its id is here; whether it is new.

    Args:
        job_ids: other ids for those of its jobs that are taken.
    """
    values = structs.asdict(session.row)
    del values["seq"]
    if connection.execute(insert(_sessions).values(values).on_conflict_do_nothing()).rowcount != 1:
        return False
    same = (_sessions.c.workspace_id == session.row.workspace_id, _sessions.c.id == session.row.id)
    seq = connection.execute(sa.select(_sessions.c.seq).where(*same)).scalar_one()
    for job, made in session.jobs:
        job_id = job_ids.get(job.id, job.id)
        connection.execute(sa.insert(_jobs), [structs.asdict(job) | {"id": job_id, "session_seq": seq}])
        if made:
            connection.execute(sa.insert(_made), [structs.asdict(each) | {"job_id": job_id} for each in made])
    return True


def taken_jobs(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these ids that a job has."""
    return set(connection.scalars(sa.select(_jobs.c.id).where(_jobs.c.id.in_(ids))))


def _as_kept(state: VersionRow) -> dict[str, object]:
    values = structs.asdict(state)
    own = {name: values.pop(name) for name in ("memory_id", "version", "at", "cause")}
    return own | {"snapshot": values}
