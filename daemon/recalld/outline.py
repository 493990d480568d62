"""What the daemon knows of one file: its outline. Plain values, shared with the worker processes."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

FINGERPRINT_VERSION = 2
"""Raised when the normalisation changes; older fingerprints are then made anew from the code that forms keep."""

Status = Literal["parsed", "partial", "text", "binary", "generated", "oversized", "unreadable", "quarantined", "gone"]
SKIPPED: frozenset[str] = frozenset({"binary", "generated", "oversized", "unreadable", "quarantined"})
CODE_KINDS = frozenset({"function", "method", "constructor", "macro"})
"""Kinds of symbols that run, and whose variables are their own."""


class Symbol(msgspec.Struct, frozen=True, array_like=True):
    """One declaration in a file."""

    name: str
    """Qualified: the names of what encloses it, joined by `.`, and its own. Unique in its file: a second
    one of the same name gets its parameter types where the language overloads, else `#2`, `#3` …"""
    kind: str
    """function, method, class, interface, struct, enum, trait, type, constant, variable, module, macro, heading …"""
    line: int
    """First line, from 1, decorators included."""
    end_line: int
    start: int
    """First byte, from 0, decorators included."""
    end: int
    """One past the last byte."""
    signature: str
    """The header in one line, at most 200 characters."""
    fingerprint: str
    """Hex digest of the normalised code: without comments, docstrings, formatting."""
    header: str
    """Hex digest of the normalised header alone: decorators, name left out, parameters, return, base classes."""
    size: int
    """Tokens of the normalised code: how much evidence it is."""
    parent: int
    """Index of the enclosing symbol in the file's list, -1 at the top."""
    marks: tuple[int, ...] = ()
    """The smallest hashes of its body's lines, at most two: code of which most lines are the same shares one."""


class CutOut(msgspec.Struct, frozen=True, array_like=True):
    """What the bytes of a definition do not say when they are cut out of their file."""

    language: str
    kind: str
    """As the symbol had it."""
    in_code: bool
    """A function was around it."""


class Outline(msgspec.Struct, array_like=True):
    """What parsing a file gave."""

    path: str
    status: Status
    language: str | None = None
    content_hash: str = ""
    """Hex BLAKE2b-128 of the bytes; empty where the file was not read."""
    stamp: str = ""
    """`size:mtime_ns:ctime_ns`, taken before the bytes were read."""
    lines: int = 0
    symbols: list[Symbol] = []
    note: str = ""
    """Why it was left out, or what went wrong."""
    imports: list[str] = []
    """What it imports, as it is written there, each once; of `from a import b` in Python `a.b`."""


_FOLDERS_OWN = frozenset({"__init__", "index", "mod"})
_NUMBER = re.compile(r"#\d+$")


def bare(qualified: str) -> str:
    """A symbol's qualified name without its parameter types and its number."""
    name = qualified.partition("(")[0]
    return _NUMBER.sub("", name) if "#" in name else name


def last_name(qualified: str) -> str:
    """A symbol's own name: without what encloses it, its parameter types and its number."""
    return bare(qualified).rpartition(".")[2]


def module_path(path: str) -> str:
    """A file's path as others import it: without its extension, and a folder's own file as its folder."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0] or name
    if stem in _FOLDERS_OWN and folder:
        return folder
    return f"{folder}/{stem}" if folder else stem


def plain(name: str) -> str:
    """A name without case and underscores: `_get_hash`, `getHash` and `get_hash` are one."""
    return name.replace("_", "").casefold() or name
