"""A snapshot: what one tree holds, as far as it was looked at. Pure; `snapshots.py` fills it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from recalld.memory.forms import text_of
from recalld.memory.likeness import Code
from recalld.outline import Outline, Symbol, last_name, plain


@dataclass(frozen=True, slots=True)
class Place:
    """A symbol in a file."""

    outline: Outline
    symbol: Symbol


class Snapshot:
    """What one tree holds, as far as it was looked at.

    Attributes:
        outlines: by path; None for files that are gone.
        contents: bytes of files, as the outlines saw them.
        became: of files that are gone, which ones they most likely are now.
    """

    def __init__(self, outlines: Mapping[str, Outline | None]) -> None:
        self.outlines = dict(outlines)
        self.contents: dict[str, bytes] = {}
        self.became: dict[str, list[str]] = {}
        self._indexed: set[str] = set()
        self._by_fingerprint: defaultdict[str, list[Place]] = defaultdict(list)
        self._by_tail: defaultdict[str, list[Place]] = defaultdict(list)
        self._by_mark: defaultdict[int, list[Place]] = defaultdict(list)
        self._declared: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        self._codes: dict[tuple[str, int], Code] = {}

    def text(self, place: Place) -> str:
        """The text of a symbol; empty where its file was not read."""
        return text_of(place.symbol, self.contents.get(place.outline.path, b""))

    def code(self, place: Place) -> Code:
        """The text of a symbol, ready to be compared."""
        key = place.outline.path, place.symbol.start
        if key not in self._codes:
            self._codes[key] = Code(self.text(place), place.outline.language, last_name(place.symbol.name))
        return self._codes[key]

    def declared(self, outline: Outline) -> tuple[dict[str, str], dict[str, str]]:
        """The fingerprints of what a file declares, by qualified names, and by own names."""
        if outline.path not in self._declared:
            names = {symbol.name: symbol.fingerprint for symbol in outline.symbols}
            self._declared[outline.path] = names, own_names(names)
        return self._declared[outline.path]

    def places(
        self, paths: Iterable[str], fingerprints: Iterable[str], tails: Iterable[str], marks: Iterable[int]
    ) -> list[Place]:
        """The symbols in these files, with these bodies, own names and marks, each once, by path and position."""
        self._index()
        found = [
            Place(outline, symbol)
            for path in paths
            if (outline := self.outlines.get(path))
            for symbol in outline.symbols
        ]
        found += [place for each in fingerprints for place in self._by_fingerprint.get(each, ())]
        found += [place for each in tails for place in self._by_tail.get(each, ())]
        found += [place for each in marks for place in self._by_mark.get(each, ())]
        once = {(each.outline.path, each.symbol.start, each.symbol.name): each for each in found}
        return [place for _, place in sorted(once.items())]

    def _index(self) -> None:
        if len(self._indexed) == len(self.outlines):
            return
        for path in self.outlines.keys() - self._indexed:
            outline = self.outlines[path]
            for symbol in outline.symbols if outline else ():
                place = Place(outline, symbol)  # type: ignore[arg-type]  # it has symbols
                self._by_fingerprint[symbol.fingerprint].append(place)
                self._by_tail[plain(last_name(symbol.name))].append(place)
                for mark in symbol.marks:
                    self._by_mark[mark].append(place)
        self._indexed = set(self.outlines)


def own_names(names: Mapping[str, str]) -> dict[str, str]:
    """Fingerprints by own names, of those by qualified names."""
    return {last_name(name): fingerprint for name, fingerprint in names.items()}
