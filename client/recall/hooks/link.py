"""The wire as a hook speaks it: a frame out, its reply back, within a deadline.

Without pyzmq, and without the structs of the protocol: to load either takes longer than all else that a hook does. What
is left of ZeroMQ is its framing (ZMTP 3.0, mechanism NULL): a greeting and a READY each way, then messages of frames,
each with a byte of flags and its size in one byte or eight.
"""

from __future__ import annotations

import itertools
import json
import socket
import time

from recall.protocol import PROTOCOL_VERSION

TYPE_CHECKING = False  # see `recall.runtime`
if TYPE_CHECKING:
    from typing import Any

MORE, LONG, COMMAND = 1, 2, 4
"""Flags of a frame: another of its message follows; its size has eight bytes; it is the framing's own."""
MAX_REPLY_BYTES = 8 * 1024 * 1024
_VERSION = 3
_GREETING_BYTES = 64
_GREETING = b"\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f" + bytes([_VERSION, 0]) + b"NULL".ljust(20, b"\0") + bytes(32)
_READY = b"\x05READY" + b"\x0bSocket-Type" + (6).to_bytes(4, "big") + b"DEALER"


class RefusedError(Exception):
    """The daemon refused, or could not be asked.

    Attributes:
        code: of the registry in `recall.protocol.errors`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Link:
    """A connection to the daemon.

    Args:
        path: of the daemon's socket for requests.
        deadline: when the last answer has to be there, as `time.monotonic()` counts.
    """

    def __init__(self, path: str, deadline: float) -> None:
        self._path = path
        self._deadline = deadline
        self._ids = itertools.count(1)
        self._socket: socket.socket | None = None
        self._greeted = False

    def reach(self) -> bool:
        """Connect, unless that is done; whether somebody listens."""
        if self._socket is not None:
            return True
        link = socket.socket(socket.AF_UNIX)
        try:
            link.settimeout(self._left_s())
            link.connect(self._path)
        except OSError:
            link.close()
            return False
        self._socket = link
        return True

    def ask(self, method: str, params: dict[str, Any], *, tree: str | None = None) -> dict[str, Any]:
        """Send a request, and wait for its result.

        Args:
            tree: an absolute path in the tree that it is about.

        Raises:
            RefusedError: by the daemon; or `unreachable`, `timeout` and `malformed`.
        """
        number = f"hook-{next(self._ids)}"
        request = {"protocol": PROTOCOL_VERSION, "id": number, "method": method, "tree": tree, "params": params}
        try:
            link = self._connected()
            link.sendall(_frame(json.dumps(request).encode()))
            while (reply := json.loads(self._message(link))).get("id") != number:
                pass
        except TimeoutError:
            raise RefusedError("timeout", f"no answer to {method} in time") from None
        except OSError as error:
            raise RefusedError("unreachable", f"{method}: {error}") from None
        if (refusal := reply.get("error")) is not None:
            raise RefusedError(refusal["code"], f"{method}: {refusal['message']}")
        result: dict[str, Any] = reply["result"]
        return result

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket, self._greeted = None, False

    def _connected(self) -> socket.socket:
        """The connection, once both sides have said what they speak."""
        if self._greeted and self._socket is not None:
            return self._socket
        if not self.reach() or self._socket is None:
            raise RefusedError("unreachable", "no daemon runs")
        self._socket.sendall(_GREETING + _frame(_READY, COMMAND))
        greeting = self._read(self._socket, _GREETING_BYTES)
        if (greeting[0], greeting[9]) != (0xFF, 0x7F) or greeting[10] < _VERSION:
            raise RefusedError("malformed", "what listens there is no daemon")
        self._greeted = True
        return self._socket

    def _message(self, link: socket.socket) -> bytes:
        """The last frame of the next message; what the framing says of itself in between is passed over."""
        while True:
            flags = self._read(link, 1)[0]
            size = int.from_bytes(self._read(link, 8 if flags & LONG else 1), "big")
            if size > MAX_REPLY_BYTES:
                raise RefusedError("malformed", f"an answer of {size} bytes")
            body = self._read(link, size)
            if not flags & (COMMAND | MORE):
                return body

    def _read(self, link: socket.socket, size: int) -> bytes:
        body = bytearray()
        while len(body) < size:
            link.settimeout(self._left_s())
            part = link.recv(min(size - len(body), 1 << 20))
            if not part:
                raise ConnectionResetError("the daemon went away")
            body += part
        return bytes(body)

    def _left_s(self) -> float:
        """Seconds until the deadline; never none, which would mean without end."""
        return max(self._deadline - time.monotonic(), 0.001)


def _frame(body: bytes, flags: int = 0) -> bytes:
    if len(body) > 255:
        return bytes([flags | LONG]) + len(body).to_bytes(8, "big") + body
    return bytes([flags, len(body)]) + body
