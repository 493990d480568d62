"""Words that cannot both be true of one thing, words that say the same of it, and words that say nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from recalld.memory.text import stem

_OPPOSITES = """
    always usually / never | before / after | allow permit may / forbid prohibit deny disallow | enable / disable
    | include / exclude leave | begin start prefix / end finish suffix | first / last | minimum least / maximum most
    | above over more greater larger / below under less fewer smaller | true / false | on / off
    | required mandatory / optional | public / private | accept / reject refuse
    | internal / external | hard / soft | add / remove | abort fail stop / skip continue ignore proceed
    | raise throw / return | manual hand / automatic generate autogenerate | eager / lazy
    | sync synchronous synchronously / async asynchronous asynchronously
    | tab / space | ascending / descending | upper uppercase / lower lowercase
    | push / pull poll | single exactly / many multiple several | local / remote | keep / delete drop
    | block / warn | exact / approximate | mutable / immutable | online / offline | client / server
    | share shared common / own separate isolated
"""
_KINDS = """
    millisecond ms | second | minute | hour | day daily nightly | week weekly | month monthly | year yearly annually
    / byte | kb kib kilobyte | mb mib megabyte | gb gib gigabyte | tb tib terabyte
    / monday | tuesday | wednesday | thursday | friday | saturday | sunday
    / trace | debug | info | warning | error | critical
    / development dev | staging | production prod
    / string text | json | xml | yaml | toml | csv
    / minor | major | patch
    / head | top | bottom / left | right / row | column
"""


def _opposites() -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for pair in _OPPOSITES.split("|"):
        one, other = (frozenset(stem(word) for word in side.split()) for side in pair.split("/"))
        yield one, other
    for kind in _KINDS.split("/"):
        sides = [frozenset(stem(word) for word in side.split()) for side in kind.split("|")]
        for number, side in enumerate(sides):
            yield side, frozenset().union(*sides[:number], *sides[number + 1 :])


EXCLUDING = tuple(_opposites())
"""Words, as stems, that cannot both be true of one thing."""

_ALIKE = """
    begin start | end finish stop | need require | allow permit | forbid prohibit disallow | remove delete drop
    | create make build generate | store keep save hold put live | get fetch read load retrieve | return give answer
    | send deliver | run execute | check verify validate | use employ | change modify edit | choose pick select
    | expire valid last | happen occur | call invoke | show display | fail break | limit restrict cap
    | convert turn translate | merge combine | big large | error exception | folder directory | test spec | mail email
    | quick fast | whole entire complete | surviv persist persistence
"""
ALIKE = {
    word: frozenset(group) - {word}
    for group in (frozenset(stem(word) for word in line.split()) for line in _ALIKE.split("|"))
    for word in group
}
"""Words that say the same in what is told of code, as stems."""

FUNCTION_WORDS = frozenset(
    stem(word)
    for word in """
    a an and are as at be but by can do doesn don for from get go goes has have held in into is it its kept live lives
    may must need never not of shall should so stored t that the this through to use used using which while will with
    """.split()  # noqa: SIM905 - a list of words is easier to read
)
"""Words that are put in each other's place without a change of what is said."""
