"""Bad input over a real socket: one clear error each, nothing changed, the daemon goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from recall import Client
from tests.e2e.conftest import a_daemon
from tests.e2e.running import Daemon


class Wire:
    """Raw sockets to a daemon."""

    def __init__(self, address: str) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.address = address
        self.dealer = self.socket(zmq.DEALER)

    def socket(self, kind: int) -> zmq.Socket[bytes]:
        made = self.context.socket(kind)
        made.linger = 0
        made.connect(self.address)
        return made

    def ask(self, body: bytes | dict[str, Any]) -> dict[str, Any]:
        self.dealer.send(body if isinstance(body, bytes) else json.dumps(body).encode())
        assert self.dealer.poll(10_000), "no answer"
        answer: dict[str, Any] = json.loads(self.dealer.recv())
        assert not self.dealer.poll(20), "a second answer"
        return answer

    def code(self, body: bytes | dict[str, Any]) -> str:
        code: str = self.ask(body)["error"]["code"]
        return code


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with a_daemon() as made:
        made.start()
        yield made


@pytest.fixture
def wire(daemon: Daemon, project: Path) -> Iterator[Wire]:
    with Client(project) as client:
        client.sync()
        made = Wire(daemon.paths.requests_address)
        yield made
        assert client.list().total == 0, "something was stored"
        assert daemon.answers()
        client.close_tree()
    made.context.destroy(0)


def store(**params: Any) -> dict[str, Any]:
    return {"id": 1, "method": "store", "params": {"title": "t", **params}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[1, 2]", "malformed"),
        (b'{"id": 1}', "malformed"),
        (b'{"id": {}, "method": "hello"}', "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"id": 1, "method": "nonsense"}', "unknown_method"),
        (b'{"id": 1, "method": "hello", "protocol": 99}', "protocol_mismatch"),
        (b'{"id": 1, "method": "get", "params": {"id": 7}}', "invalid_params"),
        (b'{"id": 1, "method": "get", "params": []}', "invalid_params"),
        (b'{"id": 1, "method": "get"}', "invalid_params"),
        (b'{"id": 1, "method": "get", "params": {"id": "mem-000000000000"}}', "unknown_id"),
        (b'{"id": 1, "method": "search", "tree": "/no/such/place", "params": {"query": "x"}}', "unknown_tree"),
        (b'{"id": 1, "method": "search", "tree": "tree-nonsense", "params": {"query": "x"}}', "unknown_tree"),
        (b'{"id": 1, "method": "open_workspace", "params": {"path": "."}}', "not_a_folder"),
        (b'{"id": 1, "method": "search", "params": {"query": ""}}', "invalid_params"),
        (b'{"id": 1, "method": "search", "params": {"query": "x", "memory_types": ["opinion"]}}', "invalid_params"),
        (b'{"id": 1, "method": "store", "params": {"title": "a\\u0000b"}}', "invalid_text"),
        (b'{"id": 1, "method": "store", "params": {"title": "a\\ud800b"}}', "invalid_text"),
        (store(importance_score=1.5), "invalid_params"),
        (store(importance_score=-0.1), "invalid_params"),
        (store(importance_score="high"), "invalid_params"),
        (store(memory_type="opinion"), "invalid_params"),
        (store(title=""), "empty_title"),
        (store(title="  \n "), "empty_title"),
        (store(title=None, narrative=""), "empty_title"),
        (store(title="x" * 301), "invalid_params"),
        (store(narrative="x" * 50_001), "invalid_params"),
        (store(source_files=["../outside.py"]), "outside_workspace"),
        (store(source_files=["/etc/passwd"]), "outside_workspace"),
        (store(source_files=["api/../../x"]), "outside_workspace"),
        (store(symbols=["api/views.py"]), "invalid_params"),
        (store(symbols=["api/views.py::shw"]), "unknown_symbol"),
        (store(tags=["x"] * 51), "invalid_params"),
    ],
)
def test_bad_input_gets_one_clear_error(wire: Wire, body: bytes | dict[str, Any], code: str) -> None:
    answer = wire.ask(body)
    assert answer["error"]["code"] == code, answer
    assert answer["error"]["message"]


def test_an_oversized_body_is_refused_with_the_limit(wire: Wire) -> None:
    assert wire.code(b'{"id":1,"method":"store","params":{"title":"' + b"x" * 17_000_000 + b'"}}') == "too_large"


def test_the_refusal_names_the_request_and_the_field(wire: Wire) -> None:
    answer = wire.ask(store(importance_score=1.5) | {"id": "seven"})
    assert answer["id"] == "seven"
    assert answer["error"]["field"] == "importance_score"


def test_one_bad_memory_rejects_the_whole_batch_and_is_named(wire: Wire) -> None:
    memories = [{"title": "one"}, {"title": "two", "symbols": ["api/views.py::nothing"]}, {"title": "three"}]
    answer = wire.ask({"id": 1, "method": "store_many", "params": {"memories": memories}})
    assert answer["error"]["code"] == "unknown_symbol"
    assert answer["error"]["details"]["index"] == 1


def test_a_plain_req_socket_gets_its_answer(wire: Wire) -> None:
    req = wire.socket(zmq.REQ)
    req.send(b'{"id": 1, "method": "hello"}')
    assert req.poll(5000)
    assert json.loads(req.recv())["result"]["protocol"] == 1


def test_a_req_client_that_gave_up_and_asks_again_gets_the_new_answer(wire: Wire) -> None:
    req = wire.context.socket(zmq.REQ)
    req.linger = 0
    req.setsockopt(zmq.REQ_RELAXED, 1)
    req.setsockopt(zmq.REQ_CORRELATE, 1)
    req.connect(wire.address)
    req.send(b'{"id": "first", "method": "status"}')
    req.send(b'{"id": "second", "method": "hello"}')
    assert req.poll(5000)
    assert json.loads(req.recv())["id"] == "second"


def test_frames_without_a_body_and_vanished_clients_harm_nobody(wire: Wire) -> None:
    for parts in ([b""], [b"", b""], [b"a", b"b", b"c"]):
        stranger = wire.socket(zmq.DEALER)
        stranger.send_multipart(parts)
        stranger.close(0)
    assert wire.ask({"id": 1, "method": "hello"})["result"]
