"""From an HTTP request to the wire request that it stands for, and from its reply to a response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from recall.protocol.codec import decode_object
from recall.protocol.errors import RecallError
from recalld.memory.addressing import Addressing
from recalld.memory.trees import Tree
from recalld.server.dispatch import Dispatch
from recalld.server.handlers import Result
from recalld.server.http.endpoints import Endpoint, paths
from recalld.server.http.guard import HEALTH
from recalld.server.http.openapi import OPENAPI, document
from recalld.server.http.problems import problem

JSON = "application/json"


class Answering:
    """Answers requests that came by HTTP by the handlers that answer the sockets.

    Args:
        body_bytes: size of a request's body.
        timeout_s: how long a body may take to arrive.
    """

    def __init__(self, dispatch: Dispatch, addressing: Addressing, body_bytes: int, timeout_s: float) -> None:
        self._dispatch = dispatch
        self._addressing = addressing
        self._body_bytes = body_bytes
        self._timeout_s = timeout_s

    async def answer(self, endpoint: Endpoint, request: Request) -> Response:
        """The response to a request.

        Raises:
            RecallError: whatever the daemon refuses it for.
        """
        if endpoint.has_body:
            values = await self._body(request)
        else:
            values = endpoint.query(request.query_params.multi_items())
        asked, address = endpoint.asked(values, next(iter(request.path_params.values()), None))
        tree = await self._addressing.tree(address)
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def reply(result: Result, about: Tree | None) -> None:
            response = Response(msgspec.json.encode(result), media_type=JSON, headers=_about(about))
            if not answered.done():
                answered.set_result(response)

        def refuse(error: RecallError) -> None:
            if not answered.done():
                answered.set_exception(error)

        self._dispatch.handle(asked, tree.id, reply, refuse)
        return await answered

    async def _body(self, request: Request) -> dict[str, Any]:
        declared = request.headers.get("content-length", "")
        too_large = declared.isdigit() and int(declared) > self._body_bytes
        if too_large and "expect" in request.headers:
            raise self._too_large()  # before any of it is sent
        body = bytearray()
        try:
            async with asyncio.timeout(self._timeout_s):
                # Also what is too large is taken to its end, and dropped: who is hung up on reads no answer.
                async for part in request.stream():
                    too_large = too_large or len(body) + len(part) > self._body_bytes
                    body += b"" if too_large else part
        except TimeoutError:
            raise RecallError(
                "too_slow", f"the body did not arrive within {self._timeout_s:g} s: send it anew"
            ) from None
        if too_large:
            raise self._too_large()
        if not body:
            return {}  # all that is asked for may be left out, or is missed further on
        given = request.headers.get("content-type", "")
        if given.partition(";")[0].strip().lower() != JSON:
            raise RecallError(
                "not_json", f"the body is declared as {given or 'nothing'!r}: send `Content-Type: {JSON}`"
            )
        return decode_object(bytes(body))

    def _too_large(self) -> RecallError:
        return RecallError(
            "too_large",
            f"the body is over the limit of {self._body_bytes} bytes: send less, or set http_body_bytes",
            limit=self._body_bytes,
        )


class _Resource:
    """What answers at one path, by verb."""

    def __init__(self, verbs: Mapping[str, Callable[[Request], Any]]) -> None:
        self._verbs = verbs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._verbs.get(scope["method"])
        if answer is None:
            allowed = sorted(self._verbs)
            raise RecallError(
                "wrong_verb", f"{scope['method']} is not answered here: use {' or '.join(allowed)}", allowed=allowed
            )
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)


def application(answering: Answering) -> Starlette:
    """All that is answered by HTTP, without the guard before it."""

    def answers(endpoint: Endpoint) -> Callable[[Request], Any]:
        return lambda request: answering.answer(endpoint, request)

    async def health(_: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type=JSON)

    async def openapi(_: Request) -> Response:
        return Response(document(), media_type=JSON)

    resources = [
        _route(HEALTH, {"GET": health}),
        _route(OPENAPI, {"GET": openapi}),
        *(_route(path, {verb: answers(each) for verb, each in verbs.items()}) for path, verbs in paths().items()),
    ]
    app = Starlette(
        routes=resources,
        exception_handlers={
            RecallError: _refused,
            HTTPException: _unknown,
            ClientDisconnect: _gone,
            Exception: _failed,
        },
    )
    app.router.redirect_slashes = False
    return app


def _route(path: str, verbs: Mapping[str, Callable[[Request], Any]]) -> Route:
    return Route(path, _Resource(verbs))


def _about(tree: Tree | None) -> dict[str, str]:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    if tree is not None:
        headers |= {"recalld-workspace": tree.workspace_id, "recalld-tree": tree.id}
    return headers


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RecallError)  # noqa: S101  # what it is registered for
    return problem(error)


async def _unknown(request: Request, _: Exception) -> Response:
    return problem(RecallError("unknown_path", f"nothing answers at {request.url.path}: `{OPENAPI}` lists what does"))


async def _gone(_: Request, __: Exception) -> Response:
    return Response()  # nobody is there to read it


async def _failed(_: Request, error: Exception) -> Response:
    # Starlette raises it again once this is sent, and so it comes into the log.
    message = f"a fault of the daemon's own ({type(error).__name__}): `recall doctor`, its log"
    return problem(RecallError("internal", message))
