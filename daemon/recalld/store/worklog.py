"""Sessions that were started here: what was observed in them, what they were given, what is to be extracted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy import Connection

from recalld.store.rows import ExtractionJobRow, ExtractionRow, GivenRow, ObservationRow, SessionRow
from recalld.store.schema import extraction_jobs, extractions, observations, session_given, sessions, workspaces

LOST = 0
"""The version in which a session has a memory that it was given and has no more."""

# --- sessions ------------------------------------------------------------------------------------


def begin(connection: Connection, row: SessionRow) -> SessionRow:
    """Keep a session, or take up again the one that has its id; the session as it is now."""
    known = get(connection, row.workspace_id, row.id)
    if known is None:
        values = structs.asdict(row)
        del values["seq"]
        connection.execute(sa.insert(sessions), [values])
    else:
        again: dict[str, object] = {
            "status": "open",
            "ended_at": None,
            "active_at": row.active_at,
            "tree_id": row.tree_id,
        }
        again |= {"branch": row.branch, "task": row.task or known.task}
        if known.status == "ended":
            again |= {"observed": 0, "observed_bytes": 0, "dropped": 0}
        connection.execute(sa.update(sessions).where(sessions.c.seq == known.seq).values(again))
    begun = get(connection, row.workspace_id, row.id)
    assert begun is not None  # noqa: S101  # it was written just now
    return begun


def get(connection: Connection, workspace_id: str, session_id: str) -> SessionRow | None:
    """The session of this id, if it was started here."""
    wanted = (sessions.c.workspace_id == workspace_id, sessions.c.id == session_id)
    return _session(connection, sa.select(sessions).where(*wanted))


def of_id(connection: Connection, session_id: str) -> list[SessionRow]:
    """The sessions of this id in all workspaces."""
    # By way of the workspaces, because the index begins with them.
    of_any = sessions.c.workspace_id.in_(sa.select(workspaces.c.id))
    query = sa.select(sessions).where(of_any, sessions.c.id == session_id).order_by(sessions.c.seq)
    return [SessionRow(**row) for row in connection.execute(query).mappings()]


def by_seq(connection: Connection, seq: int) -> SessionRow | None:
    """The session with this number."""
    return _session(connection, sa.select(sessions).where(sessions.c.seq == seq))


def open_ones(connection: Connection, quiet_since: str | None = None) -> list[SessionRow]:
    """The sessions of all workspaces that have not ended, in the order of their start.

    Args:
        quiet_since: only those of which nothing was heard since this time.
    """
    query = sa.select(sessions).where(sessions.c.status == "open").order_by(sessions.c.seq)
    if quiet_since is not None:
        query = query.where(sessions.c.active_at < quiet_since)
    return [SessionRow(**row) for row in connection.execute(query).mappings()]


def latest(connection: Connection, workspace_id: str, limit: int) -> list[SessionRow]:
    """A workspace's sessions, the one started last first."""
    query = sa.select(sessions).where(sessions.c.workspace_id == workspace_id)
    query = query.order_by(sessions.c.started_at.desc(), sessions.c.seq.desc()).limit(limit)
    return [SessionRow(**row) for row in connection.execute(query).mappings()]


def end(connection: Connection, seq: int, at: str, job: ExtractionJobRow) -> bool:
    """End a session and queue the job that extracts it; false where it has ended already."""
    still_open = (sessions.c.seq == seq) & (sessions.c.status == "open")
    ended = sa.update(sessions).where(still_open).values(status="ended", ended_at=at, summary=job.summary)
    if connection.execute(ended).rowcount != 1:
        return False
    connection.execute(sa.insert(extraction_jobs), [structs.asdict(job)])
    waiting = (observations.c.session_seq == seq) & observations.c.job_id.is_(None)
    connection.execute(sa.update(observations).where(waiting).values(job_id=job.id))
    return True


def _session(connection: Connection, query: sa.Select[tuple[object, ...]]) -> SessionRow | None:
    found = connection.execute(query).mappings().first()
    return SessionRow(**found) if found else None


# --- what happened in them -----------------------------------------------------------------------


def observe(connection: Connection, seq: int, rows: Sequence[ObservationRow], active_at: str, dropped: int = 0) -> None:
    """Keep what happened in one session.

    Args:
        active_at: when something was last heard of it.
        dropped: how many more there were, over the limits.
    """
    if rows:
        connection.execute(sa.insert(observations), [structs.asdict(row) | {"job_id": None} for row in rows])
    size = sum(len(row.content.encode("utf-8", "replace")) for row in rows)
    connection.execute(
        sa.update(sessions)
        .where(sessions.c.seq == seq)
        .values(
            active_at=active_at,
            observed=sessions.c.observed + len(rows),
            observed_bytes=sessions.c.observed_bytes + size,
            dropped=sessions.c.dropped + dropped,
        )
    )


