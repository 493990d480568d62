"""What is to be shown in one open file, and where: the daemon's outline of its text, shifted by later edits. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recall.lsp.text import Edit
from recall.protocol.requests import PreviewReply
from recall.protocol.values import STALE, Anchor, Brief

_NUMBER = re.compile(r"#\d+$")


@dataclass(slots=True)
class Mark:
    """A symbol, lines counted from 0."""

    name: str
    """Qualified, as the daemon knows it."""
    line: int
    end_line: int
    memories: list[Brief]

    @property
    def own_name(self) -> str:
        """Without what encloses it, parameter types and number."""
        return _NUMBER.sub("", self.name.partition("(")[0]).rpartition(".")[2]


@dataclass(slots=True)
class Stale:
    """A place where a memory no longer agrees with the code."""

    brief: Brief
    anchor: Anchor
    mark: Mark | None
    """The symbol it stands at, or the one that held what is missing now."""
    line: int


@dataclass(frozen=True, slots=True)
class Lens:
    """What stands above a line."""

    line: int
    title: str
    ids: tuple[str, ...]


class Annotations:
    """What is known of the text that the daemon was shown last, kept in place while the text goes on changing.

    Attributes:
        file_path: relative to the tree's root.
        version: of the text that the daemon was shown.
        marks: the file's symbols, in the daemon's order.
        memories: what is tied to the file itself, or to code that it no longer has; without what is tied to folders.
        stale: the places of diagnostics.
    """

    def __init__(self, reply: PreviewReply) -> None:
        self.file_path = reply.file_path
        self.version = reply.version
        self.marks = [Mark(each.name, each.line - 1, each.end_line - 1, each.memories) for each in reply.symbols]
        self.memories = [
            brief
            for brief in reply.memories
            if any(anchor.path == reply.file_path for anchor in reply.anchors.get(brief.id, ()))
        ]
        self.stale = list(self._stale(reply))

    def shift(self, edit: Edit) -> None:
        """Follow an edit of the text."""
        if edit.first == edit.last and not edit.added:
            return
        for mark in self.marks:
            mark.line, mark.end_line = edit.shift(mark.line), edit.shift(mark.end_line)
        for place in self.stale:
            place.line = edit.shift(place.line)

    def lenses(self) -> list[Lens]:
        """What stands above symbols with memories, and above the first line for the file itself."""
        shown = [Lens(0, summed_up(self.memories, of="of this file"), _ids(self.memories))] if self.memories else []
        return shown + [
            Lens(mark.line, summed_up(mark.memories), _ids(mark.memories)) for mark in self.marks if mark.memories
        ]

    def around(self, line: int) -> Mark | None:
        """The innermost symbol that a line is in."""
        around = [mark for mark in self.marks if mark.line <= line <= mark.end_line]
        return min(around, key=lambda mark: mark.end_line - mark.line, default=None)

    def named(self, word: str, line: int) -> list[Mark]:
        """The symbols with memories that a name in a line means: the one declared there, else all of the name."""
        meant = [mark for mark in self.marks if mark.memories and mark.own_name == word]
        here = self.around(line)
        return [here] if here in meant and here is not None and self._declared_at(here, line) else meant

    def briefs(self) -> dict[str, Brief]:
        """All memories shown in the file, by id."""
        return {
            brief.id: brief for memories in (self.memories, *(m.memories for m in self.marks)) for brief in memories
        }

    def _declared_at(self, mark: Mark, line: int) -> bool:
        """Whether a line is in a symbol's head rather than in something that it encloses."""
        inner = [each.line for each in self.marks if each is not mark and mark.line < each.line <= mark.end_line]
        return line < min(inner, default=mark.end_line + 1)

    def _stale(self, reply: PreviewReply) -> Iterator[Stale]:
        by_name = {mark.name: mark for mark in self.marks}
        seen: set[tuple[str, int]] = set()
        for brief in self.briefs().values():
            if brief.verdict not in STALE or brief.superseded_by:
                continue
            for anchor in reply.anchors.get(brief.id, ()):
                if anchor.verdict not in STALE or anchor.path != self.file_path or anchor.kind == "folder":
                    continue
                mark = _at_or_around(anchor.symbol, by_name)
                line = anchor.line - 1 if anchor.line else mark.line if mark else 0
                if (brief.id, line) not in seen:
                    seen.add((brief.id, line))
                    yield Stale(brief, anchor, mark, line)


def summed_up(memories: Sequence[Brief], of: str = "") -> str:
    """Memories in a few words: `2 memories · 1 stale`."""
    count = "1 memory" if len(memories) == 1 else f"{len(memories)} memories"
    stale = sum(brief.verdict in STALE for brief in memories)
    return f"{count} {of}".rstrip() + (f" · {stale} stale" if stale else "")


def _ids(memories: Sequence[Brief]) -> tuple[str, ...]:
    return tuple(brief.id for brief in memories)


def _at_or_around(symbol: str | None, by_name: dict[str, Mark]) -> Mark | None:
    while symbol:
        if symbol in by_name:
            return by_name[symbol]
        symbol = symbol.rpartition(".")[0]
    return None
