"""Whether two memories say the same: near in meaning, alike in words, and of one mind in what they state. Pure.

Vectors see the subject, hardly the statement: a rule and its replacement are nearer to each other than many a
paraphrase. So what a statement turns on is compared by itself: numbers, names, negations and opposites.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from functools import cached_property
from itertools import takewhile

from recalld.memory.opposites import ALIKE, EXCLUDING, FUNCTION_WORDS
from recalld.memory.text import sentences, stem
from recalld.store.words import SHORT_FORMS, content_words

SAME = 0.85
"""From here on two memories say the same."""
LEAST_COSINE = 0.5
"""Below, no words make two memories say the same."""

_MEANING, _WORDS, _GROUND = 0.7, 0.3, 0.1
"""Shares of cosine and words, and what brings an ordinary paraphrase above `SAME`."""
_ODD_VALUE = 0.06
"""Taken off for each value that one text alone states."""
_ODD_WORD, _FREE_WORDS = 0.02, 2
"""Taken off for each word by which one text says more than the other, after the first few."""
_DIFFERENT = 0.7
"""What is left where the texts state different things."""
_NEARLY = 0.99
"""The most for texts that are not the same to the letter."""
_MOST_READ = 4000
"""Characters of each text: what memories state, they state at the beginning."""
_LONGEST_NAME = 60
_LONGEST_CLAUSE = 300

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
_DENIED = re.compile(r"\b(?:instead of|rather than|in place of)\s+([^.,;:]{1,80})", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,;:]\s|\b(?:because|since|so|while|when|if)\b")
_SUPERSEDES = re.compile(
    r"\b(?:no longer|any ?more|formerly|previously|used to be|dropped|abandoned|retired|deprecated|"
    r"replaced|migrated|switched|moved|abolished|given up|gave up|discontinued|scrapped|phased out|gone|"
    r"except|apart from|other than|as of now|from now on)\b",
    re.IGNORECASE,
)
_RELATION = re.compile(
    r"\b(?:overrid(?:e|es)|over(?! \d)|before|after|than|instead of|depends? on|calls?|imports?|owns?|wins?)\b"
)

_ORDER = frozenset({stem("before"), stem("after")})
_NEGATING = ("un", "in", "im", "dis", "non", "de", "a")


def similarity(one: str, other: str, cosine: float) -> float:
    """How far two texts say the same, 0 to 1; from `SAME` on they do.

    Args:
        one, other: texts of two memories, in either order.
        cosine: of their vectors.
    """
    if cosine < LEAST_COSINE:
        return max(cosine, 0.0)
    if one == other:
        return 1.0
    a, b = _Statement(one[:_MOST_READ]), _Statement(other[:_MOST_READ])
    only_a, only_b = _unmatched(a.words, b.words), _unmatched(b.words, a.words)
    count = len(a.words) + len(b.words)
    shared = (count - len(only_a) - len(only_b)) / max(count, 1)
    odd_a, odd_b = a.values_beyond(b), b.values_beyond(a)
    surplus = abs(len(only_a) - len(only_b))
    score = _MEANING * cosine + _WORDS * shared + _GROUND
    score -= _ODD_VALUE * (len(odd_a) + len(odd_b)) + _ODD_WORD * max(surplus - _FREE_WORDS, 0)
    if (odd_a and odd_b) or _numbers_differ(a, b) or _contradict(a, b) or _words_replaced(a, b) or _ends_differ(a, b):
        score *= _DIFFERENT
    return min(max(score, 0.0), _NEARLY)


class _Statement:
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

    def values_beyond(self, other: _Statement) -> set[str]:
        """Names, and numbers in figures, of this text that the other does not have."""
        return {*(self.figures - other.numbers), *(name for name in self.names - self.figures if not other.has(name))}

    def has(self, name: str) -> bool:
        """Whether the text has the name, written in any of its ways."""
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", self.folded):
            return True
        return name.isalpha() and not _unmatched({stem(name)}, self.stems)


def _is_name(token: str, *, opens: bool) -> bool:
    if any(character.isdigit() for character in token):
        return not _NUMBER.fullmatch(token)
    if "_" in token or (token.isupper() and len(token) > 1):
        return True
    if not token[1:].islower():
        return len(token) > 1 and any(character.isupper() for character in token[1:])
    return token[0].isupper() and not opens


def _unmatched(words: AbstractSet[str], others: AbstractSet[str], *, alike: bool = True) -> set[str]:
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
        and not any(_one_word(word, other) for other in by_start.get(word[:_LEAST_START], ()))
    }


def _one_word(one: str, other: str) -> bool:
    """Whether two stems are of one word: `pin` and `pinn`, `overrid` and `overridden`, `convert` and `conversion`."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < _LEAST_START or not longer.isalpha():
        return False
    if longer.startswith(shorter):
        return len(longer) - len(shorter) <= _LONGEST_ENDING
    start = _in_common(shorter, longer)
    return start >= _LEAST_ROOT and len(shorter) - start <= 2 and _NOUN_ENDING.fullmatch(longer[start:]) is not None


_LEAST_START = 3
_LONGEST_ENDING = 3
_LEAST_ROOT = 5
_NOUN_ENDING = re.compile(r"[cst]?(?:ion|[ae]nc|ment)")
"""What makes a noun of a verb whose end it changes: `extend`, `extension`."""
_SHORT_STEMS = {stem(word): frozenset(stem(each) for each in others) for word, others in SHORT_FORMS.items()}


