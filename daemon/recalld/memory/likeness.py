"""How alike two pieces of code are. Pure.

Texts are compared as bags of neighbouring tokens: the share of token pairs that both have (Jaccard, counted
with repetitions). A rename that also edits the comments, or edits the code and leaves the comments, keeps one
of the two readings, with and without comments, alike; so the better of both counts.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import TypeVar

from recalld.outline import plain

T = TypeVar("T")

MAX_COMPARED = 64_000
"""Characters of a text that are compared at most."""

_TOKEN = re.compile(r"\w+|[^\s\w]")
_NEEDLESS = frozenset(";,")
OWN_NAME = "\0"
"""Stands for the name of a symbol in its own tokens."""
_EMPTY_OF_MEANING = frozenset(
    """
    self this cls super def function fn func fun lambda async await return yield pass raise throw throws new if
    else elif for while do in of is not and or try except catch finally with as from import export default class
    struct enum trait interface impl type public private protected internal static final const let var val mut pub
    void int long bool boolean string str float double true false none null nil undefined abstract override
    virtual inline extern extends implements get set
    """.split()  # noqa: SIM905 - read better so
)
_MARKS_OF_STRUCTURE = frozenset("()[]{}.,:;=\"'`@#\\")
STRINGS = r'"(?:\\.|[^"\\\n])*"|`[^`]*`'
QUOTED = r"|'(?:\\.|[^'\\\n])*'"
_CHARACTERS = r"|'(?:\\.|[^'\\\n])'"
_SLASHES = r"//[^\n]*|/\*.*?\*/"
HASHES = r"\#[^\n]*"
"""Python's strings and comments: their lines may be indented as they like."""
_COMMENTS = {
    "python": rf"^[ \t]*[rRbBuU]*(?P<q>\"\"\"|''').*?(?P=q)|{HASHES}",
    "ruby": rf"^=begin.*?^=end|{HASHES}",
    "elixir": rf"@(?:module)?doc\s+\"\"\".*?\"\"\"|{HASHES}",
    "bash": HASHES,
    "php": rf"{_SLASHES}|\#(?!\[)[^\n]*",
    "lua": r"--\[\[.*?\]\]|--[^\n]*",
    "markdown": r"<!--.*?-->",
}


class Code:
    """The text of a symbol or a file, cut up once for all comparisons.

    Args:
        text: as it stands in the file.
        language: of the file, None for plain text.
        name: the symbol's own name; where it stands, it is no difference.
    """

    def __init__(self, text: str, language: str | None, name: str = "") -> None:
        self.text = text[:MAX_COMPARED]
        self._name = name
        bare = _without_comments(self.text, language)
        self.tokens, self.lines = self._cut(bare)
        """Of the code without comments: its tokens, and on which line of the text, from 0, each stands."""
        self._all_tokens = self.tokens if bare == self.text else self._cut(self.text)[0]
        self._pairs: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]] | None = None

    def _cut(self, text: str) -> tuple[list[str], list[int]]:
        tokens, lines = [], []
        for number, line in enumerate(text.split("\n")):
            for mark in _TOKEN.findall(line):
                if mark not in _NEEDLESS:
                    tokens.append(OWN_NAME if mark == self._name else '"' if mark == "'" else mark)
                    lines.append(number)
        return tokens, lines

    @property
    def pairs(self) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]]:
        """Neighbouring tokens: of the code, and of the code with its comments."""
        if self._pairs is None:
            code = _bag(self.tokens)
            self._pairs = code, code if self._all_tokens is self.tokens else _bag(self._all_tokens)
        return self._pairs

    @property
    def meaning(self) -> frozenset[str]:
        """What tells this text from others: its words and operators, comments included, without keywords."""
        return frozenset(
            token
            for token in self._all_tokens
            if token != OWN_NAME and token not in _MARKS_OF_STRUCTURE and token.lower() not in _EMPTY_OF_MEANING
        )


def likeness(a: Code, b: Code) -> float:
    """How alike two texts are, from 0 to 1."""
    return max(_share(mine, theirs) for mine, theirs in zip(a.pairs, b.pairs, strict=True))


def name_likeness(a: str, b: str) -> float:
    """How alike two names are, from 0 to 1, whatever their case and underscores."""
    return difflib.SequenceMatcher(None, plain(a), plain(b), autojunk=False).ratio()


def lines_likeness(a: str, b: str) -> float:
    """The share of lines that two texts have in common, in any order; blank ones and indentation do not count."""
    return _share(*(Counter(line.strip() for line in text.splitlines() if line.strip()) for text in (a, b)))


@cache
def _comments(language: str | None) -> re.Pattern[str]:
    strings = STRINGS + (_CHARACTERS if language in ("rust", "java", "go", "c", "cpp") else QUOTED)
    comments = _COMMENTS.get(language or "", _SLASHES)
    if language == "python":  # docstrings come before strings, or `""` would be taken for an empty one
        return re.compile(rf"(?P<comment>{comments})|(?:{strings})", re.DOTALL | re.MULTILINE)
    return re.compile(rf"(?:{strings})|(?P<comment>{comments})", re.DOTALL | re.MULTILINE)


def _without_comments(text: str, language: str | None) -> str:
    """The text with nothing but line ends in place of comments and docstrings; lines keep their numbers."""
    if language is None:
        return text
    return _comments(language).sub(
        lambda found: found[0] if found["comment"] is None else "\n" * found[0].count("\n"), text
    )


def _bag(tokens: Sequence[str]) -> Counter[tuple[str, str]]:
    return Counter(pairwise(tokens)) if len(tokens) > 1 else Counter((token, token) for token in tokens)


def _share(a: Counter[T], b: Counter[T]) -> float:
    together = a.total() + b.total()
    if not together:
        return 1.0
    small, large = (a, b) if len(a) < len(b) else (b, a)
    common = sum(min(count, large[pair]) for pair, count in small.items())
    return common / (together - common)
