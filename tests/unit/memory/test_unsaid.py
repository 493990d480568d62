from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory.unsaid import Unsaid

SECRET = "The staging password is swordfish. Ask the operators for api/v2/key-7f3a."
WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=9)
SENTENCE = st.lists(WORD, min_size=2, max_size=12, unique=True).map(" ".join)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Chose Kafka. The staging password is swordfish.", "Chose Kafka."),
        ("Set the staging password to swordfish; ran the tests", "ran the tests"),
        ("- THE STAGING  PASSWORD = SWORDFISH\n- chose Kafka\n\n- ran tests", "- chose Kafka\n\n- ran tests"),
        ("login --token=api/v2/key-7f3a.", ""),
        ("Passwords are hashed. Staging is slow.", "Passwords are hashed. Staging is slow."),
        ("", ""),
    ],
)
def test_statements_go_that_say_the_same_or_have_a_key_of_it(text: str, left: str) -> None:
    assert Unsaid([SECRET]).left_of(text) == left


def test_every_line_of_a_key_goes() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END KEY-----"
    assert Unsaid([f"The key:\n{key}"]).left_of(f"Made a key\n{key}\nChose Kafka") == "Made a key\nChose Kafka"


def test_nothing_goes_for_nothing() -> None:
    text = "Chose Kafka.\n\n  Ran the tests; went home. "
    assert Unsaid([]).left_of(text) == Unsaid([""]).left_of(text) == text


@given(SENTENCE, st.lists(SENTENCE, max_size=4), st.sampled_from([". ", "\n", "; ", ".\n\n"]))
def test_whatever_was_said_word_for_word_is_gone(secret: str, others: list[str], between: str) -> None:
    left = Unsaid([f"A title\n\n{secret}"]).left_of(between.join([*others, secret, *others]))
    assert secret not in left


@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_the_texts_only_whole_statements_go(said: str, text: str) -> None:
    left = Unsaid([said]).left_of(text)
    assert len(left) <= len(text)
    assert Unsaid([said]).left_of(left) in (left, left.strip())
