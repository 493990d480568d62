"""Decay: what memories are worth as days of work go by, and what is noted of their use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from recall.protocol import requests as wire
from recall.protocol.values import Faded
from recalld.memory.clock import Clock, iso
from recalld.memory.importance import FADED, UNUSED_FACTOR, Standing, explained, present
from recalld.memory.text import type_named
from recalld.memory.trees import PERSONAL, Tree, Trees
from recalld.memory.workdays import Workdays
from recalld.store import Store, importance, memories, workspaces
from recalld.store.importance import Weighed
from recalld.store.rows import AnchorRow, MemoryRow

SLICE = 500
"""Memories that are looked at, and written, at a time: some milliseconds, so that no request waits for more."""
NOTE_AFTER_S = 2.0
"""How long it is waited for more of what was recalled before that is written."""


class Decay:
    """Keeps what memories are worth now, for search, lists and contexts to rank by."""

    def __init__(self, store: Store, trees: Trees, workdays: Workdays, clock: Clock) -> None:
        self._store = store
        self._trees = trees
        self._workdays = workdays
        self._clock = clock
        self._today = ""
        self._seen_today: set[str] = set()
        self._recalled: dict[str, None] = {}
        self._noting: asyncio.Task[None] | None = None

    # --- the job ------------------------------------------------------------------------------------

    async def run(self) -> str:
        """Compute what each memory is worth now, and write what is another than it was; run twice, it changes nothing.

        A workspace without a followed tree is left alone: no time goes by there, and nothing is known of its code.

        Returns:
            What was done, in words.
        """
        changed = 0
        for workspace in await self._store.truth.read(workspaces.all_workspaces):
            if workspace.id != PERSONAL and not self._trees.of_workspace(workspace.id):
                continue
            async for some in self._slices(workspace.id):
                moved = {
                    each.seq: now
                    for each, standing in some
                    if abs((now := present(standing)) - each.present) > 10.0**-6
                }
                if moved:
                    await self._store.truth.write(importance.set_present, moved)
                    changed += len(moved)
                await asyncio.sleep(0)
        return f"{changed:,} changed"

    async def _slices(self, workspace_id: str) -> AsyncIterator[list[tuple[Weighed, Standing]]]:
        """All memories of a workspace, with what their importance comes from now, some at a time."""
        days, current = self._workdays.of(workspace_id), await self._current(workspace_id)
        after = 0
        while rows := await self._store.truth.read(importance.weighed, workspace_id, after, SLICE):
            yield [(row, _standing(row, days, current)) for row in rows]
            after = rows[-1].seq

    async def _current(self, workspace_id: str) -> set[int]:
        """The anchors whose code is as it was, in any tree that is followed."""
        if workspace_id == PERSONAL:
            return set()
        # Copied, because trees go on judging while a thread looks through what they say.
        said = [dict(tree.verdicts) for tree in self._trees.of_workspace(workspace_id)]
        return await asyncio.to_thread(
            lambda: {each for some in said for each, verdict in some.items() if verdict.verdict == "current"}
        )

    # --- what is noted of use -----------------------------------------------------------------------

    def recalled(self, ids: Iterable[str]) -> None:
        """Note that a search returned these; that counts once a day, and is written a moment later."""
        today = self._clock().strftime("%Y-%m-%d")
        if today != self._today:
            self._today, self._seen_today = today, set()
        fresh = [each for each in ids if each not in self._seen_today]
        self._seen_today.update(fresh)
        self._recalled.update(dict.fromkeys(fresh))
        if self._recalled and (self._noting is None or self._noting.done()):
            self._noting = asyncio.create_task(self._note_later(), name="note what was recalled")

    @property
    def to_note(self) -> bool:
        """Whether what was recalled is still to be written."""
        return self._noting is not None and not self._noting.done()

    async def unused(self, ids: Sequence[str]) -> None:
        """Note that these were handed over and not used: each loses a little, what is pinned nothing.

        Args:
            ids: of memories; unknown ones are passed over.
        """
        await self._store.truth.write(importance.note_unused, ids, UNUSED_FACTOR)

    async def noted(self) -> None:
        """Write at once what is noted."""
        if self._noting is not None:
            self._noting.cancel()
            await asyncio.gather(self._noting, return_exceptions=True)
        await self._note()

    stop = noted

    async def _note_later(self) -> None:
        await asyncio.sleep(NOTE_AFTER_S)
        await self._note()

    async def _note(self) -> None:
        ids, self._recalled = list(self._recalled), {}
        if ids:
            await self._store.truth.write(importance.note_recalled, ids, iso(self._clock()))

    # --- what is shown ------------------------------------------------------------------------------

    def explained(self, tree: Tree, row: MemoryRow, bound: Sequence[AnchorRow]) -> tuple[float, str]:
        """What a memory is worth now, and why, in one line."""
        standing = Standing(
            base=row.importance_score,
            pinned=row.pinned,
            idle_days=self._workdays.of(row.workspace_id) - row.reinforced_on,
            useful=row.useful,
            recalls=row.recalls,
            unused=row.unused,
            current=any(
                (said := each.verdicts.get(anchor.id)) is not None and said.verdict == "current"
                for each in self._trees.of_workspace(tree.workspace_id)
                for anchor in bound
            ),
        )
        return present(standing), explained(standing)

    async def preview(self, tree: Tree, request: wire.Decay) -> wire.DecayReply:
        """What will have faded in so many days of work, if nothing happens to it until then, the nearest first."""
        faded: list[tuple[float, Weighed, Standing]] = []
        checked = 0
        for workspace_id in (tree.workspace_id, PERSONAL):
            async for some in self._slices(workspace_id):
                checked += len(some)
                later = [
                    (present(replace(standing, idle_days=standing.idle_days + request.days)), row, standing)
                    for row, standing in some
                ]
                faded += [each for each in later if each[0] < FADED]
        faded.sort(key=lambda each: (-present(each[2]), each[1].seq))
        shown = faded[: request.limit]
        rows = await self._store.truth.read(memories.get_many, [row.id for _, row, _ in shown])
        return wire.DecayReply(
            days=request.days,
            threshold=FADED,
            memories=[
                _faded(rows[weighed.id], standing, then) for then, weighed, standing in shown if weighed.id in rows
            ],
            checked=checked,
            total=len(faded),
        )


def _standing(row: Weighed, days: int, current: AbstractSet[int]) -> Standing:
    return Standing(
        base=row.base,
        pinned=row.pinned,
        idle_days=days - row.reinforced_on,
        useful=row.useful,
        recalls=row.recalls,
        unused=row.unused,
        current=not current.isdisjoint(row.anchor_ids),
    )


def _faded(row: MemoryRow, standing: Standing, then: float) -> Faded:
    return Faded(
        id=row.id,
        title=row.title,
        memory_type=type_named(row.memory_type),
        importance_score=row.importance_score,
        present_importance=present(standing),
        then=then,
        reason=explained(standing),
        created_at=row.created_at,
    )
