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
