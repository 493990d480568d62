"""Ranking: how well a memory answers a question, as a number that means the same for each question. Pure.

What speaks for a memory, each from 0 to 1:

- meaning: the cosine of question and memory, most of it of the memory together with its neighbours in the session;
- words: the share of the question's telling words that it has, each by its rarity, as itself or in other words;
- before: the same of the memory two before it in the session, where the same voice spoke;
- asked: the same of the one just before it, where that one is a question;
- named: the question names whoever the memory is of (`Maya: …`);
- time: the memory is of the time that the question names;
- length: longer texts say more;
- near: it is tied to code at or around the place where somebody works;
- association: it shares subjects, code or history with what answers best.

They are added up by `Weights`, which were chosen on two long conversations, each checked on the other. Only meaning and
words are evidence that a memory answers at all; without enough of them it is left out, whatever else speaks for it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from recalld.memory import times
from recalld.store.words import SHORT_FORMS, content_words

# Cosines of all-MiniLM-L6-v2 between a question and a text: unrelated pairs lie around 0.05-0.2, clear answers above.
UNRELATED_COSINE = 0.1
ANSWER_COSINE = 0.65
STEM = 6
"""Words that share so many first letters are forms of one word."""
SAME_STEM = 0.9
LENGTH_WORDS = 64
"""A text of so many words is as long as helps."""


ANSWERED, ANSWERED_BY_ONE = 0.39, 0.14
"""Evidence that the best of many memories must have, or nothing that is stored answers the question; and the only one.

The more there are, the more is found in the best of them by chance.
"""
MANY = 400
RELATED = 0.07
"""Evidence that the others must have beside it."""
TELLING = 0.25
"""Evidence below which it counts less and less how long a text is."""
MIDDLE = 7.0
"""The sum at which a memory is as likely to answer as not."""
SPREAD = 2.0


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts; a part of weight 0 is switched off."""

    meaning: float = 1.0
    beside: float = 3.0
    words: float = 7.0
    before: float = 2.5
    asked: float = 4.0
    named: float = 4.5
    time: float = 5.5
    length: float = 3.5
    near: float = 3.0
    association: float = 2.0


class Question:
    """What is asked, taken apart once for all memories.

    Args:
        text: the question.
        like: for each of its words, other words that are like it, and how much.
        frequencies: how many memories have each of its words; of `count`.
        count: how many memories there are.
    """

    def __init__(
        self, text: str, like: Mapping[str, Mapping[str, float]], frequencies: Mapping[str, int], count: int
    ) -> None:
        self.count = count
        self._like = like
        self.words = content_words(text)
        self.span = times.named_in(text)
        self.all_words = frozenset(word.casefold() for word in words_in(text))
        rarity = [_rarity(min(frequencies.get(word, 0), count), count) for word in self.words]
        total = sum(rarity) or 1.0
        self._shares = [each / total for each in rarity]
        self._matches: dict[str, list[tuple[int, float]]] = {}
        self._stems: dict[str, list[int]] = {}
        for number, word in enumerate(self.words):
            self._matches.setdefault(word, []).append((number, 1.0))
            for other in SHORT_FORMS.get(word, ()):
                self._matches.setdefault(other, []).append((number, SAME_STEM))
            if like:  # which tells forms of the word too
                for other, how in like.get(word, {}).items():
                    same = other[:STEM] == word[:STEM] and len(word) >= STEM
                    self._matches.setdefault(other, []).append((number, max(how, SAME_STEM) if same else how))
            elif len(word) >= STEM:
                self._stems.setdefault(word[:STEM], []).append(number)
        self._matching = frozenset(self._matches)

    def likest(self, n: int) -> list[list[str]]:
        """For each word the n other words that are most like it."""
        return [list(some)[:n] for some in self._like.values()]

    def found_in(self, words: AbstractSet[str]) -> float:
        """The share of the question's words that a text has, 0 to 1."""
        best = [0.0] * len(self.words)
        for word in self._matching & words:  # goes through the smaller of the two
            for number, how in self._matches[word]:
                best[number] = max(best[number], how)
        if self._stems:
            for word in words:
                for number in self._stems.get(word[:STEM], ()):
                    best[number] = max(best[number], SAME_STEM)
        return sum(share * how for share, how in zip(self._shares, best, strict=True))

    def roughly_found_in(self, holding: Mapping[str, Sequence[int]], enough: int) -> dict[int, float]:
        """As `found_in`, of many memories at once, by what an index says of words.

        Rare words decide: once there are enough memories, commoner words add to what these have, and bring no others.

        Args:
            holding: the memories that have each word, the question's or one like it, by number.
            enough: so many.
        """
        best: list[dict[int, float]] = [{} for _ in self.words]
        for word, memories in holding.items():
            for number, how in self._matches.get(word, ()):
                known = best[number]
                weaker = [one for one in memories if known.get(one, 0.0) < how] if known else memories
                known |= dict.fromkeys(weaker, how)
        found: dict[int, float] = {}
        for has, share in sorted(zip(best, self._shares, strict=True), key=lambda each: len(each[0])):
            for one in has if len(found) < enough else found.keys() & has.keys():
                found[one] = found.get(one, 0.0) + share * has[one]
        return found

    def shared_with(self, words: AbstractSet[str]) -> list[str]:
        """Those of the question's words that a text has, in any form or in other words."""
        numbers = {number for word in self._matching & words for number, how in self._matches[word] if how >= 0.5}
        numbers |= {number for word in words for number in self._stems.get(word[:STEM], ())}
        return [self.words[number] for number in sorted(numbers)]


