"""Envelopes: how a request and its one reply stand in a frame.

    request   {"protocol": 1, "id": "7", "method": "search", "tree": "/home/me/project", "params": {…}}
    reply     {"protocol": 1, "id": "7", "workspace_id": "ws-…", "tree_id": "tree-…", "result": {…}}
    refusal   {"protocol": 1, "id": "7", "error": {"code": "unknown_id", "message": "…", "field": null, "details": {}}}

`tree` is a tree's id, or any absolute path inside the tree; without it the request gets the tree that
was active last. Decoding is in two steps, envelope first, so that a refusal can name the request's id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from recall.protocol import PROTOCOL_VERSION
from recall.protocol.errors import CODES, RecallError
from recall.protocol.events import AnyEvent, Event
from recall.protocol.requests import METHODS, Request
from recall.protocol.values import Value

T = TypeVar("T", bound=msgspec.Struct)

MAX_FRAME_BYTES = 16 * 1024 * 1024

# How msgspec says where it found a fault, and what it lacked there.
_FIELD = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"missing required field `(.*?)`")


class RequestEnvelope(msgspec.Struct):
    """A request as it travels; `params` is decoded once the method is known."""

    method: str
    id: str | int | None = None
    tree: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")
    protocol: int = PROTOCOL_VERSION


class ErrorBody(msgspec.Struct):
    """A refusal."""

    code: str
    message: str
    field: str | None = None
    details: dict[str, Any] = {}


class ReplyEnvelope(msgspec.Struct):
    """The one reply to a request, as it is read: a result or an error."""

    id: str | int | None = None
    workspace_id: str | None = None
    tree_id: str | None = None
    result: msgspec.Raw = msgspec.Raw(b"{}")
    error: ErrorBody | None = None
    protocol: int = 0


class _Result(msgspec.Struct, omit_defaults=True):
    protocol: int
    id: str | int | None
    result: msgspec.Raw
    workspace_id: str | None = None
    tree_id: str | None = None


class _Refusal(msgspec.Struct):
    protocol: int
    id: str | int | None
    error: ErrorBody


_encoder = msgspec.json.Encoder()
_request_decoder = msgspec.json.Decoder(RequestEnvelope)
_reply_decoder = msgspec.json.Decoder(ReplyEnvelope)
_event_decoder = msgspec.json.Decoder(AnyEvent)
_params_decoders = {name: msgspec.json.Decoder(request) for name, request in METHODS.items()}


def encode_request(request: Request, *, id: str | int, tree: str | None = None) -> bytes:
    """A request's frame."""
    envelope = RequestEnvelope(request.method, id, tree, msgspec.Raw(_encoder.encode(request)))
    return _encoder.encode(envelope)


def decode_envelope(frame: bytes) -> RequestEnvelope:
    """The envelope of a request.

    Raises:
        RecallError: `too_large`, `malformed`, `protocol_mismatch`.
    """
    if len(frame) > MAX_FRAME_BYTES:
        raise RecallError(
            "too_large",
            f"the request is {len(frame)} bytes, over the limit of {MAX_FRAME_BYTES}: send it in parts",
            limit=MAX_FRAME_BYTES,
        )
    try:
        envelope = _request_decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not isinstance(error, msgspec.ValidationError) and _lenient_json(frame):
            raise RecallError("invalid_text", "the request's text holds half a surrogate pair: take it out") from None
        raise RecallError("malformed", f"the request is not a JSON object of the request form: {error}") from None
    if envelope.tree is not None and "\0" in envelope.tree:
        raise RecallError("invalid_text", "tree holds a NUL character: take it out", field="tree")
    if envelope.protocol > PROTOCOL_VERSION:
        raise RecallError(
            "protocol_mismatch",
            f"the client speaks protocol {envelope.protocol}, this daemon {PROTOCOL_VERSION}: "
            "upgrade recalld here and run `recall down`, then `recall up`",
        )
    return envelope


