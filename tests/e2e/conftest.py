"""A real daemon in a folder of its own, and a real project to follow."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.running import MODELS, Daemon, commit, git


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    home = Path(tempfile.mkdtemp(prefix="recalld-test-"))
    monkeypatch.setenv("RECALLD_HOME", str(home))
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
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    models = root / "api" / "models"
    models.mkdir(parents=True)
    (models / "memory.py").write_text(MODELS)
    (root / "api" / "views.py").write_text("def show(request):\n    return request\n")
    (root / "README.md").write_text("# Project\n\n## Use\n")
    git(root, "init", "-q")
    commit(root)
    return root
