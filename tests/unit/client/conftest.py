from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from recall.paths import Paths, find_paths, make_private
from recall.protocol.codec import decode_envelope, decode_params, encode_error, encode_event, encode_reply
from recall.protocol.errors import RecallError
from recall.protocol.events import Event, Heartbeat, topic
from recall.protocol.requests import Request
from recall.protocol.values import Context, Value, Workspace

WORKSPACE, TREE = "ws-1", "tree-1"
Answer = Value | RecallError | None | Callable[[Any], "Value | RecallError | None"]


class Peer:
    """The far end of the wire: real sockets, with answers that a test lays out. None leaves a request unanswered."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str | None, Request]] = []
        self.unanswered: list[tuple[list[bytes], str | int | None]] = []
        self.send_later = threading.Event()
        self._stop = threading.Event()
        self._bound = threading.Event()
        make_private(paths.runtime)
        self._events: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.XPUB)
        self._events.setsockopt(zmq.LINGER, 0)
        self._events.bind(paths.events_address)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        assert self._bound.wait(5)

    def methods(self) -> list[str]:
        return [request.method for _, request in self.asked]

    def publish(self, event: Event, *, seq: int = 0, epoch: str = "e1", file_path: str = "") -> None:
        about_daemon = isinstance(event, Heartbeat)
        event.epoch, event.seq, event.file_path = epoch, seq, file_path
        event.workspace_id, event.tree_id = ("", "") if about_daemon else (WORKSPACE, TREE)
        name = topic(event.workspace_id, event.tree_id, file_path)
        self._events.send_multipart([name.encode(), encode_event(event)])

    def await_subscriber(self) -> None:
        """Return once somebody subscribed to the daemon's own topic and to one more."""
        seen: set[bytes] = set()
        while len(seen) < 2:
            assert self._events.poll(5000), f"only {seen} subscribed"
            seen.add(self._events.recv())

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)
        if not self._events.closed:
            self._events.close(0)

    def _serve(self) -> None:
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind(self.paths.requests_address)
        self._bound.set()
        while not self._stop.is_set():
            if self.send_later.is_set():
                self.send_later.clear()
                for route, number in self.unanswered:
                    socket.send_multipart([*route, encode_reply(brief_context("late"), id=number)])
            if not socket.poll(10):
                continue
            *route, body = socket.recv_multipart()
            envelope = decode_envelope(body)
            request = decode_params(envelope)
            self.asked.append((envelope.tree, request))
            answer = self.answers[envelope.method]
            if callable(answer):
                answer = answer(request)
            if answer is None:
                self.unanswered.append((route, envelope.id))
            elif isinstance(answer, RecallError):
                socket.send_multipart([*route, encode_error(answer, id=envelope.id)])
            else:
                reply = encode_reply(answer, id=envelope.id, workspace_id=WORKSPACE, tree_id=TREE)
                socket.send_multipart([*route, reply])
        socket.close(0)


def brief_context(file_path: str, tokens: int = 0) -> Context:
    return Context(
        file_path=file_path,
        workspace_id=WORKSPACE,
        tree_id=TREE,
        memories=[],
        text="",
        tokens=tokens,
        token_budget=1200,
    )


def workspace(path: str = "/project", **fields: Any) -> Workspace:
    return Workspace(workspace_id=WORKSPACE, tree_id=TREE, path=path, name=Path(path).name, **fields)


def like(kind: type[Any], **fields: Any) -> Any:
    """A reply of that kind, checked against its types as the wire would."""
    return msgspec.convert(fields, kind)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("RECALLD_HOME", str(tmp_path / "home"))
    return find_paths()


@pytest.fixture
def peer(paths: Paths) -> Iterator[Peer]:
    peer = Peer(paths)
    yield peer
    peer.stop()
