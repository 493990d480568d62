"""What a session leaves: its summary and observations become memories, without any model. Pure.

What is said is cut into statements (`passages`); each is told apart from noise and gets a type (`cues`); here it gets a
title, concepts, the code it names, an importance and a confidence, and is put together with what says the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from recall.protocol.values import MemoryType
from recalld.memory.cues import Kind, binds, gives_reason, kind_of
from recalld.memory.mentions import concepts_in, places_in
from recalld.memory.passages import MAX_STATEMENT, Statement, statements
from recalld.memory.text import shortened, split_tags, stem, unique
from recalld.store.words import content_words

MAX_DRAFTS = 40
"""Of one session."""
MAX_TITLE = 90
MAX_ERROR = 300
"""Characters of an error that are told with its fix."""
MAX_BESIDE = 3
"""Files that changed beside what was said, for it to be about them; more were changed for many reasons."""
MAX_PLACES = 8
MAX_CONCEPTS = 6
SAME_WORDS = 0.75
"""Share of the fewer telling words that two statements have in common, for them to say the same."""

_IMPORTANCE: dict[MemoryType, float] = {
    "security": 0.85, "decision": 0.8, "convention": 0.8, "pattern": 0.75, "architecture": 0.7, "bug_fix": 0.7,
    "debugging": 0.7, "performance": 0.7, "preference": 0.7, "dependency": 0.65, "configuration": 0.65,
    "learning": 0.65, "reference": 0.6, "general": 0.5,
}  # fmt: skip
_ABOUT_CODE: frozenset[MemoryType] = frozenset({"bug_fix", "debugging", "architecture", "performance", "pattern"})
"""Types that are about what was changed, even where they do not name it."""
_LEAD = re.compile(
    r"(?:it turn(?:ed|s) out(?: that)?|(?:i |we )?(?:learn(?:ed|t)|discovered|found out|realised|realized) that|"
    r"noticed that|gotcha:|caveat:|root cause:|note(?: that|:)|documented that|lesson:|also|i've|we've)\s+",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"(?:it|its|this|that|these|those|they|them|the fix|the reason|the cause)\b", re.IGNORECASE)
_ADDS = re.compile(
    r"(?:so |therefore |instead |it |they |this |use |we need to )(?!turn)(?!.*\b(?:because|decided)\b)", re.IGNORECASE
)
"""How a sentence begins that only adds to the one before, which is kept."""
_TELLING = frozenset(
    stem(word)
    for word in ("decided", "fixed", "resolved", "added", "chose", "learned", "discovered", "documented", "note")
)
"""Words that say how something came about, not what it is."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something said in a session.

    Attributes:
        kind: `summary`, `note`, `tool`, `error`, `fix`, `decision`.
        text: what was said.
        source_files, symbols: what its sender tied it to.
        beside: places that changed at the same time, `path` or `path::name`.
    """

    kind: str
    text: str
    source_files: Sequence[str] = ()
    symbols: Sequence[str] = ()
    beside: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A memory that is proposed.

    Attributes:
        said: the very words of the session it comes from.
    """

    title: str
    narrative: str
    memory_type: MemoryType
    concepts: list[str]
    source_files: list[str]
    symbols: list[str]
    importance_score: float
    confidence: float
    said: str
    words: frozenset[str] = field(default_factory=frozenset)


def extract(summary: str, observed: Sequence[Said] = (), changed: Sequence[str] = ()) -> list[Draft]:
    """The memories that a session leaves, in the order in which they were said; nothing is said twice.

    Args:
        summary: what its end said of it.
        observed: what was said on the way, oldest first.
        changed: places that changed in the session, `path` or `path::name`.
    """
    drafts: list[Draft] = []
    for said, showed in paired([Said("summary", summary, beside=changed), *observed]):
        for draft in _drafts(said, showed, changed):
            add(drafts, draft)
    return drafts[:MAX_DRAFTS]


def paired(observed: Iterable[Said]) -> Iterator[tuple[Said, str]]:
    """What may be worth keeping, a fix with the error it is for; an error alone and the use of a tool never are."""
    error = ""
    for said in observed:
        if said.kind == "error":
            error = shortened(said.text, MAX_ERROR)
        elif said.kind == "fix":
            yield said, error
            error = ""
        elif said.kind != "tool":
            yield said, ""


