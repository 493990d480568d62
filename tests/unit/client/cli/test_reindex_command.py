"""`recall reindex` against a far end that a test lays out."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recall.cli import progress, reindex
from recall.cli.main import main
from recall.protocol.requests import ReindexReply, StatusReply
from recall.protocol.values import Value
from tests.unit.client.conftest import Peer, workspace

pytestmark = pytest.mark.usefixtures("paths", "at_once")

REPLY = ReindexReply(files=1200, memories=3)


def status(rebuilding: int, vectors: str = "ready", **scan: Any) -> StatusReply:
    return StatusReply(
        version="0.1.0",
        pid=7,
        epoch="e",
        ready=True,
        uptime_s=1,
        socket="/run/s",
        home="/h",
        memory_mb=1,
        vectors=vectors,
        workspaces=[workspace(**scan)],
        jobs=[],
        queues={},
        quarantined=[],
        warnings=[],
        rebuilding=rebuilding,
    )


@pytest.fixture
def at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reindex, "POLL_S", 0.0)
    monkeypatch.setattr(progress, "TELL_S", 0.0)


def answering(peer: Peer, *statuses: StatusReply) -> None:
    left: Iterator[Value] = iter(statuses)
    peer.answers |= {"reindex": REPLY, "status": lambda _: next(left)}


def test_it_waits_and_says_how_far_it_is_line_by_line(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    answering(
        peer,
        status(2000, "rebuilding (2000 left)", scanning=True, scanned=100, to_scan=1200),
        status(1500, "rebuilding (1500 left)"),
        status(1500, "down: the vectors' process ended (signal 9)"),
        status(500, "rebuilding (500 left)"),
        status(0, "learning words (9 left)"),
    )
    assert main(["reindex"]) == 0
    out, err = capsys.readouterr()
    assert out == "rebuilt 1,200 files and 3 memories\n"
    assert err.splitlines() == [
        "reading project: 100 of 1,200 files",
        "embedding anew: 500 of 2,000 memories",
        "vectors are down: the vectors' process ended (signal 9)",
        "embedding anew: 1,500 of 2,000 memories",
    ]


def test_without_waiting_it_returns_at_once(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    answering(peer)
    assert main(["reindex", "--no-wait"]) == 0
    assert capsys.readouterr().out == "rebuilding 1,200 files and 3 memories; `recall status` says how far it is\n"
    assert peer.methods() == ["reindex"]


def test_as_json_it_waits_and_is_one_object(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    answering(peer, status(2), status(0))
    assert main(["reindex", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"files": 1200, "memories": 3}
    assert err == ""


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell has what it runs in the background ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_it_says_that_the_daemon_goes_on(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(_: object) -> Value:
        signal.raise_signal(signal.SIGINT)
        return status(2)

    peer.answers |= {"reindex": REPLY, "status": interrupt}
    assert main(["reindex"]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "the daemon goes on with it" in err


def test_it_gives_up_on_vectors_that_stay_down(
    peer: Peer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "DOWN_S", 0.0)
    answering(peer, *(status(1, "down: the embedding model is damaged") for _ in range(9)))
    assert main(["reindex"]) == 1
    assert "the embedding model is damaged: the rebuild goes on once they are back" in capsys.readouterr().err
