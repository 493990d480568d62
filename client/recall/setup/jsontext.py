"""JSON as a person wrote it: members are put in and taken out, and all else stays as it is to the letter. Pure.

Takes JSON with comments and commas at the end of lists too, as editors do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 200
_SPACE = re.compile(r"(?:[ \t\r\n]|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_SAME_LINE = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/)")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_SCALAR = re.compile(r"[^\s,:\[\]{}\"/]+")
_BOM = "\ufeff"


class JsonError(Exception):
    """A text that is no JSON; the message says where."""


@dataclass(slots=True)
class Node:
    """A value and where it stands.

    Attributes:
        start, end: of its text, without what is around it.
        parts: the members of an object, the items of an array.
        comma: where a comma stands after the last part, if one does.
    """

    start: int
    end: int
    value: Any
    parts: list[Part] = field(default_factory=list)
    comma: int | None = None

    def member(self, key: str | int) -> Part | None:
        """The last member of this name, or the item at this place."""
        return next((part for part in reversed(self.parts) if part.key == key), None)


@dataclass(slots=True)
class Part:
    """A member of an object or an item of an array.

    Attributes:
        start: of its name, or of the item.
        comma: where the comma stands that follows it, if one does.
    """

    key: str | int
    start: int
    node: Node
    comma: int | None = None


def parse(text: str) -> Node:
    """The value that a text holds.

    Raises:
        JsonError: it holds none, or more than one.
    """
    reader = _Reader(text)
    reader.skip()
    node = reader.value(0)
    reader.skip()
    if reader.at != len(text):
        raise reader.error("there is something after the end")
    return node


def is_blank(text: str) -> bool:
    """Whether a text has nothing in it, as that of a file which an editor has just made."""
    return not text.strip(f"{_BOM} \t\r\n")


def find(root: Node, path: Sequence[str | int]) -> Node | None:
    """The value at a path, if there is one."""
    node: Node | None = root
    for key in path:
        part = node.member(key) if node else None
        node = part.node if part else None
    return node


def put(text: str, path: Sequence[str], value: Any) -> str:
    """The text with a value at a path: what stands there is replaced, what leads to it is made.

    Raises:
        JsonError: the text is none, or something on the path is no object.
    """
    if is_blank(text):
        text += "{}\n"
    node, done = parse(text), 0
    for done, key in enumerate(path):
        if not isinstance(node.value, dict):
            raise JsonError(f"`{'.'.join(path[:done]) or 'the whole'}` is no object")
        part = node.member(key)
        if part is None:
            break
        node = part.node
    else:
        depth = len(path)
        written = _written(text, value, depth)
        return text if node.value == value else text[: node.start] + written + text[node.end :]
    for key in reversed(path[done + 1 :]):
        value = {key: value}
    return _insert(text, node, done + 1, value, path[done])


def append(text: str, path: Sequence[str], item: Any) -> str:
    """The text with one more item in the array at a path, which is made where there is none.

    Raises:
        JsonError: the text is none, or what stands there is no array.
    """
    node = None if is_blank(text) else find(parse(text), path)
    if node is None:
        return put(text, path, [item])
    if not isinstance(node.value, list):
        raise JsonError(f"`{'.'.join(path)}` is no array")
    return _insert(text, node, len(path) + 1, item)


def remove(text: str, path: Sequence[str | int]) -> str:
    """The text without what stands at a path, its comma and the white space before it; unchanged where nothing does."""
    holder = find(parse(text), path[:-1])
    part = holder.member(path[-1]) if holder else None
    if holder is None or part is None:
        return text
    end, before = part.node.end, holder.parts.index(part) - 1
    start = _white_before(text, holder, part)
    if part.comma is not None:
        return text[:start] + text[end : part.comma] + text[part.comma + 1 :]
    if before < 0:
        newline, unit = _style(text)
        return text[:start] + text[end:].removeprefix(newline + unit * (len(path) - 1))
    comma = holder.parts[before].comma
    assert comma is not None  # noqa: S101  # there is one between any two parts
    return text[:comma] + text[comma + 1 : start] + text[end:]


def _white_before(text: str, holder: Node, part: Part) -> int:
    """Where the white space before a part begins; its own start where that white space has to end a comment."""
    start = part.start
    while start > holder.start + 1 and text[start - 1] in " \t\r\n":
        start -= 1
    after = part.node.end if part.comma is None else part.comma + 1
    commented = "//" in text[text.rfind("\n", 0, start) + 1 : start]
    return part.start if commented and not text.startswith(("\n", "\r\n"), after) else start


def _insert(text: str, holder: Node, depth: int, value: Any, key: str | None = None) -> str:
    """The text with one more part at the end of an object or array."""
    newline, unit = _style(text)
    name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
    if not holder.parts:
        inner = f"{newline}{unit * depth}{name}{_written(text, value, depth)}{newline}{unit * (depth - 1)}"
        return text[: holder.start + 1] + inner + text[holder.start + 1 :]
    last = holder.parts[-1]
    between = text[holder.start + 1 : holder.parts[0].start]
    spread = "\n" in between
    after = (holder.comma + 1) if holder.comma is not None else last.node.end
    comment = _SAME_LINE.match(text, after)
    at = comment.end() if comment else after
    line_comment = comment is not None and comment[0].lstrip().startswith("//")
    lead = f"{newline}{_indent(text, last.start)}" if spread or line_comment else " "
    written = _written(text, value, depth) if spread else json.dumps(value, ensure_ascii=False)
    if holder.comma is not None:
        return text[:at] + lead + name + written + "," + text[at:]
    return text[: last.node.end] + "," + text[last.node.end : at] + lead + name + written + text[at:]


def _written(text: str, value: Any, depth: int) -> str:
    newline, unit = _style(text)
    lines = json.dumps(value, indent=unit, ensure_ascii=False).split("\n")
    return f"{newline}{unit * depth}".join(lines)


def _style(text: str) -> tuple[str, str]:
    """How the text ends lines, and by what it indents."""
    found = re.search(r"[\[{][ \t]*\r?\n([ \t]+)\S", text)
    return "\r\n" if "\r\n" in text else "\n", found[1] if found else "  "


def _indent(text: str, at: int) -> str:
    """The white space before what stands at a place in its line."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


