"""From the bytes of a file to its symbols: names, spans, signatures, fingerprints. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

from recalld.code.fingerprint import CONTAINERS, Normalised
from recalld.code.grammar import Captured, Definition, capture
from recalld.code.languages import Language
from recalld.code.parameters import parameter_types
from recalld.outline import CODE_KINDS, CutOut, Symbol

MAX_SIGNATURE = 200
MAX_MARKS = 2
MAX_MARKED_LINES = 200
MIN_TELLING_LINE = 8
"""Bytes, without indentation."""

_LOCALS = frozenset({"constant", "variable", "field", "property"})
_HOLD_METHODS = (CONTAINERS - {"module", "namespace", "heading"}) | {"scope"}
_SAME_TWICE = frozenset({"struct", "union", "enum"})
_TRANSPARENT = frozenset({"prototype", "exports", "module", "this", "window"})
_QUOTES = frozenset("'\"")
_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>")


@dataclass(slots=True)
class _Place:
    """A definition with its place in the file."""

    definition: Definition
    leaf: str
    around: int
    """Position of the place around it in the list of places, -1 at the top."""
    qualified: str
    inside: list[Definition] = field(default_factory=list)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a file declares."""

    symbols: list[Symbol]
    partial: bool
    """The file has errors, and this is what could be read of it."""
    cut: bool
    """There are more symbols than were asked for."""
    imports: list[str] = field(default_factory=list)
    """What it imports, as it is written there."""


def extract(source: bytes, language: Language, max_symbols: int, *, in_code: bool = False) -> Extracted:
    """The symbols of a file.

    Args:
        source: its bytes.
        language: what it is written in.
        max_symbols: how many to give at most, from the top of the file on.
        in_code: a function is around all of it.
    """
    captured = capture(source, language)
    places = _places(source, language, captured, in_code=in_code)
    symbols_at = [i for i, place in enumerate(places) if place.definition.kind != "scope"]
    cut = len(symbols_at) > max_symbols
    del symbols_at[max_symbols:]
    listed = [places[i] for i in symbols_at]
    _name(listed, language)
    if not listed:
        return Extracted([], captured.has_errors, cut, captured.imports)
    normalised = Normalised(source, language, captured)
    parents = _parents(places, symbols_at)
    hashes = _line_hashes(normalised.code)
    symbols = []
    for place, parent in zip(listed, parents, strict=True):
        d = place.definition
        fingerprint, header, size = normalised.digests(d, place.inside)
        symbols.append(
            Symbol(
                name=place.name,
                kind=d.kind,
                line=d.line + 1,
                end_line=d.end_line + 1,
                start=d.start,
                end=d.end,
                signature=_signature(normalised.code, d),
                fingerprint=fingerprint,
                header=header,
                size=size,
                parent=parent,
                marks=_marks(hashes[d.line + 1 : min(d.end_line + 1, d.line + MAX_MARKED_LINES)]),
            )
        )
    return Extracted(symbols, captured.has_errors, cut, captured.imports)


def extract_alone(code: bytes, language: Language, cut_out: CutOut) -> Extracted:
    """The one symbol whose code was cut out of its file, or none where the code alone is no such definition.

    Its fingerprint, header, size and marks are those that it had in the file; its name and place are not.
    """
    for before, after in (("", ""), *language.wrappers):
        wrapped = before.encode() + code + after.encode() + b"\n"
        extracted = extract(wrapped, language, 2, in_code=cut_out.in_code)
        for symbol in extracted.symbols:
            is_all = wrapped[symbol.start : symbol.end].strip() == code.strip()
            if is_all and _are_alike(symbol.kind, cut_out.kind) and not extracted.partial:
                return Extracted([symbol], partial=False, cut=False)
    return Extracted([], partial=True, cut=False)


def _are_alike(kind: str, other: str) -> bool:
    """Whether two kinds may be one definition, in its class and out of it."""
    return kind == other or any({kind, other} <= kinds for kinds in (CODE_KINDS, _LOCALS))