def _numbers_differ(a: _Statement, b: _Statement) -> bool:
    return bool(a.numbers - b.numbers) and bool(b.numbers - a.numbers)


def _contradict(a: _Statement, b: _Statement) -> bool:
    """One denies, replaces or reverses what the other states."""
    if a.supersedes != b.supersedes or _denies(a, b) or _denies(b, a):
        return True
    only_a, only_b = a.stems - b.stems, b.stems - a.stems
    if (a.negated and not (b.negated or b.negated_softly)) or (b.negated and not (a.negated or a.negated_softly)):
        return not (_opposed(only_a, only_b) or _opposed(only_b, only_a))  # `cannot be reached` is `unreachable`
    turned = _reversed(a, b)
    if turned is False:
        only_a, only_b = only_a - _ORDER, only_b - _ORDER
    for one, other in EXCLUDING:
        if (only_a & one and only_b & other) or (only_a & other and only_b & one):
            return True
    return bool(turned) or any(
        f"{prefix}{word}" in others
        for words, others in ((only_a, only_b), (only_b, only_a))
        for word in words
        for prefix in _NEGATING
    )


def _denies(a: _Statement, b: _Statement) -> bool:
    """One says `instead of` what the other states."""
    denied = {stem(word) for found in _DENIED.finditer(a.text) for word in content_words(found[1])} - FUNCTION_WORDS
    return bool(denied) and not (b.negated or b.negated_softly) and not _unmatched(denied, b.stems)


def _opposed(words: AbstractSet[str], others: AbstractSet[str]) -> bool:
    """Whether one of the others is one of the words with the opposite meaning: `unreachabl` of `reach`."""
    return any(
        other.startswith(prefix) and _one_word(other.removeprefix(prefix), word)
        for other in others
        for prefix in _NEGATING[:5]
        for word in words
    )


def _reversed(a: _Statement, b: _Statement) -> bool | None:
    """Whether what stands before a relation in one text stands behind it in the other; None if that cannot be told."""
    told = None
    sides = {relation: (before, behind) for relation, before, behind in _relations(a.folded)}
    for relation, other_before, other_behind in _relations(b.folded):
        before, behind = sides.get(relation, (set[str](), set[str]()))
        crossed = before & other_behind, behind & other_before
        kept = before & other_before, behind & other_behind
        if all(crossed) and sum(map(len, crossed)) > sum(map(len, kept)):
            return True
        if all(kept):
            told = False
    return told


def _relations(text: str) -> Iterator[tuple[str, set[str], set[str]]]:
    """Words that tell two things apart by their order, with the words before and behind in their clause.

    `B after A` comes as `A before B`.
    """
    for clause in (each for sentence in sentences(text) for each in _CLAUSE_END.split(sentence)):
        for found in _RELATION.finditer(clause[:_LONGEST_CLAUSE]):
            before = {stem(word) for word in content_words(clause[: found.start()])}
            behind = {stem(word) for word in content_words(clause[found.end() : _LONGEST_CLAUSE])}
            if found[0] == "after":
                yield "before", behind, before
            else:
                yield found[0] if found[0] == "before" else stem(found[0]), before, behind


def _words_replaced(a: _Statement, b: _Statement) -> bool:
    """The texts run side by side, but telling words of one have others, that it lacks altogether, in their place.

    Who says a thing again begins anew; who replaces a rule takes its sentence and puts something else in.
    """
    one, other = ([stem(token) for token in each.tokens[:_MOST_ALIGNED]] for each in (a, b))
    alignment = SequenceMatcher(None, one, other, autojunk=False)
    if alignment.ratio() < _SIDE_BY_SIDE:
        return False
    copied = alignment.ratio() >= _COPIED
    for tag, start, end, other_start, other_end in alignment.get_opcodes():
        telling, others = set(one[start:end]) - FUNCTION_WORDS, set(other[other_start:other_end]) - FUNCTION_WORDS
        if tag != "replace":
            continue
        inside = end < len(one) or other_end < len(other)  # at the end stands what is said, and no other word will do
        lacked = (
            _unmatched(telling, others if copied else b.stems, alike=inside),
            _unmatched(others, telling if copied else a.stems, alike=inside),
        )
        if all(lacked):
            return True
    return False


def _ends_differ(a: _Statement, b: _Statement) -> bool:
    """The texts begin with the same words, and each goes on with telling words that the other lacks."""
    start = _in_common(a.tokens, b.tokens)
    if 2 * start < min(len(a.tokens), len(b.tokens)):
        return False
    ends = ({stem(token) for token in each.tokens[start:]} - FUNCTION_WORDS for each in (a, b))
    one, other = ({word for word in end if len(word) > 1} for end in ends)
    return bool(_unmatched(one, b.stems - FUNCTION_WORDS)) and bool(_unmatched(other, a.stems - FUNCTION_WORDS))


def _in_common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


_SIDE_BY_SIDE = 0.6
"""The least share of words that two texts have in the same order, for one to be made from the other."""
_COPIED = 0.8
"""From here on a word counts as replaced even if the text has it elsewhere."""
_MOST_ALIGNED = 120
"""Words of each text; the time grows with their square."""
