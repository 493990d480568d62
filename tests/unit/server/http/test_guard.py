from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from recalld.server.http.guard import Guard, own_names

TOKEN = "a-token-of-some-length"
HOSTS = own_names("127.0.0.1", 7411)
OWN = ("host", "127.0.0.1:7411")
KNOWN = ("authorization", f"Token {TOKEN}")


def status(*headers: tuple[str, str], path: str = "/api/v1/memories") -> int:
    """What a request with these headers is answered with; 204 is what lies behind the guard."""
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        raw = [(name.encode(), value.encode("utf-8")) for name, value in headers]
        scope = {"type": "http", "method": "GET", "path": path, "headers": raw, "query_string": b""}
        await Guard(Response(status_code=204), TOKEN, HOSTS)(scope, receive, send)

    asyncio.run(ask())
    return int(sent[0]["status"])


@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN", "Bearer", "bearer"])
def test_the_token_is_taken_by_either_scheme_in_any_case(scheme: str) -> None:
    assert status(OWN, ("authorization", f"{scheme} {TOKEN}")) == 204


@pytest.mark.parametrize(
    "given_",
    [
        "",
        TOKEN,
        "Token",
        "Token ",
        f"Basic {TOKEN}",
        f"Token {TOKEN}x",
        f"Token {TOKEN[:-1]}",
        f"Token {TOKEN.upper()}",
        f"Token {TOKEN} {TOKEN}",
        f"Token\t{TOKEN}",
        "Token ☃",
    ],
)
def test_any_other_token_is_refused(given_: str) -> None:
    assert status(OWN, ("authorization", given_)) == 401


def test_no_token_and_two_tokens_are_refused() -> None:
    assert status(OWN) == 401
    assert status(OWN, KNOWN, KNOWN) == 401


@pytest.mark.parametrize("host", ["127.0.0.1:7411", "localhost:7411", "LocalHost:7411", "[::1]:7411"])
def test_this_machine_is_asked_by_its_own_names(host: str) -> None:
    assert status(("host", host), KNOWN) == 204


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:7412",
        "evil.example:7411",
        "evil.example",
        "127.0.0.1.evil.example:7411",
        "localhost.:7411",
        "0.0.0.0:7411",
        "127.0.0.1:7411@evil.example",
        "127.0.0.1:7411, evil.example",
    ],
)
def test_by_a_foreign_name_nothing_is_answered_not_even_with_the_token(host: str) -> None:
    assert status(("host", host), KNOWN) == 403
    assert status(("host", host), path="/health") == 403


def test_without_a_host_nothing_is_answered() -> None:
    assert status(KNOWN) == 403


def test_port_80_need_not_be_said() -> None:
    assert "localhost" in own_names("127.0.0.1", 80)
    assert "localhost" not in own_names("127.0.0.1", 81)
    assert "[::1]:80" in own_names("::1", 80)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:7411", "http://127.0.0.1", "file://"]
)
def test_a_page_from_elsewhere_is_refused_whatever_it_brings(origin: str) -> None:
    assert status(OWN, KNOWN, ("origin", origin)) == 403
    assert status(OWN, KNOWN, ("origin", "http://127.0.0.1:7411"), ("origin", origin)) == 403


def test_a_page_of_our_own_would_be_answered() -> None:
    assert status(OWN, KNOWN, ("origin", "http://localhost:7411")) == 204


def test_health_needs_no_token_and_nothing_beside_it_does_without() -> None:
    assert status(OWN, path="/health") == 204
    for path in ("/health/", "//health", "/Health", "/health/../api", "/openapi.json", "/"):
        assert status(OWN, path=path) == 401


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_passes_for_the_token(text: str) -> None:
    assert status(OWN, ("authorization", f"Token {text}")) == (204 if text.strip() == TOKEN else 401)
