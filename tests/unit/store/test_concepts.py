"""Spellings of one concept are one, and different concepts stay different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.store.concepts import concept_key, subjects


@pytest.mark.parametrize(
    "spellings",
    [
        ["N+1 queries", "n+1 query", "N plus one", "N+1", "N + 1", "the n+1 problem".removeprefix("the ")],
        ["SQLAlchemy", "sqlalchemy", "SQL Alchemy", "sql-alchemy"],
        ["lazy-loading", "lazy loading", "LazyLoading", "lazy_loading", "Lazy  Loading"],
        ["background jobs", "Background job", "background-jobs", "BackgroundJobs"],
        ["class", "classes"],
        ["query", "queries"],
        ["cache", "caches"],
        ["branch", "branches"],
        ["index", "indexes", "indices"],
        ["API", "APIs", "REST APIs".removeprefix("REST ")],
        ["database", "databases"],
        ["status", "statuses"],
        ["node.js", "NodeJS", "Node JS"],
    ],
)
def test_spellings_of_one_concept_are_one(spellings: list[str]) -> None:
    assert {concept_key(each) for each in spellings} == {concept_key(spellings[0])}


def test_what_only_looks_alike_stays_apart() -> None:
    names = [
        "C",
        "C++",
        "C#",
        "Go",
        "goes",
        "new",
        "news",
        "redis",
        "redi",
        "queue",
        "query",
        "http",
        "https",
        "bus",
        "bu",
    ]
    assert len({concept_key(name) for name in names}) == len(names)


words = st.text(alphabet=st.characters(categories=["Lu", "Ll"], max_codepoint=0x7A), min_size=1, max_size=12)


@given(st.lists(words, min_size=1, max_size=4), st.sampled_from([" ", "-", "_", "  "]))
def test_neither_case_nor_what_stands_between_the_words_makes_another_concept(parts: list[str], between: str) -> None:
    name = between.join(parts)
    assert concept_key(name) == concept_key(" ".join(parts))
    assert concept_key(name.upper()) == concept_key(name.lower()) == concept_key(name)


@given(st.text(min_size=1, max_size=40).filter(str.strip))
def test_every_name_has_a_key(name: str) -> None:
    assert concept_key(name)


def test_a_title_is_about_its_telling_words_and_its_tags() -> None:
    found = subjects("The payment service has a rate limit of 100 requests", ["billing"])
    assert {"payment", "service", "limit", "request", "billing"} <= set(found)
    assert not {"the", "has", "100", "of"} & set(found)
