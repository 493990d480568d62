"""The sockets on the event loop.

ZeroMQ signals readiness edge-triggered on one file descriptor, so after each wake-up, and after each
send, whatever has arrived is read until nothing is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

import zmq

from recall.paths import Paths
from recall.protocol.codec import MAX_FRAME_BYTES
from recalld.config import Config
from recalld.server.outbox import Outbox

READS_A_TURN = 64
"""Requests read before the loop gets to do something else."""
# Over the protocol's own limit, so that a body somewhat too large still gets an answer that says so.
DROPPED_FRAME_BYTES = 8 * MAX_FRAME_BYTES

Answer = Callable[[bytes], None]
Serve = Callable[[bytes, Answer], None]


class Sockets:
    """Both sockets of a daemon: requests are answered, events are pushed.

    Args:
        serve: called with each request's body and a function that takes the one reply.
        greet: called when somebody subscribed.
    """

    def __init__(self, config: Config, paths: Paths, serve: Serve, greet: Callable[[], None]) -> None:
        self._paths = paths
        self._serve = serve
        self._greet = greet
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._requests = self._context.socket(zmq.ROUTER)
        self.events = self._context.socket(zmq.XPUB)
        for socket in (self._requests, self.events):
            socket.linger = 0
            _admit_only_its_owner(socket)
        self._requests.setsockopt(zmq.MAXMSGSIZE, DROPPED_FRAME_BYTES)
        self._requests.rcvhwm = config.max_pending_requests
        self._outbox = Outbox(self._requests)
        self.events.set_hwm(config.push_high_water)
        self.events.setsockopt(zmq.XPUB_VERBOSE, 1)  # each subscriber is announced, not only the first of a topic
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Bind and begin to serve. The file lock must be held: a second bind would steal a live socket's traffic."""
        self._loop = asyncio.get_running_loop()
        before = os.umask(0o177)
        try:
            self._requests.bind(self._paths.requests_address)
            self.events.bind(self._paths.events_address)
        finally:
            os.umask(before)
        self._loop.add_reader(self._requests.fileno(), self._read)
        self._loop.add_reader(self.events.fileno(), self._read_subscriptions)
        self._loop.call_soon(self._read)
        self._loop.call_soon(self._read_subscriptions)

    def stop(self) -> None:
        """Serve no more and remove the sockets' files."""
        if self._loop is not None:
            self._loop.remove_reader(self._requests.fileno())
            self._loop.remove_reader(self.events.fileno())
            self._loop = None
        self._outbox.stop()
        for socket in (self._requests, self.events):
            socket.close(0)
        self._context.term()
        for file in (self._paths.requests, self._paths.events):
            file.unlink(missing_ok=True)

    def _read(self) -> None:
        if self._loop is None:
            return
        for _ in range(READS_A_TURN):
            try:
                frames = self._requests.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            # The last frame is the request; all before it is the way back, whatever kind of socket asked.
            *envelope, body = frames
            if envelope:
                self._serve(body, self._answer_to(envelope))
        self._loop.call_soon(self._read)

    def _read_subscriptions(self) -> None:
        if self._loop is None:
            return
        joined = False
        while True:
            try:
                joined |= self.events.recv(zmq.NOBLOCK).startswith(b"\x01")
            except zmq.Again:
                break
        if joined:
            self._greet()
            self._loop.call_soon(self._read_subscriptions)  # sending can eat the edge of the next one

    def _answer_to(self, envelope: list[bytes]) -> Answer:
        def answer(reply: bytes) -> None:
            if self._loop is None:
                return
            self._outbox.send([*envelope, reply])
            # Sending can eat the edge that announced a new request.
            if int(self._requests.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
                self._loop.call_soon(self._read)

        return answer


def _admit_only_its_owner(socket: zmq.Socket[bytes]) -> None:
    """Have the system tell whose process connects, and hang up on any other user's, whatever the files' modes are."""
    with contextlib.suppress(zmq.ZMQError):  # where it cannot tell, the private folder keeps others out
        socket.setsockopt(zmq.IPC_FILTER_UID, os.getuid())
