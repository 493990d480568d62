"""Requests about files and symbols, and the memories tied to them."""

from __future__ import annotations

from recall.protocol.requests.base import Done, Path, Reply, Request, Text
from recall.protocol.values import Anchor, Brief, Context, SymbolOutline


class ByFileReply(Reply):
    """What `ByFile` is answered with."""

    file_path: str
    memories: list[Brief]
    warnings: list[str] = []


class ByFile(Request):
    """Memories tied to a file, to its symbols, or to a folder above it."""

    method = "by_file"
    reply = ByFileReply
    file_path: Path


class BySymbolReply(Reply):
    """What `BySymbol` is answered with."""

    file_path: str
    symbol: SymbolOutline
    warnings: list[str] = []


class BySymbol(Request):
    """One symbol with its memories; `symbol` is `path::Qualified.name`."""

    method = "by_symbol"
    reply = BySymbolReply
    symbol: Path


class OutlineReply(Reply):
    """What `Outline` is answered with."""

    file_path: str
    language: str | None
    status: str
    """`parsed`, `partial` (syntax errors), `text`, or why it was left out."""
    memories: list[Brief]
    """Those of the file itself and of the folders above it."""
    symbols: list[SymbolOutline]
    context: Context
    warnings: list[str] = []


class Outline(Request):
    """A file's symbols, the memories of the file and of each symbol, and its context."""

    method = "outline"
    reply = OutlineReply
    file_path: Path


class ContextOf(Request):
    """The prepared context of a file."""

    method = "context"
    reply = Context
    file_path: Path


class Opened(Request):
    """An editor opened the file: push its context to all who listen."""

    method = "opened"
    reply = Done
    file_path: Path


class Closed(Request):
    """An editor closed the file."""

    method = "closed"
    reply = Done
    file_path: Path


class PreviewReply(Reply):
    """What `Preview` is answered with."""

    file_path: str
    version: int
    """As it was asked."""
    language: str | None
    status: str
    """As in `OutlineReply`."""
    saved: bool
    """The text is just what the disk has."""
    memories: list[Brief]
    """Those of the file itself, of the folders above it, and of code that the text no longer has."""
    symbols: list[SymbolOutline]
    anchors: dict[str, list[Anchor]]
    """What ties each of these memories to code, by its id."""
    warnings: list[str] = []


class Preview(Request):
    """What the outline and the verdicts would be with text that is not saved; nothing of it is kept."""

    method = "preview"
    reply = PreviewReply
    file_path: Path
    text: Text
    version: int = 0
    """The sender's own number of the text, given back."""
