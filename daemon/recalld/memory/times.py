"""Times that texts name: `8 May, 2023`, `May 8th`, `2023-05-08`, `in March`. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

WORD = re.compile(r"[^\W_]+")

_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_NAMES = {name: number for number, name in enumerate(_MONTHS, 1)} | {
    name[:3]: number for number, name in enumerate(_MONTHS, 1)
}
_MONTH = "|".join(sorted(_NAMES, key=len, reverse=True))
_YEAR = r"(?:,?\s+(?:of\s+)?(?P<year>\d{4}))?"
_FORMS = (
    re.compile(r"\b(?P<year>\d{4})-(?P<digits>\d{2})(?:-(?P<day>\d{2}))?\b"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?{_YEAR}", re.IGNORECASE),
    re.compile(rf"\b(?P<month>{_MONTH})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d){_YEAR}", re.IGNORECASE),
    # A month alone: capital, so that `may` and `march` are not taken for one.
    re.compile(
        rf"\b(?P<month>{'|'.join(name.capitalize() for name in sorted(_NAMES, key=len, reverse=True))})\b\.?{_YEAR}"
    ),
)
DAYS_AFTER = 10
"""What happened on a day is told of within so many days."""


class Span(NamedTuple):
    """A day, or a month."""

    month: int
    day: int | None
    year: int | None


def named_in(text: str) -> Span | None:
    """The time that a text names first: the most exact form of it that stands there."""
    for form in _FORMS:
        found = form.search(text)
        if found is None:
            continue
        named = found.groupdict()
        month = int(named["digits"]) if named.get("digits") else _NAMES[named["month"].lower()]
        day = int(named["day"]) if named.get("day") else None
        if 1 <= month <= 12 and (day is None or 1 <= day <= 31):
            return Span(month, day, int(named["year"]) if named["year"] else None)
    return None


def agreement(asked: Span | None, told: Span | None) -> float:
    """How well a memory's time agrees with the time asked for: 1 the day, 0.8 soon after, 0.5 the month, 0 else."""
    if asked is None or told is None:
        return 0.0
    if asked.year is not None and told.year is not None and asked.year != told.year:
        return 0.0
    same_month = asked.month == told.month
    if asked.day is not None and told.day is not None:
        if same_month and asked.day == told.day:
            return 1.0
        if 0 < _days_between(asked, told) <= DAYS_AFTER:
            return 0.8
    return 0.5 if same_month else 0.0


def _days_between(asked: Span, told: Span) -> int:
    year = told.year or asked.year or 2000
    try:
        return (date(year, told.month, told.day or 1) - date(asked.year or year, asked.month, asked.day or 1)).days
    except ValueError:  # no such day
        return 0
