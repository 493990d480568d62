"""How near memories are to where somebody works: to a file, and to a symbol in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from recalld.memory.filters import places_of, within
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


class Near(NamedTuple):
    """How near a memory is."""

    nearness: float
    """0 to 1; 1 is tied to the very symbol."""
    why: str


class Proximity:
    """Finds what is tied to code at and around a place."""

    def __init__(self, store: Store, imported: Imported) -> None:
        self._store = store
        self._imported = imported

    async def near(self, tree: Tree, file_path: str, symbol: str | None = None) -> dict[str, Near]:
        """The memories that are tied to a place or what is around it, as their code stands now, by id.

        Args:
            file_path: relative to the tree's root; the file need not exist.
            symbol: its name, which may lack its first parts.
        """
        imported = dict.fromkeys(await self._imported(tree, file_path))
        imported.pop(file_path, None)
        folders = {folder: _of_folder(level, folder) for level, folder in enumerate(folders_above(file_path))}
        paths = [file_path, *imported, *folders]
        bound = await self._store.truth.read(anchors.anchors_at, [tree.workspace_id], paths, tree.standing_at(paths))
        found: dict[str, Near] = {}
        for anchor in bound:
            near = max(
                (
                    _nearness(anchor, path, name, file_path, symbol, folders, imported)
                    for path, name in _places_now(tree, anchor)
                ),
                key=lambda each: each.nearness,
            )
            if near.nearness > 0 and near.nearness > found.get(anchor.memory_id, _FAR).nearness:
                found[anchor.memory_id] = near
        return found


_FAR = Near(0.0, "")


def _places_now(tree: Tree, anchor: AnchorRow) -> set[tuple[str, str | None]]:
    """Where an anchor's code stands; where it stands nowhere, all places where it was."""
    said = tree.verdicts.get(anchor.id)
    if said is None or said.verdict in ("missing", "ambiguous"):
        return places_of(tree, anchor)
    return {(said.path, said.symbol)}


def _nearness(
    anchor: AnchorRow,
    path: str,
    name: str | None,
    file_path: str,
    symbol: str | None,
    folders: dict[str, Near],
    imported: dict[str, None],
) -> Near:
    if path == file_path:
        if name is not None and symbol is not None and within(name, symbol):
            return Near(SYMBOL, f"symbol {name}")
        return Near(FILE, "this file") if anchor.kind == "file" else Near(IN_FILE, f"{name or 'lines'} in this file")
    if path in imported:
        return Near(IMPORTED, f"imported {path}")
    return folders.get(path, _FAR)


def _of_folder(level: int, folder: str) -> Near:
    nearness = max(round(FOLDER * FALL**level, 4), LEAST)
    return Near(nearness, "the whole project" if folder == ROOT_FOLDER else f"folder {folder}")
