from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory.findings import IDLE_DAYS, Doubt, Seen, Standing, double, doubts, open_ones
from recalld.store.audits import Answer, Examined

NOTHING_KNOWN = Standing(successors={}, at_odds={}, days_worked=0)


def examined(memory_id: str = "a", **given: Any) -> Examined:
    values: dict[str, Any] = {
        "seq": 1, "id": memory_id, "text_hash": f"text of {memory_id}", "version": 1, "provenance": "stated",
        "importance_score": 0.7, "pinned": False, "rated": False, "useful": 0, "recalls": 0, "reinforced_on": 0,
        "present": 0.7, "secret": None, "double_id": None, "double_hash": None, "similarity": None, "anchor_ids": (),
    }  # fmt: skip
    return Examined(**(values | given))


def kinds(one: Examined, seen: Seen | None = None, standing: Standing = NOTHING_KNOWN) -> list[str]:
    return [each.kind for each in doubts(one, seen, standing)]


def doubt(kind: Any = "code", memory_id: str = "a", weight: float = 0.5, state: str = "s", about: str = "") -> Doubt:
    return Doubt(kind, memory_id, "why", "keep", weight, state, None, about)


def said(of: Doubt, answer: Any = "keep", state: str = "s") -> dict[tuple[str, str, str], Answer]:
    return {(of.memory_id, of.kind, of.about): Answer(of.memory_id, of.kind, of.about, state, answer)}


def test_nothing_speaks_against_a_memory_of_which_nothing_is_known() -> None:
    assert kinds(examined()) == []
    assert kinds(examined(), Seen("current", "", "")) == kinds(examined(), Seen("moved", "", "")) == []


@pytest.mark.parametrize(
    ("verdict", "act"), [("missing", "edit"), ("ambiguous", "edit"), ("changed", "verify"), ("moved+changed", "verify")]
)
def test_what_to_do_about_code_goes_by_its_verdict(verdict: Any, act: str) -> None:
    (found,) = doubts(examined(), Seen(verdict, "the body", "fp"), NOTHING_KNOWN)
    assert (found.kind, found.act, found.reason) == ("code", act, f"{verdict}: the body")


def test_of_what_was_superseded_only_secrets_and_code_are_told_besides() -> None:
    standing = Standing({"a": "b"}, {"a": [("c", "hash")]}, 1_000)
    one = examined(provenance="extracted", present=0.01, secret="Private Key")
    assert kinds(one, Seen("missing", "gone", ""), standing) == ["secret", "code", "superseded"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ["never_recalled"]),
        ({"recalls": 1}, []),
        ({"useful": 1, "rated": True}, []),
        ({"reinforced_on": 71}, []),
        ({"present": 0.09}, ["fading"]),
        ({"present": 0.09, "recalls": 3}, ["fading"]),
        ({"pinned": True, "present": 1.0}, []),
        ({"provenance": "extracted"}, ["unrated", "never_recalled"]),
        ({"provenance": "extracted", "rated": True, "recalls": 1}, []),
    ],
)
def test_use_is_told_by_days_of_work_and_never_of_what_is_pinned(given: dict[str, Any], found: list[str]) -> None:
    assert kinds(examined(**given), None, Standing({}, {}, 70 + IDLE_DAYS)) == found


def test_what_matters_more_weighs_more() -> None:
    missing, changed = (next(doubts(examined(), Seen(v, "", ""), NOTHING_KNOWN)) for v in ("missing", "changed"))
    faint = next(doubts(examined(present=0.01), Seen("missing", "", ""), NOTHING_KNOWN))
    secret = next(doubts(examined(present=0.01, secret="Private Key"), None, NOTHING_KNOWN))
    assert secret.weight > missing.weight > changed.weight > faint.weight > 0


def test_a_state_is_another_when_the_text_the_code_or_the_other_is() -> None:
    def state(one: Examined, seen: Seen | None = None, text: str = "t") -> str:
        return next(doubts(one, seen, Standing({}, {"a": [("b", text)]}, 0))).state

    states = [
        state(examined()),
        state(examined(), text="u"),
        state(examined(text_hash="other")),
        state(examined(), Seen("changed", "", "one")),
        state(examined(), Seen("changed", "", "two")),
        state(examined(), Seen("missing", "", "one")),
    ]
    assert len(set(states)) == len(states)
    assert state(examined(present=0.2)) == states[0]


def test_of_two_that_say_the_same_the_pinned_the_worthier_the_older_is_kept() -> None:
    def forgotten(one: Examined, other: Examined) -> str:
        assert double(one, other)[:-1] == double(other, one)[:-1]
        return double(one, other).memory_id

    assert forgotten(examined("a", present=0.5), examined("b", present=0.4)) == "b"
    assert forgotten(examined("a", seq=1), examined("b", seq=2)) == "b"
    assert forgotten(examined("a", present=0.9), examined("b", present=0.8, pinned=True)) == "a"


def test_a_memory_is_shown_once_by_what_weighs_most() -> None:
    shown, quiet = open_ones([doubt("code", weight=0.5), doubt("unrated", weight=0.6)], {}, put_off=False)
    assert ([each.kind for each in shown], quiet) == (["unrated"], 0)


def test_what_was_answered_makes_room_for_what_was_not() -> None:
    code, unrated = doubt("code", weight=0.5), doubt("unrated", weight=0.4)
    assert open_ones([code, unrated], said(code), put_off=False) == ([unrated], 0)
    assert open_ones([code], said(code), put_off=False) == ([], 1)
    assert open_ones([code], said(code, state="another"), put_off=False) == ([code], 0)
    assert open_ones([code], said(code, "later"), put_off=True) == ([code], 0)
    assert open_ones([code], said(code, "keep"), put_off=True) == ([], 1)


FOUND = st.lists(
    st.builds(
        doubt,
        st.sampled_from(["code", "secret", "unrated"]),
        st.sampled_from("abcd"),
        st.floats(0, 1),
        st.sampled_from("st"),
    ),
    max_size=12,
)


@given(FOUND, FOUND, st.sampled_from(["keep", "later"]), st.booleans())
def test_what_is_shown_was_not_answered_and_the_order_of_finding_does_not_matter(
    found: list[Doubt], answered: list[Doubt], answer: Any, put_off: bool
) -> None:
    answers = {key: value for each in answered for key, value in said(each, answer, each.state).items()}
    shown, quiet = open_ones(found, answers, put_off=put_off)
    assert len({each.memory_id for each in shown}) == len(shown)
    assert [each.weight for each in shown] == sorted((each.weight for each in shown), reverse=True)
    assert len(shown) + quiet == len({each.memory_id for each in found})
    again, _ = open_ones(found[::-1], answers, put_off=put_off)
    assert [(each.memory_id, each.weight) for each in again] == [(each.memory_id, each.weight) for each in shown]
