"""Replies on their way out: sent at once, or kept for clients that read more slowly than they ask, within limits.

ZeroMQ counts messages and not bytes, so only few are handed over to it for each client; the rest waits here, where
bytes are counted. A client that reads is never kept waiting: its few are gone before the next ones come.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque

import zmq

log = logging.getLogger(__name__)

HANDED_OVER = 32
"""Replies that ZeroMQ may hold for one client."""
KEPT_BYTES = 8 * 1024 * 1024
"""What waits for one client besides; one reply may, however large it is. More are dropped."""
RETRY_S = 0.005


class Outbox:
    """Sends replies through a ROUTER socket, in order for each client.

    Args:
        socket: not bound yet; its options are set here.
    """

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        socket.sndhwm = HANDED_OVER
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)  # says so where a client cannot take more, instead of dropping
        self._waiting: dict[bytes, deque[list[bytes]]] = {}
        self._bytes: dict[bytes, int] = {}
        self._slow: set[bytes] = set()
        self._retry: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def send(self, frames: list[bytes]) -> None:
        """Send a reply, or keep it; what is over the limit, and what is for a client that is gone, is dropped.

        Args:
            frames: the way to the client, of which the first names it, and the reply.
        """
        client = frames[0]
        if client not in self._waiting and self._sent(frames):
            return
        kept = self._bytes.get(client, 0)
        if kept and kept + len(frames[-1]) > KEPT_BYTES:
            self._dropped(client)
            return
        self._waiting.setdefault(client, deque()).append(frames)
        self._bytes[client] = kept + len(frames[-1])
        self._try_later()

    def stop(self) -> None:
        """Try no more."""
        if self._retry is not None:
            self._retry.cancel()

    def _sent(self, frames: list[bytes]) -> bool:
        """Whether nothing is left to do about a reply."""
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            return False
        except zmq.ZMQError:
            return True  # whoever asked is gone
        return True

    def _try_later(self) -> None:
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(RETRY_S, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        for client, replies in list(self._waiting.items()):
            while replies and self._sent(replies[0]):
                self._bytes[client] -= len(replies.popleft()[-1])
            if not replies:
                del self._waiting[client], self._bytes[client]
                self._slow.discard(client)
        if self._waiting:
            self._try_later()

    def _dropped(self, client: bytes) -> None:
        if client not in self._slow:
            self._slow.add(client)
            log.warning("a client reads nothing of what it asks for: over the limit of %d bytes, it loses", KEPT_BYTES)
