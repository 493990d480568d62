"""Ages as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recall.ages import days_of, moment_of


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("12h", 0.5), ("2w", 14), ("6m", 180), ("1.5y", 547.5)])
def test_an_age_is_so_many_days(text: str, days: float) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["", "30", "d", "-3d", "30 days", "3x"])
def test_what_is_no_age_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write 30d, 12h, 2w, 6m or 1y"):
        days_of(text)


def test_an_age_is_the_moment_that_long_ago_and_a_date_is_itself() -> None:
    assert moment_of("2026-04-01") == "2026-04-01"
    then = datetime.fromisoformat(moment_of("2d"))
    assert abs(datetime.now(UTC) - timedelta(days=2) - then) < timedelta(minutes=1)
    with pytest.raises(ValueError, match="too long ago"):
        moment_of("99999y")
