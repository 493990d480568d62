"""Calls about code and what is tied to it."""

from __future__ import annotations

import os

from recall.calls.base import Call, FilePath
from recall.protocol import requests as wire
from recall.protocol.values import Context


def by_file(file_path: FilePath) -> Call[wire.ByFileReply]:
    """Memories tied to a file, to its symbols, or to a folder above it."""
    return Call(wire.ByFile(file_path=os.fspath(file_path)))


def by_symbol(symbol: str) -> Call[wire.BySymbolReply]:
    """One symbol with its memories; `symbol` is `path::Qualified.name`."""
    return Call(wire.BySymbol(symbol=symbol))


def outline(file_path: FilePath) -> Call[wire.OutlineReply]:
    """A file's symbols, the memories of the file and of each symbol, and its context."""
    return Call(wire.Outline(file_path=os.fspath(file_path)))


def context(file_path: FilePath) -> Call[Context]:
    """The prepared context of a file."""
    return Call(wire.ContextOf(file_path=os.fspath(file_path)))


def opened(file_path: FilePath) -> Call[wire.Done]:
    """Tell that an editor opened the file: its context is pushed to all who listen."""
    return Call(wire.Opened(file_path=os.fspath(file_path)))


def closed(file_path: FilePath) -> Call[wire.Done]:
    """Tell that an editor closed the file."""
    return Call(wire.Closed(file_path=os.fspath(file_path)))


def preview(file_path: FilePath, text: str, *, version: int = 0) -> Call[wire.PreviewReply]:
    """What a file's symbols, and the verdicts on them, would be with text that is not saved; nothing of it is kept.

    Args:
        file_path: the file; it need not exist.
        text: all that it would hold, at most 2,000,000 characters.
        version: a number of your own, given back.
    """
    return Call(wire.Preview(file_path=os.fspath(file_path), text=text, version=version))
