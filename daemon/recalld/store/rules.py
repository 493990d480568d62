"""Rules, and what each settles: two that settle the same cannot both be in force. Pure.

`Always start class names with 'C'` and `use CamelCase for class names` both settle how classes are named; `retry 3
times` and `retry 5 times` differ in the value alone. So the later replaces the earlier.
"""

from __future__ import annotations

import re

MAX_RULE = 240
"""Characters of the longest sentence that is taken for one rule."""
CHOICES = frozenset(("convention", "decision", "preference", "configuration"))
LEAST_WORDS = 2
"""A rule needs more words than these around its values to tell what it settles."""

_SENTENCE = re.compile(r"(.+?)(?:[.!?](?=\s|$)|\n|$)", re.DOTALL)
_PRESCRIBES = re.compile(
    r"\b(?:always|must|shall|should|use|prefer|start|begin|end|name|prefix|suffix|write|keep|take|run|add|import|include|"
    r"put|set|log|store)\b",
    re.IGNORECASE,
)
_FORBIDS = re.compile(r"\b(?:never|not|don't|avoid|without|no longer)\b", re.IGNORECASE)
_ASIDE = re.compile(r"\b(?:even if|if|when|unless|because|since|so that|where)\b", re.IGNORECASE)
# What a rule says may be another each time: quoted text, numbers, names that no plain word looks like.
_VALUE = re.compile(
    r"`[^`\n]+`|\"[^\"\n]+\"|(?<!\w)'[^'\n]+'(?!\w)|(?<!\w)[@#]\w+|\b\w*[_\d]\w*\b|\b[A-Za-z][a-z]*[A-Z]\w*\b|\b[A-Z]{2,}\b"
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,:]\d+)*(?![\w])")
_NAMED = re.compile(r"\b(?:the\s+)?((?:[a-z]+\s+){0,2}?[a-z]+)\s+names?\b", re.IGNORECASE)
_CHOSEN = re.compile(r"\buse\s+.+?\s+as\s+(?:the\s+|our\s+)?(?:preferred\s+|main\s+|primary\s+)?(.+)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+|\0")
_NOT_NAMED = frozenset(
    """
    a all always an and any as at by digit end every for from have in include into long must name of on or our short
    should start string the to upper lower use with your begin prefix suffix case style append put single
    """.split()  # noqa: SIM905 - quoted words are harder to read
)
_FILLERS = frozenset("a always an any every must only please shall should the we our you your".split())  # noqa: SIM905


def rule_keys(title: str, narrative: str, memory_type: str = "general") -> list[str]:
    """What a memory settles, where it is a rule, or by its type a stated choice; empty where it is neither."""
    first = _SENTENCE.match((narrative or title).strip())
    sentence = first[1].strip() if first else ""
    if not sentence or len(sentence) > MAX_RULE:
        return []
    forbids = _FORBIDS.search(_ASIDE.split(sentence)[0]) is not None
    if not (forbids or _PRESCRIBES.search(sentence)):
        # Of a choice only the numbers may be another: its names say what it is about.
        masked, numbers = _NUMBER.subn("\0", sentence)
        chosen_numbers = memory_type in CHOICES and numbers and len(_plain(masked).split()) > LEAST_WORDS
        return [f"how {_plain(masked)}"] if chosen_numbers else []
    named = _NAMED.search(_VALUE.sub(" ", sentence))
    kind = [word for word in named[1].casefold().split() if word not in _NOT_NAMED] if named else []
    if kind:
        return [f"names of {' '.join(kind)}"]
    keys = [f"whether {_plain(_FORBIDS.sub(' ', sentence))}"]
    chosen = _CHOSEN.search(sentence)
    if chosen is not None and not forbids:
        keys.append(f"used as {_plain(chosen[1])}")
    masked, values = _VALUE.subn("\0", sentence)
    if values and not forbids and len(_plain(masked).split()) > LEAST_WORDS:
        keys.append(f"how {_plain(masked)}")
    return keys


def _plain(text: str) -> str:
    words = (word for word in _WORD.findall(text.casefold()) if word not in _FILLERS)
    return " ".join("…" if word == "\0" else word for word in words)
