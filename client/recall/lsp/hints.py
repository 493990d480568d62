"""Memories that no longer agree with the code, as the mildest of diagnostics."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from lsprotocol import types

from recall.lsp.annotations import Stale
from recall.lsp.documents import Document
from recall.lsp.projects import Project
from recall.lsp.text import body
from recall.protocol.errors import RecallError

if TYPE_CHECKING:
    from recall.lsp.server import Server

MAX_CANDIDATES = 3
MAX_HEAD_LINES = 20
"""A symbol's name stands so many lines after its first at most: decorators come before it."""

log = logging.getLogger(__name__)
R = TypeVar("R")


async def diagnostic(server: Server, document: Document, place: Stale) -> types.Diagnostic:
    """What is shown of a stale memory: a hint, with the places where its code could be."""
    text, line = document.text, min(place.line, len(document.text.lines) - 1)
    name = place.mark.own_name if place.mark and place.mark.line == place.line else ""
    found = text.find(name, line, line + MAX_HEAD_LINES) if name else None
    if found is not None:
        span = server.span(document, found[0], found[1], found[1] + len(name))
    else:
        whole = body(text.lines[line])
        span = server.span(document, line, len(whole) - len(whole.lstrip()), len(whole))
    return types.Diagnostic(
        range=span,
        severity=types.DiagnosticSeverity.Hint,
        source="recalld",
        code=place.anchor.verdict,
        message=f"{place.brief.title}: {place.anchor.reason}",
        related_information=await _related(server.projects.holding(document.path), place) or None,
        data={"id": place.brief.id},
    )


async def _related(project: Project | None, place: Stale) -> list[types.DiagnosticRelatedInformation]:
    """Where the code could be now, or where it came from."""
    if project is None:
        return []
    anchor = place.anchor
    places = [(each, "could be here now") for each in anchor.candidates[:MAX_CANDIDATES]]
    places += [(each, "was here") for each in anchor.trail[:1] if anchor.verdict == "moved+changed"]
    return [
        types.DiagnosticRelatedInformation(location=await _location(project, each), message=f"{what}: {each}")
        for each, what in places
    ]


async def _location(project: Project, place: str) -> types.Location:
    path, _, symbol = place.partition("::")
    line = 0
    if symbol:
        found = await quietly(project.client.by_symbol(place))
        line = found.symbol.line - 1 if found else 0
    return types.Location(uri=(project.root / path).as_uri(), range=line_range(line))


async def quietly(asked: Awaitable[R]) -> R | None:
    """What was asked for, or nothing where it was refused."""
    try:
        return await asked
    except RecallError as error:
        log.info("%s", error)
        return None


def line_range(line: int) -> types.Range:
    """The beginning of a line."""
    return types.Range(start=types.Position(line=line, character=0), end=types.Position(line=line, character=0))
