"""What the extension for VS Code says of itself and of us is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from recall import __version__
from recall.lsp.server import SUMMARY
from recall.protocol.values import MEMORY_TYPES, STALE

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "client" / "vscode"
MANIFEST = json.loads((EXTENSION / "package.json").read_text("utf-8"))
CONTRIBUTED = MANIFEST["contributes"]
README = (EXTENSION / "README.md").read_text("utf-8")
LOCK = (EXTENSION / "package-lock.json").read_text("utf-8")
SOURCES = {file.stem: file.read_text("utf-8") for file in (EXTENSION / "src").glob("*.ts")}


def words_of(constant: str) -> list[str]:
    """The strings in a list of picks.ts."""
    found = re.search(rf"\b{constant}\b[^=]*= (?:new Set\()?\[(.*?)\]", SOURCES["picks"], re.DOTALL)
    assert found is not None
    return re.findall(r'"([\w+]+)"', found[1])


def test_the_extension_and_the_project_have_one_version_and_licence() -> None:
    assert MANIFEST["version"] == __version__
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_types_and_stale_verdicts_are_those_of_the_wire() -> None:
    assert words_of("TYPES") == list(MEMORY_TYPES)
    assert set(words_of("STALE")) == STALE


def test_what_it_is_told_has_the_name_that_the_server_gives_it() -> None:
    assert f'onNotification("{SUMMARY}"' in SOURCES["server"]


def test_every_command_is_run_by_the_code_and_no_other() -> None:
    registered = re.findall(r'registerCommand\("(recalld\.\w+)"', SOURCES["extension"])
    assert sorted(registered) == sorted(command["command"] for command in CONTRIBUTED["commands"])


@pytest.mark.parametrize("command", CONTRIBUTED["commands"], ids=lambda command: str(command["command"]))
def test_every_command_is_in_its_readme(command: dict[str, str]) -> None:
    assert f"| {command['category']}: {command['title']} |" in README


@pytest.mark.parametrize("setting", CONTRIBUTED["configuration"]["properties"])
def test_every_setting_is_in_its_readme_with_its_default(setting: str) -> None:
    default = CONTRIBUTED["configuration"]["properties"][setting]["default"]
    assert f"| `{setting}` | {f'`{json.dumps(default)}`' if default != '' else 'empty'} |" in README


def test_its_packages_are_locked_by_their_hashes_and_come_from_whatever_registry_there_is() -> None:
    packages = [package for name, package in json.loads(LOCK)["packages"].items() if name]
    assert [package for package in packages if "integrity" not in package] == []
    assert '"resolved"' not in LOCK
