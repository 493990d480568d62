"""How memories read: titles, summaries, labels. Pure."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from recall.protocol.errors import RecallError
from recall.protocol.requests import MAX_TITLE
from recall.protocol.values import MEMORY_TYPE_ALIASES, MEMORY_TYPES, MemoryType

SUMMARY_CHARACTERS = 240

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9\"'`(\[])|\n\s*\n|\n(?=\s*[-*•])")
_TAGS_LINE = re.compile(r"(?:^|(?<=[.\n!?]))\s*tags:\s*([^\n.!?]+?)\.?\s*$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_GOES_ON = re.compile(
    r"(?:this|that|these|those|it|its|they|them|their|he|she|such|otherwise|instead|therefore|thus|hence|so|then|but|"
    r"however|also|and|or|because|both|neither|the same|the latter)\b",
    re.IGNORECASE,
)
"""How a sentence begins that is not understood without the one before."""
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "ly", "s", "e", "y")
_LEAST_STEM = 3


def type_named(name: str) -> MemoryType:
    """The memory type of this name, or of a peer's name for it.

    Raises:
        RecallError: `invalid_params`, with the types there are.
    """
    key = re.sub(r"[\s-]+", "_", name.strip().lower())
    for memory_type in MEMORY_TYPES:
        if key == memory_type:
            return memory_type
    if key in MEMORY_TYPE_ALIASES:
        return MEMORY_TYPE_ALIASES[key]
    raise RecallError(
        "invalid_params",
        f"there is no memory type {name!r}; the types are {', '.join(MEMORY_TYPES)}",
        field="memory_type",
    )


def sentences(text: str) -> list[str]:
    """The sentences, paragraphs and list items of a text, each on one line, none empty."""
    parts = (" ".join(part.split()) for part in _SENTENCE_END.split(text))
    return [part for part in parts if part]


def title_of(narrative: str) -> str:
    """The first sentence that says anything, cut at a word where it is longer than a title may be."""
    found = (sentence.rstrip(" .") for sentence in sentences(narrative))
    return shortened(next(filter(None, found), ""), MAX_TITLE)


def shortened(text: str, characters: int) -> str:
    """The text on one line, cut at a word and marked with `…` where it is longer."""
    line = " ".join(text.split())
    if len(line) <= characters:
        return line
    cut = line[: characters - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[characters // 2 :] else cut).rstrip(" ,;:") + "…"


def split_tags(narrative: str) -> tuple[str, list[str]]:
    """A narrative without its closing `Tags: a, b`, and those tags."""
    found = _TAGS_LINE.search(narrative)
    if not found:
        return narrative, []
    tags = [tag.strip().lstrip("#") for tag in found[1].split(",")]
    return narrative[: found.start()].rstrip(), [tag for tag in tags if tag]


def unique(labels: Iterable[str]) -> list[str]:
    """Labels stripped, in order, each once whatever its case."""
    seen: dict[str, str] = {}
    for label in labels:
        clean = " ".join(label.split())
        if clean:
            seen.setdefault(clean.casefold(), clean)
    return list(seen.values())


def text_hash(title: str, narrative: str) -> str:
    """Hex BLAKE2b-128 of the text without case, punctuation and spacing: equal for what says the same to the letter."""
    return hashlib.blake2b(_said(f"{title}\n{narrative}").encode(), digest_size=16).hexdigest()


def _said(text: str) -> str:
    """A text without case, punctuation and spacing."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def summary_of(narrative: str, query_words: Sequence[str] = (), title: str = "") -> str:
    """The sentence that says most about the query's words, else the first, with what it needs; at most 240 characters.

    A word counts for more the fewer of the sentences have it, whatever its ending, and for nothing where the title has
    it, unless that has all of them. A sentence that goes on from the one
    before brings that along; one that leaves words of the query to a neighbour, that neighbour; where there is room.

    Args:
        query_words: none for a memory in a list.
        title: stands beside the summary, which therefore does not repeat it unless the narrative says nothing else.
    """
    found = sentences(narrative)
    said = _said(title)
    found = [sentence for sentence in found if _said(sentence) != said] or found
    if not found:
        return ""
    held = [set[str]() for _ in found]
    best = 0
    if query_words:
        wanted = {stem(word) for word in query_words}
        held = [wanted & {stem(word) for word in _WORD.findall(sentence)} for sentence in found]
        rarity = {word: math.log(1 + len(found) / sum(word in has for has in held)) for has in held for word in has}
        told = {stem(word) for word in _WORD.findall(title)}
        untold = rarity.keys() - told or rarity.keys()
        best = max(range(len(found)), key=lambda at: sum(rarity[word] for word in held[at] & untold))
    first, last = best, best
    for first_too, last_too in _wider(found, held, best):
        if len(" ".join(found[first_too : last_too + 1])) <= SUMMARY_CHARACTERS:
            first, last = first_too, last_too
            break
    return shortened(" ".join(found[first : last + 1]), SUMMARY_CHARACTERS)


def _wider(found: Sequence[str], held: Sequence[set[str]], best: int) -> Iterator[tuple[int, int]]:
    """What could be shown in place of the best sentence alone, as first and last sentence, the most wanted first."""
    before, after = best - 1, best + 1
    goes_on = before >= 0 and _GOES_ON.match(found[best])
    opens = after < len(found) and found[best].endswith(":")
    adds_before = before >= 0 and held[before] - held[best]
    adds_after = after < len(found) and held[after] - held[best]
    if goes_on and (opens or adds_after):
        yield before, after
    if goes_on:
        yield before, best
    if opens or adds_after:
        yield best, after
    if adds_before:
        yield before, best


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A word without case and the commonest English endings: `loading`, `loads` and `Loaded` are one, `load`.

    For texts, where a word among many may be taken for another. Names of concepts must not: by their stems `route` and
    `router` or `http` and `https` would be one, so `store.concepts` takes off plurals only.
    """
    word = word.casefold()
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word.removesuffix(ending)
    return word
