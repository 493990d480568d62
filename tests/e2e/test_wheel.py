"""What is installed has what is not code, too."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_built_wheel_is_a_marketplace_with_the_whole_plugin(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    asked = "from recall.setup.agents import marketplace; print(marketplace())"
    environ = {"PYTHONPATH": str(tmp_path / "installed")}
    said = subprocess.run(
        [sys.executable, "-c", asked], env=environ, cwd="/", check=True, capture_output=True, text=True
    )
    folder = Path(said.stdout.strip())
    assert folder == tmp_path / "installed" / "recall" / "share"
    (entry,) = json.loads((folder / ".claude-plugin" / "marketplace.json").read_text())["plugins"]
    for file in (ROOT / entry["source"]).rglob("*"):
        if file.is_file():
            assert (folder / file.relative_to(ROOT)).read_bytes() == file.read_bytes()
    assert (folder / entry["source"] / ".mcp.json").is_file()
