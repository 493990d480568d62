"""Forms: the states of code for which a memory is known to be true, or through which its code was followed. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from recalld.outline import FINGERPRINT_VERSION, SKIPPED, Outline, Symbol
from recalld.store.rows import FormRow, FormSource

MAX_CHARACTERS = 64_000
MAX_DECLARED = 500
"""Of a file's declarations, so many are kept with each form."""


def form_of_symbol(outline: Outline, symbol: Symbol, content: bytes, at: str, source: FormSource = "stored") -> FormRow:
    """The form of a symbol as it stands.

    Args:
        content: the bytes of its whole file.
        at: the time of acceptance.
        source: how it comes to be a form.
    """
    return FormRow(
        path=outline.path,
        symbol=symbol.name,
        kind=symbol.kind,
        fingerprint=symbol.fingerprint,
        header=symbol.header,
        fingerprint_version=FINGERPRINT_VERSION,
        size=symbol.size,
        language=outline.language,
        code=text_of(symbol, content),
        source=source,
        accepted_at=at,
        content_hash=outline.content_hash,
        marks=symbol.marks,
        beside="\n".join(declared(outline)[:MAX_DECLARED]),
    )


def form_of_file(outline: Outline, content: bytes, at: str, source: FormSource = "stored") -> FormRow:
    """The form of a file: what it declares, or where it declares nothing, its bytes."""
    lines = declared(outline)
    form = _whole("file", outline.path, lines, at, source)
    form.fingerprint = form.fingerprint or outline.content_hash
    form.content_hash, form.language = outline.content_hash, outline.language
    form.code = "" if outline.status in SKIPPED else _readable(content)
    form.beside = "\n".join(lines[:MAX_DECLARED])
    return form


def form_of_folder(folder: str, files: Sequence[str], at: str, source: FormSource = "stored") -> FormRow:
    """The form of a folder: the files below it, relative to it."""
    lines = inside(folder, files)
    form = _whole("folder", folder, lines, at, source)
    form.code = "\n".join(lines)[:MAX_CHARACTERS]
    return form


def inside(folder: str, files: Sequence[str]) -> list[str]:
    """The files below a folder, relative to it, sorted."""
    prefix = "" if folder == "./" else folder
    return sorted(file.removeprefix(prefix) for file in files)


def declared(outline: Outline) -> list[str]:
    """What a file declares, one `kind name fingerprint` a line, sorted."""
    return sorted(f"{symbol.kind} {symbol.name} {symbol.fingerprint}" for symbol in outline.symbols)


def declarations(lines: str) -> dict[str, str]:
    """Names and fingerprints of what a form says was declared."""
    found = {}
    for line in lines.splitlines():
        _, _, rest = line.partition(" ")
        name, _, fingerprint = rest.rpartition(" ")
        found[name] = fingerprint
    return found


def text_of(symbol: Symbol, content: bytes) -> str:
    """The text of a symbol, cut out of its file's bytes."""
    return _readable(content[symbol.start : symbol.end])


def lines_of(content: bytes, first: int, last: int) -> str:
    """The text of lines, counted from 1."""
    return _readable(b"\n".join(content.split(b"\n")[first - 1 : last]))


def _readable(content: bytes) -> str:
    return content.decode("utf-8", "replace").replace("\0", "")[:MAX_CHARACTERS]


def _whole(kind: str, path: str, lines: Sequence[str], at: str, source: FormSource) -> FormRow:
    return FormRow(
        path=path,
        symbol=None,
        kind=kind,
        fingerprint=hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest() if lines else "",
        header="",
        fingerprint_version=FINGERPRINT_VERSION,
        size=len(lines),
        language=None,
        code="",
        source=source,
        accepted_at=at,
    )
