"""Unsaved text: what is shown follows it, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.editor import CAPABILITIES, Editor
from tests.e2e.lsp.conftest import LOAD_LINE
from tests.e2e.running import MODELS, Daemon


def test_lenses_follow_lines_at_once_and_stay_right_when_the_text_is_parsed(
    memory_id: str, editor: Editor, file: Path
) -> None:
    uri = editor.open(file)
    assert editor.lenses(uri) == [(LOAD_LINE, "1 memory")]
    for version in range(2, 12):
        editor.edit(uri, version, (0, 0), (0, 0), "# one more line\n")
        assert editor.lenses(uri) == [(LOAD_LINE + version - 1, "1 memory")]
    editor.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    editor.edit(uri, 12, (0, 0), (10, 0), "")
    editor.edit(uri, 13, (LOAD_LINE, 8), (LOAD_LINE, 12), "fetch")
    editor.until(lambda: editor.hover(uri, LOAD_LINE, 9) is not None, "the renamed function")
    assert editor.lenses(uri) == [(LOAD_LINE, "1 memory")]


def test_text_that_is_half_written_keeps_its_memories(memory_id: str, editor: Editor, file: Path) -> None:
    uri = editor.open(file)
    editor.lenses(uri)
    editor.edit(uri, 2, (10, 8), (10, 30), "return (")
    editor.edit(uri, 3, (0, 0), (0, 0), "\n")
    editor.until(lambda: editor.lenses(uri)[-1:] == [(LOAD_LINE + 1, "1 memory")], "the lens below the new line")


@pytest.mark.parametrize(
    ("encodings", "columns"), [(["utf-8"], 4), (["utf-16"], 2), (None, 2), (["utf-32", "utf-8"], 1)]
)
def test_columns_are_counted_as_agreed_on(
    memory_id: str, daemon: Daemon, project: Path, file: Path, encodings: list[str] | None, columns: int
) -> None:
    editor = Editor(daemon.environ)
    general = {"general": {"positionEncodings": encodings}} if encodings else {}
    answered = editor.initialize(project, capabilities=CAPABILITIES | general)
    assert answered["capabilities"]["positionEncoding"] == (encodings or ["utf-16"])[0]
    uri = editor.open(file, MODELS + "\nx = '\U0001f600'; Memory().load('x')\n")
    line = MODELS.count("\n") + 1
    assert editor.hover(uri, line, len("x = ''; Memory().") + columns + 1) is not None
    editor.edit(uri, 2, (line, len("x = '") + columns), (line, len("x = '") + columns), "!")
    assert editor.hover(uri, line, len("x = '!'; Memory().") + columns + 1) is not None
    assert editor.end() == 0


def test_a_whole_text_may_come_in_place_of_edits(memory_id: str, editor: Editor, file: Path) -> None:
    uri = editor.open(file)
    editor.rewrite(uri, 2, "\n\n" + MODELS)
    editor.until(lambda: editor.lenses(uri) == [(LOAD_LINE + 2, "1 memory")], "the lens of the new text")
