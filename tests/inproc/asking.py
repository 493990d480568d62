"""How tests ask a daemon over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from recall import Client
from recall.paths import Paths
from recall.token import read_token


class Asking:
    """Somebody who has the token.

    Attributes:
        url: where the daemon answers.
        token: what it asks for.
        raw: to send something else than what `ask` does.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.raw = httpx.Client(base_url=url, headers={"authorization": f"Token {token}"}, timeout=30)

    def ask(self, verb: str, path: str, body: Any = None, **query: Any) -> Any:
        """What is answered, which is no refusal."""
        response = self.raw.request(verb, f"/api/v1{path}", json=body, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def refused(self, status: int, code: str, verb: str, path: str, body: Any = None, **query: Any) -> Any:
        """What a refusal says, of which status and code are known."""
        response = self.raw.request(verb, f"/api/v1{path}", json=body, params=query)
        said = response.json()
        assert (response.status_code, said.get("code")) == (status, code), response.text
        assert response.headers["content-type"] == "application/problem+json"
        return said


@contextmanager
def asking(paths: Paths) -> Iterator[Asking]:
    """Ask the daemon that lives there."""
    with Client(paths.home, start=False) as client:
        url = client.status().http
    token = read_token(paths.http_token)
    assert token is not None
    made = Asking(url, token)
    yield made
    made.raw.close()
