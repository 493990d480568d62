"""Judgement: what a tree says of an anchor, from the anchor's forms and where its code was found. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from recall.protocol.errors import RecallError
from recall.protocol.values import VERDICTS_WORST_FIRST, Verdict
from recalld.memory import likeness, lines
from recalld.memory.anchors import find_symbol, place
from recalld.memory.difference import differences
from recalld.memory.evidence import Finding
from recalld.memory.forms import declarations
from recalld.memory.likeness import Code
from recalld.memory.snapshot import Place, Snapshot
from recalld.outline import SKIPPED, Outline, bare, last_name
from recalld.store.rows import AnchorRow, FormRow, VerdictRow

NOWHERE = frozenset({"missing", "ambiguous"})
"""Verdicts of code that stands nowhere, or nobody can say where."""
HALF = 0.5
"""A file or folder has changed once so much of what it declared or held is different."""
FEW = 2
"""In a file that declares no more than this each edit would be half of it: there the text decides."""
MAX_MEMBERS = 3
"""Of those that are gone or new, so many are named."""
MAX_LIKENESS = 0.99
"""What is shown of code that is not the same."""


class _At(Protocol):
    path: str
    symbol: str | None


def unjudged(anchor: AnchorRow, reason: str, verdict: Verdict = "missing") -> VerdictRow:
    """A verdict that rests on nothing but what is said."""
    return VerdictRow(
        anchor_id=anchor.id,
        verdict=verdict,
        reason=reason,
        path=anchor.path,
        symbol=anchor.symbol,
        evidence="nothing" if verdict == "missing" else "name",
    )


def waiting(anchor: AnchorRow, outline: Outline | None) -> VerdictRow:
    """What is to be said of an anchor that has no form yet: whether its code is there by name."""
    if outline is None or anchor.kind == "folder":
        return unjudged(anchor, f"{anchor.path} does not exist")
    if anchor.symbol is None:
        said = unjudged(anchor, "", "current")
        if anchor.lines:
            said.line, said.end_line = (int(number) for number in anchor.lines.split("-"))
        return said
    try:
        symbol = find_symbol(outline, anchor.symbol)
    except RecallError:
        return _nowhere(anchor, Finding(), outline)
    said = unjudged(anchor, "", "current")
    said.symbol, said.line, said.end_line, said.fingerprint = (
        symbol.name,
        symbol.line,
        symbol.end_line,
        symbol.fingerprint,
    )
    return said


# --- symbols and lines -----------------------------------------------------------------------------


def of_symbol(anchor: AnchorRow, finding: Finding, snapshot: Snapshot) -> VerdictRow:
    """What is to be said of an anchor to a symbol, or to lines of one.

    Args:
        anchor: with its forms; with their code where what was found is none of them.
        finding: what evidence there is.
        snapshot: with the contents of the file it was found in, for lines and for what is none of the forms.
    """
    if finding.place is None:
        return _nowhere(anchor, finding, snapshot.outlines.get(anchor.path))
    found = finding.place
    symbol, path = found.symbol, found.outline.path
    accepted = [form for form in anchor.forms if form.source != "followed"]
    said = unjudged(anchor, "", "current")
    said.path, said.symbol, said.evidence, said.fingerprint = path, symbol.name, finding.evidence, symbol.fingerprint
    said.line, said.end_line = symbol.line, symbol.end_line
    moved = all((form.path, bare(form.symbol or "")) != (path, bare(symbol.name)) for form in accepted)
    changed = all(form.fingerprint != symbol.fingerprint for form in accepted)
    if anchor.kind == "lines":
        changed = not _point_to_lines(said, accepted, snapshot.text(found), symbol.line, found.outline)
    elif changed and moved:
        changed = not _only_around(accepted, found, snapshot)
    said.trail = trail(anchor.forms, said)
    what = _what_changed(accepted, found, snapshot.text(found), anchor) if changed else ""
    alike = _likeness(accepted, found, snapshot) if moved and changed else None
    _conclude(said, _was(anchor, said) if moved else "", what, alike)
    return said


def _nowhere(anchor: AnchorRow, finding: Finding, outline: Outline | None) -> VerdictRow:
    if outline is None:
        gone = f"{anchor.path} does not exist"
    elif outline.status in SKIPPED:
        gone = f"{anchor.path} could not be read ({outline.status})"
    else:
        gone = f"{anchor.path} {'no longer has' if anchor.forms else 'has no'} {anchor.symbol}"
    if not finding.candidates:
        return unjudged(anchor, gone)
    said = unjudged(anchor, "", "ambiguous")
    said.evidence = "nothing"
    said.candidates = [place(each.outline.path, each.symbol.name) for each in finding.candidates]
    could = " or ".join(said.candidates[:3])
    too_little = ", but too little of it to be sure" if finding.trivial else ""
    said.reason = f"{gone}; {could} {'has' if len(said.candidates) == 1 else 'have'} such code{too_little}"
    return said


def _was(anchor: AnchorRow, now: VerdictRow) -> str:
    if anchor.path == now.path:
        return f"{anchor.symbol} is {now.symbol} now"
    if anchor.symbol == now.symbol:
        return f"moved from {anchor.path}"
    return f"{place(anchor.path, anchor.symbol)} is {place(now.path, now.symbol)} now"


def _what_changed(accepted: Sequence[FormRow], found: Place, text: str, anchor: AnchorRow) -> str:
    symbol = found.symbol
    form = nearest(accepted, text, found.outline.language, symbol.name)
    if anchor.kind == "lines":
        return f"lines {anchor.lines} of {symbol.name} changed since {form.accepted_at[:10]}"
    if form.kind != symbol.kind:
        return f"{symbol.name} was a {form.kind} and is a {symbol.kind} now"
    names = last_name(form.symbol or ""), last_name(symbol.name)
    parts = differences(form.code, text, found.outline.language, symbol.kind, names) if form.code else []
    which = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "code"
    members = _members(form, found) if "members" in parts else ""
    return f"the {which} of {symbol.name} changed since {form.accepted_at[:10]}{members}"


def _members(form: FormRow, found: Place) -> str:
    """Which members of a type are gone, and which are new."""
    then = {bare(name) for name in declarations(form.beside) if name.startswith(f"{form.symbol}.")}
    then = {name.removeprefix(f"{form.symbol}.") for name in then}
    prefix = f"{found.symbol.name}."
    now = {bare(each.name).removeprefix(prefix) for each in found.outline.symbols if each.name.startswith(prefix)}
    told = [
        f"{', '.join(sorted(names)[:MAX_MEMBERS])} {word}"
        for names, word in ((then - now, "gone"), (now - then, "new"))
        if names
    ]
    return f": {'; '.join(told)}" if told else ""


def nearest(accepted: Sequence[FormRow], text: str, language: str | None, symbol: str | None) -> FormRow:
    """Of several forms, the one that is most like a text, the newest of those; its own name is no difference."""
    if len(accepted) == 1:
        return accepted[0]
    now = Code(text, language, last_name(symbol or ""))
    return max(reversed(accepted), key=lambda form: likeness.likeness(_code(form), now))


def _code(form: FormRow) -> Code:
    return Code(form.code, form.language, last_name(form.symbol or ""))


def _likeness(accepted: Sequence[FormRow], found: Place, snapshot: Snapshot) -> float:
    now = snapshot.code(found)
    return max(likeness.likeness(_code(form), now) for form in accepted)


def _only_around(accepted: Sequence[FormRow], found: Place, snapshot: Snapshot) -> bool:
    """Whether code differs from one of its forms by nothing but the name of the type that it belongs to."""
    now = _with_masked(snapshot.code(found).tokens, found.symbol.name)
    return any(form.code and _with_masked(_code(form).tokens, form.symbol or "") == now for form in accepted)


def _with_masked(tokens: Sequence[str], name: str) -> list[str]:
    around = last_name(bare(name).rpartition(".")[0])
    return ["\1" if token == around else token for token in tokens]


def _point_to_lines(said: VerdictRow, accepted: Sequence[FormRow], text: str, start: int, outline: Outline) -> bool:
    """Let a verdict name the lines that an anchor is about; whether they say the same.

    Args:
        text: that they are in, and `start`, its first line in the file.
    """
    for form in reversed(accepted):
        first, then = form.excerpt_line, form.code
        last = first + form.excerpt.count("\n")
        if last > then.count("\n"):  # the code was too long to be kept whole
            first, last, then = 0, form.excerpt.count("\n"), form.excerpt
        names = last_name(form.symbol or ""), last_name(said.symbol or "")
        found = lines.follow(then, first, last, text, outline.language, names)
        if found.same or form is accepted[-1]:
            said.line, said.end_line = start + found.first, start + found.last
        if found.same:
            return True
    return False


def trail(forms: Sequence[FormRow], now: _At) -> list[str]:
    """The places that code has been, the first as stored, the last where it is now; empty where it never moved."""
    been = list(dict.fromkeys(place(form.path, form.symbol) for form in forms))
    here = place(now.path, now.symbol)
    steps = [*been[: been.index(here)], here] if here in been else [*been, here]
    return steps if len(steps) > 1 else []


# --- files and folders -----------------------------------------------------------------------------


def of_file(anchor: AnchorRow, outline: Outline | None, candidates: Sequence[Outline], content: bytes) -> VerdictRow:
    """What is to be said of an anchor to a file, or to lines outside any symbol.

    Args:
        outline: of the file where it is now; None where it is nowhere, or could be several.
        candidates: those that it could be.
        content: of the file, where it declares nothing.
    """
    if outline is None:
        said = unjudged(anchor, f"{anchor.path} does not exist")
        if candidates:
            said.verdict, said.candidates = "ambiguous", [each.path for each in candidates]
            said.reason += f"; it could be {' or '.join(said.candidates[:3])}"
        return said
    said = unjudged(anchor, "", "current")
    accepted = [form for form in anchor.forms if form.source != "followed"]
    said.path, said.fingerprint = outline.path, outline.content_hash
    said.evidence = "form" if any(form.path == outline.path for form in anchor.forms) else "file"
    said.trail = trail(anchor.forms, said)
    moved = all(form.path != outline.path for form in accepted)
    if anchor.kind == "lines":
        what, alike = _lines_of_file(said, accepted, content, outline), None
    else:
        what, alike = _most_of_file(accepted, outline, content)
    _conclude(said, f"moved from {anchor.path}" if moved else "", what, alike)
    return said


def _most_of_file(accepted: Sequence[FormRow], outline: Outline, content: bytes) -> tuple[str, float | None]:
    """What to say if most of a file is different from each of its forms, and how alike it is; else nothing."""
    now = {symbol.name: symbol.fingerprint for symbol in outline.symbols}
    said: tuple[str, float | None] = ("", None)
    for form in accepted:
        if form.content_hash == outline.content_hash or outline.status in SKIPPED:
            return "", None
        then = declarations(form.beside)
        if len(then) <= FEW:
            same = _same_text(form, content, outline.language)
            what = f"{1 - same:.0%} of it changed"
        else:
            same, what = _same_declarations(then, now, complete=len(then) == form.size)
        if same > HALF:
            return "", None
        said = f"{what} since {form.accepted_at[:10]}", same
    return said


def _same_text(form: FormRow, content: bytes, language: str | None) -> float:
    text = content.decode("utf-8", "replace")
    if not form.code:
        return 0.0  # nothing that could be read
    if language is None:
        return likeness.lines_likeness(form.code, text)
    return likeness.likeness(Code(form.code, language), Code(text, language))


def _same_declarations(then: dict[str, str], now: dict[str, str], *, complete: bool) -> tuple[float, str]:
    """The share of declarations that are the same, and what to say of the others.

    Args:
        complete: `then` is all that was declared; else what is new cannot be told from what it leaves out.
    """
    kept = sum(now.get(name) == fingerprint for name, fingerprint in then.items())
    # What was only renamed is still there.
    renamed = Counter(fp for name, fp in now.items() if name not in then)
    kept += (Counter(fp for name, fp in then.items() if name not in now) & renamed).total()
    total = max(len(then), len(now)) if complete else len(then)
    return kept / total, f"{total - kept} of its {total} declarations changed"


def _lines_of_file(said: VerdictRow, accepted: Sequence[FormRow], content: bytes, outline: Outline) -> str:
    if _point_to_lines(said, accepted, content.decode("utf-8", "replace"), 1, outline):
        return ""
    return f"these lines changed since {accepted[-1].accepted_at[:10]}"


def of_folder(anchor: AnchorRow, folder: str | None, files: Sequence[str]) -> VerdictRow:
    """What is to be said of an anchor to a folder: whatever happens inside files, it is current.

    Args:
        folder: where it is now.
        files: below it, relative to it.
    """
    if folder is None:
        return unjudged(anchor, f"{anchor.path} does not exist")
    said = unjudged(anchor, "", "current")
    said.path, said.evidence = folder, "form" if any(form.path == folder for form in anchor.forms) else "file"
    said.trail = trail(anchor.forms, said)
    accepted = [form for form in anchor.forms if form.source != "followed"]
    what = ""
    # A file that was only moved inside the folder is still in it.
    there = Counter(file.rpartition("/")[2] for file in files)
    gone = [
        ((Counter(file.rpartition("/")[2] for file in form.code.splitlines()) - there).total(), form)
        for form in accepted
        if form.code
    ]
    if gone and all(count > HALF * form.size for count, form in gone):
        what = f"{gone[-1][0]} of the {gone[-1][1].size} files in it are gone since {gone[-1][1].accepted_at[:10]}"
    moved = all(form.path != folder for form in accepted)
    _conclude(said, f"moved from {anchor.path}" if moved else "", what, None)
    return said


def _conclude(said: VerdictRow, moved: str, changed: str, alike: float | None) -> None:
    """Make a verdict of what is to be said of the place and of the content, each empty where it is as it was."""
    if moved and changed:
        said.verdict, said.reason = "moved+changed", f"{moved}, and {changed}"
        if alike is not None:
            said.likeness = round(min(alike, MAX_LIKENESS), 2)
            said.reason += f" (likeness {said.likeness:.2f})"
    elif moved:
        said.verdict, said.reason = "moved", moved
    elif changed:
        said.verdict, said.reason = "changed", changed


def worst(verdicts: Sequence[VerdictRow]) -> tuple[Verdict | None, str]:
    """The worst verdict of a memory's anchors with its reason; None where it has none."""
    for verdict in VERDICTS_WORST_FIRST:
        for row in verdicts:
            if row.verdict == verdict:
                return verdict, row.reason
    return None, ""
