"""What a session said, what is to be kept of it, and how what was kept compares with that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from recalld.memory.extraction import Draft, Said, extract


class Fact(NamedTuple):
    """A memory that is to come of it."""

    types: tuple[str, ...]
    words: str

    def is_told_by(self, draft: Draft) -> bool:
        return self.words.casefold() in f"{draft.title}\n{draft.narrative}".casefold()


class Told(NamedTuple):
    """One session."""

    name: str
    summary: str
    observed: list[tuple[str, str]]
    facts: list[Fact]

    def drafts(self) -> list[Draft]:
        return extract(self.summary, [Said(kind, text) for kind, text in self.observed])


class Outcome(NamedTuple):
    """How many of the facts were kept, how many with their type, and how much was kept in all."""

    facts: int
    found: int
    typed: int
    kept: int

    @property
    def precision(self) -> float:
        return self.found / self.kept if self.kept else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.facts if self.facts else 1.0


def told(name: str, summary: str, *facts: tuple[str, str], observed: Sequence[tuple[str, str]] = ()) -> Told:
    """A session, and its facts as (types, words)."""
    return Told(name, summary, list(observed), [Fact(tuple(types.split("|")), words) for types, words in facts])


def outcome(sessions: Sequence[Told]) -> Outcome:
    """How all of them turned out; one memory counts for one fact at most."""
    facts = found = typed = kept = 0
    for session in sessions:
        left = session.drafts()
        facts, kept = facts + len(session.facts), kept + len(left)
        for fact in session.facts:
            by = next((draft for draft in left if fact.is_told_by(draft)), None)
            if by is not None:
                left.remove(by)
                found += 1
                typed += by.memory_type in fact.types
    return Outcome(facts, found, typed, kept)
