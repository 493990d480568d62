"""What there is is documented, and what is documented is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import recall
from recall.cli.main import MODULES
from recall.protocol.values import MEMORY_TYPES
from recalld.config import Config

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "daemon/ARCHITECTURE.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize("command", MODULES)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"`recall {command}\b", README)


def test_the_readme_names_no_command_that_does_not_exist() -> None:
    assert set(re.findall(r"^recall ([a-z]+)|`recall ([a-z]+)", README, re.MULTILINE)) <= {
        pair for command in MODULES for pair in ((command, ""), ("", command))
    }


@pytest.mark.parametrize("setting", Config.__struct_fields__)
def test_every_setting_is_in_the_readme_with_its_default(setting: str) -> None:
    default = getattr(Config(), setting)
    shown = f"`{default}`" if default != "" else "none"
    assert f"| `{setting}` | {shown} |" in README


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    settings = README.split("## Settings")[1].split("## Where")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", settings, re.MULTILINE)) == set(Config.__struct_fields__)


@pytest.mark.parametrize("memory_type", MEMORY_TYPES)
def test_every_memory_type_is_in_the_readme(memory_type: str) -> None:
    assert memory_type in README


def test_every_dependency_says_in_the_map_what_it_is_for() -> None:
    names = [re.split(r"[<>=\[ ]", line)[0] for line in PROJECT["dependencies"]]
    table = ARCHITECTURE.split("## Dependencies")[1]
    assert [name for name in names if not re.search(rf"^\|.*\b{re.escape(name)}\b.*\|", table, re.MULTILINE)] == []


def test_every_room_is_on_the_map() -> None:
    rooms = [path.name for path in (ROOT / "daemon/recalld").iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert [room for room in rooms if f"{room}/" not in ARCHITECTURE] == []


def test_the_package_and_the_project_have_one_version() -> None:
    assert recall.__version__ == PROJECT["version"]
