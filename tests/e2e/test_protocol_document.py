"""The client of PROTOCOL.md, as it stands there, against a real daemon."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from recall import Client
from tests.e2e.running import Daemon

DOCUMENT = Path(__file__).resolve().parents[2] / "client" / "PROTOCOL.md"
INSTALL_S = 90


@pytest.fixture
def node_project(tmp_path: Path) -> Path:
    """A folder in which Node finds the package that the document names."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed: the ten-line client of PROTOCOL.md cannot be run here")
    package = re.search(r"`npm install (zeromq@\S+)`", DOCUMENT.read_text("utf-8"))
    assert package is not None
    folder = tmp_path / "node"
    folder.mkdir()
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), package[1]]
    try:
        run = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"`npm install {package[1]}` did not come to an end: no registry can be reached from here")
    if run.returncode != 0:
        pytest.skip(f"`npm install {package[1]}` failed, as it does without a registry: {run.stderr.strip()[-200:]}")
    return folder


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
