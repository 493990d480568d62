"""What is installed has what is not code, too."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the built wheel holds."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def said_by(installed: Path, code: str) -> str:
    """What a program prints that imports the installed packages."""
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(installed)}, cwd="/", check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    return run.stdout.strip()


def test_a_built_wheel_is_a_marketplace_with_the_whole_plugin(installed: Path) -> None:
    folder = Path(said_by(installed, "from recall.setup.agents import marketplace; print(marketplace())"))
    assert folder == installed / "recall" / "share"
    (entry,) = json.loads((folder / ".claude-plugin" / "marketplace.json").read_text())["plugins"]
    for file in (ROOT / entry["source"]).rglob("*"):
        if file.is_file():
            assert (folder / file.relative_to(ROOT)).read_bytes() == file.read_bytes()
    assert (folder / entry["source"] / ".mcp.json").is_file()


@pytest.mark.parametrize("name", ["systemd/recalld.service", "launchd/dev.recalld.daemon.plist"])
def test_a_built_wheel_has_the_templates_of_the_login_service(installed: Path, name: str) -> None:
    code = f"from recall.service.definition import template; print(template({name!r}))"
    assert said_by(installed, code) == (ROOT / name).read_text("utf-8").strip()
