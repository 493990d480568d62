"""What EDITORS.md says of the language server's commands is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recall.lsp.commands import Arguments, Commands
from recall.lsp.pages import Pages

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "client" / "EDITORS.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `(recall\.\w+)` \| (.+?) \|", TEXT, re.MULTILINE))
TABLE = Commands(None, Pages()).table  # type: ignore[arg-type]  # nothing is run


def test_every_command_is_described_and_no_other() -> None:
    assert set(ROWS) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_command_is_described_with_its_arguments(name: str) -> None:
    described = set(re.findall(r"`(\w+)`", ROWS[name]))
    assert set(TABLE[name][0].__struct_fields__) - set(Arguments.__struct_fields__) <= described


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in TABLE if f"`{name}`" not in readme] == []
