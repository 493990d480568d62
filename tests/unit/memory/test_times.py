from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory.times import Span, agreement, named_in


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("[1:56 pm on 8 May, 2023] Maya: hello", Span(5, 8, 2023)),
        ("What broke on May 8th?", Span(5, 8, None)),
        ("decided 2026-03-31 after the outage", Span(3, 31, 2026)),
        ("Who was on call in March 2026?", Span(3, None, 2026)),
        ("what happened in June", Span(6, None, None)),
        ("what happened in June?", Span(6, None, None)),
        ("the 3rd of October", Span(10, 3, None)),
    ],
)
def test_times_are_read_in_the_forms_people_write(text: str, span: Span) -> None:
    assert named_in(text) == span


@pytest.mark.parametrize("text", ["it may fail", "march on", "no time at all", "version 13-45", "2026-13-01", ""])
def test_what_only_looks_like_a_time_is_none(text: str) -> None:
    assert named_in(text) is None


def test_the_same_day_agrees_most_then_soon_after_then_the_month() -> None:
    asked = Span(5, 8, None)
    days = [Span(5, 8, 2023), Span(5, 12, 2023), Span(5, 2, 2023), Span(6, 30, 2023)]
    assert [agreement(asked, told) for told in days] == [1.0, 0.8, 0.5, 0.0]


def test_another_year_does_not_agree() -> None:
    assert agreement(Span(5, 8, 2022), Span(5, 8, 2023)) == 0.0


def test_soon_after_reaches_over_the_end_of_a_month() -> None:
    assert agreement(Span(5, 30, 2023), Span(6, 2, 2023)) == 0.8


def test_without_a_time_on_both_sides_there_is_nothing_to_agree() -> None:
    assert agreement(None, Span(5, 8, 2023)) == agreement(Span(5, 8, 2023), None) == 0.0


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    found = named_in(text)
    assert found is None or 1 <= found.month <= 12