@dataclass(slots=True)
class Parts:
    """What speaks for a memory, each 0 to 1."""

    meaning: float = 0.0
    beside: float = 0.0
    words: float = 0.0
    before: float = 0.0
    asked: float = 0.0
    named: float = 0.0
    time: float = 0.0
    length: float = 0.0
    near: float = 0.0
    association: float = 0.0


def cosine_part(cosine: float) -> float:
    """How much a cosine says, 0 to 1."""
    return min(max((cosine - UNRELATED_COSINE) / (ANSWER_COSINE - UNRELATED_COSINE), 0.0), 1.0)


def length_part(words: int) -> float:
    """How much a text of so many words can say, 0 to 1."""
    return min(math.log1p(words) / math.log1p(LENGTH_WORDS), 1.0)


def named_part(question: Question, voice: str | None, voices: Collection[str]) -> float:
    """Whether the question names this voice: 1, or shared with the others that it names.

    Args:
        voices: all there are among the candidates.
    """
    named = [one for one in voices if one in question.all_words]
    return 1.0 / len(named) if voice in named else 0.0


def words_in(text: str) -> list[str]:
    """The words of a text, in order, as they are written."""
    return times.WORD.findall(text)


def least_evidence(count: int) -> float:
    """Evidence that the best of so many memories must have."""
    share = min(math.log(max(count, 1)) / math.log(MANY), 1.0)
    return ANSWERED_BY_ONE + (ANSWERED - ANSWERED_BY_ONE) * share


def evidence(parts: Parts) -> float:
    """How much speaks for a memory answering at all, 0 to 1: meaning and words, of itself and its neighbours."""
    return (max(parts.meaning, parts.beside) + max(parts.words, parts.asked)) / 2


def score(parts: Parts, weights: Weights) -> float:
    """How well a memory answers, 0 to 1: the logistic function of what speaks for it."""
    return 1 / (1 + math.exp((MIDDLE - total(parts, weights)) / SPREAD))


def total(parts: Parts, weights: Weights) -> float:
    """The weighted sum of what speaks for a memory."""
    return (
        weights.meaning * parts.meaning
        + weights.beside * parts.beside
        + weights.words * parts.words
        + weights.before * parts.before
        + weights.asked * parts.asked
        + weights.named * parts.named
        + weights.time * parts.time
        + weights.near * parts.near
        + weights.association * parts.association
        + weights.length * parts.length * min(evidence(parts) / TELLING, 1.0)
    )


def _rarity(frequency: int, count: int) -> float:
    """The inverse document frequency of BM25 (Robertson and Sparck Jones, with one added, so that it is positive)."""
    return math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
