from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.protocol.errors import RecallError
from recalld.memory import text

LAZY = (
    "All SQLAlchemy relationships use lazy='raise' as the default. This forces explicit loading via selectinload() or "
    "joinedload() and prevents N+1 query bugs. Any code that accesses a relationship without an explicit loader will "
    "raise an error immediately rather than silently issuing a query. See api/models/memory.py for the base model "
    "configuration."
)
ARQ = (
    "ARQ job functions must receive only JSON-serializable arguments. Never pass ORM objects into jobs — pass IDs as "
    "strings instead. The worker runs in a separate process with its own connection pool and cannot deserialize models."
)


def test_a_missing_title_is_the_first_sentence() -> None:
    assert text.title_of(LAZY) == "All SQLAlchemy relationships use lazy='raise' as the default"


def test_a_long_first_sentence_is_cut_at_a_word() -> None:
    assert text.title_of(".. [1] Not-a-Number, from numpy. More.") == "[1] Not-a-Number, from numpy"
    title = text.title_of("word " * 200)
    assert len(title) <= 300
    assert title.endswith("word…")


def test_dots_inside_names_and_numbers_end_no_sentence() -> None:
    assert text.sentences("Use api/models.py and v1.2 of it. Then stop.") == [
        "Use api/models.py and v1.2 of it.",
        "Then stop.",
    ]


def test_list_items_are_sentences_of_their_own() -> None:
    assert text.sentences("Rules:\n- one\n- two") == ["Rules:", "- one", "- two"]


def test_the_summary_is_the_sentence_that_shares_most_words_with_the_query() -> None:
    assert text.summary_of(ARQ, ["pass", "objects", "job"]).startswith("Never pass ORM objects")
    assert text.summary_of(ARQ, ["connection", "pool"]).startswith("The worker runs")
    assert text.summary_of(ARQ).startswith("ARQ job functions")


@pytest.mark.parametrize(
    ("query", "summary"),
    [
        ("loader errors", "Any code that accesses a relationship without an explicit loader will raise an error"),
        ("configured", "See api/models/memory.py"),
    ],
)
def test_endings_do_not_matter_to_a_summary(query: str, summary: str) -> None:
    assert text.summary_of(LAZY, query.split()).startswith(summary)


def test_a_sentence_that_goes_on_from_the_one_before_brings_that_along() -> None:
    assert text.summary_of(LAZY, ["n", "query", "bugs"]) == (
        "All SQLAlchemy relationships use lazy='raise' as the default. This forces explicit loading via selectinload() "
        "or joinedload() and prevents N+1 query bugs."
    )
    long = "x" * 200
    assert text.summary_of(f"The {long} is here. It holds the key, which is long enough.", ["key"]).startswith(
        "It holds"
    )


def test_words_of_the_query_that_the_title_says_do_not_choose_the_sentence_unless_it_says_all() -> None:
    query = ["database", "relationship", "loading", "strategy"]
    assert text.summary_of(LAZY, query, "SQLAlchemy lazy loading strategy").startswith("All SQLAlchemy relationships")
    assert text.summary_of(LAZY, ["strategy", "explicit"], "Strategy: be explicit").endswith("N+1 query bugs.")


def test_a_rare_word_counts_for_more_than_a_common_one() -> None:
    told = "The cache is Redis. The cache is warm. The cache is small. Eviction is by age."
    assert text.summary_of(told, ["cache", "eviction"]).startswith("The cache is small. Eviction is by age.")


def test_a_summary_does_not_repeat_the_title_unless_there_is_nothing_else() -> None:
    assert text.summary_of("Use Redis. It is fast.", title="Use Redis") == "It is fast."
    assert text.summary_of("Use Redis. It is fast.", ["redis"], "Use Redis") == "It is fast."
    assert text.summary_of("Use Redis.", title="Use Redis") == "Use Redis."
    assert text.summary_of("", ["redis"], "Use Redis") == ""


def test_a_sentence_that_opens_a_list_is_shown_with_its_first_item() -> None:
    assert text.summary_of("Rules of retries:\n- three at most\n- back off", ["retries"]) == (
        "Rules of retries: - three at most"
    )


@given(st.text(), st.lists(st.text(min_size=1), max_size=5), st.text(max_size=50))
def test_a_summary_is_one_line_and_never_too_long(narrative: str, query: list[str], title: str) -> None:
    summary = text.summary_of(narrative, query, title)
    assert len(summary) <= text.SUMMARY_CHARACTERS
    assert "\n" not in summary
    assert bool(summary) == bool(text.sentences(narrative))


def test_a_closing_tags_line_becomes_tags() -> None:
    given = "The admin panel uses a separate auth flow. Tags: authentication, admin, security"
    assert text.split_tags(given) == (
        "The admin panel uses a separate auth flow.",
        ["authentication", "admin", "security"],
    )
    assert text.split_tags("No tags: here. More follows.") == ("No tags: here. More follows.", [])


def test_types_of_peers_are_understood_and_unknown_ones_refused() -> None:
    assert text.type_named("insight") == "debugging"
    assert text.type_named("Bug-Fix") == "bug_fix"
    with pytest.raises(RecallError, match="decision, pattern") as refusal:
        text.type_named("opinion")
    assert refusal.value.code == "invalid_params"


def test_the_same_text_in_other_clothes_has_the_same_hash() -> None:
    assert text.text_hash("Use Redis", "for caching.") == text.text_hash("use  redis!", "For caching")
    assert text.text_hash("Use Redis", "for caching.") != text.text_hash("Use Redis", "for sessions.")


def test_labels_are_kept_once_whatever_their_case() -> None:
    assert text.unique([" N+1  queries", "n+1 queries", "", "SQL"]) == ["N+1 queries", "SQL"]
