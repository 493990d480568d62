"""Verdicts kept: what each tree says of each anchor, and what turned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recalld.memory.anchors import find_symbol, form_of_file, form_of_folder, form_of_symbol, verdict_of
from recalld.memory.clock import Clock, iso
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

    def __init__(self, store: Store, codebase: Codebase, clock: Clock) -> None:
        self._store = store
        self._codebase = codebase
        self._clock = clock

    async def judge(
        self, tree: Tree, judged: Sequence[AnchorRow], fresh: Mapping[str, Outline | None] | None = None
    ) -> list[Turn]:
        """Judge these anchors by the code as it stands in this tree; say which verdicts turned.

        Where an anchor's code was not there until now, it is accepted as the anchor's first form.

        Args:
            fresh: outlines that the store does not have yet, None for files that are gone.
        """
        async with tree.judging:  # of two that judge at once, the one with older outlines must not come last
            return await self._judge(tree, judged, fresh)

    async def _judge(
        self, tree: Tree, judged: Sequence[AnchorRow], fresh: Mapping[str, Outline | None] | None
    ) -> list[Turn]:
        known = dict(fresh or {})
        files = sorted({anchor.path for anchor in judged if anchor.kind != "folder"} - known.keys())
        known |= await self._codebase.outlines(tree, files)
        folders = {anchor.path for anchor in judged if anchor.kind == "folder"}
        standing = {folder for folder in folders if await self._codebase.folder_exists(tree, folder)}
        turns: list[Turn] = []
        changed: list[VerdictRow] = []
        for anchor in judged:
            outline = known.get(anchor.path)
            exists = anchor.path in standing if anchor.kind == "folder" else outline is not None
            now = verdict_of(anchor, outline, exists=exists)
            if now.verdict == "current" and not anchor.forms:
                await self._accept_first(tree, anchor, outline)
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

    async def _accept_first(self, tree: Tree, anchor: AnchorRow, outline: Outline | None) -> None:
        at = iso(self._clock())
        if outline is None:
            form = form_of_folder(anchor.path, await self._codebase.files_under(tree, anchor.path), at)
        elif anchor.symbol is None:
            form = form_of_file(outline, at)
        else:
            code = await self._codebase.code(tree, outline)
            form = form_of_symbol(outline, find_symbol(outline, anchor.symbol), code, at)
        await self._store.truth.write(anchors.add_form, anchor.id, form)

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