def _drafts(said: Said, showed: str, changed: Sequence[str]) -> Iterator[Draft]:
    text, tags = split_tags(said.text.strip())
    if said.kind == "fix":
        if text:
            fix = Statement(shortened(text, MAX_STATEMENT), "", "")
            yield draft_of(fix, Kind("bug_fix", sure=True), said, changed, tags, showed=showed)
        return
    heading = "decisions" if said.kind == "decision" else ""
    last: Draft | None = None
    for statement in statements(text):
        kind = kind_of(statement.text, statement.heading or heading)
        if last is not None and statement.before and _ADDS.match(statement.text) and kind is not None:
            last = replace(
                last, narrative=f"{last.narrative} {_sentence(statement.text)}", said=f"{last.said} {statement.text}"
            )
            continue
        if last is not None:
            yield last
        last = None if kind is None else draft_of(statement, kind, said, changed, tags)
    if last is not None:
        yield last


def draft_of(
    statement: Statement, kind: Kind, said: Said, changed: Sequence[str], tags: Sequence[str] = (), *, showed: str = ""
) -> Draft:
    """A statement with what makes a memory of it.

    Args:
        showed: the error that it is the fix of.
    """
    text = statement.text
    files, symbols = places_in(text, [*said.beside, *changed])
    files, symbols = [*said.source_files, *files], [*said.symbols, *symbols]
    if not (files or symbols) and kind.memory_type in _ABOUT_CODE:
        symbols, files = _beside(said.beside)
    narrative = _sentence(text)
    if statement.before and _GOES_ON.match(text):
        narrative = f"{statement.before.rstrip(' .')}. {narrative}"
    if showed:
        narrative = f"{narrative} It showed as: {showed}"
    importance = _IMPORTANCE[kind.memory_type] + 0.05 * gives_reason(text) + 0.05 * binds(text)
    confidence = (
        0.5
        + 0.15 * kind.sure
        + 0.1 * bool(files or symbols)
        + 0.1 * gives_reason(text)
        + 0.05 * (said.kind != "summary")
    )
    return Draft(
        title=_title(text),
        narrative=narrative,
        memory_type=kind.memory_type,
        concepts=unique([*concepts_in(text), *tags])[:MAX_CONCEPTS],
        source_files=unique(files)[:MAX_PLACES],
        symbols=unique(symbols)[:MAX_PLACES],
        importance_score=round(min(importance, 0.95), 2),
        confidence=round(min(confidence, 0.9), 2),
        said=text,
        words=frozenset(stem(word) for word in content_words(text)) - _TELLING,
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "…")) else f"{text}."


def _title(text: str) -> str:
    bare = text[found.end() :] if (found := _LEAD.match(text)) else text
    bare = bare.strip(" .") or text
    a_word = bare.split(maxsplit=1)[0].rstrip(",:;").isalpha()  # the name of code stays as it is written
    return shortened(bare[0].upper() + bare[1:] if a_word else bare, MAX_TITLE)


def add(drafts: list[Draft], draft: Draft) -> None:
    """Add a draft, or put it together with one that says the same."""
    for at, other in enumerate(drafts):
        if _same(draft, other):
            fuller, lesser = (draft, other) if len(draft.words) > len(other.words) else (other, draft)
            drafts[at] = replace(
                fuller,
                memory_type=lesser.memory_type if fuller.memory_type == "general" else fuller.memory_type,
                source_files=unique([*fuller.source_files, *lesser.source_files])[:MAX_PLACES],
                symbols=unique([*fuller.symbols, *lesser.symbols])[:MAX_PLACES],
                concepts=unique([*fuller.concepts, *lesser.concepts])[:MAX_CONCEPTS],
                importance_score=max(fuller.importance_score, lesser.importance_score),
                confidence=round(min(max(fuller.confidence, lesser.confidence) + 0.05, 0.9), 2),
            )
            return
    drafts.append(draft)


def _same(one: Draft, other: Draft) -> bool:
    fewer = min(len(one.words), len(other.words))
    shared = fewer > 0 and len(one.words & other.words) >= SAME_WORDS * fewer
    return one.said == other.said or (shared and _numbers(one) == _numbers(other))


def _numbers(draft: Draft) -> frozenset[str]:
    return frozenset(re.findall(r"\d+(?:[.,]\d+)*", draft.said))


def _beside(places: Sequence[str]) -> tuple[list[str], list[str]]:
    """The symbols that changed beside what was said, and the files of which no symbol did; none where it was much."""
    symbols = [place for place in places if "::" in place]
    held = {place.partition("::")[0] for place in symbols}
    files = [place for place in places if "::" not in place and place not in held]
    if len(held) + len(files) > MAX_BESIDE:
        return [], []
    return (symbols, files) if len(symbols) <= MAX_PLACES else ([], sorted(held.union(files)))
