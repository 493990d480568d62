"""Text that is edited piece by piece is what the editor has, and lines stand where their code went."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from recall.lsp.text import Encoding, Text, len_in, split

CHARACTERS = st.sampled_from("ab \t_\n\r\u2028\x0c\u00e9\U0001f600")
TEXTS = st.text(CHARACTERS, max_size=60)
MARK = "\u2691"


@given(TEXTS)
def test_lines_end_where_the_protocol_says(text: str) -> None:
    assert split(text) == re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)


@given(TEXTS, st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80), TEXTS), max_size=6))
def test_edits_make_the_text_that_the_editor_has(text: str, edits: list[tuple[int, int, str]]) -> None:
    ours, theirs = Text(text), text
    for one, other, new in edits:
        start, end = sorted((min(one, len(theirs)), min(other, len(theirs))))
        start, end = _outside_line_ends(theirs, start), _outside_line_ends(theirs, end)
        ours.replace(_position(theirs, start), _position(theirs, end), new)
        theirs = theirs[:start] + new + theirs[end:]
        assert str(ours) == theirs
        assert ours.lines == split(theirs)


@given(TEXTS, st.integers(0, 60), st.integers(0, 60), st.text(st.sampled_from("x \n"), max_size=12), st.data())
def test_what_begins_a_line_and_is_not_replaced_is_found_where_it_went(
    text: str, one: int, other: int, new: str, data: st.DataObject
) -> None:
    lines = text.replace("\r", "").split("\n")
    marked = data.draw(st.integers(0, len(lines) - 1))
    indent = len(lines[marked]) - len(lines[marked].lstrip())
    lines[marked] = lines[marked][:indent] + MARK + lines[marked][indent:]
    whole = "\n".join(lines)
    start, end = sorted((min(one, len(whole)), min(other, len(whole))))
    ours = Text(whole)
    edit = ours.replace(_position(whole, start), _position(whole, end), new)
    after = whole[:start] + new + whole[end:]
    if MARK in after:
        assert edit.shift(marked) == after[: after.index(MARK)].count("\n")
    else:
        assert edit.shift(marked) == edit.first


@given(TEXTS.filter(lambda text: "\n" not in text and "\r" not in text), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_a_column_survives_the_way_to_the_editor_and_back(line: str, encoding: Encoding) -> None:
    text = Text(line)
    for column in range(len(line) + 1):
        assert text.column(0, text.units(0, column, encoding), encoding) == column


def test_units_are_those_that_were_agreed_on() -> None:
    lengths = [len_in("a\u00e9\U0001f600", encoding) for encoding in ("utf-8", "utf-16", "utf-32")]
    assert lengths == [7, 4, 3]


def test_positions_beyond_the_text_mean_its_end() -> None:
    text = Text("one\ntwo")
    text.replace((9, 0), (12, 4), "!")
    text.replace((0, 99), (0, 99), "?")
    assert str(text) == "one?\ntwo!"
    assert text.word_at(7, 0) is None
    assert text.column(7, 3, "utf-16") == 0


def test_a_word_is_found_by_its_place_and_a_place_by_its_word() -> None:
    text = Text("@cached\ndef load_all(load):\n    pass\n")
    assert text.word_at(1, 6) == ("load_all", 4, 12)
    assert text.find("load", 0, 9) == (1, 13)
    assert text.find("loa", 0, 9) is None
    assert text.between((0, 1), (1, 3)) == "cached\ndef"


def _position(text: str, offset: int) -> tuple[int, int]:
    lines = split(text[:offset])
    return len(lines) - 1, len(lines[-1])


def _outside_line_ends(text: str, offset: int) -> int:
    """An editor names no place between a carriage return and its line feed."""
    return offset - 1 if text[offset - 1 : offset + 1] == "\r\n" else offset
