"""The extension for VS Code: checked, linted, tested against a real `recall lsp` and packed, as its README says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

EXTENSION = Path(__file__).resolve().parents[2] / "client" / "vscode"
INSTALL_S = 300
RUN_S = 300
MAX_PACKED_BYTES = 200_000
PACKED = {
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/LICENSE.txt",
    "extension/package.json",
    "extension/readme.md",
    "extension/out/LICENSES.txt",
    "extension/out/extension.js",
}

pytestmark = [pytest.mark.long, pytest.mark.timeout(INSTALL_S + 4 * RUN_S)]


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the extension with its packages installed."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the extension for VS Code cannot be built here")
    folder = tmp_path_factory.mktemp("extension") / "vscode"
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "out", "*.vsix"))
    install = [npm, "ci", "--no-audit", "--no-fund"]
    try:
        run = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("`npm ci` did not come to an end: no registry can be reached from here")
    if run.returncode != 0 and any(word in run.stderr for word in ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN")):
        pytest.skip(f"`npm ci` failed, as it does without a registry: {run.stderr.strip()[-200:]}")
    assert run.returncode == 0, run.stderr
    return folder


def npm_run(extension: Path, script: str, **environ: str) -> str:
    command = ["npm", "run", script]
    run = subprocess.run(
        command, cwd=extension, env=os.environ | environ, capture_output=True, text=True, timeout=RUN_S, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("script", ["check", "lint"])
def test_its_code_is_clean(extension: Path, script: str) -> None:
    npm_run(extension, script)


def test_its_parts_work_by_themselves_and_with_a_real_server(extension: Path, tmp_path: Path) -> None:
    command = tmp_path / "recall"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recall "$@"\n')
    command.chmod(0o755)
    said = npm_run(extension, "test", RECALL_COMMAND=str(command))
    assert "# fail 0" in said
    assert "# skipped 0" in said


def test_it_is_packed_with_what_it_needs_and_nothing_else(extension: Path) -> None:
    npm_run(extension, "package")
    packed = extension / "recalld.vsix"
    assert packed.stat().st_size <= MAX_PACKED_BYTES
    with zipfile.ZipFile(packed) as archive:
        assert set(archive.namelist()) == PACKED
        manifest = json.loads(archive.read("extension/package.json"))
        licences = archive.read("extension/out/LICENSES.txt").decode()
    assert f"extension/{manifest['main'].removeprefix('./')}" in PACKED
    for package in manifest["dependencies"]:
        assert f"\n{package} " in licences
