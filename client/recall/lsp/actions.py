"""What can be done about the code at a place: remember something of it, or act on the memories that it has. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lsprotocol import types

from recall.lsp.annotations import Annotations, Mark, summed_up
from recall.lsp.documents import Document
from recall.lsp.text import Text, body
from recall.protocol.values import STALE, Brief, MemoryType

OFFERED: tuple[MemoryType, ...] = ("decision", "pattern", "convention", "debugging")
"""As what a text can be remembered; plugins and the command take any type."""
MAX_MEMORIES = 3
"""Of a place, so many memories have actions of their own; the others are one step away."""
MAX_TITLE = 40

_COMMENT = re.compile(r"^\s*(?:#+!?|//+!?|--+|;+|/\*+!?|\*+/|\*+(?!\w)|%+)\s?")
_COMMENT_END = re.compile(r"\s*\*+/\s*$")


def actions(
    document: Document,
    annotations: Annotations | None,
    start: tuple[int, int],
    end: tuple[int, int],
    diagnostics: Sequence[types.Diagnostic],
    *,
    prompts: bool,
) -> list[types.CodeAction]:
    """The actions at a selection.

    Args:
        document: that it is in.
        annotations: of it, where there are some.
        start: of the selection, line and column in characters, from 0; `end` likewise.
        diagnostics: that the editor has there.
        prompts: whether the client asks for a text by itself where an action comes without one.
    """
    mark = annotations.around(start[0]) if annotations else None
    text = document.text.between(start, end).strip() or comment_at(document.text, start[0])
    found = [*_remember(document, mark, start, end, text, prompts=prompts)]
    if annotations is not None:
        memories = list(mark.memories if mark else annotations.memories)
        gone = [place for place in annotations.stale if start[0] <= place.line <= end[0]]
        memories += [place.brief for place in gone if place.brief.id not in {brief.id for brief in memories}]
        if memories:
            found.append(_command(f"Show {summed_up(memories)}", "recall.show", document, ids=[m.id for m in memories]))
        for brief in sorted(memories, key=lambda brief: brief.verdict not in STALE)[:MAX_MEMORIES]:
            found += _act(brief, document, text, [d for d in diagnostics if _about(d, brief)], prompts=prompts)
    return found


def comment_at(text: Text, line: int) -> str:
    """The words of the comment that a line is in, without its marks; empty where it is in none."""
    if not 0 <= line < len(text.lines) or not _COMMENT.match(text.lines[line]):
        return ""
    first = last = line
    while first > 0 and _COMMENT.match(text.lines[first - 1]):
        first -= 1
    while last + 1 < len(text.lines) and _COMMENT.match(text.lines[last + 1]):
        last += 1
    words = (_COMMENT_END.sub("", _COMMENT.sub("", body(each), count=1)) for each in text.lines[first : last + 1])
    return "\n".join(words).strip()


def _remember(
    document: Document, mark: Mark | None, start: tuple[int, int], end: tuple[int, int], text: str, *, prompts: bool
) -> Iterator[types.CodeAction]:
    place: dict[str, object] = {"symbol": mark.name} if mark else {}
    if not mark and start[0] != end[0]:
        place = {"lines": [start[0] + 1, end[0] + 1]}
    about = f" about {mark.own_name}" if mark else ""
    if text:
        for kind in OFFERED:
            title = f"Remember as {kind}{about}: “{_short(text)}”"
            yield _command(title, "recall.remember", document, text=text, memory_type=kind, **place)
    elif prompts:
        yield _command(f"Remember something{about or ' about this file'} …", "recall.remember", document, **place)


def _act(
    brief: Brief, document: Document, text: str, diagnostics: list[types.Diagnostic], *, prompts: bool
) -> Iterator[types.CodeAction]:
    title = f"“{_short(brief.title)}”"
    if brief.verdict in STALE:
        still = _command(f"Still true: {title}", "recall.verify", document, id=brief.id)
        still.kind, still.diagnostics = types.CodeActionKind.QuickFix, diagnostics
        yield still
    if text or prompts:
        given = {"text": text} if text else {}
        with_this = " with this text" if text else " …"
        yield _command(f"Edit {title}{with_this}", "recall.edit", document, id=brief.id, **given)
        yield _command(f"Supersede {title}{with_this}", "recall.supersede", document, id=brief.id, **given)
    yield _command(f"Was useful: {title}", "recall.rate", document, id=brief.id, useful=True)
    yield _command(f"Was not useful: {title}", "recall.rate", document, id=brief.id, useful=False)
    forget = _command(f"Forget {title}", "recall.forget", document, id=brief.id)
    if diagnostics:
        forget.kind, forget.diagnostics = types.CodeActionKind.QuickFix, diagnostics
    yield forget


def _command(title: str, name: str, document: Document, **arguments: object) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=name,
        command=types.Command(title=title, command=name, arguments=[{"uri": document.uri, **arguments}]),
    )


def _about(diagnostic: types.Diagnostic, brief: Brief) -> bool:
    return diagnostic.source == "recalld" and diagnostic.message.startswith(brief.title)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"
