"""Ages and moments as people write them: `30d`, `12h`, `2w`, `6m`, `1y`. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_AGE = re.compile(r"(\d+(?:\.\d+)?)([hdwmy])")
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0, "m": 30.0, "y": 365.0}


def days_of(text: str) -> float:
    """An age in days.

    Raises:
        ValueError: it is none, with how to write one.
    """
    found = _AGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no age: write 30d, 12h, 2w, 6m or 1y")
    return float(found[1]) * _DAYS[found[2]]


def moment_of(text: str) -> str:
    """A date or time as it is, and an age as the time that long ago, in UTC.

    Raises:
        ValueError: it is too long ago for a calendar.
    """
    if _AGE.fullmatch(text) is None:
        return text
    try:
        then = datetime.now(UTC) - timedelta(days=days_of(text))
    except OverflowError:
        raise ValueError(f"{text!r} is too long ago") from None
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")
