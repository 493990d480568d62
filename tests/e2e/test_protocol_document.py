"""The client of PROTOCOL.md, as it stands there, against a real daemon."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from recall import Client
from tests.e2e.conftest import DOCUMENT
from tests.e2e.running import Daemon


def test_the_ten_line_client_of_the_document_finds_a_memory(daemon: Daemon, project: Path, node_project: Path) -> None:
    block = re.search(r"```js\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert block is not None
    program = node_project / "client.mjs"
    program.write_text(block[1], encoding="utf-8")
    daemon.start()
    with Client(project) as client:
        client.store(title="Lazy loading strategy", narrative="All relationships are lazy='raise'.")
    command = ["node", str(program), daemon.paths.requests_address, str(project)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert re.search(r"^[01]\.\d\d Lazy loading strategy$", run.stdout, re.MULTILINE)
