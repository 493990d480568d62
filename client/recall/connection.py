"""One blocking connection to the daemon: a request goes out, its one reply comes back, within a deadline."""

from __future__ import annotations

import itertools
import os
import time
from typing import Any

import zmq

from recall.paths import Paths
from recall.protocol.codec import MAX_FRAME_BYTES, ReplyEnvelope, decode_reply, encode_request
from recall.protocol.errors import RecallError
from recall.protocol.requests import Request
from recall.sockets import Peer, listening, peer_of

__all__ = ["Connection", "configure", "listening", "peer_of", "request_frame", "timed_out", "unreachable"]

CHECK_S = 0.25
"""How often a waiting client looks whether the daemon it asked is still there."""


class Connection:
    """A DEALER socket to the daemon, connected at the first request and again when the daemon was restarted.

    Not thread-safe: give each thread its own. After a fork the child connects anew.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._ids = itertools.count(1)
        self._socket: zmq.Socket[bytes] | None = None
        self._peer: Peer | None = None
        self._owner = 0

    def ask(self, request: Request, *, tree: str | None = None, timeout_s: float = 30.0) -> ReplyEnvelope:
        """Send a request and wait for its reply; late replies to earlier requests are dropped.

        Args:
            request: what to ask.
            tree: id of a tree, or an absolute path in it.
            timeout_s: seconds until `timeout`.

        Returns:
            The envelope, which may hold the daemon's refusal.

        Raises:
            RecallError: `unreachable` (with `details["sent"]` true where the daemon went away before it answered),
                `timeout`, `invalid_text`, `too_large`.
        """
        number = str(next(self._ids))
        frame = request_frame(request, id=number, tree=tree)
        deadline = time.monotonic() + timeout_s
        link = self._connected()
        while not link.poll(_slice_ms(deadline), zmq.POLLOUT):
            self._check(deadline, request, timeout_s, sent=False)
        link.send(frame)
        while True:
            if link.poll(_slice_ms(deadline), zmq.POLLIN):
                envelope = decode_reply(link.recv_multipart()[-1])
                if envelope.id == number:
                    return envelope
            else:
                self._check(deadline, request, timeout_s, sent=True)

    def close(self) -> None:
        """Let go of the socket; the next request would connect again."""
        link, self._socket = self._socket, None
        # A socket that came through a fork belongs to the parent: dropping it is all the child may do.
        if link is not None and self._owner == os.getpid():
            link.close(linger=0)

    def _connected(self) -> zmq.Socket[bytes]:
        peer = peer_of(self._paths)
        if self._socket is not None and self._peer == peer and self._owner == os.getpid():
            return self._socket
        self.close()
        if not listening(self._paths):
            raise unreachable(self._paths)
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        configure(self._socket)
        self._socket.connect(self._paths.requests_address)
        self._peer, self._owner = peer, os.getpid()
        return self._socket

    def _check(self, deadline: float, request: Request, timeout_s: float, *, sent: bool) -> None:
        """Raise if the deadline is over, or if the daemon that was connected to is gone."""
        if peer_of(self._paths) != self._peer or not listening(self._paths):
            self.close()
            raise unreachable(self._paths, sent=sent)
        if time.monotonic() >= deadline:
            raise timed_out(request, timeout_s)


def configure(link: zmq.Socket[Any]) -> None:
    """Options of every request socket: nothing lingers at close, nothing is queued for a daemon that is not there."""
    link.setsockopt(zmq.LINGER, 0)
    link.setsockopt(zmq.IMMEDIATE, 1)
    link.setsockopt(zmq.RECONNECT_IVL, 20)


def request_frame(request: Request, *, id: str, tree: str | None) -> bytes:
    """A request's frame, refused here where the daemon could not even read it."""
    try:
        frame = encode_request(request, id=id, tree=tree)
    except UnicodeEncodeError:
        raise RecallError("invalid_text", "the text holds half a surrogate pair: it is no valid Unicode") from None
    except TypeError as error:
        raise RecallError("invalid_params", f"a parameter has a type that cannot be sent: {error}") from None
    if len(frame) > MAX_FRAME_BYTES:
        raise RecallError(
            "too_large",
            f"the request is {len(frame)} bytes, over the limit of {MAX_FRAME_BYTES}: send it in parts",
            limit=MAX_FRAME_BYTES,
        )
    return frame


def unreachable(paths: Paths, *, sent: bool = False) -> RecallError:
    """The error for a daemon that is not there, or no longer."""
    if sent:
        return RecallError("unreachable", "the daemon stopped before it answered: ask again", sent=True)
    return RecallError("unreachable", f"no daemon runs at {paths.runtime}: `recall up` starts one", sent=False)


def timed_out(request: Request, timeout_s: float) -> RecallError:
    """The error for an answer that did not come in time."""
    return RecallError(
        "timeout",
        f"no answer to `{request.method}` within {timeout_s:g} s: "
        "try a longer --timeout; `recall status` says what the daemon is doing",
    )


def _slice_ms(deadline: float) -> int:
    """Milliseconds to the deadline, at most until the next check."""
    return max(1, int(min(deadline - time.monotonic(), CHECK_S) * 1000))
