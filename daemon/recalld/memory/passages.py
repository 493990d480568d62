"""What a session said, cut into statements: one thing each, with the heading it stands under. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from recalld.memory.text import sentences

MAX_STATEMENT = 600
"""Characters; what is longer is cut there, at a word."""
MAX_STATEMENTS = 200
"""Of one text; a summary has some five."""

_FENCE = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(
    r"\s{0,3}(?:#{1,6}\s+(?P<hashed>.+?)\s*#*|(?:\*\*|__)(?P<bold>[^*_]{1,60}?):?(?:\*\*|__):?|"
    r"(?P<plain>[A-Z][\w-]*(?: [\w-]+){0,2}):)\s*"
)
_ITEM = re.compile(r"\s*(?:[-*•–+]|\d{1,3}[.)]|\[[ xX]\])\s+(?:\[[ xX]\]\s+)?")
_TODO = re.compile(r"\s*[-*]\s+\[ \]\s+")
_TAGS = re.compile(r"\s*tags:\s", re.IGNORECASE)
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_PARTS = re.compile(
    r"(?:;|,\s+(?:and|but))\s+(?:then\s+)?(?=(?:we\s+|I\s+)?(?:decided|chose|fixed|resolved|moved|added|switched|learned|"
    r"discovered|found|documented|removed|replaced|ran|pushed|committed)\b)"
    r"|\.\s+(?=[“\"'`]?[A-Z`])",
)
"""Between what was done and what was done next: not between what is and what follows from it."""


class Statement(NamedTuple):
    """One thing that was said."""

    text: str
    heading: str
    """In lower case; empty where there is none."""
    before: str
    """The statement before it in the same paragraph or item; empty for the first."""


def statements(text: str) -> list[Statement]:
    """The statements of a text in order, at most `MAX_STATEMENTS`; code in fences is left out."""
    found: list[Statement] = []
    for passage, heading in _passages(_FENCE.sub("", text)):
        before = ""
        for sentence in sentences(passage):
            for part in _PARTS.split(sentence):
                said = _cut(_EMPHASIS.sub(r"\2", part).strip(" \t-–—;,"))
                if said:
                    found.append(Statement(said, heading, before))
                    before = said
                if len(found) == MAX_STATEMENTS:
                    return found
    return found


def _passages(text: str) -> Iterator[tuple[str, str]]:
    """Paragraphs and list items, each with the heading above it."""
    heading, lines = "", list[str]()
    for line in [*text.splitlines(), ""]:
        titled = _HEADING.fullmatch(line)
        item = _ITEM.match(line)
        if line.strip() and not titled and not item and not _TAGS.match(line):
            lines.append(line.strip())
            continue
        if lines:
            yield " ".join(lines), heading
            lines = []
        if titled:
            heading = (titled["hashed"] or titled["bold"] or titled["plain"]).strip(" :*_").casefold()
        elif item and not _TODO.match(line):
            lines = [line[item.end() :].strip()]


def _cut(said: str) -> str:
    if len(said) <= MAX_STATEMENT:
        return said
    return said[:MAX_STATEMENT].rsplit(" ", 1)[0] + "…"
