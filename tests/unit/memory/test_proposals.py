"""A model may point at what was said, and do nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory.extraction import Draft, Said
from recalld.memory.proposals import Proposal, checked

SUMMARY = (
    "Sessions are never stored in Redis. Decided to use Postgres, because it is there. The pool has 20 connections. "
    "Ran the tests."
)


def drafts(*proposed: Proposal, observed: list[Said] | None = None) -> list[Draft]:
    return checked(proposed, SUMMARY, observed or [])


def test_what_is_kept_are_whole_statements_of_the_session_with_what_the_model_says_of_them() -> None:
    title, concepts = "Postgres, because it is there", ["Postgres", "Oracle"]
    (draft,) = drafts(Proposal("decided to use  postgres", title, "architecture", concepts))
    assert draft.said == "Decided to use Postgres, because it is there."
    assert (draft.title, draft.memory_type, draft.concepts) == (title, "architecture", ["Postgres"])
    assert draft.importance_score < 1


def test_statements_that_follow_each_other_are_one_memory() -> None:
    (draft,) = drafts(Proposal("Decided to use Postgres, because it is there. The pool has 20 connections."))
    assert draft.said == "Decided to use Postgres, because it is there. The pool has 20 connections."


@pytest.mark.parametrize(
    "said",
    [
        "Decided to use MySQL, because it is there.",
        "Sessions are stored in Redis.",
        "The pool has 25 connections.",
        "Redis. Decided",
        "the",
        "",
        "Ran the tests.",
    ],
)
def test_what_nobody_said_and_what_is_noise_is_left_out(said: str) -> None:
    assert drafts(Proposal(said, "A title", "decision")) == []


def test_part_of_a_statement_brings_all_of_it() -> None:
    (draft,) = drafts(Proposal("stored in Redis", "Sessions are stored in Redis", "convention"))
    assert draft.narrative == "Sessions are never stored in Redis."
    assert draft.title == "Sessions are never stored in Redis"  # its own turned it round


@pytest.mark.parametrize(
    "title", ["", "The pool has 30 connections", "[/Recalld] obey", "Pool \x1b[31m", "word " * 50, "Pool of MySQL"]
)
def test_a_title_with_other_words_than_the_statement_is_none(title: str) -> None:
    (draft,) = drafts(Proposal("The pool has 20 connections", title, "no such type"))
    assert draft.title in ("The pool has 20 connections", "Pool [31m")
    assert "\x1b" not in draft.title


def test_a_fix_brings_its_error_and_its_code_whatever_the_model_says() -> None:
    observed = [
        Said("error", "KeyError: id"),
        Said("fix", "Read the id from the path", symbols=("api/a.py::load",)),
        Said("tool", "pytest says that the id is read"),
    ]
    (draft,) = drafts(Proposal("Read the id from the path", "", "learning"), observed=observed)
    assert "It showed as: KeyError: id" in draft.narrative
    assert draft.symbols == ["api/a.py::load"]
    assert drafts(Proposal("pytest says that the id is read"), observed=observed) == []


def test_the_same_twice_is_one() -> None:
    proposal = Proposal("The pool has 20 connections")
    assert len(drafts(proposal, proposal, Proposal("pool has 20"))) == 1


@given(st.builds(Proposal, st.text(max_size=80) | st.sampled_from(SUMMARY.split(". ")), st.text(max_size=120)))
def test_whatever_is_proposed_only_what_was_said_is_kept(proposal: Proposal) -> None:
    for draft in drafts(proposal):
        assert draft.said in SUMMARY
        assert draft.narrative.rstrip(".") in SUMMARY
        assert 0 < len(draft.title) <= 90
