"""Spellings of one concept are one, and different concepts stay different."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given
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
        ["ASP.NET", "ASP .NET", "aspnet"],
        ["audit trail", "audit trails"],
    ],
)
def test_spellings_of_one_concept_are_one(spellings: list[str]) -> None:
    assert {concept_key(each) for each in spellings} == {concept_key(spellings[0])}


# Not one of them is a spelling of the other, however near they are.
APART = """
    C / C++ | C / C# | C++ / C# | F / F# | Go / goes | Java / JavaScript | Java 1.7 / Java 17 | Node / Node.js
    .NET / net | ASP / ASP.NET | SQL / NoSQL | SQL / SQLite | MySQL / SQL | Redis / Redux | redis / redi
    React / React Native | Angular 1.5 / Angular 15 | Python 2 / Python 3 | HTTP / HTTPS | HTTP/1.1 / HTTP/2
    UTF-8 / UTF-16 | TLS / SSL | N+1 / N+2 | N+1 / N | N+1 / N1 | A+B / AB | auth / author | auth / OAuth
    authentication / authorization | cache / cash | class / classifier | class / clause | sync / async
    import / export | server / serverless | schema / scheme | queue / query | index / indent | commit / comment
    merge / mergesort | rail / Rails | window / Windows | new / news | panda / pandas | len / lens | nat / NATS
    axis / axios | canvas / canvass | alias / aliasing | series / serial | process / processor | access / accessor
    express / expression | status / statute | bus / business | bus / bu | pass / parse | Sass / SaaS | CSS / CSV
    CORS / core | DNS / DNA | iOS / IO | unit / unity | lock / block | lint / link | loader / loading | model / mode
    route / router | route / root | token / tokenizer | event / eventual consistency | state / static | stack / stash
    heap / heat | hook / webhook | lambda / lambdify | map / mapper | migration / migrant | monad / nomad
    page / paging | plan / plane | pool / poll | push / pull | rate / rating | race / trace | read / thread
    request / response | role / roll | sharding / sharing | shell / shelf | sign / assign | signal / single
    socket / docket | sprint / print | table / tablet | tenant / tenancy | term / terminal | test / text
    timeout / time zone | transaction / translation | tuple / triple | version / conversion | worker / work
    wrapper / wrap | YAML / XML | zone / zoning | zsh / ssh | 1990 / 1990s | atlas / Atlassian | Jenkins / Jenkinsfile
"""
PAIRS = [tuple(pair.strip().rsplit(" / ", 1)) for line in APART.strip().splitlines() for pair in line.split(" | ")]
PLURALS = [
    ("job", "jobs"), ("key", "keys"), ("query", "queries"), ("policy", "policies"), ("class", "classes"),
    ("process", "processes"), ("index", "indexes"), ("index", "indices"), ("suffix", "suffixes"), ("cache", "caches"),
    ("release", "releases"), ("branch", "branches"), ("batch", "batches"), ("search", "searches"), ("hash", "hashes"),
    ("touch", "touches"), ("breach", "breaches"), ("approach", "approaches"), ("cookie", "cookies"), ("API", "APIs"),
    ("alias", "aliases"), ("status", "statuses"), ("audit trail", "audit trails"), ("time window", "time windows"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=" and ".join)
def test_what_only_looks_alike_stays_apart(one: str, other: str) -> None:
    assert concept_key(one) != concept_key(other)


words = st.text(alphabet=st.characters(categories=["Lu", "Ll"], max_codepoint=0x7A), min_size=1, max_size=12)


@given(st.lists(words, min_size=1, max_size=4), st.sampled_from([" ", "-", "_", "  "]))
def test_neither_case_nor_what_stands_between_the_words_makes_another_concept(parts: list[str], between: str) -> None:
    name = between.join(parts)
    assert concept_key(name) == concept_key(" ".join(parts))
    assert concept_key(name.upper()) == concept_key(name.lower()) == concept_key(name)


@given(st.text(min_size=1, max_size=40).filter(str.strip))
def test_every_name_has_a_key(name: str) -> None:
    assert concept_key(name)


@given(st.text(min_size=1, max_size=20) | st.text(alphabet="abnoesNEtT19 +-#._", min_size=1, max_size=14))
@example("a+on e")
@example("11+s")
@example(".net core")
@example("1..NET")
def test_a_key_is_its_own_key(name: str) -> None:
    assert concept_key(concept_key(name)) == concept_key(name)


@given(st.sampled_from(PLURALS), st.sampled_from(["", "lazy", "audit log"]), st.sampled_from(" -_"), st.randoms())
def test_a_name_and_its_plural_are_one_in_any_case_and_whatever_stands_before(
    forms: tuple[str, str], before: str, between: str, chance: random.Random
) -> None:
    one, many = ("".join(chance.choice([c.upper(), c]) for c in f"{before}{between}{form}") for form in forms)
    assert concept_key(one) == concept_key(many)


def test_a_title_is_about_its_telling_words_and_its_tags() -> None:
    found = subjects("The payment service has a rate limit of 100 requests", ["billing"])
    assert {"payment", "service", "limit", "request", "billing"} <= set(found)
    assert not {"the", "has", "100", "of"} & set(found)
