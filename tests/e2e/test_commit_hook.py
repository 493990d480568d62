"""A pre-commit hook as the README shows it: a commit that leaves a memory behind is stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running import MODELS, Daemon

FILE = "api/models/memory.py"


@pytest.mark.parametrize("how", [("commit", "-qam", "change"), ("commit", "-qm", "change", FILE)], ids=["all", "some"])
def test_a_commit_that_leaves_a_memory_behind_is_stopped(daemon: Daemon, project: Path, how: tuple[str, ...]) -> None:
    hook = project / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} -m recall affected --quiet\n")
    hook.chmod(0o755)

    def commit() -> subprocess.CompletedProcess[str]:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")
        command = ["git", *identity, *how]
        return subprocess.run(
            command, cwd=project, env=os.environ | daemon.environ, capture_output=True, text=True, check=False
        )

    daemon.start()
    daemon.recall("store", "load adds", "--symbol", f"{FILE}::Memory.load", "--evidence", "pytest -k load", cwd=project)
    memory_id = daemon.recall("list", cwd=project).stdout.split()[0]

    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    stopped = commit()
    assert stopped.returncode != 0
    assert "load adds" in stopped.stdout + stopped.stderr
    assert "check with: pytest -k load" in stopped.stdout + stopped.stderr

    said = daemon.recall("audit", "--verify", memory_id, cwd=project)
    assert said.stdout == f"verified load adds  {memory_id}\n"
    passed = commit()
    assert (passed.returncode, passed.stdout, passed.stderr) == (0, "", "")
    assert daemon.recall("affected", cwd=project).stdout == "0 files changed since HEAD: 0 memories touched\n"
    since = daemon.recall("affected", "--diff", "HEAD~1", "--json", cwd=project).stdout
    assert '"why":["symbol Memory.load changed"]' in since
    history = daemon.recall("history", memory_id, cwd=project).stdout
    assert "verified" in history
    assert f"accepted   {FILE}::Memory.load" in history


def test_a_folder_that_is_no_repository_is_told_so(daemon: Daemon, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    daemon.start()
    told = daemon.recall("affected", cwd=plain, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    assert "no git repository" in told.stderr
