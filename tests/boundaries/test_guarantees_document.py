"""No promise without a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUARANTEES = (ROOT / "client/GUARANTEES.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", GUARANTEES)))
PROMISES = [line for line in GUARANTEES.splitlines() if re.match(r"\| (?!promise|---)", line)]


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_holds_a_promise_exists(file: str, name: str) -> None:
    functions = ast.parse((ROOT / file).read_text("utf-8")).body
    assert name in [node.name for node in functions if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("promise", PROMISES, ids=[line.split("|")[1].strip()[:60] for line in PROMISES])
def test_a_promise_names_its_tests(promise: str) -> None:
    assert re.search(r"`tests/[\w/]+\.py::\w+`", promise)


def test_every_kind_of_promise_says_what_is_not_promised() -> None:
    assert len(re.findall(r"^Not promised: ", GUARANTEES, re.MULTILINE)) >= 5


@pytest.mark.parametrize("page", ["SECURITY.md", "client/GUARANTEES.md"])
def test_who_reads_the_readme_finds_the_page(page: str) -> None:
    assert page in (ROOT / "README.md").read_text("utf-8")
    assert (ROOT / page).is_file()
