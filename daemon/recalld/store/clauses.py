"""Sentences taken apart: what is said, where it is to hold, and the values in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from recalld.store.concepts import singular

MAX_SENTENCE = 240
"""Characters of the longest sentence that is looked at."""
MAX_SCOPE = 6
"""Words of the longest phrase that says where something is to hold."""
GAP = "…"
"""Stands for a value in a plain text."""

_QUOTED = r"`[^`\n]+`|\"[^\"\n]+\"|(?<!\w)'[^'\n]+'(?!\w)"
_UNIT = r"ms|s|sec|seconds?|min|minutes?|h|hours?|days?|weeks?|months?|years?|[km]b|[gt]b|[kmgt]ib|bytes?|%|percent"
# The unit belongs to the number: 500 ms are another value than 5 s.
_NUMBER = (
    r"(?<![\w.])(?:v?\d+(?:[.,:]\d+)*|(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve)(?=\s))"
    rf"(?:\s?(?:{_UNIT}))?(?!\w)"
)
_IDENTIFIER = r"(?<!\w)[@#]\w+|\b\w*[_\d]\w*\b|\b[A-Za-z][a-z]*[A-Z]\w*\b|\b[A-Z]{2,}\b"
NUMBER = re.compile(_NUMBER, re.IGNORECASE)
VALUE = re.compile(rf"{_QUOTED}|(?i:{_NUMBER})|{_IDENTIFIER}")
"""What may be another each time: quoted text, numbers, names that no plain word looks like."""

_SENTENCE = re.compile(r"(.+?)(?:[.!?](?=\s|$)|\n|$)", re.DOTALL)
_EVENT = re.compile(
    r"\b(?:was|were|wasn['’]t|weren['’]t|had|did|didn['’]t|took|went|broke|got|came|became|began|"
    r"hung|grew|fell|rose|crashed|turned out|happened|occurred|yesterday|ago|last (?:night|week|month|year|sprint))\b"
    r"|^(?:on|since|until) (?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:maybe|perhaps|might|could|would|consider\w*|propos\w+|suggest\w*|todo|wonder)\b", re.IGNORECASE
)
_TURN = re.compile(r"\s*\[[^\[\]\n]{1,60}\]\s*[^\W\d_]\w{1,30}:\s")
"""How a turn of a conversation begins: with a time in brackets and a name. What is said there is of whoever says it."""
_STAMP = re.compile(r"\s*\[[^\[\]\n]{1,60}\]\s*(?=\S)")
_LEAD = re.compile(
    r"^(?:(?:(?:decision|rule|convention|note|policy):|please|remember|note that|from now on|as of now|now|henceforth|"
    r"starting today|"
    r"(?:we|the team) (?:have )?(?:decided|agreed)(?: to| that)?)\s*[,:]?\s+)+",
    re.IGNORECASE,
)
_PLACE_FIRST = re.compile(
    r"^(?:in|within|inside|under|outside|on|during|when|while|if|unless)\s+([^,:;]+)[,:]\s+(.+)$", re.IGNORECASE
)
_PLACE_LAST = re.compile(
    r"^(\S.*?)\s(?:only\s)?(?:when|while|if|unless|"
    r"(?:in|within|inside|under|outside|on|during)(?!.*\b(?:is|are|has|have|must|should|may|can|starts?|begins?|ends?)\b))\s"
    r"((?:(?!\b(?:in|within|inside|under|outside|on|during|when|while|if|unless)\b)[^,])+)$",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\s*(?:[;—–]|\s\(|:\s|\s-\s|,\s(?:not|never|rather|instead|as|which|so|and not|even)\b|"
    r",?\s(?:because|since|so that|even if|even though|although|but|instead of|rather than)\b)",
    re.IGNORECASE,
)
_MEANWHILE = re.compile(r"\b(?:from now on|as of now|any ?more|nowadays|now|again|instead|currently)\b", re.IGNORECASE)
_REPLACES = re.compile(
    r"\b(?:from now on|as of (?:now|today)|now|nowadays|no longer|not any ?more|henceforth|starting today|instead of|"
    r"(?:replac|supersed)(?:es?|ed)|(?:switch|chang)ed (?:from|to)|(?:moved|migrated) (?:from|to)|"
    r"dropped|given up|gave up|abandoned|retired)\b",
    re.IGNORECASE,
)
_WORD = re.compile(rf"[^\W_]+|{GAP}")
_FILLERS = frozenset(
    "a always an any all every each must only please shall should the we our you your".split()  # noqa: SIM905
)
_EVERYWHERE = frozenset(
    """
    everywhere everything anywhere code codebase project repository repo day time case general default by and or
    """.split()  # noqa: SIM905 - a list of words is easier to read
)


class Clause(NamedTuple):
    """What a sentence says."""

    text: str
    """Without reasons, asides, and the words of its scope."""
    scope: frozenset[str]
    """The words that say where it is to hold; none for what holds everywhere."""
    whole: str
    """With the words of a scope at its end, which may be what is said: `stored in Redis`."""
    lead: frozenset[str]
    """The words of the scope that it opens with."""
    replaces: bool
    """It says itself that it takes the place of something."""


def first_sentence(text: str) -> str:
    """The first sentence of a text, or its first line; empty where that is too long to be one statement."""
    found = _SENTENCE.match(text.strip())
    sentence = " ".join(found[1].split()) if found else ""
    return "" if len(sentence) > MAX_SENTENCE else sentence


def clause_of(text: str) -> Clause | None:
    """What the first sentence of a text says; None for what happened once, is asked, or is only weighed."""
    if _TURN.match(text):
        return None
    text = text[found.end() :] if (found := _STAMP.match(text)) else text
    sentence = first_sentence(text)
    if not sentence or _EVENT.match(sentence) or text.strip()[len(sentence) :].startswith("?"):
        return None
    said, lead = _LEAD.sub("", sentence), ""
    if first := _PLACE_FIRST.match(said):
        lead, said = first[1], first[2]
    said = " ".join(_MEANWHILE.sub(" ", _ASIDE.split(said)[0]).split()).rstrip(" .,")
    text, place = split_place(said)
    if not text or _EVENT.search(text) or _DOUBT.search(text):
        return None
    opening = scope_of(lead)
    return Clause(text, opening | place, said, opening, bool(_REPLACES.search(sentence)))


def split_place(said: str) -> tuple[str, frozenset[str]]:
    """What is said without the phrases at its end that say where it holds, and the words of those."""
    place: frozenset[str] = frozenset()
    while (last := _PLACE_LAST.match(said)) and len(last[2].split()) <= MAX_SCOPE and not NUMBER.search(last[2]):
        said, place = last[1], place | scope_of(last[2])
    return said, place


def scope_of(place: str) -> frozenset[str]:
    """The words of a phrase that say where something holds; none where that is everywhere."""
    return frozenset(plain(place).split()) - _EVERYWHERE


def plain(text: str, without: AbstractSet[str] = frozenset()) -> str:
    """The words of a text in lower case and singular, without those that say nothing and those that are named."""
    words = (word for word in _WORD.findall(text.casefold()) if word not in _FILLERS and word not in without)
    return " ".join(singular(word) for word in words)


def verbatim(text: str) -> str:
    """A text in lower case, for comparison to the letter, without its quotation marks."""
    return " ".join(text.casefold().replace("`", "").replace('"', "").replace("'", "").split())
