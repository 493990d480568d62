"""What an anchor says after each thing that can happen to its code: the golden table, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from recall import Client
from recall.protocol.values import Anchor
from tests.e2e.running import commit, git
from tests.inproc.conftest import House
from tests.inproc.golden.languages import LANGUAGES
from tests.inproc.golden.places import PLACES
from tests.inproc.golden.rows import Row, Step
from tests.inproc.golden.symbols import SYMBOLS


@pytest.mark.parametrize("row", [*LANGUAGES, *SYMBOLS, *PLACES], ids=lambda row: row.name)
def test_a_verdict_is_what_the_table_says(house: House, tmp_path: Path, row: Row) -> None:
    root = tmp_path / "project"
    write(root, row.before)
    if row.in_git:
        git(root, "init", "-q")
        commit(root, f"of {tmp_path}")
    with Client(root) as client:
        client.sync()
        of_symbol = "::" in row.anchor
        stored = client.store(
            title="It is so.",
            symbols=[row.anchor] if of_symbol else [],
            source_files=[] if of_symbol else [row.anchor],
        )
        assert stored.warnings == []
        first = client.get(stored.id).anchors[0]
        assert (first.verdict, first.trail, first.candidates) == ("current", [], [])
        for number, step in enumerate(row.steps, 1):
            take(root, step)
            client.sync()
            memory = client.get(stored.id)
            assert len(memory.anchors) == 1
            now = memory.anchors[0]
            check(now, step, first, f"after step {number}: {now}")
            # How like, is said by the table only of what comes straight from the stored form.
            assert now.likeness is None or number > 1 or 0.5 < now.likeness < 1
            assert (memory.verdict, memory.reason) == (now.verdict, now.reason)
        client.close_tree()


def write(root: Path, files: Mapping[str, str | None]) -> None:
    for path, text in files.items():
        file = root / path
        if text is None:
            file.unlink()
            if not any(file.parent.iterdir()):
                file.parent.rmdir()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def take(root: Path, step: Step) -> None:
    for old, new in step.moves:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)
    for words in step.git:
        git(root, *words.split())
    write(root, step.files)


def place(anchor: Anchor) -> str:
    return f"{anchor.path}::{anchor.symbol}" if anchor.symbol else anchor.path


def check(now: Anchor, step: Step, first: Anchor, said: str) -> None:
    assert now.verdict == step.verdict, said
    assert now.kind == first.kind, said
    if step.at:
        assert place(now) == step.at, said
    if step.lines:
        assert (now.line, now.end_line) == step.lines, said
    assert step.says in now.reason, said
    assert now.reason or step.verdict == "current", said
    assert set(now.candidates) == step.candidates, said
    # What is told beside the verdict belongs to it alone.
    assert (now.likeness is not None) == (step.verdict == "moved+changed"), said
    if now.kind in ("symbol", "lines") and "changed" in step.verdict:
        lines = now.diff.splitlines()
        assert any(line.startswith("-") for line in lines), said
        assert any(line.startswith("+") for line in lines), said
    if step.verdict in ("moved", "moved+changed"):
        assert len(now.trail) >= 2, said
        if now.kind != "lines":
            assert (now.trail[0], now.trail[-1]) == (place(first), place(now)), said
