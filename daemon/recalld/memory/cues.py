"""What kind of thing a statement says, told by the words it is said with; or that it is not worth keeping. Pure.

Made on `tests/unit/memory/sessions_known.py`; those of `sessions_unseen.py` are for measuring alone.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from recall.protocol.values import MemoryType
from recalld.store.words import content_words


class Kind(NamedTuple):
    """What a statement is."""

    memory_type: MemoryType
    sure: bool
    """Told by the words it is said with; else it is merely a fact about something that has a name."""


def _begins(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\A(?:{'|'.join(alternatives)})", re.IGNORECASE)


def _has(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})", re.IGNORECASE)


_WHO = r"(?:(?:also|then|and|just|now|i|we|have|had|has|to|i've|we've) )*"
"""What may stand before what somebody did."""
_LEAST_WORDS = 2

# --- what is never kept ---------------------------------------------------------------------------

_NOT_YET = _begins(
    r"next steps?", r"to-?dos?", r"plans?", r"open", r"questions?", r"remaining", r"follow-?ups?", r"later",
    r"blockers?", r"in progress", r"not done", r"tomorrow",
)  # fmt: skip
"""Headings over what has not happened."""
_INTENDED = _begins(
    r"todo", r"fixme", r"wip", r"next:", r"next step", r"(?:should|shall|could|can) (?:we|i)\b", r"maybe\b",
    r"perhaps\b", r"let'?s\b", r"(?:i|we)(?:'ll| will| am going| are going| might| may| could| want| plan)\b",
    r"will (?:continue|look|try|check|do)\b", r"plan(?:ning)? to\b", r"going to\b", r"waiting (?:for|on)\b",
    r"(?:still )?(?:needs?|have|has) to (?:ask|check|double.?check|look|investigate|review|test|verify|finish|see)\b",
    r"still (?:failing|open|broken|need|to do)\b", r"more (?:tomorrow|later)\b", r"ask(?:ed)?\b",
    r"(?:trying|running|looking|checking|reading|working)\b",
)  # fmt: skip
_TALK = _begins(
    r"ok(?:ay)?\b", r"hmm+\b", r"hi\b", r"hello\b", r"thanks?\b", r"thank you\b", r"sounds good\b", r"great\b",
    r"done[.!]?$", r"good (?:session|day|work|morning)\b",
    r"(?:i(?:'ve| have) )?(?:successfully )?completed the task\b", r"here(?:'s| is) (?:a|the) summary\b", r"let me\b",
)  # fmt: skip
_STATUS = _has(
    r"(?:tests?|suite|build|ci|lint|checks?)(?: \w+)? (?:pass(?:es|ed)?|(?:are|is) green|succeed(?:s|ed)?)\b",
    r"everything (?:works|is fine|passes)\b", r"works? (?:now|fine|again)\b", r"looked fine\b", r"went well\b",
    r"nothing special\b", r"let me know\b", r"more tomorrow\b", r"all good\b",
)  # fmt: skip
_CHORE = _begins(
    _WHO
    + r"(?:ran|run|re-?ran|read|opened|looked|listed|checked|re-?checked|restarted|committed|pushed|merged|rebased|"
    r"deployed|released|cleaned|tidied|renamed|formatted|reformatted|linted|bumped|installed|answered|paired|had|went|"
    r"finished|continued|started|spent|chased|investigated|profiled|compared|reviewed|updated|deleted|removed|demoed|met|"
    r"talked|discussed|wrote|got|took|lunch|retro|stand-?up|coffee|migrated|explored|studied|searched|browsed|verified|"
    r"tested|set up|tried)\b"
)
_SMALL_ACT = _begins(_WHO + r"(?:fixed|added|changed|adjusted|improved|corrected)\b")
_TRIVIAL = _has(
    r"typos?", r"lint(?:er|ing)?", r"flake8", r"imports?", r"formatting", r"white ?space", r"variables?",
    r"comments?", r"(?:unit |more |new |some )*tests? for", r"version",
)  # fmt: skip
_REASON = _has(
    r"because", r"since", r"so that", r"so ", r"otherwise", r"due to", r"which is why", r"which means",
    r"in order to", r"to avoid", r"as ",
)  # fmt: skip
"""By which even a chore tells something."""

# --- what is kept, and as what: the first that fits ----------------------------------------------

_CUES: list[tuple[MemoryType, re.Pattern[str]]] = [
    ("preference", _begins(
        r"(?:i|we) (?:really )?(?:prefer|like|dislike)\b", r"(?:i|we)(?:'d| would) rather\b", r"please\b",
        r"my preference\b",
    )),
    ("debugging", _has(
        r"root cause", r"turn(?:ed|s) out", r"(?:was|were|is|are) caused by",
        r"the (?:cause|reason|culprit) (?:was|is)", r"diagnosed", r"due to a bug", r"traced (?:it )?(?:down )?to",
        r"fails? (?:if|when|unless|with|on)", r"breaks? (?:if|when)", r"crash(?:es|ed) (?:if|when)", r"which is why",
    )),
    ("learning", _begins(
        r"(?:(?:i|we|also) )*(?:learn(?:ed|t)|discovered|found out|found that|realised|realized|noticed|til\b|gotcha|"
        r"caveat|documented that|note that|note:|lesson|beware|watch out)"
    )),
    ("decision", _has(
        r"decided", r"decision", r"chose\b", r"chosen", r"went with", r"opted", r"agreed (?:to|on|that)",
        r"settled on", r"picked", r"switched", r"no longer", r"reverted", r"are going with", r"(?:is|are) capped",
        r"in favou?r of", r"replaced \S+ (?:with|by)",
    )),
    ("bug_fix", _has(
        r"fixed", r"resolved", r"the fix (?:was|is)", r"patched", r"work(?:ed|s)? ?around", r"repaired", r"corrected",
    )),
    ("performance", _has(
        r"from [\d.,]+ ?(?:s|ms|min|mb|gb|sec\w*) to",
        r"(?:reduced|cut|halved|dropped|speeds? up|sped up)\b.*(?:time|latency|memory|\d)",
        r"[\d.,]+ ?(?:%|x|times) (?:faster|slower|less)",
        r"(?:stays?|below|under|over|takes) [\d.,]+ ?(?:ms|s|mb|gb)\b", r"latency", r"throughput", r"N\+1",
    )),
    ("dependency", _has(
        r"upgraded", r"downgraded", r"pinned",
        r"(?:added|removed|dropped) (?:the |a )?(?:dependency|package|library)",
    )),
    ("security", _has(
        r"passwords?", r"jwts?\b", r"(?:api |access |refresh )?tokens? (?:is|are|must)", r"hashed", r"encrypt",
        r"redact", r"csrf", r"xss", r"injection", r"signing key", r"secrets? (?:is|are|must)", r"RS256",
        r"tenants? can", r"never trust", r"permission check",
    )),
    ("architecture", _begins(
        _WHO + r"(?:added|built|implemented|created|introduced|moved|extracted|split|refactored|replaced|rewrote|"
        r"exposed|wrapped|documented|wired|redesigned|merged|ported|converted|enabled|made)\b"
    )),
    ("convention", _has(
        r"must\b", r"never\b", r"always\b", r"should\b", r"(?:have|has|need) to\b", r"do not\b", r"don't\b",
        r"(?:all|every|each) \w+ (?:\w+ )?(?:is|are|has|have|gets?)\b", r"when(?:ever)? \w+ing\b", r"avoid\b",
        r"convention",
    )),
    ("pattern", _has(r"pattern\b", r"the usual way", r"approach\b.*:")),
    ("configuration", _has(
        r"set `", r"environment variable", r"env var", r"listens? on", r"on port", r"port \d", r"configured",
        r"timeout (?:to|is)", r"setting", r"(?:needs?|requires?) [A-Z]\w+ \d", r"config\b",
    )),
    ("reference", _has(
        r"lives? (?:at|in|under)", r"(?:is|are) (?:documented|described|found|located|kept) (?:in|at|under)",
        r"is in the", r"needs? the\b", r"https?://",
    )),
    ("architecture", _has(
        r"uses?\b", r"runs? (?:in|on|as)", r"(?:is|are) split", r"returns?\b",
        r"go(?:es)? (?:straight )?(?:to|through)",
        r"(?:is|are) (?:computed|stored|verified|answered|written|read|sent|served|generated|built|cached|queued)",
        r"consists? of", r"depends? on", r"(?:is|are) based on", r"makes?\b", r"writes?\b",
    )),
]  # fmt: skip
_WORTH_A_CHORE = frozenset({"debugging", "decision", "performance"})
"""What makes one worth keeping that begins like a chore."""
_HEADINGS: list[tuple[MemoryType, re.Pattern[str]]] = [
    ("decision", _begins(r"(?:key )?decisions?", r"decided", r"choices")),
    ("bug_fix", _begins(r"(?:bug ?)?fix(?:es|ed)?", r"bugs?")),
    ("learning", _begins(r"learn", r"lessons", r"insights?", r"gotchas?", r"discover", r"findings?", r"notes")),
    ("convention", _begins(r"conventions?", r"rules?", r"guidelines?")),
]
_OVER_HEADINGS = frozenset({"bug_fix", "security", "performance", "convention"})
"""What a statement is for certain, whatever it stands under."""
_NAMED = re.compile(r"`[^`]+`|\w+\.\w+\(|\w+\(\)|[a-z]\w*_\w+|[a-z]+[A-Z]\w+|\w+/\w+|::|[=<>]{1,2}\s?\w|\d")


def kind_of(text: str, heading: str = "") -> Kind | None:
    """What kind of thing is said; None for what is not worth keeping.

    Args:
        text: one statement.
        heading: what it stands under, in lower case.
    """
    if worthless(text, heading):
        return None
    told = next((memory_type for memory_type, cue in _CUES if cue.search(text)), None)
    under = next((memory_type for memory_type, cue in _HEADINGS if cue.search(heading)), None)
    if under is not None and told not in _OVER_HEADINGS:
        return Kind(under, sure=True)
    if told is not None:
        return Kind(told, sure=True)
    return Kind("general", sure=False) if _NAMED.search(text) else None


def gives_reason(text: str) -> bool:
    """Whether a statement says why."""
    return bool(_REASON.search(text))


def binds(text: str) -> bool:
    """Whether a statement says what must be, or must not."""
    return bool(re.search(r"\b(?:must|never|always)\b", text, re.IGNORECASE))


def worthless(text: str, heading: str = "") -> bool:
    """Whether what is said is a chore, a plan, a question or talk, under a heading in lower case."""
    if _NOT_YET.search(heading) or text.endswith("?") or len(set(content_words(text))) < _LEAST_WORDS:
        return True
    if _INTENDED.search(text) or _TALK.search(text):
        return True
    if gives_reason(text):
        return False
    if _STATUS.search(text):
        return True
    chore = _CHORE.search(text)
    if _TRIVIAL.search(text) and (chore or _SMALL_ACT.search(text)):
        return True
    return bool(chore) and not any(cue.search(text) for memory_type, cue in _CUES if memory_type in _WORTH_A_CHORE)
