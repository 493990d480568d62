"""What a text states, in so far as words show it: its values, its telling words, whether it denies. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import takewhile

from recalld.memory.opposites import ALIKE
from recalld.memory.text import sentences, stem
from recalld.store.words import SHORT_FORMS, content_words

_LONGEST_NAME = 60

_NUMBER = re.compile(r"(?<![\w.])v?\d+(?:[.:,]\d+)*(?:\.x)?", re.IGNORECASE)
_QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|(?<!\w)'([^'\n]+)'(?!\w)")
_TOKEN = re.compile(r"[^\W_][\w.-]*\w|\w")
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    )
}
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|forbid\w*|prohibit\w*)\b|n[’']t\b", re.IGNORECASE
)
_SOFT_NEGATION = re.compile(
    r"\b(?:instead|rather|avoid\w*|skip\w*|out of|prevent\w*|refus\w*|reject\w*|keeps? [^.;]{1,40}? from)\b",
    re.IGNORECASE,
)
_SUPERSEDES = re.compile(
    r"\b(?:no longer|any ?more|formerly|previously|used to be|dropped|abandoned|retired|deprecated|"
    r"replaced|migrated|switched|moved|abolished|given up|gave up|discontinued|scrapped|phased out|gone|"
    r"except|apart from|other than|as of now|from now on)\b",
    re.IGNORECASE,
)


class Statement:
    """A text, and what it states."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = text.casefold()
        self.tokens = [token.casefold() for token in _TOKEN.findall(text)]
        self.stems = frozenset(stem(token) for token in self.tokens)
        self.words = frozenset(stem(word) for word in content_words(text))
        self.negated = bool(_NEGATION.search(text))
        self.negated_softly = bool(_SOFT_NEGATION.search(text))
        self.supersedes = bool(_SUPERSEDES.search(text))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Its numbers, versions and times, also those written as words."""
        return self.figures | {_NUMBER_WORDS[token] for token in self.tokens if token in _NUMBER_WORDS}

    @cached_property
    def figures(self) -> frozenset[str]:
        """Its numbers written in figures."""
        return frozenset(number.casefold().lstrip("v") for number in _NUMBER.findall(self.text))

    @cached_property
    def names(self) -> frozenset[str]:
        """What it quotes, and its identifiers and proper names, in lower case."""
        quoted = (next(filter(None, found)) for found in _QUOTED.findall(self.text))
        names = {name.casefold().removesuffix("()") for name in quoted if len(name) <= _LONGEST_NAME}
        for sentence in sentences(self.text):
            for number, token in enumerate(_TOKEN.findall(sentence)):
                if _is_name(token, opens=number == 0):
                    names.add(token.casefold())
        return frozenset(names)

    def values_beyond(self, other: Statement) -> set[str]:
        """Names, and numbers in figures, of this text that the other does not have."""
        return {*(self.figures - other.numbers), *(name for name in self.names - self.figures if not other.has(name))}

    def has(self, name: str) -> bool:
        """Whether the text has the name, written in any of its ways."""
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.folded):
            return True
        return name.isalpha() and not unmatched({stem(name)}, self.stems, alike=False)


def _is_name(token: str, *, opens: bool) -> bool:
    if any(character.isdigit() for character in token):
        return not _NUMBER.fullmatch(token)
    if "_" in token or (token.isupper() and len(token) > 1):
        return True
    if not token[1:].islower():
        return len(token) > 1 and any(character.isupper() for character in token[1:])
    return token[0].isupper() and not opens


def unmatched(words: AbstractSet[str], others: AbstractSet[str], *, alike: bool = True) -> set[str]:
    """The words, as stems, that the others do not have, not in another form or by a short name either.

    Args:
        alike: words that say the same count as one.
    """
    by_start: dict[str, list[str]] = {}
    for other in others:
        by_start.setdefault(other[:_LEAST_START], []).append(other)
    return {
        word
        for word in words - others
        if not (_SHORT_STEMS.get(word, frozenset()) & others)
        and not (alike and ALIKE.get(word, frozenset()) & others)
        and not any(one_word(word, other) for other in by_start.get(word[:_LEAST_START], ()))
    }


def one_word(one: str, other: str) -> bool:
    """Whether two stems are of one word: `pin` and `pinn`, `overrid` and `overridden`, `convert` and `conversion`."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _LEAST_START or not longer.isalpha():
        return False
    if longer.startswith(shorter):
        return len(longer) - len(shorter) <= _LONGEST_ENDING
    start = in_common(shorter, longer)
    return start >= _LEAST_ROOT and len(shorter) - start <= 2 and _NOUN_ENDING.fullmatch(longer[start:]) is not None


_LEAST_START = 3
_LONGEST_ENDING = 3
_LEAST_ROOT = 5
_NOUN_ENDING = re.compile(r"[cst]?(?:ion|[ae]nc|ment)")
"""What makes a noun of a verb whose end it changes: `extend`, `extension`."""
_SHORT_STEMS = {stem(word): frozenset(stem(each) for each in others) for word, others in SHORT_FORMS.items()}


def in_common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
