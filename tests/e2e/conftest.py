"""A real daemon in a folder of its own, and a real project to follow."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.running import MODELS, Daemon, commit, git

DOCUMENT = Path(__file__).resolve().parents[2] / "client" / "PROTOCOL.md"
INSTALL_S = 90


@contextlib.contextmanager
def a_daemon() -> Iterator[Daemon]:
    """A daemon that is not started yet; while it is there, `RECALLD_HOME` names it."""
    home = Path(tempfile.mkdtemp(prefix="recalld-test-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECALLD_HOME", str(home))
        made = Daemon(home)
        yield made
        if made.process is not None and made.process.poll() is None:
            made.stop()
    for process in psutil.process_iter(["environ"]):
        with contextlib.suppress(psutil.Error):
            if (process.info["environ"] or {}).get("RECALLD_HOME") == str(home) and process.pid != os.getpid():
                process.kill()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with a_daemon() as made:
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    models = root / "api" / "models"
    models.mkdir(parents=True)
    (models / "memory.py").write_text(MODELS)
    (root / "api" / "views.py").write_text("def show(request):\n    return request\n")
    (root / "README.md").write_text("# Project\n\n## Use\n")
    git(root, "init", "-q")
    commit(root, f"the root commit, and so the workspace, is that of {tmp_path} alone")
    return root


@pytest.fixture(scope="session")
def node_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds the package that the document names."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed: programs for Node cannot be run here")
    package = re.search(r"`npm install (zeromq@\S+)`", DOCUMENT.read_text("utf-8"))
    assert package is not None
    folder = tmp_path_factory.mktemp("node")
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), package[1]]
    try:
        run = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"`npm install {package[1]}` did not come to an end: no registry can be reached from here")
    if run.returncode != 0:
        pytest.skip(f"`npm install {package[1]}` failed, as it does without a registry: {run.stderr.strip()[-200:]}")
    return folder
