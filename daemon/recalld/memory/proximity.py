"""How near memories are to where somebody works: to a file, and to a symbol in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recall.protocol.errors import RecallError
from recall.protocol.requests import Search
from recalld.memory.anchors import SEPARATOR, split_reference
from recalld.memory.filters import places_of, within
from recalld.memory.judgement import NOWHERE
from recalld.memory.trees import ROOT_FOLDER, Tree, folders_above
from recalld.store import Store, anchors
from recalld.store.rows import AnchorRow

Imported = Callable[[Tree, str], Awaitable[Sequence[str]]]
"""The files of a tree that one of its files imports; paths relative to its root."""

SYMBOL, FILE, IN_FILE, IMPORTED, FOLDER = 1.0, 0.8, 0.7, 0.6, 0.5
"""Tied to the very symbol, the file, another symbol or lines of the file, a file that it imports, its own folder."""
FALL = 0.7
"""What is left of a folder's nearness a level further up."""
LEAST = 0.1
"""Of the root, and of folders far above."""


class Near(NamedTuple):
    """How near a memory is."""

    nearness: float
    """0 to 1; 1 is tied to the very symbol."""
    why: str


_FAR = Near(0.0, "")


class Proximity:
    """Finds what is tied to code at and around a place.

    Args:
        imported: what a file imports; None where that is not known of any.
    """

    def __init__(self, store: Store, imported: Imported | None = None) -> None:
        self._store = store
        self._imported = imported

    async def of_request(self, tree: Tree, request: Search) -> dict[str, Near]:
        """What is near the place that a search names; nothing where it names none.

        Raises:
            RecallError: `invalid_params`, `outside_workspace`, with the field.
        """
        path, symbol = request.file_path, request.symbol
        if symbol is not None and SEPARATOR in symbol:
            where, symbol = split_reference(symbol, field="symbol")
            if path is not None and tree.relative(path) != tree.relative(where, field="symbol"):
                raise RecallError("invalid_params", f"{request.symbol} is not in {path}", field="symbol")
            path = where
        if path is not None:
            return await self.near(tree, tree.relative(path), symbol)
        if symbol is not None:
            raise RecallError(
                "invalid_params", f"{symbol} is in no file: give file_path, or path::name", field="symbol"
            )
        return {}

    async def near(self, tree: Tree, file_path: str, symbol: str | None = None) -> dict[str, Near]:
        """The memories that are tied to a place or what is around it, as their code stands now, by id.

        Args:
            file_path: relative to the tree's root; the file need not exist.
            symbol: its name, which may lack its first parts.
        """
        imported = set(await self._imported(tree, file_path)) if self._imported else set()
        around = _Around(file_path, symbol, imported, folders_above(file_path))
        paths = [file_path, *sorted(imported - {file_path}), *around.folders]
        bound = await self._store.truth.read(anchors.anchors_at, [tree.workspace_id], paths, tree.standing_at(paths))
        found: dict[str, Near] = {}
        for anchor in bound:
            near = max(around.nearness(anchor, path, name) for path, name in _places_now(tree, anchor))
            if near > found.get(anchor.memory_id, _FAR):
                found[anchor.memory_id] = near
        return found


@dataclass(frozen=True, slots=True)
class _Around:
    """A place and what is around it."""

    file_path: str
    symbol: str | None
    imported: Collection[str]
    folders: Sequence[str]
    """Nearest first."""

    def nearness(self, anchor: AnchorRow, path: str, name: str | None) -> Near:
        """How near an anchor is whose code stands at this path, under this name."""
        if path == self.file_path:
            if name is not None and self.symbol is not None and within(name, self.symbol):
                return Near(SYMBOL, f"near: symbol {name}")
            if anchor.kind == "file":
                return Near(FILE, "near: this file")
            return Near(IN_FILE, f"near: {name or 'lines'} in this file")
        if path in self.imported:
            return Near(IMPORTED, f"near: imported {path}")
        if path == ROOT_FOLDER:
            return Near(LEAST, "near: the whole project")
        if path in self.folders:
            return Near(max(round(FOLDER * FALL ** self.folders.index(path), 4), LEAST), f"near: folder {path}")
        return _FAR


def _places_now(tree: Tree, anchor: AnchorRow) -> Collection[tuple[str, str | None]]:
    """Where an anchor's code stands; where it stands nowhere, all places where it was."""
    said = tree.verdicts.get(anchor.id)
    return places_of(tree, anchor) if said is None or said.verdict in NOWHERE else [(said.path, said.symbol)]
