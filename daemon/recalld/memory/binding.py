"""Binding a memory to code: the files, folders, lines and symbols that a person names become anchors with a form."""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from recall.protocol.errors import RecallError
from recalld.memory.anchors import (
    SEPARATOR,
    did_you_mean,
    enclosing,
    find_symbol,
    no_lines,
    split_lines,
    split_reference,
)
from recalld.memory.codebase import Codebase
from recalld.memory.forms import form_of_file, form_of_folder, form_of_symbol, lines_of
from recalld.memory.trees import Tree
from recalld.outline import SKIPPED, Outline, Symbol
from recalld.store.rows import AnchorRow, FormRow

_MAX_LISTED = 2_000
"""Files of a folder that are looked at for one of a near name."""


class Binding:
    """Binds the memories of one request, reading each file once.

    Attributes:
        warnings: what was kept although it could not be found.
    """

    def __init__(self, codebase: Codebase, tree: Tree, at: str) -> None:
        self.warnings: list[str] = []
        self._codebase = codebase
        self._tree = tree
        self._at = at
        self._outlines: dict[str, Outline | None] = {}
        self._contents: dict[str, bytes] = {}

    async def anchors(
        self, source_files: Sequence[str], symbols: Sequence[str], *, unresolved: bool
    ) -> list[AnchorRow]:
        """The anchors for these files, folders and symbols, each once.

        Args:
            source_files: relative to the tree's root or absolute; `path:120-140` or `path:120` for lines.
            symbols: `path::name`.
            unresolved: keep symbols that their existing file does not have.

        Raises:
            RecallError: `outside_workspace`, `invalid_params`, `unknown_symbol`.
        """
        found: dict[tuple[str, str | None, str | None], AnchorRow] = {}
        for given in source_files:
            if SEPARATOR in given:
                anchor = await self._symbol(given, unresolved=unresolved)
            else:
                anchor = await self._place(given)
            found.setdefault((anchor.path, anchor.symbol, anchor.lines), anchor)
        for given in symbols:
            anchor = await self._symbol(given, unresolved=unresolved)
            found.setdefault((anchor.path, anchor.symbol, anchor.lines), anchor)
        for position, anchor in enumerate(found.values()):
            anchor.position = position
        return list(found.values())

    async def _place(self, given: str) -> AnchorRow:
        path = self._tree.relative(given, field="source_files")
        if ":" in path and not await asyncio.to_thread((self._tree.root / path).exists):
            lines = split_lines(path)
            file = path.partition(":")[0]
            if (lines is None or lines[0] != file) and await asyncio.to_thread((self._tree.root / file).is_file):
                raise no_lines(path, f"that names no lines of {file}")
            if lines is not None:
                return await self._lines(*lines)
        if path.endswith("/") or await asyncio.to_thread((self._tree.root / path).is_dir):
            return await self._folder(path if path.endswith("/") else f"{path}/")
        outline = await self._outline(path)
        if outline is None:
            await self._absent(path, "it")
            return AnchorRow(kind="file", path=path)
        return AnchorRow(kind="file", path=path, forms=[await self._form_of_file(outline)])

    async def _lines(self, path: str, first: int, last: int) -> AnchorRow:
        outline = await self._outline(path)
        anchor = AnchorRow(kind="lines", path=path, lines=f"{first}-{last}")
        if outline is None:
            await self._refuse_folder(path, "those lines", field="source_files")
            await self._absent(path, "it")
            return anchor
        if last > outline.lines and outline.status not in SKIPPED:
            raise RecallError(
                "invalid_params", f"{path} has {outline.lines} lines: name some of them", field="source_files"
            )
        content, symbol = await self._content(outline), enclosing(outline, first, last)
        if symbol is None:
            form = await self._form_of_file(outline)
        else:
            anchor.symbol = symbol.name
            form = await self._form(outline, symbol)
        form.excerpt, form.excerpt_line = lines_of(content, first, last), first - (symbol.line if symbol else 1)
        anchor.forms = [form]
        return anchor

    async def _folder(self, folder: str) -> AnchorRow:
        if not await self._codebase.folder_exists(self._tree, folder):
            self.warnings.append(f"{folder} does not exist here: the memory waits for it")
            return AnchorRow(kind="folder", path=folder)
        files = await self._codebase.files_under(self._tree, folder)
        return AnchorRow(kind="folder", path=folder, forms=[form_of_folder(folder, files, self._at)])

    async def _symbol(self, given: str, *, unresolved: bool) -> AnchorRow:
        where, name = split_reference(given)
        path = self._tree.relative(where, field="symbols")
        outline = await self._outline(path)
        if outline is None:
            await self._refuse_folder(path, name, field="symbols")
            await self._absent(path, f"{name} in it")
            return AnchorRow(kind="symbol", path=path, symbol=name)
        try:
            symbol = find_symbol(outline, name)
        except RecallError as refusal:
            if not unresolved:
                raise
            self.warnings.append(f"{refusal.message}: kept unresolved")
            return AnchorRow(kind="symbol", path=path, symbol=name)
        form = await self._form(outline, symbol)
        return AnchorRow(kind="symbol", path=path, symbol=symbol.name, forms=[form])

    async def _form_of_file(self, outline: Outline) -> FormRow:
        form = form_of_file(outline, await self._content(outline), self._at)
        form.namesakes = await self._codebase.twins(self._tree, outline)
        return form

    async def _refuse_folder(self, path: str, wanted: str, *, field: str) -> None:
        if await asyncio.to_thread((self._tree.root / path).is_dir):
            raise RecallError("invalid_params", f"{path} is a folder: name the file that has {wanted}", field=field)

    async def _absent(self, path: str, awaited: str) -> None:
        near = await asyncio.to_thread(_near_files, self._tree.root, path)
        self.warnings.append(f"{path} does not exist here: the memory waits for {awaited}{did_you_mean(near)}")

    async def _form(self, outline: Outline, symbol: Symbol) -> FormRow:
        form = form_of_symbol(outline, symbol, await self._content(outline), self._at)
        form.namesakes = await self._codebase.namesakes(self._tree, outline.path, symbol.name, symbol.size)
        return form

    async def _content(self, outline: Outline) -> bytes:
        if outline.path not in self._contents:
            self._contents[outline.path] = await self._codebase.code(self._tree, outline)
        return self._contents[outline.path]

    async def _outline(self, path: str) -> Outline | None:
        if path not in self._outlines:
            outline = self._outlines[path] = await self._codebase.outline(self._tree, path)
            if outline is not None and outline.status in SKIPPED:
                self.warnings.append(f"{path} is anchored as a whole file: it is {outline.status}")
        return self._outlines[path]


def _near_files(root: Path, path: str) -> list[str]:
    """At most three files beside this one, which does not exist, with names that look like its own."""
    folder, slash, name = path.rpartition("/")
    try:
        with os.scandir(root / folder) as entries:
            beside = [entry.name for entry in islice(entries, _MAX_LISTED) if entry.is_file()]
    except OSError:
        return []
    return [f"{folder}{slash}{near}" for near in difflib.get_close_matches(name, beside)]