def waiting(connection: Connection, seq: int) -> list[ObservationRow]:
    """What happened in a session since its start, or since it was taken up again, oldest first."""
    return _observations(connection, (observations.c.session_seq == seq) & observations.c.job_id.is_(None))


def observed_for(connection: Connection, job_id: str) -> list[ObservationRow]:
    """What a job has to extract, oldest first."""
    return _observations(connection, observations.c.job_id == job_id)


def _observations(connection: Connection, wanted: sa.ColumnElement[bool]) -> list[ObservationRow]:
    columns = [observations.c[name] for name in ObservationRow.__struct_fields__]
    query = sa.select(*columns).where(wanted).order_by(observations.c.id)
    return [ObservationRow(**row) for row in connection.execute(query).mappings()]


# --- what they were given ------------------------------------------------------------------------


def given(connection: Connection, seq: int) -> dict[str, GivenRow]:
    """What a session was given and still has, by the memory's id."""
    columns = [session_given.c[name] for name in GivenRow.__struct_fields__]
    query = sa.select(*columns).where(session_given.c.session_seq == seq, session_given.c.version != LOST)
    return {row["memory_id"]: GivenRow(**row) for row in connection.execute(query).mappings()}


def given_to_judge(connection: Connection, job_id: str, today: str) -> list[str]:
    """Ids of what the session of a job was given, if it is its first job.

    Without what a session was given whose job is done since today began, so that nothing is judged twice a day.
    """
    seq = connection.execute(sa.select(extraction_jobs.c.session_seq).where(extraction_jobs.c.id == job_id)).scalar()
    of_session = sa.select(extraction_jobs.c.id).where(extraction_jobs.c.session_seq == seq)
    if connection.execute(of_session.order_by(sa.literal_column("rowid")).limit(1)).scalar() != job_id:
        return []
    done_today = sa.select(extraction_jobs.c.session_seq).where(
        extraction_jobs.c.status == "done", extraction_jobs.c.finished_at >= today, extraction_jobs.c.session_seq != seq
    )
    judged = sa.select(session_given.c.memory_id).where(session_given.c.session_seq.in_(done_today))
    query = sa.select(session_given.c.memory_id).where(session_given.c.session_seq == seq)
    return list(connection.scalars(query.where(session_given.c.memory_id.not_in(judged))))


def give(connection: Connection, seq: int, rows: Sequence[GivenRow], at: str) -> None:
    """Note what a session was given, and that somebody works in it."""
    connection.execute(sa.update(sessions).where(sessions.c.seq == seq).values(active_at=at))
    if rows:
        note = sa.insert(session_given).prefix_with("OR REPLACE")
        connection.execute(note, [structs.asdict(row) | {"session_seq": seq} for row in rows])


def lose(connection: Connection, seq: int) -> None:
    """Note that a session has nothing any more of what it was given; that it was given it is kept."""
    connection.execute(sa.update(session_given).where(session_given.c.session_seq == seq).values(version=LOST))


# --- extraction ----------------------------------------------------------------------------------


def job(connection: Connection, job_id: str) -> ExtractionJobRow | None:
    """The job of this id."""
    return _job(connection, sa.select(extraction_jobs).where(extraction_jobs.c.id == job_id))


def job_of(connection: Connection, seq: int) -> ExtractionJobRow | None:
    """The last job of a session, if it has ended."""
    query = sa.select(extraction_jobs).where(extraction_jobs.c.session_seq == seq)
    return _job(connection, query.order_by(sa.literal_column("rowid").desc()).limit(1))


def jobs_of(connection: Connection, seqs: Sequence[int]) -> dict[int, ExtractionJobRow | None]:
    """The last job of each of these sessions."""
    return {seq: job_of(connection, seq) for seq in seqs}


def unfinished_jobs(connection: Connection) -> list[str]:
    """Ids of the jobs that are still to be done, the oldest first."""
    query = sa.select(extraction_jobs.c.id).where(extraction_jobs.c.status == "queued")
    return list(connection.scalars(query.order_by(sa.literal_column("rowid"))))


def attempt(connection: Connection, job_id: str, by: int = 1) -> int:
    """Count one more try of a job, before it is made, or take one back; how many that makes."""
    chosen = extraction_jobs.c.id == job_id
    connection.execute(sa.update(extraction_jobs).where(chosen).values(attempts=extraction_jobs.c.attempts + by))
    tries: int = connection.execute(sa.select(extraction_jobs.c.attempts).where(chosen)).scalar_one()
    return tries


