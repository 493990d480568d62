"""Who drafts what a session leaves: a model where one is configured and does it well, else the built-in rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from recalld.memory.extraction import Draft, Said, extract
from recalld.memory.journal import CHANGED, OPENED
from recalld.memory.proposals import INSTRUCTIONS, Answer, Proposal, checked
from recalld.model import Model, ModelError
from recalld.store.rows import ObservationRow

BESIDE = timedelta(minutes=10)
"""What changed so long before or after something was said changed beside it."""
PORTION = 12_000
"""Characters that a model is given at a time."""
MAX_PORTIONS = 8
"""What is longer is left to the rules: it would take a model too long."""


class Drafted(NamedTuple):
    """What is proposed to be kept of a session."""

    drafts: list[Draft]
    by: Literal["rules", "model"]
    note: str = ""
    """Why the model was not used, where one is configured."""


class Drafting:
    """Drafts memories.

    Args:
        model: None where none is configured.
    """

    def __init__(self, model: Model | None) -> None:
        self._model = model

    async def draft(self, summary: str, observed: Sequence[ObservationRow]) -> Drafted:
        """What a session leaves. A model that is slow, wrong or down only costs time."""
        note = ""
        if self._model is not None and (summary or observed):
            try:
                return Drafted(await self._by_model(self._model, summary, observed), "model")
            except ModelError as error:
                note = f"the model was not used: {error}"
        return Drafted(await asyncio.to_thread(by_rules, summary, observed), "rules", note)

    async def _by_model(self, model: Model, summary: str, observed: Sequence[ObservationRow]) -> list[Draft]:
        said, changed = told(observed)
        proposed = await self._proposed(model, summary, said)
        drafts = await asyncio.to_thread(checked, proposed, summary, said, changed)
        if not drafts:
            raise ModelError("nothing that it drafted was said and is worth keeping")
        return drafts

    async def _proposed(self, model: Model, summary: str, said: Sequence[Said]) -> list[Proposal]:
        portions = list(_portions([f"[summary] {summary}" if summary else "", *(_line(each) for each in said)]))
        if len(portions) > MAX_PORTIONS:
            raise ModelError(f"more than {MAX_PORTIONS * PORTION:,} characters were said")
        proposed: list[Proposal] = []
        for portion in portions:
            try:
                answer = msgspec.convert(await model.answer(INSTRUCTIONS, portion), Answer)
            except msgspec.ValidationError:
                raise ModelError("its answer has another shape than it was asked for") from None
            proposed += answer.memories
        return proposed


def by_rules(summary: str, observed: Sequence[ObservationRow]) -> list[Draft]:
    """What a session leaves, by the built-in rules, before it is seen what of it is known already."""
    said, changed = told(observed)
    return extract(summary, said, changed)


def told(observed: Sequence[ObservationRow]) -> tuple[list[Said], list[str]]:
    """What was said in a session, with what changed beside it, and all that changed."""
    changed = [(datetime.fromisoformat(each.at), each.content) for each in observed if each.kind == CHANGED]
    said = [
        Said(
            each.kind,
            each.content,
            tuple(each.source_files),
            tuple(each.symbols),
            tuple(place for at, place in changed if abs(at - datetime.fromisoformat(each.at)) <= BESIDE),
        )
        for each in observed
        if each.kind not in (CHANGED, OPENED)
    ]
    return said, [place for _, place in changed]


def _line(said: Said) -> str:
    return "" if said.kind == "tool" else f"[{said.kind}] {said.text}"


def _portions(lines: Sequence[str]) -> Iterator[str]:
    """Lines put together, as many as fit."""
    portion = ""
    for line in filter(None, lines):
        if portion and len(portion) + len(line) > PORTION:
            yield portion
            portion = ""
        portion += f"{line}\n"
    if portion:
        yield portion
