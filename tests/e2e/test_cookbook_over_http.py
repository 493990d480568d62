"""The cookbook's own curl lines against a real daemon."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recall import Client
from recall.token import read_token
from tests.e2e.running import Daemon

SCRIPT = Path(__file__).with_name("cookbook.sh")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_cookbooks_lines_work_with_only_the_base_url_and_the_token_changed(daemon: Daemon, project: Path) -> None:
    for name in ("models/memory.py", "database.py", "workers/jobs.py"):
        file = project / "api" / "neuroloom_api" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("def configured():\n    return True\n")
    daemon.start(http=True, http_port=0, log_level="debug")
    with Client(project) as client:
        client.sync()
        environ = daemon.environ | {
            "BASE_URL": client.status().http,
            "MEMORIES_API_TOKEN": read_token(daemon.paths.http_token) or "",
            "MEMORIES_WORKSPACE_ID": str(client.workspace_id),
            "PROJECT_PATH": str(project),
            "PYTHON": sys.executable,
        }
    run = subprocess.run(["sh", SCRIPT], env=environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith("the whole cookbook works\n")
    log = daemon.paths.log.read_text("utf-8")
    assert "answering by HTTP" in log
    assert environ["MEMORIES_API_TOKEN"] not in log


def test_http_is_enabled_rotated_and_disabled_from_the_shell(daemon: Daemon, project: Path) -> None:
    daemon.recall("http", "enable", "--port", "0", "--json", cwd=project)
    first = daemon.recall("http", "token", cwd=project).stdout.strip()
    assert "answers at http://127.0.0.1:" in daemon.recall("http", "status", cwd=project).stdout
    assert daemon.recall("http", "token", "--rotate", cwd=project).stdout.strip() != first
    assert daemon.recall("http", "disable", cwd=project).stdout.startswith("HTTP is off")
    daemon.recall("down", cwd=project)
