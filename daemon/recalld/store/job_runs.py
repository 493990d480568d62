"""When each job last ran to its end."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from recalld.store.schema import job_runs


def last_run(connection: Connection, name: str) -> str | None:
    """When the job last ran; None if never."""
    found: str | None = connection.execute(select(job_runs.c.at).where(job_runs.c.name == name)).scalar()
    return found


def set_last_run(connection: Connection, name: str, at: str) -> None:
    """Note that the job has run."""
    values = {"name": name, "at": at}
    connection.execute(insert(job_runs).values(values).on_conflict_do_update(index_elements=["name"], set_=values))
