"""A real agent, opencode, connects to `recall mcp` and sees its tools. It needs no model for that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recall.mcp.tools import TOOLS
from tests.e2e.running import Daemon

VERSION = "1.18.33"


@pytest.mark.long
@pytest.mark.timeout(300)
def test_opencode_connects_and_lists_the_tools(
    daemon: Daemon, project: Path, npm: Callable[[str, str], Path], tmp_path: Path
) -> None:
    command = npm("opencode-ai", VERSION) / "opencode"
    asked, answered = tmp_path / "asked", tmp_path / "answered"
    config = {
        "mcp": {
            "recalld": {
                "type": "local",
                "command": ["sh", "-c", f"tee {asked} | {sys.executable} -m recall mcp | tee {answered}"],
                "environment": {"RECALLD_HOME": str(daemon.home)},
            }
        }
    }
    (project / "opencode.json").write_text(json.dumps(config))
    home = tmp_path / "home"
    home.mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environ |= {"HOME": str(home), "NO_COLOR": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}
    run = subprocess.run(
        [command, "mcp", "list"], cwd=project, env=environ, capture_output=True, text=True, check=False, timeout=200
    )
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    assert "recalld" in said
    assert "connected" in said
    assert "tools/list" in [json.loads(line)["method"] for line in asked.read_text("utf-8").splitlines()]
    results = [json.loads(line).get("result", {}) for line in answered.read_text("utf-8").splitlines()]
    (tools,) = [result["tools"] for result in results if "tools" in result]
    assert [tool["name"] for tool in tools] == list(TOOLS)
