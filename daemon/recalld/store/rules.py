"""Rules and facts, and what each settles: two that settle the same and say otherwise cannot both be in force. Pure.

`Always start class names with 'C'` and `use CamelCase for class names` both settle how classes are named; `retry 3
times` and `retry 5 times` differ in the value alone; `never use print` and `use print in scripts` settle the same, but
not for the same place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from recalld.store.clauses import GAP, NUMBER, VALUE, Clause, clause_of, plain, scope_of, split_place, verbatim
from recalld.store.concepts import singular
from recalld.store.words import STOP_WORDS

EVENTS = frozenset(("debugging", "bug_fix"))
"""Types of memories that tell what happened; they settle nothing."""
CHOICES = frozenset(("convention", "decision", "preference", "configuration"))
"""Types whose sentences state a choice, whatever their verb."""
LEAST_TELLING = 2
"""Telling words that must stand around the values of a rule for it to show what it settles."""

_NEGATION = re.compile(r"\b(?:never|not|cannot|avoid|no longer|nobody|no one)\b|n['’]t\b|^no\b", re.IGNORECASE)
_MODAL = re.compile(
    r"\b(?:must|shall|should|(?-i:may)|can|cannot|have to|has to|are to|is to|always|never)\b", re.IGNORECASE
)
_IMPERATIVE = re.compile(
    r"^(?:(?:we|you|always|never|only|do not|don['’]t|no)\b|"
    r"(?:use|prefer|avoid|start|begin|end|name|prefix|suffix|write|keep|take|run|add|import|include|put|set|log|store|"
    r"retry|return|raise|call|mock|pin|indent|format|wrap|test|validate|commit|squash|rebase|merge|deploy|make|let|limit|choose|load|cache|round|order|sort|check)\b)",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"^(.+?)\s(?:is|are)\s(not\s)?(?:(allowed|permitted|required|mandatory|enabled|on)|"
    r"(forbidden|prohibited|banned|disallowed|disabled|off))\b(.*)$",
    re.IGNORECASE,
)
_ATTITUDE = frozenset("use using prefer may can do does don t be never not no longer cannot avoid have has to".split())  # noqa: SIM905

_STYLE = (
    r"(?:all )?(?:snake_case|camelCase|CamelCase|PascalCase|kebab-case|SCREAMING_SNAKE_CASE|UPPER_CASE|UPPERCASE|"
    r"lowercase|upper case|lower case)"
)
_KIND = r"(?:the |all |our )?((?:[\w-]+ ){0,3}?[\w-]+)"
_NAMED = re.compile(r"\b(?:the\s+)?((?:[a-z]+\s+){0,2}?[a-z]+)\s+names\b(?!\s(?:to|in)\b)", re.IGNORECASE)
_NAMING = re.compile(
    r"\b(?:start|begin|end|prefix|suffix|write|keep|make|choose)\b[^,]*?names\b|"
    r"\b(?:for|in|to) (?:(?!of\b|from\b)[\w-]+ ){1,4}names$|"
    r"names\s(?:(?:are|is)(?! (?:used|not|given|taken|passed|returned)\b)|"
    r"must|should|shall|may|can|start|begin|end|have|use|include|contain|follow|always|never|carry)\b",
    re.IGNORECASE,
)
_NAMES_IN = re.compile(
    r"\bnames(\s(?:in|inside|of)\s([\w /.-]{2,40}?))"
    r"(?=\s(?:are|must|should|start|begin|end|have|use|include|contain)\b)"
)
_NAMINGS = (
    re.compile(rf"^{_KIND} (?:are|must be|should be) named\b"),
    re.compile(rf"^name {_KIND}\s+{GAP}", re.IGNORECASE),
    re.compile(rf"^(?:use|write|prefer) {_STYLE} (?:for|in) {_KIND}$", re.IGNORECASE),
    re.compile(rf"^{_KIND} (?:is|are|use|must be|should be|must use|should use)(?: written in| in)? {_STYLE}$"),
    re.compile(rf"^{_KIND} (?:must |should )?(?:begin|start|end)s? with {GAP}$"),
)
_ABOUT_NAMES = re.compile(r"\bnam(?:e|es|ed)\b|case\b|\bwith\b", re.IGNORECASE)
"""What each of these has: the rest takes time."""
_NOT_NAMED = frozenset(
    """
    a all always an and any as at by digit end every for from have in include into long must name of on or our short
    should start string the to upper lower use with your begin prefix suffix case style append put single
    """.split()  # noqa: SIM905 - quoted words are harder to read
)

_SET = re.compile(
    rf"(?:set|keep|pin|limit|configure) (?:the )?(?:{VALUE.pattern})(?= (?:to|at|below|above|under)\b)", re.IGNORECASE
)
"""`Set `retries` to 3`: the name is what is set."""
_OBJECT = re.compile(rf"(?:(?i:always|we) )?[a-zA-Z]+ (?!{NUMBER.pattern})(?:{VALUE.pattern})")
"""`Run `make lint` before a commit`: the name is what is done, and another may be done too."""
_TELLS = re.compile(r"^(?:return|raise|call|load|check|test|sort|log)s?\b", re.IGNORECASE)
"""How docstrings begin: what one function does, another may do with something else."""
_PERMITS = re.compile(r"\b(?:may|can)\b")
_IS = re.compile(r"\b(?:is|are)\b", re.IGNORECASE)
_MUST_BE = re.compile(r"\b(?:must|shall|should|have to|has to) be\b", re.IGNORECASE)

_USED_AS = re.compile(r"\buse\s+(.+?)\s+as\s+(?:the\s+|our\s+)?(?:preferred\s+|main\s+|primary\s+)?(.+)", re.IGNORECASE)
_USED_FOR = re.compile(
    r"^(?:(?P<by>[\w -]{2,40}?)\s)??(?:use|uses|prefer|prefers)\s(?P<what>.+?)\sfor\s(?P<purpose>.+)$", re.IGNORECASE
)
_PRODUCT = re.compile(rf"{VALUE.pattern}|(?:[A-Z][\w.+-]*(?:\s[A-Z][\w.+-]*){{0,2}})|(?:[a-z][\w.+-]*\w(?<!ing))")
"""What is used, where it is one of its kind: a name, or one word without an article, but no plural."""

_CHOSEN = {
    "indentation": re.compile(r"\b(tabs|(?:(?:\d+|two|four|eight) )?spaces)\b", re.IGNORECASE),
    "quotes": re.compile(r"\b(single|double)[ -]quot\w+", re.IGNORECASE),
    "imports": re.compile(r"\b(absolute|relative) imports?\b", re.IGNORECASE),
}
"""What conventions settle without naming it."""
_CHOOSING = re.compile(r"^(?:always |we )?(?:use|prefer|indent)\b|\b(?:is|are) indented\b", re.IGNORECASE)

_PRESENT = (
    r"is|are|has|have|uses?|needs?|requires?|supports?|allows?|accepts?|takes?|runs?|lives?|lasts?|expires?|waits?|"
    r"retr(?:y|ies)|keeps?|holds?|caches?|polls?|listens?|times? out|starts?|ends?|defaults?|contains?|serves?|rotates?"
)
_NUMERIC = re.compile(rf"^(.{{2,80}}?)\s({_PRESENT})\b(.*)$", re.IGNORECASE)
_KEPT = r"stored|kept|saved|hosted|deployed|hashed|encrypted|signed|encoded|compressed|written|called|built|compiled"
_DONE = (
    rf"{_KEPT}|served|cached|formatted|pinned|set|located|configured|packaged|generated|rendered|returned|serialized|"
    r"serialised|indexed|managed|measured|backed|implemented|run"
)
_ATTRIBUTE = re.compile(
    rf"^(?P<of>.{{2,80}}?)\s(?:is|are)\s(?P<done>(?:{_DONE})(?:\s(?:in|on|with|by|as|to|at|from|via|using))?)\s"
    r"(?P<value>\S+(?:\s\S+){0,2}?)(?:\s(?:in|on|for|within|under|during|when|if|unless)\s(?P<place>.+))?$",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    rf"^(?P<of>.{{2,80}}?)\sis\s(?P<value>(?:the\s)?(?:{VALUE.pattern}|[A-Z][\w.+-]*(?:\s[A-Z][\w.+-]*){{0,2}}|"
    r"[\w-]+(?:\.[\w-]+)+(?::\d+)?))$"
)
_ONE_OF = re.compile(
    r"\b(?:host|port|url|address|endpoint|domain|region|timeout|limit|level|version|branch|database|queue|broker|"
    r"name|owner|path|folder|format|encoding|locale|currency|language|framework|provider|platform|target|time ?zone|"
    r"size|interval|threshold|license|maintainer|key|prefix|suffix|tool|manager|runner|linter|formatter)\b",
    re.IGNORECASE,
)
"""Nouns for what has one value at a time: `the API is REST` and `the API is public` are both true."""
_NO_SUBJECT = re.compile(r"^(?:it|this|that|there|these|those|they|he|she|which|what)\b", re.IGNORECASE)


class Rule(NamedTuple):
    """What a memory settles, and how."""

    subject: str
    """Equal for all that settle the same."""
    says: str
    scope: frozenset[str]
    """Words that say where it holds; none for everywhere."""
    fact: bool
    """It tells what is, and does not prescribe: of other code it may tell of something else."""
    replaces: bool
    """It says itself that it takes the place of something."""


def rules_of(title: str, narrative: str, memory_type: str = "general") -> list[Rule]:
    """What a memory settles by the first sentence of its text, or by its title, each subject once."""
    if memory_type in EVENTS:
        return []
    found: dict[str, Rule] = {}
    for text in dict.fromkeys((narrative or title, title)):
        clause = None if text.endswith("…") else clause_of(text)
        if clause is not None:
            for rule in _read(clause, choice=memory_type in CHOICES):
                found.setdefault(rule.subject, rule)
    return list(found.values())


def rule_keys(title: str, narrative: str, memory_type: str = "general") -> list[str]:
    """The subjects of what a memory settles; empty where it settles nothing."""
    return [rule.subject for rule in rules_of(title, narrative, memory_type)]


def _read(clause: Clause, *, choice: bool) -> Iterator[Rule]:
    if within := _NAMES_IN.search(clause.text):
        text = f"{clause.text[: within.start(1)]} {clause.text[within.end() :]}"
        clause = clause._replace(text=" ".join(text.split()), scope=clause.scope | scope_of(within[2]))
    if kind := _kind_named(clause.text):
        yield _rule(clause, f"names of {kind}", verbatim(clause.text))
        return
    if kind := _kind_named(clause.whole):  # `include a digit in class names`: that is no place
        yield _rule(clause, f"names of {kind}", verbatim(clause.whole))._replace(scope=clause.lead)
        return
    if _NO_SUBJECT.match(clause.text):
        return
    if found := _VERDICT.match(clause.text):
        yield _allowed(clause, found)
    elif _MODAL.search(clause.text) or (_IMPERATIVE.match(clause.text) and not _IS.search(clause.text)):
        yield from _prescribed(clause)
    else:
        yield from _counted(clause, choice=choice)
    yield from _of_one_value(clause)


def _kind_named(text: str) -> str:
    """What a rule says how to name; empty where it is none of that kind."""
    if not _ABOUT_NAMES.search(text):
        return ""
    masked = VALUE.sub(GAP, text)
    found = _NAMED.search(VALUE.sub(" ", text)) if _NAMING.search(masked) else None
    for pattern in _NAMINGS:
        found = found or pattern.search(text) or pattern.search(masked)
    return plain(found[1], _NOT_NAMED) if found else ""


def _prescribed(clause: Clause) -> Iterator[Rule]:
    """Whether something is done, what is used as something, and how, where values are named."""
    forbids = _NEGATION.search(clause.text) is not None
    for what, pattern in _CHOSEN.items():
        values = {found[1].casefold() for found in pattern.finditer(clause.text)}
        if len(values) == 1 and not forbids and _CHOOSING.match(clause.text):
            yield _rule(clause, f"choice of {what}", *values)
            return
    done = plain(clause.text, _ATTITUDE)
    if " " in done or (done and not clause.text.casefold().startswith("no ")):  # `no arguments` is no rule
        yield _rule(clause, f"whether {done}", "no" if forbids else "yes")
    if not forbids and (chosen := _USED_AS.search(clause.whole)):
        yield _rule(clause, f"used as {plain(chosen[2])}", plain(chosen[1]))
    additive = forbids or _OBJECT.match(clause.text) or _TELLS.match(clause.text) or _PERMITS.search(clause.text)
    yield from _with_values(clause, NUMBER if additive else VALUE, _start_of_values(clause.text))


def _start_of_values(text: str) -> int:
    """Where in a rule its values begin: behind what is set, or behind who must or may do something."""
    if attribute := _SET.match(text):
        return attribute.end()
    modal = None if _IMPERATIVE.match(text) else _MODAL.search(text)
    return modal.start() if modal else 0


def _with_values(clause: Clause, value: re.Pattern[str], start: int = 0) -> Iterator[Rule]:
    """How much, or which, where all but the values is the same.

    Args:
        start: what stands before is no value, but what it is the value of.
    """
    said = clause.text[start:]
    values = [verbatim(found[0]) for found in value.finditer(said)]
    masked = plain(clause.text[:start] + value.sub(GAP, said))
    telling = [word for word in masked.split() if word != GAP and word not in STOP_WORDS]
    if values and len(telling) >= LEAST_TELLING:
        yield _rule(clause, f"how {masked}", " ".join(values))


def _allowed(clause: Clause, found: re.Match[str]) -> Rule:
    """Whether something may be, or is on."""
    what, place = split_place(found[1])
    denied = bool(found[2]) != bool(found[4])
    rule = _rule(clause, f"whether {plain(f'{what} {found[5]}', _ATTITUDE)}", "no" if denied else "yes")
    return rule._replace(scope=rule.scope | place)


def _counted(clause: Clause, *, choice: bool) -> Iterator[Rule]:
    """A fact with a number; of a choice it may stand anywhere, else behind a verb that tells of now."""
    found = _NUMERIC.match(clause.text)
    if _NEGATION.search(clause.text) is None and (choice or found):
        for rule in _with_values(clause, NUMBER, found.start(3) if found else 0):
            yield rule._replace(fact=True)


def _of_one_value(clause: Clause) -> Iterator[Rule]:
    """What is used for something, where or how something is kept, what the one so and so is."""
    text = _MUST_BE.sub("are", clause.whole)
    if _NEGATION.search(text):
        return
    if (used := _USED_FOR.match(text)) and _PRODUCT.fullmatch(used["what"]) and not _plural(used["what"]):
        subject = f"{plain(used['by'] or '')} used for {plain(used['purpose'])}".strip()
        yield _rule(clause, subject, plain(used["what"]))
    elif found := _ATTRIBUTE.match(text):
        subject = f"what {plain(found['of'])} {plain(found['done'])}"
        yield Rule(subject, plain(found["value"]), clause.lead | scope_of(found["place"] or ""), True, clause.replaces)
    elif (found := _IDENTITY.match(text)) and _ONE_OF.search(found["of"]):
        yield _rule(clause, f"what {plain(found['of'])}", plain(found["value"]))._replace(fact=True)


def _rule(clause: Clause, subject: str, says: str) -> Rule:
    return Rule(subject, says, clause.scope, fact=False, replaces=clause.replaces)


def _plural(word: str) -> bool:
    return word.islower() and singular(word) != word
