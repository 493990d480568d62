"""Candidates: the symbols that lost code may be now, and what speaks for each. Pure.

`ARCHITECTURE.md` says how the thresholds were chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from recalld.memory.anchors import place as written
from recalld.memory.forms import declarations
from recalld.memory.likeness import Code, likeness, name_likeness
from recalld.memory.snapshot import Place, Snapshot
from recalld.outline import Symbol, bare, last_name, plain
from recalld.store.rows import FormRow

WENT_ALONG = 0.4
"""Of what a class declared, so much stands unchanged in the one it became."""
ENOUGH_BY_NAME, ENOUGH_AT_HOME, ENOUGH_ELSEWHERE = 1, 3, 5
"""Words and operators that two texts must share to be evidence: the same body of the same name in the same file; in the
same file or by the same name; and else."""
ALIKE_AT_HOME, ALIKE_BY_TAIL, ALIKE_BY_NAME = 0.5, 0.45, 0.3
"""Likeness to follow by in the same file: under another name; under the same own name in another class; under a name
that is alike."""
ALIKE_ELSEWHERE, ALIKE_BY_QUALIFIED, ALIKE_BY_BODY = 0.65, 0.5, 0.75
"""The same in another file: under the same own name; under the same qualified name; under another name."""
NAMES_ALIKE = 0.8
NAME_WEIGHT = 0.1
NEAR_IN_SIZE, SHORT = 0.3, 8
"""Code that has less than this share of the other's tokens, and these few, is not compared."""
MAX_FORMS = 8
"""Of an anchor's forms, so many are compared by likeness: the first, and the newest."""
CONSTRUCTOR = "constructor"

_GROUPS = {
    **dict.fromkeys(("function", "method", CONSTRUCTOR, "macro"), "code"),
    **dict.fromkeys(("constant", "variable", "field", "property"), "value"),
}


@dataclass(slots=True)
class Candidate:
    """A symbol that lost code may be now, and what speaks for it."""

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
    known: bool
    """It stood in another file all along."""
    likeness: float = 0.0
    shared: int = 0
    """Words and operators that it shares with the nearest form."""
    name_likeness: float = 0.0

    @property
    def score(self) -> float:
        """How good it is among others."""
        return self.likeness + NAME_WEIGHT * self.name_likeness

    @property
    def near(self) -> tuple[bool, bool, bool, bool]:
        """How near it is to where the code was; what was there all along is the last to be thought of."""
        return not self.known, self.same_tail, self.at_home, self.same_name

    @property
    def enough(self) -> int:
        """How many words and operators it must share to be evidence."""
        if self.exact and self.at_home and self.same_tail:
            return ENOUGH_BY_NAME
        return ENOUGH_AT_HOME if self.at_home or self.same_tail else ENOUGH_ELSEWHERE

    @property
    def alike(self) -> bool:
        """Whether it is like enough to be followed to."""
        if self.same_tail:
            needed = ALIKE_BY_QUALIFIED if self.same_name else ALIKE_ELSEWHERE
            needed = ALIKE_BY_TAIL if self.at_home else needed
        elif self.at_home:
            needed = ALIKE_BY_NAME if self.name_likeness >= NAMES_ALIKE else ALIKE_AT_HOME
        else:
            needed = ALIKE_BY_BODY
        return self.likeness >= needed


def candidates(forms: Sequence[FormRow], snapshot: Snapshot) -> Iterator[Candidate]:
    """The symbols that the code of an anchor may be, with what speaks for each.

    Args:
        forms: of the anchor, with their code, oldest first.
        snapshot: with the contents of the files that these may be in.
    """
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
        found = Candidate(
            place,
            same_name=plain(bare(symbol.name)) in own,
            same_tail=same_tail,
            at_home=at_home,
            went_along=same_tail and any(_went_along(family, place, snapshot) for family in families),
            exact=exact,
            known=not at_home and written(path, bare(symbol.name)) in namesakes,
        )
        if found.known and not (exact or found.went_along):
            continue
        if not (exact or found.went_along or found.same_name):
            # Saves comparing texts that cannot be alike. A header alone, such as `(self)`, says little.
            telling = at_home or not marks.isdisjoint(symbol.marks)
            near = NEAR_IN_SIZE if telling else ALIKE_ELSEWHERE
            if not (telling or symbol.header in headers) or not _near_in_size(symbol, compared, near):
                continue
        _compare(found, codes, snapshot.code(place))
        if not (known and found.shared < found.enough):
            yield found


def _near_in_size(symbol: Symbol, forms: Sequence[FormRow], share: float) -> bool:
    """Whether one has at least that share of the other's tokens; of short code, a few more or less do not count."""
    return any(min(symbol.size, form.size) + SHORT > max(symbol.size, form.size) * share for form in forms)


def _compare(found: Candidate, codes: Sequence[tuple[FormRow, Code]], code: Code) -> None:
    symbol = found.place.symbol
    for form, then in codes:
        alike = 1.0 if form.fingerprint == symbol.fingerprint else likeness(then, code)
        shared = len(then.meaning & code.meaning)
        found.likeness, found.shared = max((found.likeness, found.shared), (alike, shared))
        found.name_likeness = max(
            found.name_likeness, name_likeness(last_name(symbol.name), last_name(form.symbol or ""))
        )


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
    now = _members(snapshot.declared(place.outline)[0], around)
    return share(family.members, now) >= WENT_ALONG


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


def share(then: Mapping[str, str], now: Mapping[str, str]) -> float:
    """The share of what was declared then that is so now, by name and fingerprint."""
    return sum(now.get(name) == fingerprint for name, fingerprint in then.items()) / len(then)


def _group(kind: str) -> str:
    return _GROUPS.get(kind, "type")
