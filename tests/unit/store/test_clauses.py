"""Sentences taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.store.clauses import clause_of


@pytest.mark.parametrize(
    ("text", "said", "scope"),
    [
        ("Never sleep in tests.", "Never sleep", {"test"}),
        ("In tests: use the fakes.", "use the fakes", {"test"}),
        ("In production, log less when idle.", "log less", {"production", "idle"}),
        ("Use print only in scripts", "Use print", {"script"}),
        ("Indent everything with spaces everywhere in the code.", "Indent everything with spaces everywhere", set()),
        ("Use httpx, not requests; it is async.", "Use httpx", set()),
        ("Keep it short because nobody reads on.", "Keep it short", set()),
        ("From now on the timeout is 5 s.", "the timeout is 5 s", set()),
        ("We decided to keep logs for 3 days", "keep logs for 3 days", set()),
        ("Log level in production is INFO.", "Log level in production is INFO", set()),
        ("Rule: never use `print(x)`.", "never use `print(x)`", set()),
        ("[8 May] Keep logs for 3 days.", "Keep logs for 3 days", set()),
        ("Wait for the lock in 5 seconds", "Wait for the lock in 5 seconds", set()),
    ],
)
def test_what_is_said_is_told_from_where_and_why(text: str, said: str, scope: set[str]) -> None:
    clause = clause_of(text)
    assert clause is not None
    assert (clause.text, set(clause.scope)) == (said, scope)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "On Monday the timeout was 5 s.",
        "On Monday the timeout is 5 s.",
        "The parser took 3 s.",
        "Last week CI used Docker.",
        "[1:56 pm on 8 May, 2023] Maya: never use Kafka.",
        "Should we use Kafka?",
        "Maybe use Kafka.",
        "We could use Kafka.",
        "x" * 500,
    ],
)
def test_what_happened_once_is_asked_or_only_weighed_says_nothing(text: str) -> None:
    assert clause_of(text) is None


@pytest.mark.parametrize("text", ["From now on use X.", "Use X instead of Y.", "X is no longer used.", "Use X now."])
def test_a_sentence_may_say_that_it_takes_the_place_of_something(text: str) -> None:
    clause = clause_of(text)
    assert clause is not None
    assert clause.replaces


@given(st.text(st.sampled_from("in ,.:;()—\n'`\"only when use X 5 is…"), max_size=240))
def test_any_text_is_taken_apart(text: str) -> None:
    clause = clause_of(text)
    assert clause is None or clause.text in " ".join(text.split())
