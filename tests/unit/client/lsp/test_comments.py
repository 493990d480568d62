"""The words of a comment, whatever the language writes around them."""

from __future__ import annotations

import pytest

from recall.lsp.actions import comment_at
from recall.lsp.text import Text


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\n# one\n#   two\ny = 2\n", 2, "one\n  two"),
        ("/// Says why.\n//! And how.\n", 0, "Says why.\nAnd how."),
        ("/**\n * Rounded once.\n * At the end.\n */\nint x;\n", 1, "Rounded once.\nAt the end."),
        ("  /* In one line. */\n", 0, "In one line."),
        ("-- of a query\nselect 1", 0, "of a query"),
        (";; of a list", 0, "of a list"),
        ("x = 1  # behind code\n", 0, ""),
        ("def f(): ...\n", 0, ""),
        ("", 0, ""),
        ("# only", 7, ""),
    ],
)
def test_a_comment_is_read_without_its_marks(text: str, line: int, words: str) -> None:
    assert comment_at(Text(text), line) == words
