"""Long looks at memories: for secrets, and for others that say the same. Taken once, until the text is another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from recalld.memory.secrets import SCHEME, secrets_in
from recalld.memory.similarity import LEAST_COSINE, SAME, similarities
from recalld.store import Store, audits, memories
from recalld.store.audits import Check, Unchecked
from recalld.store.readings import whole_text
from recalld.store.rows import MemoryRow
from recalld.vectors import Vectors, VectorsUnavailable

LOOKED_THROUGH, COMPARED = 50, 2
"""Memories looked at in one go. To find what is near to one among 100,000 takes the vectors' process 2 ms, and searches
wait for it."""
NEAREST = 4
"""Each is compared with so many."""


class Checks:
    """Looks at what was not looked at yet, some at a time, the newest first."""

    def __init__(self, store: Store, vectors: Vectors) -> None:
        self._store = store
        self._vectors = vectors

    async def go_on(self, workspace_id: str, *, budget_s: float, rest: float = 0.0) -> int:
        """Look at memories until none is left or the time is over: first all for secrets, then for doubles.

        Args:
            budget_s: seconds after which no other is begun.
            rest: how long it pauses after each few, as a share of what these took, to leave room for others.

        Returns:
            How many are left.
        """
        if not await self._store.truth.read(audits.count_unchecked, workspace_id, SCHEME):
            return 0
        until = time.monotonic() + budget_s
        await self._go_through(workspace_id, until, rest, compare=False)
        await self._go_through(workspace_id, until, rest, compare=True)
        return await self._store.truth.read(audits.count_unchecked, workspace_id, SCHEME)

    async def _go_through(self, workspace_id: str, until: float, rest: float, *, compare: bool) -> None:
        limit = COMPARED if compare else LOOKED_THROUGH
        before: int | None = None
        while (began := time.monotonic()) < until:
            some = await self._store.truth.read(
                audits.unchecked, workspace_id, SCHEME, compared=compare, before_seq=before, limit=limit
            )
            if not some:
                return
            before = some[-1].seq
            try:
                look = self._compared(workspace_id, some) if compare else asyncio.to_thread(_looked_through, some)
                checks = await look
            except VectorsUnavailable:
                return  # the next audit goes on
            await self._store.truth.write(audits.keep_checks, checks, SCHEME)
            await asyncio.sleep(rest * (time.monotonic() - began))

    async def _compared(self, workspace_id: str, some: Sequence[Unchecked]) -> list[Check]:
        around = await self._vectors.around([each.id for each in some], workspace_ids=[workspace_id], n=NEAREST)
        near = {each for found in around.values() for each, cosine in found if cosine >= LEAST_COSINE}
        others = await self._store.truth.read(memories.get_many, sorted(near))
        # What the index does not have yet is compared another time.
        return await asyncio.to_thread(_compared, [each for each in some if each.id in around], around, others)


def _looked_through(some: Sequence[Unchecked]) -> list[Check]:
    return [Check(each.seq, each.text_hash, _kind_of_secret(each)) for each in some]


def _kind_of_secret(one: Unchecked) -> str | None:
    texts = (one.title, one.narrative, one.evidence or "")
    return next((secret.kind for text in texts for secret in secrets_in(text)), None)


def _compared(
    some: Sequence[Unchecked], around: Mapping[str, Sequence[tuple[str, float]]], others: Mapping[str, MemoryRow]
) -> list[Check]:
    return [_double_of(each, around[each.id], others) for each in some]


def _double_of(one: Unchecked, near: Sequence[tuple[str, float]], others: Mapping[str, MemoryRow]) -> Check:
    text = whole_text(one.title, one.narrative)
    cosines = {other_id: cosine for other_id, cosine in near if cosine >= LEAST_COSINE and other_id in others}
    alike = similarities(text, (others[each] for each in cosines), cosines)
    other, best = max(alike, key=lambda each: each[1], default=(None, 0.0))
    if other is None or best < SAME:
        return Check(one.seq, one.text_hash, one.secret, compared=True)
    return Check(one.seq, one.text_hash, one.secret, True, other.id, other.text_hash, round(best, 4))
