"""Evidence: where the code of an anchor stands in a tree, by the forms it has had. Pure.

In this order: one of its forms stands there; its name does; it went along with its file or its class; its exact
body is somewhere else; a similar body is. A body of little meaning bars the last two, several equally good
candidates are ambiguous, and what stood beside the code all along is no candidate for it.
`ARCHITECTURE.md` says how the thresholds were chosen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from recalld.memory.anchors import place as written
from recalld.memory.forms import declarations, text_of
from recalld.memory.likeness import Code, likeness, name_likeness
from recalld.outline import Outline, Symbol, bare, last_name, plain
from recalld.store.rows import Evidence, FormRow

WENT_ALONG = 0.4
"""Of what a file or class declared, so much stands unchanged in the one it became."""
ENOUGH_BY_NAME, ENOUGH_AT_HOME, ENOUGH_ELSEWHERE = 1, 3, 5
"""Words and operators that two texts must share to be evidence: the same body of the same name in the same file; in the
same file or by the same name; and else."""
ALIKE_AT_HOME, ALIKE_BY_TAIL, ALIKE_BY_NAME = 0.5, 0.45, 0.3
"""Likeness to follow by in the same file: under another name; under the same own name in another class; under a name
that is alike."""
ALIKE_ELSEWHERE, ALIKE_BY_QUALIFIED, ALIKE_BY_BODY = 0.65, 0.5, 0.75
"""The same in another file: under the same own name; under the same qualified name; under another name."""
NAMES_ALIKE = 0.8
UNLIKE = 0.3
"""Below this, what stands under the old name is other code."""
MARGIN = 0.08
"""By so much the best candidate has to be better than the next."""
NAME_WEIGHT = 0.1
NEAR_IN_SIZE, SHORT = 0.3, 8
"""Code that has less than this share of the other's tokens, and these few, is not compared."""
MAX_CANDIDATES = 5
MAX_FORMS = 8
"""Of an anchor's forms, so many are compared by likeness: the first, and the newest."""

