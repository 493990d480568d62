"""Anchors: from what a person names (`api/models.py::Memory.load`) to the code, and what the code says now.

The functions here are pure: they are given a file's outline and decide. `codebase.py` fetches outlines,
`verdicts.py` keeps what was decided.
"""

from __future__ import annotations

import difflib
import hashlib

from recall.protocol.errors import RecallError
from recall.protocol.values import VERDICTS_WORST_FIRST, Verdict
from recalld.outline import FINGERPRINT_VERSION, SKIPPED, Outline, Symbol
from recalld.store.rows import AnchorRow, FormRow, VerdictRow

MAX_FORM_CHARACTERS = 64_000
SEPARATOR = "::"


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


def near_names(outline: Outline, name: str) -> list[str]:
    """At most three names of the file that look or sound like this one."""
    by_last: dict[str, str] = {}
    for symbol in outline.symbols:
        by_last.setdefault(symbol.name.rpartition(".")[2].casefold(), symbol.name)
    wanted = name.rpartition(".")[2].casefold()
    near = [by_last[last] for last in difflib.get_close_matches(wanted, by_last, n=3, cutoff=0.6)]
    near += [full for last, full in by_last.items() if wanted in last and full not in near]
    return near[:3]


def form_of_symbol(outline: Outline, symbol: Symbol, code: bytes, at: str) -> FormRow:
    """The accepted form of a symbol as it stands; `code` is its whole file's bytes, `at` the time of acceptance."""
    return FormRow(
        path=outline.path,
        symbol=symbol.name,
        kind=symbol.kind,
        fingerprint=symbol.fingerprint,
        header=symbol.header,
        fingerprint_version=FINGERPRINT_VERSION,
        size=symbol.size,
        language=outline.language,
        code=code[symbol.start : symbol.end].decode("utf-8", "replace").replace("\0", "")[:MAX_FORM_CHARACTERS],
        source="stored",
        accepted_at=at,
    )


def form_of_file(outline: Outline, at: str) -> FormRow:
    """The accepted form of a file: what it declares, one line each, or its bytes' hash where nothing is declared."""
    declared = sorted(f"{symbol.kind} {symbol.name} {symbol.fingerprint}" for symbol in outline.symbols)
    return _whole("file", outline.path, declared, outline.content_hash, outline.language, at)


def form_of_folder(folder: str, files: list[str], at: str) -> FormRow:
    """The accepted form of a folder: the files below it."""
    return _whole("folder", folder, sorted(files), "", None, at)


def _whole(kind: str, path: str, lines: list[str], otherwise: str, language: str | None, at: str) -> FormRow:
    content = "\n".join(lines)
    return FormRow(
        path=path,
        symbol=None,
        kind=kind,
        fingerprint=hashlib.blake2b(content.encode(), digest_size=16).hexdigest() if lines else otherwise,
        header="",
        fingerprint_version=FINGERPRINT_VERSION,
        size=len(lines),
        language=language,
        code=content[:MAX_FORM_CHARACTERS],
        source="stored",
        accepted_at=at,
    )


def verdict_of(anchor: AnchorRow, outline: Outline | None, *, exists: bool) -> VerdictRow:
    """What the code says of an anchor: by path and name, then by fingerprint.

    Args:
        anchor: with its accepted forms; none where its code was not there when it was stored.
        outline: of the file that the anchor names; None for folders and for a file that is not there.
        exists: whether the file or folder is there.
    """
    said = VerdictRow(anchor_id=anchor.id, verdict="current", reason="", path=anchor.path, symbol=anchor.symbol)
    if anchor.kind != "symbol":
        if not exists:
            said.verdict, said.reason = "missing", f"{anchor.path} does not exist"
        return said
    if not exists or outline is None or anchor.symbol is None:
        said.verdict, said.reason = "missing", f"{anchor.path} does not exist"
        return said
    symbol = _same_name(outline, anchor.symbol)
    if symbol is None:
        said.verdict, said.reason = "missing", f"{anchor.path} no longer has {anchor.symbol}"
        if outline.status in SKIPPED:
            said.reason = f"{anchor.path} could not be read ({outline.status})"
        elif not anchor.forms:
            said.reason = f"{anchor.path} has no {anchor.symbol}"
        return said
    said.symbol, said.line, said.end_line = symbol.name, symbol.line, symbol.end_line
    if anchor.forms and not any(form.fingerprint == symbol.fingerprint for form in anchor.forms):
        said.verdict, said.reason = "changed", _what_changed(anchor.forms[-1], symbol)
    return said


def _same_name(outline: Outline, name: str) -> Symbol | None:
    try:
        return find_symbol(outline, name)
    except RecallError:
        return None


def _what_changed(form: FormRow, symbol: Symbol) -> str:
    if form.kind != symbol.kind:
        return f"{symbol.name} was a {form.kind} and is a {symbol.kind} now"
    if form.header != symbol.header:
        return f"the declaration of {symbol.name} changed since {form.accepted_at[:10]}"
    return f"the code of {symbol.name} changed since {form.accepted_at[:10]}"


def worst(verdicts: list[VerdictRow]) -> tuple[Verdict | None, str]:
    """The worst verdict of a memory's anchors with its reason; None where it has none."""
    for verdict in VERDICTS_WORST_FIRST:
        for row in verdicts:
            if row.verdict == verdict:
                return verdict, row.reason
    return None, ""
