"""Words for the full-text index: identifiers and paths taken apart, and questions made into safe queries. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MAX_TERMS = 24
"""Terms of one query: each costs time in the index."""
MAX_COMPOUND = 200
"""Longer runs without a space are data, not names."""
MAX_JOINED = 64

# A run that people read as one name: snake_case, kebab-case, dotted.name, a/path.py, Type::member.
_COMPOUND = re.compile(r"\w+(?:[-./:\\]+\w+)*")
_IDENTIFIER = re.compile(r"\w+(?:-\w+)*")
_RUN = re.compile(r"[^\W_]+")
_LETTERS_OR_DIGITS = re.compile(r"[^\W\d_]{2,}|\d{2,}")

STOP_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been before being but by can could did do does doing
    for from get had has have having he her here him his how i if in into is it its just know let like may me might
    more most my no not of off on once one only or other our out over own please shall she should show so some such
    tell than that the their them then there these they this those through to too under until up us use used using
    very was we were what when where which while who whom why will with would you your
    """.split()  # noqa: SIM905 - a hundred quoted words are harder to read
)


_SHORT_FOR = """
    admin administrator administration | arg argument arguments | async asynchronous | auth authentication authorization
    authenticate | config configuration configure | ctx context | db database | deps dependencies dependency
    | dev development | dir directory folder | doc docs documentation | env environment | err error errors
    | func fn function functions | id identifier | impl implementation | js javascript | k8s kubernetes | lib library
    | max maximum | min minimum | msg message | param params parameter parameters | perf performance
    | pg postgres postgresql | prod production | py python | ref reference | repo repository | req request
    | resp response | sync synchronous | tmp temp temporary | ts typescript | ui frontend | var variable
"""
SHORT_FORMS: dict[str, tuple[str, ...]] = {
    word: tuple(other for other in group if other != word)
    for group in (line.split() for line in _SHORT_FOR.split("|"))
    for word in group
}
"""What programmers write short, and what it is short for, either way."""


def expand(text: str) -> str:
    """The text for the index: after each compound name its parts, and the name joined into one word.

    `getRedirect_target` becomes findable as itself, in any other spelling, and by each of its words.
    """
    return _COMPOUND.sub(_with_parts, unicodedata.normalize("NFC", text))


def query_terms(query: str) -> list[str]:
    """The words of a query that a text is asked for; those that say nothing are left out unless there are no others."""
    terms: dict[str, None] = {}
    for compound in _COMPOUND.findall(unicodedata.normalize("NFC", query)):
        terms.update(dict.fromkeys(run.lower() for run in _RUN.findall(compound)))
        terms.update(dict.fromkeys(_parts(compound)))
    telling = [term for term in terms if term not in STOP_WORDS and (len(term) > 1 or not term.isascii())]
    # Longer words are rarer as a rule, and the rare ones decide.
    return sorted(telling or terms, key=len, reverse=True)[:MAX_TERMS]


def content_words(text: str) -> list[str]:
    """The telling words of a text in lower case, each once, in order, compound names taken apart.

    All of them where none is telling.
    """
    whole = unicodedata.normalize("NFC", text)
    found: dict[str, None] = {}
    for run in _RUN.findall(whole):
        found[run.lower()] = None
        if not (run.islower() or run.istitle() or run.isupper()):
            found.update(dict.fromkeys(hump.lower() for hump in _humps(run)))
    telling = [word for word in found if word not in STOP_WORDS and (len(word) > 1 or not word.isascii())]
    return telling or list(found)


def _with_parts(found: re.Match[str]) -> str:
    compound = found[0]
    if compound.isalpha() and (compound.islower() or compound.istitle()):
        return compound
    return " ".join((compound, *_parts(compound)))


def _parts(compound: str) -> list[str]:
    """What a compound name is to be found by, beside the runs of letters and digits that it shows."""
    if len(compound) > MAX_COMPOUND:
        return []
    shown = {run.lower() for run in _RUN.findall(compound)}
    parts = dict.fromkeys(part.lower() for part in _take_apart(compound))
    return [part for part in parts if part not in shown]


def _take_apart(compound: str) -> Iterator[str]:
    for run in _RUN.findall(compound):
        for hump in _humps(run):
            yield hump
            if not hump.isalpha():
                yield from _LETTERS_OR_DIGITS.findall(hump)  # python3 also by python
    for name in (*_IDENTIFIER.findall(compound), compound):
        joined = "".join(_RUN.findall(name))
        if 0 < len(joined) <= MAX_JOINED:
            yield joined


def _humps(run: str) -> Iterator[str]:
    """The words of `camelCase`, `HTTPServer`, `utf8Decode`: digits stay with the letters before them."""
    start = 0
    for i in range(1, len(run)):
        before, here = run[i - 1], run[i]
        begins_word = here.isupper() and (not before.isupper() or run[i + 1 : i + 2].islower())
        if begins_word or (before.isdigit() and here.isalpha()):
            yield run[start:i]
            start = i
    yield run[start:]
