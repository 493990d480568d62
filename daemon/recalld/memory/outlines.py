"""A file or a symbol as a person looks at it: outline, memories, context."""

from __future__ import annotations

import asyncio

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.values import Brief, SymbolOutline
from recalld.memory.anchors import SEPARATOR, find_symbol, split_reference
from recalld.memory.codebase import Codebase
from recalld.memory.contexts import Belonging, Contexts
from recalld.memory.trees import Tree
from recalld.outline import SKIPPED, Outline, Symbol


class Outlines:
    """Shows files and symbols with the memories that belong to them."""

    def __init__(self, codebase: Codebase, contexts: Contexts) -> None:
        self._codebase = codebase
        self._contexts = contexts

    async def of_file(self, tree: Tree, given: str) -> wire.OutlineReply:
        """A file's symbols with their memories, those of the file itself, and its context."""
        path = await self.path(tree, given)
        outline = None if path.endswith("/") else await self._codebase.outline(tree, path)
        memories, symbols, _ = await self.with_memories(tree, path, outline)
        return wire.OutlineReply(
            file_path=path,
            language=outline.language if outline else None,
            status="folder" if path.endswith("/") else outline.status if outline else "missing",
            memories=memories,
            symbols=symbols,
            context=await self._contexts.context(tree, path),
            warnings=warnings_of(path, outline),
        )

    async def with_memories(
        self, tree: Tree, path: str, outline: Outline | None
    ) -> tuple[list[Brief], list[SymbolOutline], list[Belonging]]:
        """What belongs to a file: memories tied to none of its symbols, its symbols with theirs, and all of them."""
        belonging = await self._contexts.belonging(tree, path)
        shown = {symbol.name for symbol in outline.symbols} if outline else set()
        symbols = [self._symbol(tree, symbol, belonging) for symbol in outline.symbols] if outline else []
        memories = [self._contexts.brief(tree, each) for each in belonging if not shown & set(each.symbol_names)]
        return memories, symbols, belonging

    async def by_file(self, tree: Tree, given: str) -> wire.ByFileReply:
        """The memories tied to a file or folder, to its symbols, or to a folder above it."""
        path = await self.path(tree, given)
        belonging = await self._contexts.belonging(tree, path)
        outline = None if path.endswith("/") else await self._codebase.outline(tree, path)
        return wire.ByFileReply(
            file_path=path,
            memories=[self._contexts.brief(tree, each) for each in belonging],
            warnings=warnings_of(path, outline),
        )

    async def by_symbol(self, tree: Tree, given: str) -> wire.BySymbolReply:
        """One symbol with its memories.

        Raises:
            RecallError: `unknown_symbol`, `invalid_params`, `outside_workspace`.
        """
        where, name = split_reference(given, field="symbol")
        path = await self.path(tree, where)
        outline = await self._codebase.outline(tree, path)
        if outline is None:
            raise RecallError("unknown_symbol", f"{path} does not exist", field="symbol", candidates=[])
        symbol = find_symbol(outline, name)
        belonging = await self._contexts.belonging(tree, path)
        return wire.BySymbolReply(file_path=path, symbol=self._symbol(tree, symbol, belonging))

    async def path(self, tree: Tree, given: str) -> str:
        """The path relative to the root, with a final `/` where it is a folder.

        Raises:
            RecallError: `outside_workspace`, `invalid_params` where a symbol was given.
        """
        if SEPARATOR in given:
            raise RecallError("invalid_params", f"{given} names a symbol, here a file is asked for", field="file_path")
        path = tree.relative(given)
        if not path.endswith("/") and await asyncio.to_thread((tree.root / path).is_dir):
            return f"{path}/"
        return path

    def _symbol(self, tree: Tree, symbol: Symbol, belonging: list[Belonging]) -> SymbolOutline:
        return SymbolOutline(
            name=symbol.name,
            kind=symbol.kind,
            line=symbol.line,
            end_line=symbol.end_line,
            signature=symbol.signature,
            memories=[self._contexts.brief(tree, each) for each in belonging if symbol.name in each.symbol_names],
        )


def warnings_of(path: str, outline: Outline | None) -> list[str]:
    """Why an outline lacks something."""
    if path.endswith("/"):
        return []
    if outline is None:
        return [f"{path} does not exist"]
    if outline.status in SKIPPED:
        return [f"{path} has no outline: it is {outline.status}" + (f" ({outline.note})" if outline.note else "")]
    if outline.status == "partial":
        return [f"{path} has syntax errors: the outline shows what can be read"]
    return []
