"""Whether two memories say the same: near in meaning, alike in words, and of one mind in what they state. Pure.

Vectors see the subject, hardly the statement: a rule and its replacement are nearer to each other than many a
paraphrase. So what a statement turns on is compared by itself: numbers, names, negations and opposites.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from functools import lru_cache

from recalld.memory.opposites import EXCLUDING, FUNCTION_WORDS
from recalld.memory.statements import Statement, in_common, one_word, unmatched
from recalld.memory.text import sentences, stem
from recalld.store.readings import whole_text
from recalld.store.rows import MemoryRow
from recalld.store.words import content_words

SAME = 0.85
"""From here on two memories say the same."""

_MEANING, _WORDS, _GROUND = 0.7, 0.3, 0.1
"""Shares of cosine and words, and what brings an ordinary paraphrase above `SAME`."""
LEAST_COSINE = (SAME - _WORDS - _GROUND) / _MEANING
"""0.64; below, no words make two memories say the same."""
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
_LONGEST_CLAUSE = 300

_DENIED = re.compile(r"\b(?:instead of|rather than|in place of)\s+([^.,;:]{1,80})", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,;:]\s|\b(?:because|since|so|while|when|if)\b")
_RELATION = re.compile(
    r"\b(?:overrid(?:e|es)|over(?! \d)|before|after|than|instead of|depends? on|calls?|imports?|owns?|wins?)\b"
)

_ORDER = frozenset({stem("before"), stem("after")})
_NEGATING = ("un", "in", "im", "dis", "non", "de", "a")


def similarity(one: str, other: str, cosine: float) -> float:
    """How far two texts say the same, 0 to 1; from `SAME` on they do, and below it is a rough estimate.

    Args:
        one, other: texts of two memories, in either order.
        cosine: of their vectors.
    """
    if cosine < LEAST_COSINE:
        return max(cosine, 0.0)
    if one == other:
        return 1.0
    a, b = _stated(one[:_MOST_READ]), _stated(other[:_MOST_READ])
    only_a, only_b = unmatched(a.words, b.words), unmatched(b.words, a.words)
    count = len(a.words) + len(b.words)
    shared = (count - len(only_a) - len(only_b)) / max(count, 1)
    odd_a, odd_b = a.values_beyond(b), b.values_beyond(a)
    surplus = abs(len(only_a) - len(only_b))
    score = _MEANING * cosine + _WORDS * shared + _GROUND
    score -= _ODD_VALUE * (len(odd_a) + len(odd_b)) + _ODD_WORD * max(surplus - _FREE_WORDS, 0)
    if score >= SAME and ((odd_a and odd_b) or _state_different_things(a, b)):
        score *= _DIFFERENT
    return min(max(score, 0.0), _NEARLY)


# One text is compared with several.
_stated = lru_cache(maxsize=16)(Statement)


def similarities(text: str, others: Iterable[MemoryRow], cosines: Mapping[str, float]) -> list[tuple[MemoryRow, float]]:
    """How far memories say the same as a text, without the forgotten ones.

    Args:
        cosines: of their vectors with that of the text, by id.
    """
    return [
        (other, similarity(text, whole_text(other.title, other.narrative), cosines[other.id]))
        for other in others
        if other.forgotten_at is None
    ]


def _state_different_things(a: Statement, b: Statement) -> bool:
    return _numbers_differ(a, b) or _contradict(a, b) or _words_replaced(a, b) or _ends_differ(a, b)


def _numbers_differ(a: Statement, b: Statement) -> bool:
    return bool(a.numbers - b.numbers) and bool(b.numbers - a.numbers)


def _contradict(a: Statement, b: Statement) -> bool:
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


def _denies(a: Statement, b: Statement) -> bool:
    """One says `instead of` what the other states."""
    denied = {stem(word) for found in _DENIED.finditer(a.text) for word in content_words(found[1])} - FUNCTION_WORDS
    return bool(denied) and not (b.negated or b.negated_softly) and not unmatched(denied, b.stems)


def _opposed(words: AbstractSet[str], others: AbstractSet[str]) -> bool:
    """Whether one of the others is one of the words with the opposite meaning: `unreachabl` of `reach`."""
    return any(
        other.startswith(prefix) and one_word(other.removeprefix(prefix), word)
        for other in others
        for prefix in _NEGATING[:5]
        for word in words
    )


def _reversed(a: Statement, b: Statement) -> bool | None:
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


def _words_replaced(a: Statement, b: Statement) -> bool:
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
            unmatched(telling, others if copied else b.stems, alike=inside),
            unmatched(others, telling if copied else a.stems, alike=inside),
        )
        if all(lacked):
            return True
    return False


def _ends_differ(a: Statement, b: Statement) -> bool:
    """The texts begin with the same words, and each goes on with telling words that the other lacks."""
    start = in_common(a.tokens, b.tokens)
    if 2 * start < min(len(a.tokens), len(b.tokens)):
        return False
    ends = ({stem(token) for token in each.tokens[start:]} - FUNCTION_WORDS for each in (a, b))
    one, other = ({word for word in end if len(word) > 1} for end in ends)
    return bool(unmatched(one, b.stems - FUNCTION_WORDS)) and bool(unmatched(other, a.stems - FUNCTION_WORDS))


_SIDE_BY_SIDE = 0.6
"""The least share of words that two texts have in the same order, for one to be made from the other."""
_COPIED = 0.8
"""From here on a word counts as replaced even if the text has it elsewhere."""
_MOST_ALIGNED = 120
"""Words of each text; the time grows with their square."""
