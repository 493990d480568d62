"""Renewal: forms from before the normalisation changed get the fingerprints that their code has now."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from recalld.code import ParserPool
from recalld.memory.forms import MAX_CHARACTERS, form_of_file
from recalld.outline import CODE_KINDS, FINGERPRINT_VERSION, SKIPPED, CutOut, Outline, bare
from recalld.store import Store, anchors
from recalld.store.rows import FormRow

BATCH = 64
"""So many forms are on the disk, in the parsers' queue, and in one transaction, at once."""

_NOT_READ = frozenset({"unreadable", "gone"})
"""Through no fault of the code: it is tried again at the next start."""

log = logging.getLogger(__name__)


class Renewal:
    """Makes older fingerprints anew.

    A form of which that cannot be done, because its code is not whole, breaks a parser or is no definition by itself,
    keeps what it has, and is left alone until the normalisation changes again.
    """

    def __init__(self, store: Store, pool: ParserPool) -> None:
        self._store = store
        self._pool = pool

    async def run(self) -> None:
        """Make anew whatever is to be; verdicts that are judged afterwards rest on it."""
        after = renewed = kept = 0
        while forms := await self._store.truth.read(anchors.outdated_forms, after, BATCH):
            after = forms[-1].id
            outlines = await self._outlines(forms)
            tried = [form for form in forms if form.id not in outlines or outlines[form.id].status not in _NOT_READ]
            if not tried:
                log.error("no parser works: fingerprints of an older version wait for the next start")
                break
            made = [new for form in tried if (new := renew(form, outlines.get(form.id)))]
            left = {form.id for form in tried} - {form.id for form in made}
            await self._store.truth.write(anchors.renew_forms, made, left)
            renewed, kept = renewed + len(made), kept + len(left)
        if renewed or kept:
            log.warning("%d forms of code got new fingerprints, %d keep those of an older version", renewed, kept)

    async def _outlines(self, forms: Sequence[FormRow]) -> dict[int, Outline]:
        """What parsing the code of these forms gives, by their ids; of those that have code to parse."""
        parsed = [form for form in forms if is_parsed(form)]
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="recalld-"))
        try:
            await asyncio.to_thread(_write, parsed, folder)
            outlines = await asyncio.gather(
                *(self._pool.outline(folder / str(form.id), _name(form), cut_out=cut_out(form)) for form in parsed)
            )
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return {form.id: outline for form, outline in zip(parsed, outlines, strict=True)}


def is_parsed(form: FormRow) -> bool:
    """Whether a form's fingerprint rests on what its code says, and the code is all there, as it was."""
    whole = len(form.code) < MAX_CHARACTERS and "\N{REPLACEMENT CHARACTER}" not in form.code
    return form.language is not None and form.code != "" and whole


def cut_out(form: FormRow) -> CutOut | None:
    """How the code of a symbol's form is to be read; None for that of a file."""
    if form.symbol is None or form.language is None:
        return None
    declared = [line.partition(" ") for line in form.beside.splitlines()]
    functions = [bare(rest.rpartition(" ")[0]) for kind, _, rest in declared if kind in CODE_KINDS]
    in_code = any(form.symbol.startswith(f"{function}.") for function in functions)
    return CutOut(form.language, form.kind, in_code)


def renew(form: FormRow, outline: Outline | None) -> FormRow | None:
    """A form as it would be taken today; None where that cannot be said.

    What stood beside the code of a symbol stays as it is: its names go on counting, and those of its fingerprints
    that the normalisation has not changed.

    Args:
        outline: what parsing its code gave, of a symbol as cut out; None where there was nothing to parse.
    """
    now = structs.replace(form, fingerprint_version=FINGERPRINT_VERSION)
    if form.symbol is not None:
        if outline is None or not outline.symbols:
            return None
        (symbol,) = outline.symbols
        now.fingerprint, now.header, now.size, now.marks = symbol.fingerprint, symbol.header, symbol.size, symbol.marks
    elif outline is not None:
        if outline.status in SKIPPED or outline.content_hash != form.content_hash:
            return None
        made = form_of_file(outline, b"", form.accepted_at)
        now.fingerprint, now.size, now.beside = made.fingerprint, made.size, made.beside
    elif form.beside:
        return None
    return now


def _write(forms: Sequence[FormRow], folder: Path) -> None:
    """Put the code of each form into a folder of its own, in a file called as the one that it was in."""
    for form in forms:
        (folder / str(form.id)).mkdir()
        (folder / str(form.id) / _name(form)).write_bytes(form.code.encode())


def _name(form: FormRow) -> str:
    return form.path.rpartition("/")[2]
