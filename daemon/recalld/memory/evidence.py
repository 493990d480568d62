"""Evidence: where the code of an anchor stands in a tree, by the forms it has had. Pure.

In this order: one of its forms stands there; its name does; it went along with its file or its class; its exact
body is somewhere else; a similar body is. A body of little meaning bars the last two, several equally good
candidates are ambiguous, and what stood beside the code all along is no candidate for it.
`ARCHITECTURE.md` says how the thresholds were chosen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recalld.memory.candidates import WENT_ALONG, Candidate, share
from recalld.memory.candidates import candidates as all_candidates
from recalld.memory.forms import declarations
from recalld.memory.snapshot import Place, Snapshot, own_names
from recalld.outline import Outline, bare
from recalld.store.rows import Evidence, FormRow

UNLIKE = 0.3
"""Below this, what stands under the old name is other code."""
MARGIN = 0.08
"""By so much the best candidate has to be better than the next."""
MAX_CANDIDATES = 5
"""So many are named where there is no saying."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of an anchor's code."""

    place: Place | None = None
    evidence: Evidence = "nothing"
    candidates: tuple[Place, ...] = ()
    """Where it could be, if there is no saying."""
    trivial: bool = False
    """There is too little of it to be told from other code."""


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


def search(forms: Sequence[FormRow], snapshot: Snapshot) -> Finding:
    """The place of code that no form stands for, by all there is.

    Args:
        forms: with their code, oldest first.
        snapshot: with the outlines and contents of all files that `standing` or a name or body may lead to.
    """
    candidates = list(all_candidates(forms, snapshot))
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


def _renamed_at_home(candidates: Sequence[Candidate], standing: Candidate) -> bool:
    """Whether the body stands in the same file under another name, so that the old name was given to other code."""
    return any(
        each.exact and each.at_home and each.place.outline is standing.place.outline and each.shared >= each.enough
        for each in candidates
        if each is not standing
    )


def _decide(candidates: Sequence[Candidate], evidence: Evidence) -> Finding:
    """The best of candidates that each have all the evidence it takes."""
    best = max((each.exact, each.same_name) for each in candidates)
    level = [each for each in candidates if (each.exact, each.same_name) == best]
    level.sort(key=lambda each: each.score, reverse=True)
    if len(level) > 1 and level[1].score > level[0].score - MARGIN:
        return Finding(candidates=_places(level))
    return Finding(level[0].place, evidence)


def _exact(candidates: Sequence[Candidate]) -> Finding:
    nearest = max(each.near for each in candidates)
    level = [each for each in candidates if each.near == nearest]
    trivial = level[0].shared < level[0].enough
    if trivial and not any(nearest[1:]) and len(candidates) > MAX_CANDIDATES:
        return Finding()  # it could be anywhere, which is no news
    if trivial or len(level) > 1:
        return Finding(candidates=_places(level), trivial=trivial)
    return Finding(level[0].place, "body")


def _alike(candidates: Sequence[Candidate]) -> Finding:
    level = sorted(candidates, key=lambda each: each.score, reverse=True)
    level = [each for each in level if each.score > level[0].score - MARGIN]
    meaningful = [each for each in level if each.shared >= each.enough]
    if len(level) > 1 or not meaningful:
        return Finding(candidates=_places(level), trivial=not meaningful)
    return Finding(level[0].place, "likeness")


def _places(candidates: Sequence[Candidate]) -> tuple[Place, ...]:
    ordered = sorted(candidates, key=lambda each: (each.place.outline.path, each.place.symbol.start))
    return tuple(each.place for each in ordered[:MAX_CANDIDATES])


def _at_a_form(candidate: Candidate, forms: Sequence[FormRow]) -> bool:
    at = candidate.place.outline.path, bare(candidate.place.symbol.name)
    return any((form.path, bare(form.symbol or "")) == at for form in forms)


# --- files -----------------------------------------------------------------------------------------


def became(form: FormRow, snapshot: Snapshot) -> list[Outline]:
    """Which files one that is gone most likely is now.

    Args:
        form: that was seen in it.
        snapshot: with those that may be it.

    Returns:
        None, one, or several that are equally likely. What had the same bytes all along is the last to be thought of.
    """
    then = declarations(form.beside)
    own_then = own_names(then)
    twins = form.namesakes.splitlines() if form.symbol is None else []
    likely: list[tuple[tuple[bool, float, bool], Outline]] = []
    for outline in snapshot.outlines.values():
        if outline is None:
            continue
        same_bytes = bool(form.content_hash) and outline.content_hash == form.content_hash
        # By own names too: where a file is called after its class, both are renamed together.
        now, own_now = snapshot.declared(outline)
        kept = max(share(then, now), share(own_then, own_now)) if then else 0.0
        if same_bytes or kept >= WENT_ALONG:
            same_name = outline.path.rpartition("/")[2] == form.path.rpartition("/")[2]
            likely.append(((outline.path not in twins, 2.0 if same_bytes else kept, same_name), outline))
    best = max((rank for rank, _ in likely), default=None)
    return sorted((outline for rank, outline in likely if rank == best), key=lambda outline: outline.path)


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
