"""Clients that behave badly are nobody else's trouble."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall import Client
from tests.bench import crowd
from tests.e2e.running import Daemon


def test_who_reads_nothing_sends_garbage_or_vanishes_costs_the_others_no_answer(
    daemon: Daemon, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "EVERY_S", 0.05)
    daemon.start()
    with Client(project) as client:
        (project / crowd.FILE).write_text("def work(x):\n    return x\n")
        client.store(title="Orders of kind 7 are settled at noon", source_files=[crowd.FILE])
        client.sync()
        with crowd.bad_ones(daemon.paths.requests_address, str(project), 2):
            waited = crowd.good_ones(daemon.paths.requests_address, str(project), 8, 3)
        assert (waited.unanswered, waited.refused) == (0, [])
        assert len(waited.seconds) > 8
        assert client.list().total == 1
        assert sum(client.status().queues.values()) == 1, "something besides this very question is under way"