def decode_params(envelope: RequestEnvelope) -> Request:
    """The request inside an envelope.

    Raises:
        RecallError: `unknown_method`, `invalid_params` (with `field`), `invalid_text`.
    """
    decoder = _params_decoders.get(envelope.method)
    if decoder is None:
        raise RecallError("unknown_method", f"there is no request {envelope.method!r}; upgrade the older side")
    try:
        request: Request = decoder.decode(envelope.params)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecallError("invalid_text", f"the text is not valid JSON of whole Unicode characters: {error}") from None
    if b"\\u0000" in bytes(envelope.params):
        _refuse_nul(msgspec.to_builtins(request), "")
    return request


def decode_object(body: bytes) -> dict[str, Any]:
    """A JSON object by itself, as a bridge gets it where a frame would be.

    Raises:
        RecallError: `malformed`, `invalid_text`.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if not isinstance(error, msgspec.ValidationError) and _lenient_json(body):
            raise RecallError("invalid_text", "the text holds half a surrogate pair: take it out") from None
        raise RecallError("malformed", f"the body is not a JSON object: {error}") from None


def as_type(kind: type[T], values: Mapping[str, Any], *, lax: bool = False) -> T:
    """Values by name as a request, or as another struct.

    Args:
        kind: the struct.
        values: what a JSON object held; names that the struct does not have are ignored.
        lax: take text for numbers and truth values too, as a URL has it.

    Raises:
        RecallError: `invalid_params` (with `field`), `invalid_text`.
    """
    _refuse_nul(values, "")
    try:
        return msgspec.convert(values, kind, strict=not lax)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None


def encode_reply(
    reply: Value | msgspec.Raw, *, id: str | int | None, workspace_id: str | None = None, tree_id: str | None = None
) -> bytes:
    """A reply's frame; a result that is encoded already is taken as it is."""
    result = reply if isinstance(reply, msgspec.Raw) else msgspec.Raw(_encoder.encode(reply))
    return _encoder.encode(_Result(PROTOCOL_VERSION, id, result, workspace_id, tree_id))


def encode_error(error: RecallError, *, id: str | int | None) -> bytes:
    """A refusal's frame."""
    body = ErrorBody(error.code, error.message, error.field, error.details)
    return _encoder.encode(_Refusal(PROTOCOL_VERSION, id, body))


def decode_reply(frame: bytes) -> ReplyEnvelope:
    """A reply's envelope; `result` is decoded by whoever knows the request.

    Raises:
        RecallError: `malformed`, where the peer is no recalld daemon.
    """
    try:
        return _reply_decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecallError("malformed", f"the answer is none of a recalld daemon's: {error}") from None


def result_of(envelope: ReplyEnvelope, expected: type[Any]) -> Any:
    """The reply inside an envelope.

    Raises:
        RecallError: the refusal that the envelope carries, or `protocol_mismatch`.
    """
    if envelope.error is not None:
        error = envelope.error
        code = error.code if error.code in CODES else "internal"
        raise RecallError(code, error.message, field=error.field, **error.details)
    try:
        return msgspec.json.decode(envelope.result, type=expected)
    except msgspec.ValidationError as problem:
        raise RecallError(
            "protocol_mismatch",
            f"the daemon's answer lacks what this client needs ({problem}): upgrade the older side, "
            "then `recall down` and `recall up`",
        ) from None


def encode_event(event: Event) -> bytes:
    """A push's second frame."""
    return _encoder.encode(event)


def decode_event(frame: bytes) -> AnyEvent:
    """A push; an event that this client does not know raises `msgspec.ValidationError`."""
    event: AnyEvent = _event_decoder.decode(frame)
    return event


def _invalid(error: msgspec.ValidationError) -> RecallError:
    found = _FIELD.search(str(error))
    missing = _MISSING.search(str(error))
    field = ".".join(part[1] for part in (found, missing) if part) or None
    message = _FIELD.sub("", str(error))
    return RecallError("invalid_params", f"{field}: {message}" if field else message, field=field)


def _lenient_json(frame: bytes) -> bool:
    try:
        # Unlike JSON proper, takes half a surrogate pair; `NaN`, which it takes too, is no int.
        json.loads(frame, parse_constant=int)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_nul(value: Any, where: str) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise RecallError("invalid_text", f"{where} holds a NUL character: take it out", field=where)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_nul(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_nul(inner, f"{where}[{index}]")
