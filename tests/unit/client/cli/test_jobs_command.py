"""`recall jobs`, and what `recall status` says of jobs."""

from __future__ import annotations

import json

import pytest

from recall.cli import status_page
from recall.cli.main import main
from recall.cli.terminal import Style
from recall.protocol.requests import StatusReply
from recall.protocol.values import JobStatus
from tests.unit.client.conftest import Peer

pytestmark = pytest.mark.usefixtures("paths")

PLAIN = Style(colour=False)
DECAY = JobStatus(
    name="decay",
    what="computes what memories are worth",
    when="every 24 h",
    next_run="2026-04-02T09:15:00Z",
    last_run="2026-04-01T09:15:00Z",
    outcome="done",
    result="12 changed",
    took_s=0.04,
    max_s=600,
)


def status(*jobs: JobStatus) -> StatusReply:
    return StatusReply(
        version="0.1.0", pid=7, epoch="e", ready=True, uptime_s=1, socket="/run/s", home="/h", memory_mb=1,
        vectors="ready", workspaces=[], jobs=list(jobs), queues={}, quarantined=[], warnings=[],
    )  # fmt: skip


def test_it_lists_what_each_job_does_when_and_how_it_went(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers["status"] = status(DECAY, JobStatus(name="purge-forgotten", what="erases", when="every 24 h"))
    assert main(["jobs"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "decay            done: 12 changed; last run 2026-04-01T09:15:00Z; next 2026-04-02T09:15:00Z",
        "  computes what memories are worth, every 24 h, at most 10 min",
        "purge-forgotten  not run yet",
        "  erases, every 24 h",
    ]
    assert main(["jobs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["jobs"][0]["result"] == "12 changed"


def test_it_runs_one_now_and_says_what_came_of_it(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.answers["run_job"] = DECAY
    assert main(["jobs", "--run", "decay"]) == 0
    assert capsys.readouterr().out.startswith("decay            done: 12 changed")
    peer.answers["run_job"] = JobStatus(name="decay", outcome="failed: took longer than 600 s", failures=2)
    assert main(["jobs", "--run", "decay"]) == 1
    assert "failed: took longer than 600 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (JobStatus(name="decay", outcome="running", last_run="2026-04-01T09:15:00Z"), "running; last run 2026-04-01"),
        (JobStatus(name="decay", outcome="failed: OSError: full", next_run="2026-04-01T09:16:00Z"), "full; next 2026"),
    ],
)
def test_the_status_says_of_a_job_how_it_goes(job: JobStatus, said: str) -> None:
    assert said in status_page.status(status(job), PLAIN)
