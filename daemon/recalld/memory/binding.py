"""Binding a memory to code: the files, folders and symbols that a person names become anchors with a first form."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from recall.protocol.errors import RecallError
from recalld.memory.anchors import SEPARATOR, find_symbol, form_of_file, form_of_folder, form_of_symbol, split_reference
from recalld.memory.codebase import Codebase
from recalld.memory.trees import Tree
from recalld.outline import SKIPPED, Outline
from recalld.store.rows import AnchorRow


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
        self._code: dict[str, bytes] = {}

    async def anchors(
        self, source_files: Sequence[str], symbols: Sequence[str], *, unresolved: bool
    ) -> list[AnchorRow]:
        """The anchors for these files, folders and symbols, each once.

        Args:
            source_files: relative to the tree's root or absolute.
            symbols: `path::name`.
            unresolved: keep symbols that their existing file does not have.

        Raises:
            RecallError: `outside_workspace`, `invalid_params`, `unknown_symbol`.
        """
        found: dict[tuple[str, str | None], AnchorRow] = {}
        for given in source_files:
            if SEPARATOR in given:
                anchor = await self._symbol(given, unresolved=unresolved)
            else:
                anchor = await self._place(given)
            found.setdefault((anchor.path, anchor.symbol), anchor)
        for given in symbols:
            anchor = await self._symbol(given, unresolved=unresolved)
            found.setdefault((anchor.path, anchor.symbol), anchor)
        for position, anchor in enumerate(found.values()):
            anchor.position = position
        return list(found.values())

    async def _place(self, given: str) -> AnchorRow:
        path = self._tree.relative(given, field="source_files")
        if path.endswith("/") or await asyncio.to_thread((self._tree.root / path).is_dir):
            return await self._folder(path if path.endswith("/") else f"{path}/")
        outline = await self._outline(path)
        if outline is None:
            self.warnings.append(f"{path} does not exist here: the memory waits for it")
            return AnchorRow(kind="file", path=path)
        return AnchorRow(kind="file", path=path, forms=[form_of_file(outline, self._at)])

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
            self.warnings.append(f"{path} does not exist here: the memory waits for {name} in it")
            return AnchorRow(kind="symbol", path=path, symbol=name)
        try:
            symbol = find_symbol(outline, name)
        except RecallError as refusal:
            if not unresolved:
                raise
            self.warnings.append(f"{refusal.message}: kept unresolved")
            return AnchorRow(kind="symbol", path=path, symbol=name)
        if path not in self._code:
            self._code[path] = await self._codebase.code(self._tree, outline)
        form = form_of_symbol(outline, symbol, self._code[path], self._at)
        return AnchorRow(kind="symbol", path=path, symbol=symbol.name, forms=[form])

    async def _outline(self, path: str) -> Outline | None:
        if path not in self._outlines:
            outline = self._outlines[path] = await self._codebase.outline(self._tree, path)
            if outline is not None and outline.status in SKIPPED:
                self.warnings.append(f"{path} is anchored as a whole file: it is {outline.status}")
        return self._outlines[path]