class _Reader:
    """Reads a text from front to back."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 1 if text.startswith(_BOM) else 0

    def error(self, what: str) -> JsonError:
        before = self._text[: self.at]
        line, column = before.count("\n") + 1, self.at - (before.rfind("\n") + 1) + 1
        return JsonError(f"line {line}, column {column}: {what}")

    def skip(self) -> None:
        found = _SPACE.match(self._text, self.at)
        self.at = found.end() if found else self.at

    def value(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.error(f"nested deeper than {MAX_DEPTH}")
        start, opening = self.at, self._text[self.at : self.at + 1]
        if opening in ("{", "["):
            return self._parts(depth, opening)
        found = (_STRING if opening == '"' else _SCALAR).match(self._text, self.at)
        if found is None:
            raise self.error("a value is missing")
        try:
            value = json.loads(found[0])
        except ValueError:
            raise self.error(f"{found[0][:40]} is no value") from None
        self.at = found.end()
        return Node(start, self.at, value)

    def _parts(self, depth: int, opening: str) -> Node:
        closing = "}" if opening == "{" else "]"
        node = Node(self.at, self.at, {} if opening == "{" else [])
        self.at += 1
        self.skip()
        while self._text[self.at : self.at + 1] != closing:
            if node.parts and node.comma is None:
                raise self.error(f"a comma or {closing} is missing")
            node.parts.append(self._part(depth, len(node.parts) if opening == "[" else None))
            self.skip()
            node.comma = None
            if self._text[self.at : self.at + 1] == ",":
                node.comma = node.parts[-1].comma = self.at
                self.at += 1
                self.skip()
        self.at += 1
        node.end = self.at
        if opening == "{":
            node.value = {part.key: part.node.value for part in node.parts}
        else:
            node.value = [part.node.value for part in node.parts]
        return node

    def _part(self, depth: int, index: int | None) -> Part:
        start = self.at
        if index is not None:
            return Part(index, start, self.value(depth + 1))
        name = _STRING.match(self._text, self.at)
        if name is None:
            raise self.error("a name in quotes is missing")
        try:
            key = json.loads(name[0])
        except ValueError:
            raise self.error(f"{name[0][:40]} is no name") from None
        self.at = name.end()
        self.skip()
        if self._text[self.at : self.at + 1] != ":":
            raise self.error("a colon is missing")
        self.at += 1
        self.skip()
        return Part(key, start, self.value(depth + 1))
