"""What is left of a text when something is to have been said never: its statements but for those that say it. Pure.

For purges: rather a statement too many goes than that a secret stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from recalld.memory.text import sentences, stem
from recalld.store.words import content_words

SAME_WORDS = 0.75
"""Share of the fewer telling words that two statements have in common, for them to say the same."""
LEAST_WORDS = 2
"""A single word says the same only as that word alone."""

_BETWEEN = re.compile(r"((?<=[.!?;])\s+|\s*\n\s*)")
_KEY = re.compile(r"(?=[\w+/.-]*\d)(?=[\w+/.-]*[^\W\d_])[\w+/.-]{6,}|\d{8,}")
"""What has letters and digits, as keys, hashes and most passwords do, or many digits."""


class Unsaid:
    """Takes words back.

    Args:
        texts: what is to have been said never; a statement goes that says a sentence of it, or has a key of it.

    Attributes:
        keys: the keys in it.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        texts = list(texts)
        self.keys = {key.strip("./-+_") for text in texts for key in _KEY.findall(text)}
        self._said = {
            words for text in texts for part in sentences(text) for words in map(_words, _BETWEEN.split(part))
        }
        self._said.discard(frozenset())

    def left_of(self, text: str) -> str:
        """The text without the statements that go; the very text where none does."""
        parts = _BETWEEN.split(text)
        kept = [at for at in range(0, len(parts), 2) if not self._says(parts[at])]
        if len(kept) == (len(parts) + 1) // 2:
            return text
        return "".join("".join(parts[at : at + 2]) for at in kept).strip()

    def _says(self, statement: str) -> bool:
        if any(key in statement for key in self.keys):
            return True
        words = _words(statement)
        return any(_same(words, said) for said in self._said)


def _words(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in content_words(text))


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    fewer = min(len(one), len(other))
    if fewer < LEAST_WORDS:
        return one == other
    return len(one & other) >= SAME_WORDS * fewer
