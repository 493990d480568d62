"""Names of concepts, so that spellings of one are one: by case, spacing, hyphens, humps and plural. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from recalld.store.words import STOP_WORDS

MAX_SUBJECTS = 8
"""Words of a title that a memory hangs on, beside its concepts and tags."""
LEAST_SUBJECT = 3
"""Letters of the shortest of them."""

# `+` and `#` are part of a name where they end it (C++, C#) or join it (N+1), a dot between digits (Java 1.7 is not
# Java 17), and one before .NET where it begins the name.
_PART = re.compile(r"(?:(?<!\S)\.(?=net))?[^\W_]+(?:\+[^\W_]+|(?<=\d)\.\d+)*(?:\+\+|#)?(?!\+\w)", re.IGNORECASE)
_PLUS = re.compile(r"(?<=\w)\s+plus\s+(?=\w)|(?<=\w)\s+\+\s+(?=\w)")
_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_SUM = re.compile(r"\w+\+\d+")
_OF_SUMS = ("query", "queries", "select", "selects", "problem", "problems", "issue", "issues")
"""What people add to a name such as N+1 without meaning another thing."""
_NAMES = ("rails", "windows", "lens", "nats", "goes", "does")
"""Words that mean another thing than their singular by themselves, but at the end of others do not: `audit trails`."""
_KEPT = (
    "news", "https", "series", "species", "kubernetes", "postgres", "pandas", "canvas", "alias", "atlas", "always",
    "axios", "axis", "jenkins",
)  # fmt: skip
"""Words that end like a plural and are none, or mean another thing than their singular."""
_IRREGULAR = (
    ("apis", "api"), ("uris", "uri"), ("clis", "cli"), ("guis", "gui"), ("indices", "index"), ("vertices", "vertex"),
    ("matrices", "matrix"), ("cookies", "cookie"), ("statuses", "status"), ("aliases", "alias"), ("movies", "movie"),
)  # fmt: skip


def concept_key(name: str) -> str:
    """What all spellings of a concept have in common; never empty unless the name is.

    `N+1 queries` and `N plus one` are one, so are `LazyLoading` and `lazy-loading`, `jobs` and `job`; `C`, `C++`
    and `C#` are three.
    """
    plain = _PLUS.sub("+", " ".join(unicodedata.normalize("NFKC", name).casefold().split()))
    parts = [_numbered(part) for part in _PART.findall(plain)]
    if len(parts) > 1 and _SUM.fullmatch(parts[0]):
        parts = [parts[0], *(part for part in parts[1:] if part not in _OF_SUMS)]
    if not parts:
        return plain
    return _numbered(singular(parts[0] + "".join(part.removeprefix(".") for part in parts[1:])))


def subjects(title: str, tags: Iterable[str]) -> dict[str, str]:
    """What a memory is about beside its concepts, by key: its tags, and the first telling words of its title."""
    found = {concept_key(tag): tag for tag in tags}
    telling = (
        word
        for word in _PART.findall(title)
        if len(word) >= LEAST_SUBJECT and any(map(str.isalpha, word)) and word.casefold() not in STOP_WORDS
    )
    words: dict[str, str] = {}
    for word in telling:
        if len(words) < MAX_SUBJECTS:
            words.setdefault(concept_key(word), word)
    return words | found


def _numbered(part: str) -> str:
    left, plus, right = part.rpartition("+")
    return f"{left}+{_NUMBERS.get(right, right)}" if plus and right else part


def singular(word: str) -> str:
    """A word in lower case without the ending of a plural."""
    for plural, singular in _IRREGULAR:
        if word.endswith(plural):
            return word.removesuffix(plural) + singular
    if len(word) < 4 or not word.endswith("s") or not word[-2].isalpha():
        return word
    if word in _NAMES or word.endswith(("ss", "us", "is", *_KEPT)):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "xes", "tches", "nches", "rches", "eaches", "oaches", "ouches")):
        return word[:-2]
    return word[:-1]
