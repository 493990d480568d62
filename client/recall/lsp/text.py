"""The text of an open file, edited piece by piece, and what an edit does to lines. Pure.

A line ends where the protocol says: at LF, CR LF or CR, and nowhere else. Columns are in characters here; editors
count in UTF-16 units, or in what was agreed on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Edit:
    """What a replacement does to lines, all counted from 0."""

    first: int
    """The line in which the replaced text begins."""
    last: int
    """The line in which it ended."""
    added: int
    """Line ends in what came in its place."""
    keeps_last: bool
    """What the last line begins with, white space aside, is still there."""

    def shift(self, line: int) -> int:
        """Where what began in a line begins now; what was replaced is taken to begin where the new text does."""
        if line < self.first:
            return line
        if line > self.last:
            return line + self.first + self.added - self.last
        return self.first + self.added if line == self.last and self.keeps_last else self.first


class Text:
    """A text as an editor has it open.

    Attributes:
        lines: each with its line end; the last one has none, and may be empty.
    """

    def __init__(self, text: str) -> None:
        self.lines = split(text)

    def __str__(self) -> str:
        return "".join(self.lines)

    def replace(self, start: tuple[int, int], end: tuple[int, int], new: str) -> Edit:
        """Put a text in place of another.

        Args:
            start: line and column, in characters, from 0; what lies beyond the text means its end.
            end: likewise.
            new: the text to put there.
        """
        (first, from_column), (last, to_column) = sorted((self._inside(start), self._inside(end)))
        old = self.lines[last]
        indent = len(old) - len(old.lstrip())
        # What follows the replaced text on its last line was there before it only if it did not begin the line.
        edit = Edit(first, last, len(split(new)) - 1, keeps_last=indent >= to_column)
        # An edit may join a `\r` and a `\n` that stand on two lines, or part them.
        before, after = max(first - 1, 0), min(last + 2, len(self.lines))
        head = "".join([*self.lines[before:first], self.lines[first][:from_column]])
        tail = "".join([old[to_column:], *self.lines[last + 1 : after]])
        lines = split(head + new + tail)
        if after < len(self.lines):
            lines.pop()  # the piece ends with a line end, and the next line is there already
        self.lines[before:after] = lines
        return edit

    def column(self, line: int, units: int, encoding: Encoding) -> int:
        """The column in characters of a position that an editor named; what is beyond the line means its end."""
        if not 0 <= line < len(self.lines):
            return 0
        text = body(self.lines[line])
        if text.isascii() or encoding == "utf-32":
            return max(0, min(units, len(text)))
        passed = 0
        for column, character in enumerate(text):
            if passed >= units:
                return column
            passed += len_in(character, encoding)
        return len(text)

    def units(self, line: int, column: int, encoding: Encoding) -> int:
        """The same the other way round."""
        return len_in(self.lines[line][:column], encoding) if 0 <= line < len(self.lines) else 0

    def word_at(self, line: int, column: int) -> tuple[str, int, int] | None:
        """The name at a position, with the columns where it begins and ends; None where none is."""
        if not 0 <= line < len(self.lines):
            return None
        for found in _WORD.finditer(self.lines[line]):
            if found.start() <= column <= found.end():
                return found[0], found.start(), found.end()
        return None

    def find(self, name: str, first: int, last: int) -> tuple[int, int] | None:
        """Line and column where a name first stands as a word of its own in these lines, the last one included."""
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        for number in range(max(first, 0), min(last + 1, len(self.lines))):
            if found := word.search(self.lines[number]):
                return number, found.start()
        return None

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """The text between two positions, columns in characters."""
        (first, from_column), (last, to_column) = sorted((self._inside(start), self._inside(end)))
        if first == last:
            return self.lines[first][from_column:to_column]
        return "".join([self.lines[first][from_column:], *self.lines[first + 1 : last], self.lines[last][:to_column]])

    def _inside(self, position: tuple[int, int]) -> tuple[int, int]:
        line, column = position
        if line < 0:
            return 0, 0
        if line >= len(self.lines):
            return len(self.lines) - 1, len(self.lines[-1])
        return line, max(0, min(column, len(body(self.lines[line]))))


def split(text: str) -> list[str]:
    """The lines of a text with their ends, and what follows the last end, be it nothing."""
    lines = _LINE.findall(text)
    # The pattern also matches the empty rest behind a last line that has no end.
    return lines[:-1] if len(lines) > 1 and not lines[-2].endswith(("\n", "\r")) else lines


def body(line: str) -> str:
    """A line without its end."""
    return line.rstrip("\r\n")


def len_in(text: str, encoding: Encoding) -> int:
    """How many units of an encoding a text takes."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
