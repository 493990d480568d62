"""What speaks against a memory, why, how much it matters, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from recall.protocol.values import Act, FindingKind
from recalld.memory.answers import STALE
from recalld.memory.importance import FADED
from recalld.memory.text import text_hash
from recalld.store.audits import Answer, Examined
from recalld.store.rows import Verdict

IDLE_DAYS = 30
"""Days of work after which it is strange that no search has returned a memory."""
_LEAST_WORTH = 0.05

_WEIGHTS: dict[FindingKind, float] = {
    "secret": 100.0,
    "code": 0.8,
    "contradicted": 0.75,
    "double": 0.6,
    "unrated": 0.5,
    "superseded": 0.4,
    "lost_concept": 0.3,
    "fading": 0.2,
    "never_recalled": 0.15,
}
_VERDICT_WEIGHTS: dict[Verdict, float] = {"missing": 1.2, "ambiguous": 1.1}
PRESSING: AbstractSet[FindingKind] = frozenset({"secret", "code", "contradicted", "double", "unrated", "superseded"})
"""What is counted for `recall status`: the others can wait for whoever asks."""


class Seen(NamedTuple):
    """What the code that a memory is tied to says of it, in one tree."""

    verdict: Verdict
    reason: str
    fingerprints: str
    """Of the code that is no longer as it was."""


class Doubt(NamedTuple):
    """One reason to look at a memory."""

    kind: FindingKind
    memory_id: str
    reason: str
    act: Act
    weight: float
    """By which findings are sorted: of the kind, times what the memory is worth."""
    state: str
    """Another one when what is doubted has changed."""
    other_id: str | None = None
    about: str = ""
    """What it is about besides the memory: the other one, or a concept."""


class Standing(NamedTuple):
    """What is known of all memories, to judge one by."""

    successors: Mapping[str, str]
    """What stands in the place of a memory that was superseded."""
    at_odds: Mapping[str, list[tuple[str, str]]]
    """Newer memories in force that contradict one in force, with the hashes of their texts."""
    days_worked: int


def doubts(one: Examined, seen: Seen | None, standing: Standing) -> Iterator[Doubt]:
    """What speaks against a memory by itself; of one that was superseded only that, a secret and its code.

    Args:
        seen: the worst that its code says; None where it is tied to none.
    """
    if one.secret is not None:
        yield _doubt(one, "secret", f"holds what looks like a secret ({one.secret})", "purge")
    if seen is not None and seen.verdict in STALE:
        yield _of_code(one, seen)
    if (successor := standing.successors.get(one.id)) is not None:
        yield _doubt(one, "superseded", "another stands in its place", "forget", other=successor)
        return
    for other, text in standing.at_odds.get(one.id, ()):
        yield _doubt(one, "contradicted", "a newer one says otherwise", "supersede", text, other)
    if one.provenance == "extracted" and not one.rated:
        yield _doubt(one, "unrated", "was made of what a session said, and nobody has looked at it yet", "verify")
    if not one.pinned:
        yield from _of_use(one, standing.days_worked - one.reinforced_on)


def _of_code(one: Examined, seen: Seen) -> Doubt:
    act: Act = "verify" if seen.verdict in ("changed", "moved+changed") else "edit"
    found = _doubt(one, "code", f"{seen.verdict}: {seen.reason}", act, f"{seen.verdict} {seen.fingerprints}")
    return found._replace(weight=found.weight * _VERDICT_WEIGHTS.get(seen.verdict, 1.0))


def _of_use(one: Examined, idle: int) -> Iterator[Doubt]:
    confirmed = str(one.reinforced_on)
    if one.present < FADED:
        reason = f"has faded to {one.present:.2f}: {_days(idle)} since it was confirmed"
        yield _doubt(one, "fading", reason, "forget", confirmed)
    elif one.recalls == 0 and one.useful == 0 and idle >= IDLE_DAYS:
        yield _doubt(one, "never_recalled", f"no search has returned it in {_days(idle)}", "forget", confirmed)


def _doubt(one: Examined, kind: FindingKind, reason: str, act: Act, state: str = "", other: str | None = None) -> Doubt:
    weight = _WEIGHTS[kind] * max(one.present, _LEAST_WORTH)
    return Doubt(kind, one.id, reason, act, weight, text_hash(one.text_hash, state), other, other or "")


def double(one: Examined, other: Examined) -> Doubt:
    """Of two that say the same, a doubt of the one that is worth less, or was stored later."""
    less, more = sorted((one, other), key=lambda each: (each.pinned, each.present, -each.seq))
    weight = _WEIGHTS["double"] * max(more.present, _LEAST_WORTH)
    likeness = one.similarity or other.similarity or 0.0
    reason = f"says the same as another ({likeness:.2f} of 1)"
    state = text_hash(less.text_hash, more.text_hash)
    return Doubt("double", less.id, reason, "forget", weight, state, more.id, more.id)


def lost_concept(memory_id: str, key: str, label: str, memories: int) -> Doubt:
    """A doubt of what is known of a concept, all of whose memories are forgotten or superseded."""
    were = "the only memory of it is" if memories == 1 else f"all {memories:,} memories of it are"
    reason = f"nothing in force is about {label} any more: {were} forgotten or superseded"
    weight = _WEIGHTS["lost_concept"] * 0.5
    return Doubt("lost_concept", memory_id, reason, "keep", weight, text_hash(key, str(memories)), None, key)


def open_ones(
    found: Iterable[Doubt], answers: Mapping[tuple[str, str, str], Answer], *, put_off: bool
) -> tuple[list[Doubt], int]:
    """The doubts to which nothing was said, or which have changed since; what matters most first, each memory once.

    Args:
        answers: what was said to findings, by memory, kind and what they are about.
        put_off: those that were put off for later, too.

    Returns:
        These, and how many memories keep quiet.
    """
    heaviest: dict[tuple[str, str], Doubt] = {}
    quiet: set[str] = set()
    for each in found:
        said = answers.get((each.memory_id, each.kind, each.about))
        if said is not None and said.state == each.state and not (put_off and said.answer == "later"):
            quiet.add(each.memory_id)
            continue
        # Two concepts that were lost are two findings, though the newest memory of both may be the same.
        key = (each.memory_id, each.about if each.kind == "lost_concept" else "")
        if key not in heaviest or heaviest[key].weight < each.weight:
            heaviest[key] = each
    shown = sorted(heaviest.values(), key=lambda each: (-each.weight, each.memory_id, each.about))
    return shown, len(quiet - {each.memory_id for each in shown})


def _days(count: int) -> str:
    return "1 day of work" if count == 1 else f"{count} days of work"
