"""Refusals as problem JSON (RFC 9457), each code with its HTTP status."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from recall.protocol.errors import CODES, RecallError

MEDIA_TYPE = "application/problem+json"

STATUSES: dict[str, int] = {
    "malformed": 400,
    "protocol_mismatch": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "unknown_path": 404,
    "unknown_method": 404,
    "unknown_id": 404,
    "unknown_tree": 404,
    "unknown_workspace": 404,
    "unknown_session": 404,
    "unknown_job": 404,
    "wrong_verb": 405,
    "too_slow": 408,
    "ambiguous_workspace": 409,
    "session_ended": 409,
    "duplicate": 409,
    "forgotten": 409,
    "no_repository": 409,
    "newer_schema": 409,
    "too_large": 413,
    "not_json": 415,
    "invalid_params": 422,
    "invalid_text": 422,
    "empty_title": 422,
    "unknown_symbol": 422,
    "unknown_revision": 422,
    "outside_workspace": 422,
    "not_a_folder": 422,
    "too_wide": 422,
    "secret_found": 422,
    "not_a_backup": 422,
    "not_an_export": 422,
    "internal": 500,
    "damaged": 500,
    "busy": 503,
    "shutting_down": 503,
    "service_failed": 503,
    "unreachable": 503,
    "git_missing": 503,
    "timeout": 504,
    "disk": 507,
}

TOO_LONG_A_HEAD = 431
"""What `too_large` is where it is the query or the headers that are."""


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong, and what to do about it."""

    type: str
    """A URN that ends in the code."""
    title: str
    """What the code means."""
    status: int
    detail: str
    """What is wrong this time, and what to do."""
    code: str
    """Stable across versions."""
    field: str | None = None
    """The parameter at fault, if one is."""
    details: dict[str, Any] = {}
    """More for programs: `candidates`, `workspaces`, `limit`, `allowed`."""


def problem(error: RecallError) -> Response:
    """The response that says so."""
    status = STATUSES[error.code]
    body = encode(error, status)
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="recalld"'
    if status == 405:
        headers["allow"] = ", ".join(error.details["allowed"])
    if status == 503:
        headers["retry-after"] = "1"
    if status == 408:
        headers["connection"] = "close"  # the rest of the request is not waited for
    return Response(body, status, headers, MEDIA_TYPE)


def encode(error: RecallError, status: int) -> bytes:
    """The body of a problem."""
    said = Problem(
        type=f"urn:recalld:error:{error.code}",
        title=CODES[error.code],
        status=status,
        detail=error.message,
        code=error.code,
        field=error.field,
        details=error.details,
    )
    return msgspec.json.encode(said)
