"""A daemon that is killed while sessions are observed and extracted: nothing is lost, nothing is there twice."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from recall import Client
from tests.e2e.running import Daemon, wait_until

CHOSEN = {
    "Kafka": "order events", "Redis": "rate limits", "Postgres": "invoices", "protobuf": "the billing API",
    "gunicorn": "the web workers", "Terraform": "staging networks", "Sentry": "crash reports", "MinIO": "avatars",
    "pgbouncer": "connection pools", "Celery": "nightly exports", "Jinja": "email templates", "msgspec": "the codec",
    "asyncio": "the crawler", "ruff": "import order", "Vault": "signing keys", "Grafana": "latency dashboards",
}  # fmt: skip
STATEMENTS = [f"Decided to use {tool} for {purpose} because it is there." for tool, purpose in CHOSEN.items()]


@pytest.mark.parametrize("asked", [0, 30, 300])
def test_a_kill_during_an_extraction_doubles_nothing_and_loses_nothing(
    daemon: Daemon, project: Path, asked: int
) -> None:
    daemon.start()
    with Client(project) as client:
        session = client.session_start().session_id
        for statement in STATEMENTS[:8]:
            client.session_record_observation(session, statement)
        ended = client.session_end(session, "\n".join(STATEMENTS[8:]))
        assert ended.estimated_memories == len(STATEMENTS)
        for _ in range(asked):  # the later, the further is the job
            client.session_job(ended.extraction_job_id)
    daemon.kill()
    for kill in (True, False):
        daemon.start()
        with Client(project) as client:
            wait_until(lambda: client.session_job(ended.extraction_job_id).status == "done", 20, "the extraction")
            job = client.session_job(ended.extraction_job_id)
            stored = [brief.id for brief in client.list(limit=100).memories]
        assert sorted(each.said for each in job.memories) == sorted(STATEMENTS)
        assert Counter(each.action for each in job.memories) == {"stored": len(STATEMENTS)}
        assert sorted(stored) == sorted(each.id for each in job.memories)
        if kill:
            daemon.kill()


def test_what_was_observed_is_on_the_disk_without_the_end_of_the_session(daemon: Daemon, project: Path) -> None:
    def on_disk() -> list[str]:
        with sqlite3.connect(daemon.paths.data / "memory.db") as database:
            return [content for (content,) in database.execute("SELECT content FROM observations ORDER BY id")]

    daemon.start()
    with Client(project) as client:
        session = client.session_start().session_id
        client.session_record_observation(session, STATEMENTS[0])
    wait_until(lambda: on_disk() == STATEMENTS[:1], 10, "the observation")
    daemon.kill()
    daemon.start()
    with Client(project) as client:
        client.session_record_observation(session, STATEMENTS[1])
    daemon.stop()  # at once
    assert on_disk() == STATEMENTS[:2]