CONSTRUCTOR = "constructor"
_GROUPS = {
    **dict.fromkeys(("function", "method", CONSTRUCTOR, "macro"), "code"),
    **dict.fromkeys(("constant", "variable", "field", "property"), "value"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A symbol in a file."""

    outline: Outline
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of an anchor's code."""

    place: Place | None = None
    evidence: Evidence = "nothing"
    likeness: float | None = None
    candidates: tuple[Place, ...] = ()
    """Where it could be, if there is no saying."""
    trivial: bool = False
    """There is too little of it to be told from other code."""


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
        return [
            found
            for _, found in sorted(
                {(each.outline.path, each.symbol.start, each.symbol.name): each for each in found}.items()
            )
        ]

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


# --- by name ---------------------------------------------------------------------------------------


def standing(forms: Sequence[FormRow], snapshot: Snapshot) -> Finding | None:
    """The place where a form stands, or the only one that has the name of a form.

    Returns:
        None where that does not decide it.
    """
    in_order = sorted(forms, key=lambda form: (form.source != "followed", form.id), reverse=True)
    named: dict[tuple[str, str], Place] = {}
    doubtful = False
    for form in in_order:
        outline = snapshot.outlines.get(form.path)
        if outline is None or form.symbol is None:
            continue
        for symbol in outline.symbols:
            if symbol.name == form.symbol:
                named.setdefault((form.path, symbol.name), Place(outline, symbol))
            elif bare(symbol.name) != bare(form.symbol):
                continue
            else:
                doubtful = True
            if symbol.fingerprint == form.fingerprint:
                return Finding(Place(outline, symbol), "form")
    if len(named) == 1 and not doubtful:
        place = next(iter(named.values()))
        if not _body_under_other_name(forms, place):
            return Finding(place, "name")
    return None


def _body_under_other_name(forms: Sequence[FormRow], place: Place) -> bool:
    fingerprints = {form.fingerprint for form in forms}
    return any(symbol.fingerprint in fingerprints for symbol in place.outline.symbols)


# --- by more ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Candidate:
    place: Place
    same_name: bool
    """Its qualified name is that of a form."""
    same_tail: bool
    """Its own name is."""
    at_home: bool
    """It is in the file of a form, or in what that became."""
    went_along: bool
    """It went along with its file or class."""
    exact: bool
    likeness: float = 0.0
    shared: int = 0
    """Words and operators that it shares with the nearest form."""
    name_likeness: float = 0.0

    @property
    def score(self) -> float:
        return self.likeness + NAME_WEIGHT * self.name_likeness

    @property
    def near(self) -> tuple[bool, bool, bool]:
        return self.same_tail, self.at_home, self.same_name

    @property
    def enough(self) -> int:
        if self.exact and self.at_home and self.same_tail:
            return ENOUGH_BY_NAME
        return ENOUGH_AT_HOME if self.at_home or self.same_tail else ENOUGH_ELSEWHERE

    @property
    def alike(self) -> bool:
        if self.same_tail:
            needed = ALIKE_BY_QUALIFIED if self.same_name else ALIKE_ELSEWHERE
            needed = ALIKE_BY_TAIL if self.at_home else needed
        elif self.at_home:
            needed = ALIKE_BY_NAME if self.name_likeness >= NAMES_ALIKE else ALIKE_AT_HOME
        else:
            needed = ALIKE_BY_BODY
        return self.likeness >= needed


def search(forms: Sequence[FormRow], snapshot: Snapshot) -> Finding:
    """The place of code that no form stands for, by all there is.

    Args:
        forms: with their code, oldest first.
        snapshot: with the outlines and contents of all files that `standing` or a name or body may lead to.
    """
    candidates = list(_candidates(forms, snapshot))
    by_name = [each for each in candidates if each.same_name and _at_a_form(each, forms)]
    if by_name:
        best = max(by_name, key=lambda each: (each.exact, each.likeness))
        if best.likeness >= UNLIKE or not _renamed_at_home(candidates, best):
            return Finding(best.place, "name")
    others = [each for each in candidates if each not in by_name]
    along = [each for each in others if each.went_along]
    if along:
        return _decide(along, "file")
    exact = [each for each in others if each.exact]
    if exact:
        return _exact(exact)
    alike = [each for each in others if each.alike]
    return _alike(alike) if alike else Finding()


def _renamed_at_home(candidates: Sequence[_Candidate], standing: _Candidate) -> bool:
    """Whether the body stands in the same file under another name, so that the old name was given to other code."""
    return any(
        each.exact and each.at_home and each.place.outline is standing.place.outline and each.shared >= each.enough
        for each in candidates
        if each is not standing
    )


def _decide(candidates: Sequence[_Candidate], evidence: Evidence) -> Finding:
    """The best of candidates that each have all the evidence it takes."""
    best = max((each.exact, each.same_name) for each in candidates)
    level = [each for each in candidates if (each.exact, each.same_name) == best]
    level.sort(key=lambda each: each.score, reverse=True)
    if len(level) > 1 and level[1].score > level[0].score - MARGIN:
        return Finding(candidates=_places(level))
    return Finding(level[0].place, evidence, level[0].likeness)


def _exact(candidates: Sequence[_Candidate]) -> Finding:
    nearest = max(each.near for each in candidates)
    level = [each for each in candidates if each.near == nearest]
    trivial = level[0].shared < level[0].enough
    if trivial and not any(nearest) and len(candidates) > MAX_CANDIDATES:
        return Finding()  # it could be anywhere, which is no news
    if trivial or len(level) > 1:
        return Finding(candidates=_places(level), trivial=trivial)
    return Finding(level[0].place, "body", level[0].likeness)


def _alike(candidates: Sequence[_Candidate]) -> Finding:
    level = sorted(candidates, key=lambda each: each.score, reverse=True)
    level = [each for each in level if each.score > level[0].score - MARGIN]
    meaningful = [each for each in level if each.shared >= each.enough]
    if len(level) > 1 or not meaningful:
        return Finding(candidates=_places(level), trivial=not meaningful)
    return Finding(level[0].place, "likeness", level[0].likeness)


def _places(candidates: Sequence[_Candidate]) -> tuple[Place, ...]:
    ordered = sorted(candidates, key=lambda each: (each.place.outline.path, each.place.symbol.start))
    return tuple(each.place for each in ordered[:MAX_CANDIDATES])


# --- candidates ------------------------------------------------------------------------------------


def _candidates(forms: Sequence[FormRow], snapshot: Snapshot) -> Iterator[_Candidate]:
    compared = [forms[0], *forms[1:][-MAX_FORMS + 1 :]]
    codes = [(form, Code(form.code, form.language, last_name(form.symbol or ""))) for form in compared]
    names = {form.symbol or "" for form in forms}
    own = {plain(bare(name)) for name in names}
    tails = {plain(last_name(name)) for name in names}
    fingerprints = {form.fingerprint for form in forms}
    marks = {mark for form in compared for mark in form.marks}
    constructs = forms[-1].kind == CONSTRUCTOR  # named after its class in some languages
    headers = {form.header for form in compared}
    beside: defaultdict[str, set[str]] = defaultdict(set)
    stood_beside: set[str] = set()
    namesakes = {line for form in compared for line in form.namesakes.splitlines()}
    families = []
    for form in compared:
        declared = declarations(form.beside)
        families.append(_family(form, declared, snapshot))
        stood_beside |= set(declared.values()) - fingerprints
        for home in (form.path, *snapshot.became.get(form.path, ())):
            beside[home] |= declared.keys() - names
    for place in snapshot.places(beside, fingerprints, tails, marks):
        symbol, path = place.symbol, place.outline.path
        at_home, exact = path in beside, symbol.fingerprint in fingerprints
        # What stood beside the code when that was accepted cannot be what became of it.
        known = symbol.name in beside.get(path, ())
        if _group(symbol.kind) != _group(forms[-1].kind) or (
            at_home and not exact and (known or symbol.fingerprint in stood_beside)
        ):
            continue
        same_tail = plain(last_name(symbol.name)) in tails or (constructs and at_home and symbol.kind == CONSTRUCTOR)
        found = _Candidate(
            place,
            same_name=plain(bare(symbol.name)) in own,
            same_tail=same_tail,
            at_home=at_home,
            went_along=same_tail and any(_went_along(family, place, snapshot) for family in families),
            exact=exact,
        )
        if not (exact or found.went_along or at_home) and written(path, bare(symbol.name)) in namesakes:
            continue  # it was there all along, too
        if not (exact or found.went_along or found.same_name):
            telling = at_home or symbol.header in headers or not marks.isdisjoint(symbol.marks)
            if not (telling and _near_in_size(symbol, compared)):
                continue  # saves comparing texts that cannot be alike
        _compare(found, codes, snapshot.code(place))
        if not (known and found.shared < found.enough):
            yield found


def _near_in_size(symbol: Symbol, forms: Sequence[FormRow]) -> bool:
    """Whether one may be alike to the other at all; saves comparing their texts."""
    return any(min(symbol.size, form.size) + SHORT > max(symbol.size, form.size) * NEAR_IN_SIZE for form in forms)


def _compare(found: _Candidate, codes: Sequence[tuple[FormRow, Code]], code: Code) -> None:
    symbol = found.place.symbol
    for form, then in codes:
        alike = 1.0 if form.fingerprint == symbol.fingerprint else likeness(then, code)
        shared = len(then.meaning & code.meaning)
        found.likeness, found.shared = max((found.likeness, found.shared), (alike, shared))
        found.name_likeness = max(
            found.name_likeness, name_likeness(last_name(symbol.name), last_name(form.symbol or ""))
        )


def _at_a_form(candidate: _Candidate, forms: Sequence[FormRow]) -> bool:
    at = candidate.place.outline.path, bare(candidate.place.symbol.name)
    return any((form.path, bare(form.symbol or "")) == at for form in forms)


@dataclass(frozen=True, slots=True)
class _Family:
    """What code may have gone along with: its file, or its class if that is not where it was."""

    path: str
    name: str
    around: str
    """The class, or nothing."""
    members: dict[str, str]
    """Names and fingerprints of its other members."""


def _family(form: FormRow, declared: Mapping[str, str], snapshot: Snapshot) -> _Family:
    name = bare(form.symbol or "")
    around = name.rpartition(".")[0]
    left = snapshot.outlines.get(form.path)
    if left is not None and any(bare(symbol.name) == around for symbol in left.symbols):
        around = ""
    members = _members(declared, around) if around else {}
    members.pop(last_name(name), None)
    return _Family(form.path, name, around, members)


def _went_along(family: _Family, place: Place, snapshot: Snapshot) -> bool:
    name = bare(place.symbol.name)
    if place.outline.path in snapshot.became.get(family.path, ()):
        return name == family.name or _renamed_around(family, place)
    around = name.rpartition(".")[0]
    if not (around and family.members) or (around, place.outline.path) == (family.around, family.path):
        return False
    now = _members({symbol.name: symbol.fingerprint for symbol in place.outline.symbols}, around)
    return _share(family.members, now) >= WENT_ALONG


def _renamed_around(family: _Family, place: Place) -> bool:
    """Whether a name differs from the old one by its outermost class alone, which the file does not have any more."""
    outer, _, inner = bare(place.symbol.name).partition(".")
    was_outer, _, was_inner = family.name.partition(".")
    constructs = place.symbol.kind == CONSTRUCTOR and (inner, was_inner) == (outer, was_outer)
    if not inner or (inner != was_inner and not constructs):
        return False
    return all(bare(symbol.name) != was_outer for symbol in place.outline.symbols)


def _members(names: Mapping[str, str], around: str) -> dict[str, str]:
    return {name[len(around) + 1 :]: fp for name, fp in names.items() if name.startswith(f"{around}.")}


def _share(then: Mapping[str, str], now: Mapping[str, str]) -> float:
    return sum(now.get(name) == fingerprint for name, fingerprint in then.items()) / len(then)


def _group(kind: str) -> str:
    return _GROUPS.get(kind, "type")


# --- files -----------------------------------------------------------------------------------------


def became(then: Mapping[str, str], content_hash: str, path: str, files: Sequence[Outline]) -> list[Outline]:
    """Which files one that is gone most likely is now.

    Args:
        then: names and fingerprints of what it declared.
        content_hash: of all of it, or empty.
        path: that it had.
        files: those that may be it.

    Returns:
        None, one, or several that are equally likely.
    """
    likely: list[tuple[float, bool, Outline]] = []
    for outline in files:
        same_bytes = bool(content_hash) and outline.content_hash == content_hash
        now = {symbol.name: symbol.fingerprint for symbol in outline.symbols}
        # By own names too: where a file is called after its class, both are renamed together.
        share = max(_share(then, now), _share(_own_names(then), _own_names(now))) if then else 0.0
        if same_bytes or share >= WENT_ALONG:
            same_name = outline.path.rpartition("/")[2] == path.rpartition("/")[2]
            likely.append((1.0 + same_bytes if same_bytes else share, same_name, outline))
    best = max((each[:2] for each in likely), default=None)
    return sorted((outline for *rank, outline in likely if tuple(rank) == best), key=lambda outline: outline.path)


def _own_names(names: Mapping[str, str]) -> dict[str, str]:
    return {last_name(name): fingerprint for name, fingerprint in names.items()}


def folder_became(then: Sequence[str], files: Iterable[str]) -> str | None:
    """Where a folder that is gone is now: the only one that has most of its files, by their paths below it.

    Args:
        then: the files it had, relative to it.
        files: all files of the tree.
    """
    by_name = defaultdict(list)
    for relative in then:
        by_name[relative.rpartition("/")[2]].append(relative)
    counts: Counter[str] = Counter()
    for path in files:
        for relative in by_name.get(path.rpartition("/")[2], ()):
            if path.endswith(f"/{relative}"):
                counts[path.removesuffix(relative)] += 1
    (best, most), (_, next_most) = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    return best if most > len(then) / 2 and most > next_most else None
