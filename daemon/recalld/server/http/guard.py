"""Who may ask: this machine, by its own name, with the token."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from recall.protocol.errors import RecallError
from recalld.server.http.problems import problem

HEALTH = "/health"
"""The one path that needs no token."""
_SCHEMES = {"token", "bearer"}


class Guard:
    """Lets through what names this machine, comes from no other page, and carries the token.

    A page that a browser shows could reach the port too. It cannot choose the Host of its request, but its name
    server can lead that name here; and whatever it sends carries its Origin.

    Args:
        app: asked for what is let through.
        token: the secret; it is compared in constant time.
        hosts: names by which this machine is asked, each with the port.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str]) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = hosts
        self._origins = {f"http://{host}" for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let through."""
        error = self._refusal(Headers(scope=scope), scope["path"])
        await (self._app if error is None else problem(error))(scope, receive, send)

    def _refusal(self, headers: Headers, path: str) -> RecallError | None:
        if headers.get("host", "").lower() not in self._hosts:
            named = ", ".join(sorted(self._hosts))
            return RecallError("forbidden", f"the Host header names another machine: ask for one of {named}")
        if any(origin.lower() not in self._origins for origin in headers.getlist("origin")):
            return RecallError("forbidden", "pages from elsewhere may not ask: leave the Origin header out")
        if path != HEALTH and not self._known(headers.getlist("authorization")):
            return RecallError(
                "unauthorized",
                "send `Authorization: Token …` or `Bearer …` with what `recall http token` prints",
            )
        return None

    def _known(self, given: list[str]) -> bool:
        if len(given) != 1:
            return False
        scheme, _, token = given[0].partition(" ")
        return scheme.lower() in _SCHEMES and hmac.compare_digest(token.strip().encode(), self._token)


def own_names(host: str, port: int) -> frozenset[str]:
    """What a Host header may say of a server on this address.

    Args:
        host: the loopback address that it listens at.
        port: of it; 80 need not be said.
    """
    names = {"localhost", "127.0.0.1", "[::1]", f"[{host}]" if ":" in host else host}
    return frozenset({f"{name}:{port}" for name in names} | (names if port == 80 else set()))
