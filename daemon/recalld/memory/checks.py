"""Long looks at memories: for secrets, and for others that say the same. Taken once, until the text is another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from recalld.memory.secrets import secret_in
from recalld.memory.similarity import LEAST_COSINE, SAME, similarity
from recalld.store import Store, audits, memories
from recalld.store.audits import Check, Unchecked
from recalld.store.readings import whole_text
from recalld.store.rows import MemoryRow
from recalld.vectors import Vectors, VectorsUnavailable

SLICE = 5
"""Memories looked at in one go: among 100,000 the vectors' process takes 2 ms for each, and searches wait for it."""
NEAREST = 4
"""Each is compared with so many."""


class Checks:
    """Looks at what was not looked at yet, some at a time, the newest first."""

    def __init__(self, store: Store, vectors: Vectors) -> None:
        self._store = store
        self._vectors = vectors

    async def go_on(self, workspace_id: str, *, budget_s: float, rest: float = 0.0) -> int:
        """Look at memories until none is left or the time is over.

        Args:
            budget_s: seconds after which no other is begun.
            rest: how long it pauses after each few, as a share of what these took, to leave room for others.

        Returns:
            How many are left.
        """
        until = time.monotonic() + budget_s
        while time.monotonic() < until:
            began = time.monotonic()
            some = await self._store.truth.read(audits.unchecked, workspace_id, SLICE)
            if not some:
                return 0
            try:
                around = await self._vectors.around([each.id for each in some], workspace_ids=[workspace_id], n=NEAREST)
            except VectorsUnavailable:
                break
            near = {each for found in around.values() for each, cosine in found if cosine >= LEAST_COSINE}
            others = await self._store.truth.read(memories.get_many, sorted(near))
            checks = await asyncio.to_thread(_look, some, around, others)
            await self._store.truth.write(audits.keep_checks, checks)
            await asyncio.sleep(rest * (time.monotonic() - began))
        return await self._store.truth.read(audits.count_unchecked, workspace_id)


def _look(
    some: Sequence[Unchecked], around: Mapping[str, Sequence[tuple[str, float]]], others: Mapping[str, MemoryRow]
) -> list[Check]:
    return [_look_at(each, around.get(each.id, ()), others) for each in some]


def _look_at(one: Unchecked, near: Sequence[tuple[str, float]], others: Mapping[str, MemoryRow]) -> Check:
    secret = secret_in((one.title, one.narrative))
    text = whole_text(one.title, one.narrative)
    alike = [
        (similarity(text, whole_text(other.title, other.narrative), cosine), other)
        for other_id, cosine in near
        if cosine >= LEAST_COSINE and (other := others.get(other_id)) is not None and other.forgotten_at is None
    ]
    best, other = max(alike, key=lambda each: each[0], default=(0.0, None))
    if other is None or best < SAME:
        return Check(one.seq, one.text_hash, secret)
    return Check(one.seq, one.text_hash, secret, other.id, other.text_hash, round(best, 4))
