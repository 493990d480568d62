"""What `recall doctor` says of a daemon's state: whatever is not well comes with what to do."""

from __future__ import annotations

import pytest

from recall.cli.doctor import MANY_REQUESTS, _state
from recall.protocol.requests import StatusReply
from recall.protocol.values import JobStatus


def status(*warnings: str, vectors: str = "ready", requests: int = 1) -> StatusReply:
    job = JobStatus(name="decay", what="computes", when="daily", max_s=600)
    return StatusReply(
        version="0.1.0",
        pid=7,
        epoch="e",
        ready=True,
        uptime_s=1,
        socket="/run/s",
        home="/h",
        memory_mb=100,
        vectors=vectors,
        workspaces=[],
        jobs=[job],
        queues={"requests": requests, "reports": 2, "parsing": 3},
        quarantined=["x.md: crashed"],
        warnings=list(warnings),
    )


def test_of_a_healthy_daemon_all_is_well() -> None:
    assert all(check.ok for check in _state(status()))


@pytest.mark.parametrize(
    ("state", "name", "fix"),
    [
        (
            status("the job decay failed twice: no space; it is tried again at noon"),
            "warning",
            "recall jobs --run decay",
        ),
        (status("vectors are down: no space: search goes by words only"), "warning", "recall reindex"),
        (status(vectors="down: no space"), "vectors", "recall reindex"),
        (status("HTTP is off, port 7411: in use; free it"), "warning", "recall http"),
        (status("/p: 3 of 9 folders … as the system has no watches left for them"), "warning", "max_user_watches"),
        (status("/p: something new"), "warning", "recall down"),
        (status(requests=MANY_REQUESTS + 1), "queues", "which program"),
    ],
)
def test_whatever_is_not_well_comes_with_what_to_do(state: StatusReply, name: str, fix: str) -> None:
    (check,) = [check for check in _state(state) if not check.ok]
    assert check.name == name
    assert fix in check.fix
