"""Programs of others, from npm, in a folder outside the repository."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import daemon, project

__all__ = ["daemon", "npm", "project"]

CACHE = Path(tempfile.gettempdir()) / "recalld-npm"


@pytest.fixture(scope="session")
def npm() -> Callable[[str, str], Path]:
    """Fetches a package of a version; the folder of its commands."""

    def fetch(package: str, version: str) -> Path:
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        folder = CACHE / f"{package.replace('/', '+')}@{version}"
        commands = folder / "node_modules" / ".bin"
        if not commands.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
            done = subprocess.run([*command, f"{package}@{version}"], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"npm cannot fetch {package}: {(done.stderr or done.stdout).strip()[-300:]}")
        return commands

    return fetch
