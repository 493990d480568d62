from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory.importance import CURRENT_FACTOR, HALF_LIFE, Standing, explained, half_life, present

COUNTS = st.integers(0, 5000)
STANDINGS = st.builds(
    Standing,
    base=st.floats(0, 1),
    pinned=st.booleans(),
    idle_days=COUNTS,
    useful=COUNTS,
    recalls=COUNTS,
    unused=COUNTS,
    current=st.booleans(),
)


@given(STANDINGS)
def test_it_is_never_below_nothing_nor_above_its_base(standing: Standing) -> None:
    assert 0 <= present(standing) <= standing.base


@given(STANDINGS, COUNTS)
def test_it_never_rises_with_time(standing: Standing, later: int) -> None:
    assert present(replace(standing, idle_days=standing.idle_days + later)) <= present(standing)


@given(STANDINGS, COUNTS)
def test_what_is_pinned_stays_whatever_happens(standing: Standing, days: int) -> None:
    pinned = replace(standing, base=1.0, pinned=True, idle_days=days)
    assert present(pinned) == 1.0


@given(STANDINGS)
def test_what_speaks_for_a_memory_never_lowers_it_and_what_speaks_against_it_never_raises_it(
    standing: Standing,
) -> None:
    now = present(standing)
    assert present(replace(standing, useful=standing.useful + 1)) >= now
    assert present(replace(standing, recalls=standing.recalls + 1)) >= now
    assert present(replace(standing, current=True)) >= now
    assert present(replace(standing, unused=standing.unused + 1)) <= now


@given(STANDINGS)
def test_it_is_said_in_one_line(standing: Standing) -> None:
    assert "\n" not in explained(standing)
    assert f"{present(standing):.2f}" in explained(standing)


def test_half_of_it_is_left_after_its_half_life() -> None:
    assert present(Standing(base=0.8, idle_days=int(HALF_LIFE))) == pytest.approx(0.4)
    slowed = Standing(base=0.8, idle_days=int(HALF_LIFE * CURRENT_FACTOR), current=True)
    assert present(slowed) == pytest.approx(0.4)


def test_being_rated_useful_and_recalled_lengthens_the_half_life() -> None:
    assert half_life(Standing(base=1, useful=2, recalls=10)) == pytest.approx(HALF_LIFE * 2.5)


def test_a_line_names_all_that_counts_and_nothing_else() -> None:
    assert explained(Standing(base=0.7)) == "0.70 of 0.70: 0 days of work since it was confirmed, of which 60 halve it"
    line = explained(Standing(base=0.8, idle_days=1, useful=1, recalls=1, current=True, unused=2))
    assert line == (
        "0.77 of 0.80: 1 day of work since it was confirmed, of which 186 halve it, rated useful once, "
        "recalled on 1 day of work, its code is as it was, handed over and not used 2 times"
    )
    assert explained(Standing(base=1.0, pinned=True)) == "1.00: pinned, it never decays"
