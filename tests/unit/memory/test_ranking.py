from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory import ranking
from recalld.memory.ranking import Parts, Question, Weights

NAMES = [field.name for field in fields(Parts)]
LIKE = {"career": {"career": 1.0, "job": 0.7}, "caching": {"cache": 0.8}}
parts = st.builds(Parts, **dict.fromkeys(NAMES, st.floats(0, 1)))


def asked(text: str, frequencies: dict[str, int] | None = None, count: int = 100) -> Question:
    return Question(text, LIKE, frequencies or {}, count)


def test_a_text_with_all_the_questions_words_has_all_of_it() -> None:
    assert asked("retry policy").found_in({"the", "retry", "policy", "is", "short"}) == pytest.approx(1.0)


def test_a_text_with_none_of_them_has_nothing_of_it() -> None:
    assert asked("retry policy").found_in({"something", "else"}) == 0.0


def test_a_rare_word_says_more_than_a_common_one() -> None:
    question = asked("retry policy", {"retry": 2, "policy": 60})
    assert question.found_in({"retry"}) > 2 * question.found_in({"policy"})


def test_a_word_is_found_in_other_words() -> None:
    assert asked("career").found_in({"job"}) == pytest.approx(0.7)


def test_another_form_of_a_word_is_nearly_the_word_also_while_nothing_says_what_is_like_it() -> None:
    without = Question("payments", {}, {}, 100)
    assert without.found_in({"payment"}) == pytest.approx(ranking.SAME_STEM)


def test_a_short_form_stands_for_the_word() -> None:
    assert asked("database").found_in({"db"}) == pytest.approx(ranking.SAME_STEM)


def test_words_that_only_make_a_question_are_not_looked_for() -> None:
    assert asked("What do you know about our retries?").words == ["retries"]


def test_whoever_is_named_is_meant() -> None:
    question = asked("What did Maya decide?")
    assert ranking.named_part(question, "maya", {"maya", "tom"}) == 1.0
    assert ranking.named_part(question, "tom", {"maya", "tom"}) == 0.0
    assert ranking.named_part(question, None, {"maya", "tom"}) == 0.0


def test_two_that_are_named_share() -> None:
    question = asked("What did Maya tell Tom?")
    assert ranking.named_part(question, "maya", {"maya", "tom"}) == ranking.named_part(question, "tom", {"maya", "tom"})


def test_nothing_that_speaks_for_it_is_a_score_near_nothing() -> None:
    assert ranking.score(Parts(length=1.0), Weights()) < 0.05


def test_a_clear_answer_has_a_score_near_one() -> None:
    assert ranking.score(Parts(meaning=0.9, beside=0.9, words=1.0, length=0.8), Weights()) > 0.9


@given(parts)
def test_scores_lie_between_nothing_and_one(some: Parts) -> None:
    assert 0.0 <= ranking.score(some, Weights()) <= 1.0
    assert 0.0 <= ranking.evidence(some) <= 1.0


@given(parts, st.sampled_from(NAMES), st.floats(0, 1))
def test_whatever_speaks_more_for_a_memory_never_lowers_its_score(some: Parts, name: str, more: float) -> None:
    better = replace(some, **{name: max(more, getattr(some, name))})
    assert ranking.score(better, Weights()) >= ranking.score(some, Weights())


@pytest.mark.parametrize("name", NAMES)
def test_each_part_can_be_switched_off(name: str) -> None:
    weights = Weights(**{name: 0.0})
    some = Parts(meaning=0.5, beside=0.5, words=0.5)
    assert ranking.total(replace(some, length=0.3), weights) > 0
    if name not in ("meaning", "beside", "words", "asked"):  # these are evidence too
        assert ranking.total(replace(some, **{name: 1.0}), weights) == ranking.total(some, weights)


def test_voices_do_not_answer_by_themselves() -> None:
    assert ranking.evidence(Parts(named=1.0, time=1.0, length=1.0, before=1.0)) == 0.0


def test_the_best_of_many_must_have_more_evidence_than_the_only_one() -> None:
    needed = [ranking.least_evidence(count) for count in (0, 1, 10, 400, 100_000)]
    assert needed == sorted(needed)
    assert needed[0] == needed[1] < needed[2] < needed[3] == needed[4]
