"""Anchors: from what a person names (`api/models.py::Memory.load`, `api/models.py:20-31`) to the code. Pure."""

from __future__ import annotations

import difflib
import heapq
import re
from collections import defaultdict
from collections.abc import Sequence

from recall.protocol.errors import RecallError
from recalld.outline import SKIPPED, Outline, Symbol, bare
from recalld.store.rows import AnchorRow

SEPARATOR = "::"
_LAST_WINS = frozenset({"python", "javascript", "ruby", "bash", "lua"})
_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>")
_PACKAGE = re.compile(r"\b(?:\w+\.)+(?=\w)")
_RECEIVER = re.compile(r"^(?:func\s+)?\((?:\w+\s+)?\*?\s*(?P<type>[\w.]+)(?:\[[^\]]*\])?\s*\)[\s.]*(?=\w)")
"""Of a Go method, as in `(c *Command) Find` and `(*Command).Root`."""
_SEPARATORS = re.compile(r"(?:::|->|[.#])+")
_LINES = re.compile(r"(?P<path>.+):(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?")
_NEAR = 0.6
"""How alike two own names are at least, of 1, for the one to be offered for the other."""
_MAX_MEANT = 6


def place(path: str, symbol: str | None) -> str:
    """How a place is written: `path::symbol`, or the path alone."""
    return f"{path}{SEPARATOR}{symbol}" if symbol else path


def reference(anchor: AnchorRow) -> str:
    """An anchor as a person would write it."""
    return f"{anchor.path}:{anchor.lines}" if anchor.lines else place(anchor.path, anchor.symbol)


def split_lines(given: str) -> tuple[str, int, int] | None:
    """Path, first and last line of `path:120-140` or, for one line, `path:120`; None for what names no lines.

    Raises:
        RecallError: `invalid_params`, where there can be no such lines.
    """
    found = _LINES.fullmatch(given)
    if found is None:
        return None
    first, last = int(found["first"]), int(found["last"] or found["first"])
    if first < 1:
        raise no_lines(given, "lines are counted from 1")
    if last < first:
        raise no_lines(given, "the last line comes before the first")
    return found["path"], first, last


def no_lines(given: str, why: str) -> RecallError:
    """The refusal of what was meant to name lines."""
    return RecallError(
        "invalid_params", f"{given}: {why}; write lines as path:120-140, or path:120 for one", field="source_files"
    )


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
            return _in_force(outline, symbol)
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
        more = f" and {len(candidates) - _MAX_MEANT} more" if len(candidates) > _MAX_MEANT else ""
        meant = f"{name} could be {' or '.join(candidates[:_MAX_MEANT])}{more}: say which"
    else:
        candidates = near_names(outline, name)
        meant = f"{outline.path} has no {name}"
        if outline.status in SKIPPED:
            meant += f" that could be read ({outline.status}: {outline.note})"
        meant += did_you_mean(candidates)
    raise RecallError("unknown_symbol", meant, field="symbols", candidates=candidates)


def names(symbol: Symbol, name: str) -> bool:
    """Whether a name that is not whole means this symbol: its last parts, with or without parameter types."""
    whole = f".{symbol.name}"
    return whole.endswith(f".{name}") or whole.partition("(")[0].endswith(f".{name}")


def _in_force(outline: Outline, symbol: Symbol) -> Symbol:
    """Of functions that a script defines twice under one name, the last; methods come in pairs, as of properties."""
    if outline.language not in _LAST_WINS or symbol.kind != "function":
        return symbol
    return [each for each in outline.symbols if each.kind == "function" and bare(each.name) == symbol.name][-1]


def _erased(name: str) -> str:
    """A name with its parameter types at their barest: no spaces, type arguments, packages; `...` as `[]`."""
    qualified, _, types = "".join(name.split()).partition("(")
    while types != (shorter := _TYPE_ARGUMENTS.sub("", types)):
        types = shorter
    return f"{qualified}({_PACKAGE.sub('', types).replace('...', '[]')}"


def near_names(outline: Outline, name: str) -> list[str]:
    """At most three symbols whose own names look like this one's, those first whose whole names do too."""
    wanted = _spelled(name)
    own = wanted.rpartition(".")[2]
    if not own:
        return []
    by_own: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for symbol in outline.symbols:
        spelled = _spelled(symbol.name)
        by_own[spelled.rpartition(".")[2]].append((spelled, symbol.name))
    alike = difflib.get_close_matches(own, by_own, n=3, cutoff=_NEAR)
    alike += [each for each in by_own if own in each and each not in alike]
    near: list[str] = []
    # The likeness of own names comes first, so three of them hold the best three symbols.
    for each in alike[:3]:
        ranked = heapq.nlargest(3, by_own[each], key=lambda pair: _likeness(wanted, pair[0]))
        near += [full for _, full in ranked]
    return near[:3]


def did_you_mean(names: Sequence[str]) -> str:
    """The end of a message that offers these names; empty without any."""
    return f"; did you mean {' or '.join(names)}?" if names else ""


def _spelled(name: str) -> str:
    """A qualified name as it compares: its parts joined by `.`, whatever its language joins them with."""
    given = _RECEIVER.sub(r"\g<type>.", name.strip())
    return _SEPARATORS.sub(".", _TYPE_ARGUMENTS.sub("", bare(given))).strip(" .").casefold()


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, one).ratio()
