"""What the product is for needs no network: not even the loopback interface, where HTTP is off."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Daemon, git, wait_until

INSIDE = """
import json, socket, sys
from pathlib import Path
from recall import Client

interfaces = [name for _, name in socket.if_nameindex()]
with Client(Path.cwd()) as client:
    client.sync()
    stored = client.store(title="Relations are loaded explicitly", narrative="Lazy loading costs a query for each row.",
                          symbols=["api/models/memory.py::Memory.load"])
    client.sync()
    found = client.search("eager or deferred loading of related objects").results
    file = Path("api/models/memory.py")
    file.write_text(file.read_text().replace("self.lazy + key", "key"))
    client.sync()
    session = client.session_start(task="load relations")
    verdict = client.get(stored.id).verdict
    status = client.status()
    client.shutdown()
print(json.dumps({"interfaces": interfaces, "found": [each.id == stored.id for each in found], "verdict": verdict,
                  "given": len(session.injected_memories), "vectors": status.vectors, "warnings": status.warnings}))
"""
"""The main job: a project, a memory, a question in other words, code that moves on, a session."""
LOOPBACK_UP = (
    "import fcntl, socket, struct; s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 0x49))"
)
HEALTH = """
import json, urllib.request
from pathlib import Path
from recall import Client
with Client(Path.cwd()) as client:
    url = client.status().http
    with urllib.request.urlopen(f"{url}/health", timeout=20) as answer:
        print(json.dumps({"status": answer.status}))
    client.shutdown()
"""


def _may_unshare() -> bool:
    program = shutil.which("unshare")
    return (
        program is not None
        and subprocess.run([program, "-n", "true"], capture_output=True, check=False).returncode == 0
    )


pytestmark = pytest.mark.skipif(not _may_unshare(), reason="a network namespace can be made by root on Linux alone")


def alone(daemon: Daemon, project: Path, script: str, *, loopback: bool, **settings: str) -> dict[str, Any]:
    """What a script says that runs, with the daemon that it starts, where there is no network."""
    up = f'{sys.executable} -c "{LOOPBACK_UP}" && ' if loopback else ""
    command = ["unshare", "-n", "sh", "-c", f'{up}exec {sys.executable} -c "$SCRIPT"']
    environ = {**daemon.environ, "SCRIPT": script, **{f"RECALLD_{k.upper()}": v for k, v in settings.items()}}
    run = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    said: dict[str, Any] = json.loads(run.stdout)
    return said


@pytest.mark.parametrize("loopback", [True, False], ids=["loopback alone", "loopback down"])
def test_the_main_job_is_done_without_a_network(daemon: Daemon, project: Path, loopback: bool) -> None:
    said = alone(daemon, project, INSIDE, loopback=loopback)
    assert said == {
        "interfaces": ["lo"],
        "found": [True],
        "verdict": "changed",
        "given": 1,
        "vectors": "ready",
        "warnings": [],
    }
    assert git(project, "status", "--porcelain") == "M api/models/memory.py"
    wait_until(lambda: not daemon.paths.requests.exists(), 10, "the daemon to stop")


def test_http_is_served_where_there_is_loopback_alone(daemon: Daemon, project: Path) -> None:
    assert alone(daemon, project, HEALTH, loopback=True, http="true", http_port="0") == {"status": 200}
