from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory.succession import put_behind

NAMES = "abcdef"


def test_what_was_superseded_has_half_its_score() -> None:
    assert put_behind({"a": 0.8, "b": 0.9}, {"a": "b"}) == pytest.approx({"a": 0.4, "b": 0.9})


def test_what_was_superseded_is_behind_a_successor_that_answers_worse() -> None:
    behind = put_behind({"a": 0.8, "b": 0.1}, {"a": "b"})
    assert 0.09 < behind["a"] < behind["b"] == 0.1


def test_what_was_superseded_by_something_that_was_not_found_has_half_its_score() -> None:
    assert put_behind({"a": 0.8}, {"a": "elsewhere"}) == {"a": 0.4}


@given(
    st.dictionaries(st.sampled_from(NAMES), st.floats(0.01, 1.0)),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))),
)
def test_the_older_is_always_behind_the_newer_over_any_chain(
    scores: dict[str, float], pairs: list[tuple[str, str]]
) -> None:
    successors = {old: new for old, new in pairs if old < new}
    behind = put_behind(scores, successors)
    assert list(behind) == list(scores)
    for each, score in scores.items():
        new = successors.get(each)
        assert behind[each] <= (score if new is None else score / 2)
        assert new not in behind or behind[each] < behind[new]
