"""Anchors: from what a person names (`api/models.py::Memory.load`, `api/models.py:20-31`) to the code. Pure."""

from __future__ import annotations

import difflib
import re

from recall.protocol.errors import RecallError
from recalld.outline import SKIPPED, Outline, Symbol, bare
from recalld.store.rows import AnchorRow

SEPARATOR = "::"
_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>")
_PACKAGE = re.compile(r"\b(?:\w+\.)+(?=\w)")
_LINES = re.compile(r"(?P<path>.+):(?P<first>[1-9]\d*)-(?P<last>[1-9]\d*)")


def place(path: str, symbol: str | None) -> str:
    """How a place is written: `path::symbol`, or the path alone."""
    return f"{path}{SEPARATOR}{symbol}" if symbol else path


def reference(anchor: AnchorRow) -> str:
    """An anchor as a person would write it."""
    return f"{anchor.path}:{anchor.lines}" if anchor.lines else place(anchor.path, anchor.symbol)


def split_lines(given: str) -> tuple[str, int, int] | None:
    """Path, first and last line of `path:120-140`; None for what names no lines.

    Raises:
        RecallError: `invalid_params`, where the last line comes before the first.
    """
    found = _LINES.fullmatch(given)
    if found is None:
        return None
    first, last = int(found["first"]), int(found["last"])
    if last < first:
        raise RecallError("invalid_params", f"{given}: the last line comes before the first", field="source_files")
    return found["path"], first, last


def enclosing(outline: Outline, first: int, last: int) -> Symbol | None:
    """The innermost symbol that holds these lines."""
    holding = [symbol for symbol in outline.symbols if symbol.line <= first and last <= symbol.end_line]
    return min(holding, key=lambda symbol: symbol.end - symbol.start, default=None)


def split_reference(reference: str, *, field: str = "symbols") -> tuple[str, str]:
    """Path and symbol of `path::Qualified.name`.

    Raises:
        RecallError: `invalid_params`.
    """
    path, separator, symbol = reference.partition(SEPARATOR)
    if not (separator and path and symbol):
        raise RecallError(
            "invalid_params",
            f"{reference!r} names no symbol: write path::name, as in api/models.py::Memory.load",
            field=field,
        )
    return path, symbol


def find_symbol(outline: Outline, name: str) -> Symbol:
    """The symbol that a qualified or, where it is the only one, a bare name means.

    Raises:
        RecallError: `unknown_symbol`, with near names, or with all that the name could mean.
    """
    for symbol in outline.symbols:
        if symbol.name == name:
            return symbol
    short = [symbol for symbol in outline.symbols if names(symbol, name)]
    if not short and "(" in name:
        # Parameter types are written in many ways, and may be given although the name is the only one of its kind.
        erased = _erased(name)
        short = [symbol for symbol in outline.symbols if _erased(symbol.name) == erased]
        short = short or [symbol for symbol in outline.symbols if symbol.name == bare(name)]
    if len(short) == 1:
        return short[0]
    if short:
        candidates = [symbol.name for symbol in short]
        meant = f"{name} could be {' or '.join(candidates[:6])}: say which"
    else:
        candidates = near_names(outline, name)
        meant = f"{outline.path} has no {name}"
        if outline.status in SKIPPED:
            meant += f" that could be read ({outline.status}: {outline.note})"
        meant += f"; did you mean {' or '.join(candidates)}?" if candidates else ""
    raise RecallError("unknown_symbol", meant, field="symbols", candidates=candidates)


def names(symbol: Symbol, name: str) -> bool:
    """Whether a name that is not whole means this symbol: its last parts, with or without parameter types."""
    whole = f".{symbol.name}"
    return whole.endswith(f".{name}") or whole.partition("(")[0].endswith(f".{name}")


def _erased(name: str) -> str:
    """A name with its parameter types at their barest: no spaces, type arguments, packages; `...` as `[]`."""
    qualified, _, types = "".join(name.split()).partition("(")
    while types != (shorter := _TYPE_ARGUMENTS.sub("", types)):
        types = shorter
    return f"{qualified}({_PACKAGE.sub('', types).replace('...', '[]')}"


def near_names(outline: Outline, name: str) -> list[str]:
    """At most three names of the file that look or sound like this one."""
    by_last: dict[str, str] = {}
    for symbol in outline.symbols:
        by_last.setdefault(symbol.name.rpartition(".")[2].casefold(), symbol.name)
    wanted = name.rpartition(".")[2].casefold()
    near = [by_last[last] for last in difflib.get_close_matches(wanted, by_last, n=3, cutoff=0.6)]
    near += [full for last, full in by_last.items() if wanted in last and full not in near]
    return near[:3]
