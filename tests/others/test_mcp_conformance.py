"""The MCP conformance suite of the protocol's authors, against the server that `recall mcp` is.

The suite speaks HTTP only, so the same server object is served over that by `tests.others.serve`. Most of its scenarios
call tools, resources and prompts of a certain example server; `excluded.yml` lists those with the reason. A scenario
that is listed and passes fails the run too.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.running import Daemon, wait_until

VERSION, NODE = "0.1.16", "22.23.3"
"""Of the suite, and of the Node that it needs: at least 22."""
EXCLUDED = Path(__file__).with_name("excluded.yml")


@contextmanager
def served(daemon: Daemon, project: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).parents[2]
    environ = daemon.environ | {"PYTHONPATH": str(root), "CLAUDE_PROJECT_DIR": str(project)}
    server = subprocess.Popen([sys.executable, "-m", "tests.others.serve", str(port)], cwd=root, env=environ)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(listens, 20, "the server")
        yield f"http://localhost:{port}/mcp"
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_server_conforms_to_the_protocol(
    daemon: Daemon, project: Path, npm: Callable[[str, str], Path], tmp_path: Path
) -> None:
    suite = npm("@modelcontextprotocol/conformance", VERSION) / "conformance"
    node = npm("node", NODE) / "node"
    daemon.start()
    with served(daemon, project) as url:
        run = subprocess.run(
            [node, suite, "server", "--url", url, "--suite", "all", "--expected-failures", EXCLUDED],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=500,
        )  # fmt: skip
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
