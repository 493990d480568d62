"""The questions that people ask of a memory, in their own words, and what has to come back."""

from __future__ import annotations

import pytest

from recall import Client
from recall.protocol.values import Brief

ENDPOINT = "Payment service endpoint is https://api.payments.example.com"
API_KEY = "Payment service API key is in environment variable PAYMENT_API_KEY"
RATE_LIMIT = "Payment service has rate limit of 100 requests per minute"
DECIMALS = (
    "The payment service fails if the amount field has more than 2 decimal places. We need to round to 2 decimals "
    "before sending to the API."
)
STORES = (
    "We decided to use PostgreSQL for the main database and Redis for caching. The session store uses Redis with TTL "
    "of 24 hours."
)
STYLE = (
    "I prefer functional programming style with immutable patterns. Always use spread operators instead of mutations."
)
KEYS = "The database uses composite keys in the orders table"
TOKENS = "Our API uses Bearer token authentication with 1-hour expiry"
MIDDLEWARE = "The auth middleware strips Bearer before validating"
REACT = "We use React with TypeScript for the frontend"
BUILD = "The build fails if node_modules has duplicate packages"
ADMIN = "The admin panel uses a separate auth flow. Tags: authentication, admin, security"

LAZY = "SQLAlchemy lazy loading strategy"
ISOLATION = "Workspace isolation in all DB queries"
ARQ = "ARQ worker argument serialization"


@pytest.fixture
def asked(client: Client) -> Client:
    for text, memory_type in (
        (ENDPOINT, "configuration"),
        (API_KEY, "configuration"),
        (RATE_LIMIT, "configuration"),
        (DECIMALS, "debugging"),
        (STORES, "decision"),
        (STYLE, "preference"),
        (KEYS, "architecture"),
        (TOKENS, "architecture"),
        (MIDDLEWARE, "debugging"),
        (REACT, "decision"),
        (BUILD, "debugging"),
        (ADMIN, "architecture"),
    ):
        client.store(narrative=text, memory_type=memory_type)
    client.store(
        LAZY,
        "All SQLAlchemy relationships use lazy='raise' as the default. This forces explicit loading via selectinload() "
        "or joinedload() and prevents N+1 query bugs. Any code that accesses a relationship without an explicit loader "
        "will raise an error immediately rather than silently issuing a query. See api/neuroloom_api/models/memory.py "
        "for the base model configuration.",
        memory_type="decision",
        concepts=["SQLAlchemy", "lazy loading", "N+1 queries", "performance"],
        source_files=["api/neuroloom_api/models/memory.py", "api/neuroloom_api/database.py"],
        importance_score=0.95,
    )
    client.store(
        ISOLATION,
        "Every query must filter by workspace_id — no exceptions. pgvector indexes do not enforce tenant isolation.",
        memory_type="convention",
        importance_score=0.92,
    )
    client.store(
        ARQ,
        "ARQ job functions must receive only JSON-serializable arguments. Never pass ORM objects into jobs — pass IDs "
        "as strings instead. The worker runs in a separate process with its own connection pool and cannot deserialize "
        "SQLAlchemy model instances. Pattern: accept entity_id: str, then load from DB inside the job function.",
        memory_type="pattern",
        concepts=["ARQ", "background jobs", "serialization", "worker patterns"],
        importance_score=0.88,
    )
    client.sync()
    return client


def found(client: Client, question: str) -> list[Brief]:
    return client.search(question).results


def texts(client: Client, question: str) -> list[str]:
    return [client.get(brief.id).narrative for brief in found(client, question)]


def test_what_is_asked_of_payments_finds_its_facts_and_by_association_the_failure(asked: Client) -> None:
    assert set(texts(asked, "What do you know about payments?")[:4]) == {ENDPOINT, API_KEY, RATE_LIMIT, DECIMALS}


def test_a_question_in_other_words_finds_the_decision_first_and_what_is_related(asked: Client) -> None:
    titles = [brief.title for brief in found(asked, "database relationship loading strategy")]
    assert titles[0] == LAZY
    assert ISOLATION in titles


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("caching", STORES),
        ("What are my coding preferences?", STYLE),
        ("What debugging insights do we have about the payment service?", DECIMALS),
        ("What do you know about our authentication?", TOKENS),
        ("why does the build fail", BUILD),
        ("Remember how we fixed the payment service yesterday?", DECIMALS),
    ],
)
def test_a_question_finds_its_answer_first_or_second(asked: Client, question: str, answer: str) -> None:
    assert answer in texts(asked, question)[:2]


def test_a_question_about_the_schema_finds_the_keys_and_the_database(asked: Client) -> None:
    assert {KEYS, STORES} <= set(texts(asked, "What do you know about our database schema?"))


def test_a_question_about_authentication_finds_all_that_is_known_of_it(asked: Client) -> None:
    answers = [text.partition(" Tags:")[0] for text in texts(asked, "authentication")]
    assert {TOKENS, ADMIN.partition(" Tags:")[0]} <= set(answers)


@pytest.mark.parametrize(
    "question",
    [
        "how tall is the eiffel tower",
        "recipe for sourdough bread",
        "who won the football match last night",
        "zxqv blorp wibble",
    ],
)
def test_a_question_about_nothing_that_is_stored_finds_nothing(asked: Client, question: str) -> None:
    assert found(asked, question) == []


def test_a_reply_to_a_question_is_found_by_it_though_another_session_stored_in_between(client: Client) -> None:
    client.store(narrative="Which port does the metrics endpoint listen on?", session_id="one")
    client.store(narrative="Invoices are numbered per year.", session_id="other")
    reply = client.store(narrative="The port moved to 9464 with the last release.", session_id="one").id
    client.sync()
    (hit,) = [brief for brief in found(client, "metrics endpoint port") if brief.id == reply]
    assert "follows a question like this" in hit.why
