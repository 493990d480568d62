"""The examples for other languages do what they say, against a real daemon."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recall import Client
from tests.e2e.running import MODELS, Daemon

EXAMPLES = Path(__file__).resolve().parents[2] / "client" / "examples"
FILE = "api/models/memory.py"


def python(_: pytest.FixtureRequest) -> list[str]:
    return [sys.executable, str(EXAMPLES / "follow_pushes.py")]


def node(request: pytest.FixtureRequest) -> list[str]:
    folder: Path = request.getfixturevalue("node_project")
    # Modules are looked for beside the program.
    program = folder / "follow_pushes.mjs"
    program.write_bytes((EXAMPLES / program.name).read_bytes())
    return ["node", str(program)]


@pytest.fixture(params=[python, node], ids=["python", "node"])
def follower(request: pytest.FixtureRequest, daemon: Daemon, project: Path) -> Iterator[subprocess.Popen[str]]:
    daemon.start()
    with Client(project) as client:
        client.sync()
    command = [*request.param(request), daemon.paths.requests_address, str(project)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait()


def test_an_example_follows_pushes_and_asks_for_what_it_missed(
    follower: subprocess.Popen[str], daemon: Daemon, project: Path
) -> None:
    assert follower.stdout is not None
    assert follower.stdout.readline() == "listening\n"
    with Client(project) as client:
        client.store("Loading is lazy", symbols=[f"{FILE}::Memory.load"])
        said = follower.stdout.readline()
        assert said == "memory Loading is lazy stored\n"
        client.opened(FILE)
        (project / FILE).write_text(MODELS.replace("return self.lazy + key", "return key"))
        lines = iter(follower.stdout.readline, "")
        assert next(line for line in lines if line.startswith("verdict")) == f"verdict {FILE} changed\n"
        assert next(line for line in lines if line.startswith("context")) == f"context {FILE} saved\n"
        daemon.kill()
        daemon.start()
        client.opened(FILE)
        assert next(line for line in lines if line.startswith("missed")) == f"missed {FILE} 1 stale\n"
