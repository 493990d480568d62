from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.store.schema import CREATE_MEMORY_WORDS
from recalld.store.words import MAX_TERMS, content_words, expand, query_terms


def index_of(*texts: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(CREATE_MEMORY_WORDS)
    connection.executemany("INSERT INTO memory_words(narrative) VALUES (?)", [(expand(text),) for text in texts])
    return connection


def found(connection: sqlite3.Connection, query: str) -> list[int]:
    asked = {*query_terms(query), *content_words(query)}
    having = (connection.execute("SELECT rowid FROM memory_words(?)", (f'"{term}"',)) for term in asked)
    return sorted({n for rows in having for (n,) in rows})


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("call getRedirectTarget first", "redirect"),
        ("call getRedirectTarget first", "getRedirectTarget"),
        ("call getRedirectTarget first", "get_redirect_target"),
        ("call get_redirect_target first", "getRedirectTarget"),
        ("call get_redirect_target first", "target"),
        ("the HTTPResponseParser class", "response"),
        ("the HTTPResponseParser class", "http parser"),
        ("see api/models/memory.py for it", "models"),
        ("see api/models/memory.py for it", "api/models/memory.py"),
        ("see api/models/user_account.py", "userAccount"),
        ("the lazy-loading strategy", "lazyLoading"),
        ("Session.close is idempotent", "session close"),
        ("src/lib.rs::Outer::inner_fn", "InnerFn"),
        ("hashes with sha256", "sha"),
        ("the naïveBayesModel", "bayes"),
        ("runs on python3 only", "Python"),
        ("utf8Decode is slow", "decode"),
        ("migrations were renamed", "renaming a migration"),
        ("Das Café schließt", "cafe"),
        ("cafe\u0301 closes", "caf\u00e9"),
        ("ПоискПамяти работает", "памяти"),
    ],
)
def test_a_name_is_found_by_its_parts_and_in_other_spellings(text: str, query: str) -> None:
    assert found(index_of("nothing of the kind", text), query) == [2]


def test_unrelated_words_find_nothing() -> None:
    assert found(index_of("call getRedirectTarget first"), "directory") == []


def test_words_that_say_nothing_are_left_out_unless_there_are_no_others() -> None:
    assert query_terms("What do you know about our payments?") == ["payments"]
    assert query_terms("What is it?")


@pytest.mark.parametrize("query", ["", "   ", "?!", '"', "()*", "___"])
def test_a_query_without_words_has_no_terms(query: str) -> None:
    assert query_terms(query) == content_words(query) == []


@pytest.mark.parametrize(
    "query",
    [
        'title : "x" NEAR(a b)',
        "foo AND OR NOT bar",
        "a* ^b -c {d e} : f",
        'unbalanced " quote',
        "semi; DROP TABLE memories; --",
        "nul \0 inside",
        "lone \ud800 surrogate",
        "emoji 👩‍👩‍👧 and ﬁ ligature ① ²",
    ],
)
def test_operators_in_a_query_are_only_words(query: str) -> None:
    found(index_of("foo"), query)


def test_a_long_query_keeps_its_rarest_looking_terms() -> None:
    terms = query_terms(" ".join(f"w{n}" for n in range(100)) + " particularly")
    assert len(terms) == MAX_TERMS
    assert "particularly" in terms


@given(st.text(max_size=300))
def test_no_query_makes_the_index_raise(query: str) -> None:
    found(index_of("foo bar"), query)


# U+037F is a letter since Unicode 7, and SQLite's tokenizer knows those of Unicode 6.1.
WORDS = st.characters(max_codepoint=0x4FF, categories=["L", "N", "P", "Z"], exclude_characters="\u037f")


@given(st.text(alphabet=WORDS, max_size=80))
def test_what_is_stored_is_found_by_its_own_words(text: str) -> None:
    expected = [1] if any(character.isalnum() for character in text) else []
    assert found(index_of(text), text) == expected


def test_a_run_without_end_is_indexed_as_it_is() -> None:
    blob = "aB" * 50_000
    assert expand(blob) == blob
