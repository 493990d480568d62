from __future__ import annotations

from collections.abc import Iterator

import pytest
import zmq

from recall.protocol.codec import decode_event
from recall.protocol.events import MAX_HEARTBEAT_TOPICS, AnyEvent, Heartbeat
from recalld.events import MemoryTouched, Scanned
from recalld.server.push import Publisher


class Listener:
    """A publisher with a real subscriber to it."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        out = self.context.socket(zmq.XPUB)
        out.bind("inproc://push")
        self.subscriber = self.context.socket(zmq.SUB)
        self.subscriber.connect("inproc://push")
        self.subscriber.subscribe(b"")
        assert out.recv() == b"\x01"
        self.publisher = Publisher(out, "epoch")
        self.sockets = [out, self.subscriber]

    def heard(self) -> tuple[str, AnyEvent]:
        assert self.subscriber.poll(2000)
        name, body = self.subscriber.recv_multipart()
        return name.decode(), decode_event(body)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    for socket in made.sockets:
        socket.close(0)
    made.context.term()


def test_each_topic_is_numbered_from_one(listener: Listener) -> None:
    for workspace in ("ws-a", "ws-b", "ws-a"):
        listener.publisher.memory(MemoryTouched(workspace, "mem-1", "title", "stored"))
    heard = [listener.heard() for _ in range(3)]
    assert [(name, event.seq) for name, event in heard] == [("ws-a/", 1), ("ws-b/", 1), ("ws-a/", 2)]
    assert {event.epoch for _, event in heard} == {"epoch"}


def test_a_heartbeat_carries_the_last_numbers_and_the_count(listener: Listener) -> None:
    listener.publisher.memory(MemoryTouched("ws-a", "mem-1", "title", "stored"))
    listener.publisher.scan(Scanned("ws-a", "tree-b", 1, 2, finished=False))
    listener.publisher.heartbeat()
    name, beat = [listener.heard() for _ in range(3)][-1]
    assert name == "daemon"
    assert isinstance(beat, Heartbeat)
    assert (beat.published, beat.topics, beat.complete_since) == (2, {"ws-a/": 1, "ws-a/tree-b/": 1}, 0)


def test_a_heartbeat_is_bounded_and_says_from_where_on_it_is_complete(listener: Listener) -> None:
    for number in range(MAX_HEARTBEAT_TOPICS + 10):
        listener.publisher.memory(MemoryTouched(f"ws-{number}", "mem-1", "title", "stored"))
        listener.heard()
    listener.publisher.heartbeat()
    _, beat = listener.heard()
    assert isinstance(beat, Heartbeat)
    assert len(beat.topics) == MAX_HEARTBEAT_TOPICS
    assert "ws-9/" not in beat.topics
    assert "ws-10/" in beat.topics
    assert beat.complete_since == 10
