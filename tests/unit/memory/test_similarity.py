"""Whether two memories say the same."""

from __future__ import annotations

import time

import pytest

from recalld.memory.similarity import LEAST_COSINE, SAME, similarity

NEAR = 0.95
"""A cosine that rules and their replacements reach as well as paraphrases."""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tokens live for 15 minutes.", "Tokens are valid for 15 minutes."),
        ("Never sleep in a test.", "Don't sleep in tests."),
        ("The db is PostgreSQL.", "The database is Postgres."),
        ("Wait three seconds.", "Wait for 3 seconds."),
        ("Call `close()` at the end.", "At the end `close` is called."),
        ("Local settings override the defaults.", "The defaults are overridden by local settings."),
        ("Workers must not touch the disk.", "Keep workers out of touch with the disk."),
        ("Auth runs before the rate limiter.", "The rate limiter runs after auth."),
        ("It stops on files over 1 MB, so it is killed.", "It is killed, because it stops on files over 1 MB."),
        ("The job must be idempotent.", "The job has to be idempotent."),
        ("Tokens expire after 15 minutes.", "Tokens are valid for 15 minutes."),
        ("Times are converted in the UI.", "The conversion of times happens in the UI."),
        ("A placeholder is shown when S3 is unreachable.", "When S3 cannot be reached, a placeholder is shown."),
        ("A lock prevents two jobs from running at once.", "Two jobs never run at once because of a lock."),
        ("Use the factory instead of the constructor.", "Don't use the constructor, use the factory."),
    ],
)
def test_the_same_in_other_words_is_the_same(one: str, other: str) -> None:
    assert similarity(one, other, NEAR) >= SAME
    assert similarity(one, other, NEAR) == similarity(other, one, NEAR)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tokens live for 15 minutes.", "Tokens live for 60 minutes."),
        ("Tokens live for 15 minutes.", "Tokens live for 15 seconds."),
        ("Wait three seconds.", "Wait 4 seconds."),
        ("We support Python 3.9 and later.", "We support Python 3.11 and later."),
        ("Name tests `test_*.py`.", "Name tests `*_test.py`."),
        ("Load children with load_all.", "Load children with load_each."),
        ("The queue lives in Redis.", "The queue lives in Kafka."),
        ("Mock services in unit tests.", "Do not mock services in unit tests."),
        ("Always retry a failed upload.", "Never retry a failed upload."),
        ("Validate before saving a form.", "Validate after saving a form."),
        ("The cache is enabled.", "The cache is disabled."),
        ("Writes are synchronous.", "Writes are asynchronous."),
        ("The handler is reachable here.", "The handler is unreachable here."),
        ("Local settings override the defaults.", "The defaults override local settings."),
        ("The main module is called start.", "The main module is called begin."),
        ("Errors are plain text.", "Errors are no longer plain text."),
        ("Deleting a project keeps its tasks.", "Deleting a project deletes its tasks."),
        ("A user has exactly one address.", "A user may have several addresses."),
        ("Invoices round half up.", "Invoices round half to even."),
        ("Tests share one database.", "Each test gets a database of its own."),
        ("The API is versioned in the URL.", "The API is versioned in a header instead of the URL."),
        ("Secrets come from files.", "Secrets come from Vault, files were abolished."),
        ("The trail is kept for a year.", "The trail is kept forever."),
        ("A message is acknowledged when it arrives.", "A message is acknowledged once it was handled."),
    ],
)
def test_another_value_or_the_opposite_is_not_the_same(one: str, other: str) -> None:
    assert similarity(one, other, NEAR) < SAME
    assert similarity(one, other, NEAR) == similarity(other, one, NEAR)


def test_a_memory_that_says_a_good_deal_more_is_not_the_same() -> None:
    one = (
        "Workspace isolation in all DB queries\nEvery query must filter by workspace_id — no exceptions. "
        "pgvector indexes do not enforce tenant isolation."
    )
    other = (
        "Workspace isolation invariant\nEvery database query must filter by workspace_id. This is a hard security "
        "invariant, not a performance optimization. pgvector similarity queries do not enforce tenant isolation — the "
        "WHERE clause is mandatory."
    )
    assert similarity(one, other, 0.9) < SAME


def test_the_text_itself_is_wholly_similar_and_an_unrelated_one_as_far_as_its_meaning() -> None:
    assert similarity("Use UTC.", "Use UTC.", 1.0) == 1.0
    assert similarity("Use UTC.", "The parser is slow.", LEAST_COSINE - 0.1) == LEAST_COSINE - 0.1
    assert similarity("Use UTC.", "The parser is slow.", -0.1) == 0.0


def test_texts_without_words_are_compared() -> None:
    assert 0 <= similarity("…", "?!", 0.9) <= 1


def test_the_longest_texts_are_compared_at_once() -> None:
    one = " ".join(f"word{number} override `name{number}`" for number in range(20_000))
    other = " ".join(f"other{number} override `label{number}`" for number in range(20_000))
    started = time.perf_counter()
    assert similarity(one, other, NEAR) < SAME
    assert time.perf_counter() - started < 1