def retry(connection: Connection, job_id: str) -> bool:
    """Have a job that was given up done after all, with as many tries as a new one; whether it was given up."""
    given_up = (extraction_jobs.c.id == job_id) & (extraction_jobs.c.status == "failed")
    anew = {"status": "queued", "attempts": 0, "finished_at": None, "note": ""}
    return connection.execute(sa.update(extraction_jobs).where(given_up).values(anew)).rowcount > 0


def to_extract(connection: Connection, job_id: str) -> tuple[str, list[ObservationRow]] | None:
    """The summary and the observations that a job is made of, oldest first; None unless it is still to be done."""
    found = job(connection, job_id)
    return (found.summary, observed_for(connection, job_id)) if found and found.status == "queued" else None


def finish(
    connection: Connection,
    job_id: str,
    status: str,
    at: str,
    *,
    made: Sequence[ExtractionRow] = (),
    drafted_by: str | None = None,
    note: str = "",
) -> None:
    """Close a job: its result is kept; once it is done, what it was made of is erased."""
    if made:
        connection.execute(sa.insert(extractions), [structs.asdict(row) for row in made])
    closed = {"status": status, "finished_at": at, "drafted_by": drafted_by, "note": note}
    connection.execute(sa.update(extraction_jobs).where(extraction_jobs.c.id == job_id).values(closed))
    if status == "done":
        connection.execute(sa.delete(observations).where(observations.c.job_id == job_id))


def made_by(connection: Connection, job_id: str) -> list[ExtractionRow]:
    """What a job made, in order."""
    query = sa.select(extractions).where(extractions.c.job_id == job_id).order_by(extractions.c.position)
    return [ExtractionRow(**row) for row in connection.execute(query).mappings()]


def origins(connection: Connection, workspace_id: str, memory_id: str) -> list[tuple[ExtractionRow, str, str]]:
    """Where a memory comes from, oldest first: what a job made of it, the session's id, and when that was.

    Args:
        workspace_id: whose sessions may be named; a personal memory may be confirmed in those of several.
    """
    query = (
        sa.select(extractions, sessions.c.id, extraction_jobs.c.finished_at)
        .join_from(extractions, extraction_jobs, extraction_jobs.c.id == extractions.c.job_id)
        .join(sessions, sessions.c.seq == extraction_jobs.c.session_seq)
        .where(extractions.c.memory_id == memory_id, sessions.c.workspace_id == workspace_id)
        .order_by(extraction_jobs.c.finished_at, extractions.c.position)
    )
    return [
        (
            ExtractionRow(
                job_id=row.job_id, position=row.position, memory_id=row.memory_id, action=row.action, said=row.said
            ),
            row.id,
            row.finished_at,
        )
        for row in connection.execute(query)
    ]


# --- what is to have been said never -------------------------------------------------------------


def words_of(connection: Connection, memory_ids: Sequence[str]) -> list[str]:
    """The words of sessions that memories were made of."""
    return list(connection.scalars(sa.select(extractions.c.said).where(extractions.c.memory_id.in_(memory_ids))))


def reword(
    connection: Connection, workspace_id: str | None, left_of: Callable[[str], str], seen: Collection[str]
) -> None:
    """Put all that was said in the sessions of a workspace in other words; an observation left without any goes.

    Args:
        workspace_id: None for those of all workspaces.
        left_of: what is left of a text.
        seen: kinds of observations that nobody said.
    """
    key: sa.ColumnElement[int] = sa.literal_column("rowid")
    of_workspace = sa.true() if workspace_id is None else sessions.c.workspace_id == workspace_id
    chosen = sa.select(sessions.c.seq).where(of_workspace)
    jobs = extraction_jobs.c.session_seq.in_(chosen)
    made_here = extractions.c.job_id.in_(sa.select(extraction_jobs.c.id).where(jobs))
    said = observations.c.session_seq.in_(chosen) & observations.c.kind.not_in(seen)
    for column, wanted in (
        (sessions.c.task, of_workspace),
        (sessions.c.summary, of_workspace),
        (extraction_jobs.c.summary, jobs),
        (extractions.c.said, made_here),
        (observations.c.content, said),
    ):
        texts = connection.execute(sa.select(key, column).where(wanted, column != "")).all()
        changed = [{"key": rowid, "left": left} for rowid, text in texts if (left := left_of(text)) != text]
        if changed:
            reworded = sa.update(column.table).where(key == sa.bindparam("key")).values({column: sa.bindparam("left")})
            connection.execute(reworded, changed)
    connection.execute(sa.delete(observations).where(observations.c.content == "", said))


def _job(connection: Connection, query: sa.Select[tuple[object, ...]]) -> ExtractionJobRow | None:
    found = connection.execute(query).mappings().first()
    return ExtractionJobRow(**found) if found else None
