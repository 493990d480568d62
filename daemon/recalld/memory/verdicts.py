"""Verdicts kept: what each tree says of each anchor, and what turned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recalld.memory.anchors import verdict_of
from recalld.memory.codebase import Codebase
from recalld.memory.trees import Tree
from recalld.outline import Outline
from recalld.store import Store, anchors, outlines
from recalld.store.rows import AnchorRow, VerdictRow


@dataclass(frozen=True, slots=True)
class Turn:
    """A verdict that is another than before."""

    anchor: AnchorRow
    previous: VerdictRow | None
    now: VerdictRow


class Verdicts:
    """Computes verdicts and keeps them, in the store and in the tree's own table."""

    def __init__(self, store: Store, codebase: Codebase) -> None:
        self._store = store
        self._codebase = codebase

    async def judge(
        self, tree: Tree, judged: Sequence[AnchorRow], fresh: Mapping[str, Outline | None] | None = None
    ) -> list[Turn]:
        """Judge these anchors by the code as it stands in this tree; say which verdicts turned.

        Args:
            fresh: outlines that the store does not have yet, None for files that are gone.
        """
        known = dict(fresh or {})
        files = sorted({anchor.path for anchor in judged if anchor.kind != "folder"} - known.keys())
        known |= await self._codebase.known_outlines(tree, files)
        folders = {anchor.path for anchor in judged if anchor.kind == "folder"}
        standing = {folder for folder in folders if await self._codebase.folder_exists(tree, folder)}
        turns: list[Turn] = []
        changed: list[VerdictRow] = []
        for anchor in judged:
            outline = known.get(anchor.path)
            exists = anchor.path in standing if anchor.kind == "folder" else outline is not None
            now = verdict_of(anchor, outline, exists=exists)
            previous = tree.verdicts.get(anchor.id)
            if previous == now:
                continue
            tree.verdicts[anchor.id] = now
            changed.append(now)
            if previous is None or previous.verdict != now.verdict:
                turns.append(Turn(anchor, previous, now))
        if changed:
            await self._store.code.write(outlines.save_verdicts, tree.id, changed)
        return turns

    async def at(self, tree: Tree, paths: Sequence[str]) -> list[AnchorRow]:
        """The anchors on these files and folders (a folder ends in `/`)."""
        return await self._store.truth.read(anchors.anchors_at, [tree.workspace_id], paths)

    async def judge_all(self, tree: Tree) -> list[Turn]:
        """Judge every anchor of the tree's workspace."""
        return await self.judge(tree, await self._store.truth.read(anchors.workspace_anchors, tree.workspace_id))

    def of(self, tree: Tree, anchor: AnchorRow) -> VerdictRow:
        """What the tree says of an anchor; `missing` until it was judged."""
        said = tree.verdicts.get(anchor.id)
        if said is None:
            return VerdictRow(
                anchor_id=anchor.id,
                verdict="missing",
                reason=f"{anchor.path} was not looked at yet",
                path=anchor.path,
                symbol=anchor.symbol,
            )
        return said

    async def drop(self, tree: Tree, anchor_ids: Sequence[int]) -> None:
        """Forget the verdicts of anchors that are no more."""
        for anchor_id in anchor_ids:
            tree.verdicts.pop(anchor_id, None)
        await self._store.code.write(outlines.drop_verdicts, list(anchor_ids))