def _places(source: bytes, language: Language, captured: Captured, *, in_code: bool) -> list[_Place]:
    """The definitions that are symbols or qualify symbols, each with what is around it."""
    places: list[_Place] = []
    open_places: list[int] = []
    for d in captured.definitions:
        while open_places and _is_over(places[open_places[-1]].definition, d):
            open_places.pop()
        around = open_places[-1] if open_places else -1
        outer = places[around] if around >= 0 else None
        leaf = _leaf(source[d.name_start : d.name_end], language)
        is_local = in_code or any(places[i].definition.kind in CODE_KINDS for i in open_places)
        if outer and d.kind in _LOCALS and is_local:
            continue
        if outer and d.kind in _SAME_TWICE and (outer.definition.kind, outer.leaf) == (d.kind, leaf):
            continue  # typedef struct node { … } node;
        if d.kind in ("variable", "field") and len(leaf) > 1 and leaf.isupper():
            d.kind = "constant"
        in_type = d.scope or "." in leaf or (outer and outer.definition.kind in _HOLD_METHODS)
        if d.kind == "function" and in_type:
            d.kind = "method"
        scope = source[d.scope[0] : d.scope[1]].decode("utf-8", "replace") if d.scope else ""
        qualified = ".".join(part for part in (outer.qualified if outer else "", scope, leaf) if part)
        if outer:
            outer.inside.append(d)
        open_places.append(len(places))
        places.append(_Place(d, leaf, around, qualified))
    return places


def _is_over(outer: Definition, d: Definition) -> bool:
    """Whether `outer` ended before `d`, or both share one statement: `const a = 1, b = 2`."""
    return outer.end <= d.start or (outer.start, outer.end) == (d.start, d.end)


def _leaf(text: bytes, language: Language) -> str:
    """A name as the language writes it, with dots between its parts: `Type::method`, `M:f`, `exports.f`."""
    name = " ".join(text.decode("utf-8", "replace").split())
    if name[:1] in _QUOTES and name[-1:] == name[:1]:
        return name[1:-1]
    if language.name == "markdown":
        return name.rstrip("#").rstrip() or name
    for mark in language.joins:
        if mark in name:
            qualifier, _, last = name.rpartition(mark)
            while qualifier != (shorter := _TYPE_ARGUMENTS.sub("", qualifier)):
                qualifier = shorter
            parts = [*qualifier.replace(mark, ".").split("."), last]
            name = ".".join(part for part in parts if part and part not in _TRANSPARENT) or last
    return name


def _name(places: list[_Place], language: Language) -> None:
    """Give each place a name that no other in the file has, and what is inside it along with it."""
    same: defaultdict[str, list[_Place]] = defaultdict(list)
    for place in places:
        same[place.qualified].append(place)
    taken: Counter[str] = Counter()  # how often each name was wanted
    for place in places:
        name = place.qualified
        if language.overloads and place.definition.params is not None and len(same[name]) > 1:
            name += f"({','.join(parameter_types(place.definition.params))})"
        taken[name] += 1
        place.name = name
        while taken[name] > 1 and place.name in taken:
            place.name = f"{name}#{taken[name]}"
            taken[name] += place.name in taken
        taken[place.name] = max(taken[place.name], 1)


def _parents(places: list[_Place], symbols_at: list[int]) -> list[int]:
    """For each symbol the index of the one around it; of what is written outside its type, that of the type."""
    number = {at: i for i, at in enumerate(symbols_at)}
    by_name = {places[at].qualified: i for i, at in reversed(list(enumerate(symbols_at)))}
    parents = []
    for at in symbols_at:
        place = places[at]
        around = place.around
        parent = number.get(around, -1)
        if parent < 0 or "." in place.leaf:
            while around >= 0 and around not in number:
                around = places[around].around
            parent = by_name.get(place.qualified.rpartition(".")[0], number.get(around, -1))
        parents.append(parent)
    return parents


def _line_hashes(code: bytes) -> list[int]:
    """A hash of each line, whatever its indentation; 0 of a line too short to tell code from other code."""
    return [crc32(text) if len(text := line.strip()) >= MIN_TELLING_LINE else 0 for line in code.split(b"\n")]


def _marks(hashes: Sequence[int]) -> tuple[int, ...]:
    if len(hashes) <= MAX_MARKS:
        return ()
    telling = set(hashes)
    telling.discard(0)
    return tuple(sorted(telling)[:MAX_MARKS]) if len(telling) > MAX_MARKS else ()


def _signature(code: bytes, d: Definition) -> str:
    """The header in one line; of what holds a value, with the value."""
    if d.kind in _LOCALS:
        head = code[d.head_start : d.end]
    elif d.name_start >= d.head_end:  # typedef struct { … } name;
        head = code[d.head_start : d.head_end] + b" " + code[d.name_start : d.name_end]
    else:
        head = code[d.head_start : d.head_end]
    text = " ".join(head.decode("utf-8", "replace").split()).rstrip("{:; ").removesuffix("=>").rstrip("= ")
    return text if len(text) <= MAX_SIGNATURE else text[: MAX_SIGNATURE - 1] + "…"
