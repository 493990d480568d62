"""Lines: where the lines that a memory is about stand in a later text, and whether they still say the same. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

from recalld.memory.likeness import Code


class Lines(NamedTuple):
    """Lines of a text, counted from 0."""

    first: int
    last: int
    same: bool
    """They say what they said, whatever their formatting and comments."""


def follow(then: str, first: int, last: int, now: str, language: str | None, names: tuple[str, str]) -> Lines:
    """The lines that some lines of a text became.

    They are followed by the lines around them that stayed. Where they do not stand there unchanged, but elsewhere in
    the text, they were moved; of several such places the nearest counts.

    Args:
        then, now: the text of a symbol or file, before and after.
        first, last: the lines of `then`, from 0.
        language: of both; None for plain text.
        names: the symbol's own name in each.
    """
    before, after = ([line.strip() for line in text.split("\n")] for text in (then, now))
    start, end = _mapped(before, after, first, last)
    wanted = _tokens(Code(then, language, names[0]), first, last)
    code = Code(now, language, names[1])
    if not wanted:  # nothing but comments: they are what it is about
        same = [line for line in before[first : last + 1] if line] == [line for line in after[start : end + 1] if line]
        return Lines(start, end, same)
    if _tokens(code, start, end) == wanted:
        return Lines(start, end, same=True)
    runs = _runs(code, wanted)
    if runs:
        return Lines(*min(runs, key=lambda run: abs(run[0] - start)), same=True)
    return Lines(start, end, same=False)


def _mapped(before: Sequence[str], after: Sequence[str], first: int, last: int) -> tuple[int, int]:
    if before == after:
        return first, last
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    stayed = [
        (block.a + step, block.b + step)
        for block in blocks
        for step in range(block.size)
        if first <= block.a + step <= last and before[block.a + step]
    ]
    if stayed:
        (old_first, new_first), (old_last, new_last) = stayed[0], stayed[-1]
        start, end = new_first - (old_first - first), new_last + (last - old_last)
    else:  # all of them are new: they stand after what stood before them
        shift = max((block.b - block.a for block in blocks if block.size and block.a < first), default=0)
        start, end = first + shift, last + shift
    start = min(max(start, 0), len(after) - 1)
    return start, min(max(end, start), len(after) - 1)


def _tokens(code: Code, first: int, last: int) -> list[str]:
    return [token for token, line in zip(code.tokens, code.lines, strict=True) if first <= line <= last]


def _runs(code: Code, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """First and last line of each place where these tokens stand one after another."""
    found = []
    position = -1
    for _ in range(code.tokens.count(wanted[0])):
        position = code.tokens.index(wanted[0], position + 1)
        if code.tokens[position : position + len(wanted)] == wanted:
            found.append((code.lines[position], code.lines[position + len(wanted) - 1]))
    return found
