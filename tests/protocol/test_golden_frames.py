"""The frames as they stand on the wire. A golden file changes by additions only: old clients live with new daemons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from recall.protocol import PROTOCOL_VERSION
from recall.protocol.codec import (
    MAX_FRAME_BYTES,
    decode_envelope,
    decode_event,
    decode_params,
    decode_reply,
    encode_error,
    encode_event,
    encode_reply,
    encode_request,
    result_of,
)
from recall.protocol.errors import CODES, RecallError
from recall.protocol.events import AnyEvent, Heartbeat, topic
from recall.protocol.requests import METHODS, Done, Get, HelloReply

GOLDEN = Path(__file__).parent / "golden"
REQUESTS: dict[str, dict[str, Any]] = json.loads((GOLDEN / "requests.json").read_text("utf-8"))
REPLIES: dict[str, dict[str, Any]] = json.loads((GOLDEN / "replies.json").read_text("utf-8"))
EVENTS: dict[str, dict[str, Any]] = json.loads((GOLDEN / "events.json").read_text("utf-8"))

FUTURE = {"from_the_future": {"deep": [1, None]}}


def frame(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def refusal(body: bytes) -> RecallError:
    with pytest.raises(RecallError) as caught:
        decode_params(decode_envelope(body))
    return caught.value


def test_there_is_a_golden_frame_for_everything_on_the_wire() -> None:
    events = {kind.__struct_config__.tag for kind in get_args(AnyEvent)}
    assert (set(REQUESTS), set(REPLIES), set(EVENTS)) == (set(METHODS), set(METHODS), events)


# --- round trips ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_request_survives_the_wire(method: str) -> None:
    golden = REQUESTS[method]
    request = decode_params(decode_envelope(frame(golden)))
    assert type(request) is METHODS[method]
    assert json.loads(encode_request(request, id=golden["id"], tree=golden["tree"])) == golden


@pytest.mark.parametrize("method", METHODS)
def test_a_reply_survives_the_wire(method: str) -> None:
    golden = REPLIES[method]
    envelope = decode_reply(frame(golden))
    reply = result_of(envelope, METHODS[method].reply)
    encoded = encode_reply(reply, id=envelope.id, workspace_id=envelope.workspace_id, tree_id=envelope.tree_id)
    assert json.loads(encoded) == golden


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_survives_the_wire_on_its_topic(kind: str) -> None:
    golden = EVENTS[kind]
    event = decode_event(frame(golden["event"]))
    assert json.loads(encode_event(event)) == golden["event"]
    assert topic(event.workspace_id, event.tree_id, event.file_path) == golden["topic"]


@pytest.mark.parametrize("code", CODES)
def test_a_refusal_survives_the_wire(code: str) -> None:
    error = RecallError(code, "what is wrong and what to do", field="symbols", candidates=["A.b"])
    body = encode_error(error, id=7)
    assert json.loads(body) == {
        "id": 7,
        "error": {
            "code": code,
            "message": "what is wrong and what to do",
            "field": "symbols",
            "details": {"candidates": ["A.b"]},
        },
        "protocol": PROTOCOL_VERSION,
    }
    with pytest.raises(RecallError) as caught:
        result_of(decode_reply(body), Done)
    raised = caught.value
    assert (raised.code, raised.message, raised.field, raised.details) == (
        error.code,
        error.message,
        error.field,
        error.details,
    )


def test_an_envelope_needs_no_more_than_a_method() -> None:
    envelope = decode_envelope(b'{"method":"hello"}')
    assert (envelope.id, envelope.tree, envelope.protocol) == (None, None, PROTOCOL_VERSION)
    assert type(decode_params(envelope)) is METHODS["hello"]


# --- newer peers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_fields_that_are_not_known_are_ignored(method: str) -> None:
    request = {**REQUESTS[method], **FUTURE, "params": {**REQUESTS[method]["params"], **FUTURE}}
    assert decode_params(decode_envelope(frame(request))) == decode_params(decode_envelope(frame(REQUESTS[method])))
    reply = {**REPLIES[method], **FUTURE, "result": {**REPLIES[method]["result"], **FUTURE}}
    kind = METHODS[method].reply
    assert result_of(decode_reply(frame(reply)), kind) == result_of(decode_reply(frame(REPLIES[method])), kind)


@pytest.mark.parametrize("kind", EVENTS)
def test_unknown_fields_of_events_are_ignored(kind: str) -> None:
    event = EVENTS[kind]["event"]
    assert decode_event(frame({**event, **FUTURE})) == decode_event(frame(event))


def test_an_event_that_is_not_known_can_be_told_from_a_broken_one() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_event(frame({**EVENTS["stopping"]["event"], "event": "from the future"}))


def test_a_client_that_is_too_new_is_told_to_upgrade_the_daemon() -> None:
    error = refusal(frame({**REQUESTS["hello"], "protocol": PROTOCOL_VERSION + 1}))
    assert error.code == "protocol_mismatch"
    assert f"protocol {PROTOCOL_VERSION + 1}" in error.message
    assert "`recall down`" in error.message


def test_a_daemon_that_is_too_old_for_its_client_is_called_out_by_the_client() -> None:
    lacking = {**REPLIES["hello"], "result": {"version": "0.0.1"}}
    with pytest.raises(RecallError) as caught:
        result_of(decode_reply(frame(lacking)), HelloReply)
    assert caught.value.code == "protocol_mismatch"
    assert "upgrade" in caught.value.message


def test_a_refusal_with_a_code_that_is_not_known_yet_keeps_its_message() -> None:
    body = {"id": "7", "error": {"code": "from_the_future", "message": "do this"}, "protocol": 1}
    with pytest.raises(RecallError) as caught:
        result_of(decode_reply(frame(body)), Done)
    assert (caught.value.code, caught.value.message) == ("internal", "do this")


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method", [name for name, kind in METHODS.items() if any(field.required for field in msgspec.structs.fields(kind))]
)
def test_a_missing_parameter_is_named(method: str) -> None:
    required = [field.encode_name for field in msgspec.structs.fields(METHODS[method]) if field.required]
    for name in required:
        params = {key: value for key, value in REQUESTS[method]["params"].items() if key != name}
        error = refusal(frame({**REQUESTS[method], "params": params}))
        assert (error.code, error.field) == ("invalid_params", name)


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("store", {"importance_score": 1.5}, "importance_score"),
        ("store", {"importance_score": -0.1}, "importance_score"),
        ("store", {"narrative": 3}, "narrative"),
        ("store", {"title": "x" * 301}, "title"),
        ("store", {"narrative": "x" * 50_001}, "narrative"),
        ("store", {"concepts": ["fine", ""]}, "concepts[1]"),
        ("store", {"tags": ["x"] * 51}, "tags"),
        ("store_many", {"memories": [{"title": "fine"}, {"symbols": [7]}]}, "memories[1].symbols[0]"),
        ("store_many", {"memories": []}, "memories"),
        ("search", {"query": ""}, "query"),
        ("search", {"query": "x", "limit": 0}, "limit"),
        ("list", {"sort": "colour"}, "sort"),
        ("list", {"offset": 2**63}, "offset"),
        ("audit", {"older_than_days": 1e12}, "older_than_days"),
        ("forget", {"older_than_days": 1e12}, "older_than_days"),
        ("sync", {"timeout_s": 0}, "timeout_s"),
        ("rate", {"id": "mem-1", "useful": "yes"}, "useful"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(method: str, params: dict[str, Any], field: str) -> None:
    error = refusal(frame({"method": method, "id": "7", "params": params}))
    assert (error.code, error.field) == ("invalid_params", field)
    assert "\n" not in error.message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"hello"',
        b"{",
        b'{"method":"hello"',
        b'{"params":{}}',
        b'{"method":7}',
        b'{"method":"hello","id":{"a":1}}',
        b"[" * 100_000,
        b'{"method":"hello"}{"method":"hello"}',
    ],
)
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    assert refusal(body).code == "malformed"


def test_an_unknown_method_is_named() -> None:
    error = refusal(b'{"method":"forgive"}')
    assert error.code == "unknown_method"
    assert "forgive" in error.message


@pytest.mark.parametrize("text", [rb"a\u0000b", rb"half \ud83d", rb"\udc00 half", b"\xff"])
def test_text_that_is_no_text_is_refused(text: bytes) -> None:
    assert refusal(b'{"method":"store","params":{"narrative":"' + text + b'"}}').code == "invalid_text"


def test_a_nul_is_found_wherever_it_hides() -> None:
    error = refusal(rb'{"method":"store_many","params":{"memories":[{},{"concepts":["fine","a\u0000b"]}]}}')
    assert (error.code, error.field) == ("invalid_text", "memories[1].concepts[1]")


def test_the_words_backslash_u0000_are_text_like_any_other() -> None:
    envelope = decode_envelope(rb'{"method":"store","params":{"narrative":"a \\u0000 b"}}')
    assert decode_params(envelope).narrative == r"a \u0000 b"  # type: ignore[attr-defined]  # it is a Store


def test_characters_beyond_the_first_plane_are_kept() -> None:
    assert decode_params(decode_envelope(encode_request(Get(id="mem-🔑"), id=1))) == Get(id="mem-🔑")


def test_a_frame_over_the_limit_is_refused_with_the_limit() -> None:
    error = refusal(b" " * (MAX_FRAME_BYTES + 1))
    assert (error.code, error.details) == ("too_large", {"limit": MAX_FRAME_BYTES})


def test_an_answer_that_is_none_is_malformed() -> None:
    with pytest.raises(RecallError) as caught:
        decode_reply(b"HTTP/1.1 400 Bad Request")
    assert caught.value.code == "malformed"


def test_a_heartbeat_without_its_counts_is_no_heartbeat() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_event(frame({"event": "heartbeat", "epoch": "a"}))
    assert isinstance(decode_event(frame(EVENTS["heartbeat"]["event"])), Heartbeat)
