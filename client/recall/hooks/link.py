"""The wire as a hook speaks it: a frame out, its reply back, within a deadline, without the structs of the protocol.

To load those would take longer than all else that a hook does.
"""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import zmq

from recall.paths import Paths
from recall.protocol import PROTOCOL_VERSION
from recall.sockets import configure, listening


class RefusedError(Exception):
    """The daemon refused, or could not be asked.

    Attributes:
        code: of the registry in `recall.protocol.errors`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Link:
    """A connection to the daemon, made when first needed.

    Args:
        paths: where the daemon is to be found.
        deadline: when the last answer has to be there, as `time.monotonic()` counts.
    """

    def __init__(self, paths: Paths, deadline: float) -> None:
        self._paths = paths
        self._deadline = deadline
        self._ids = itertools.count(1)
        self._socket: zmq.Socket[bytes] | None = None

    def ask(self, method: str, params: dict[str, Any], *, tree: str | None = None) -> dict[str, Any]:
        """Send a request, and wait for its result.

        Args:
            tree: an absolute path in the tree that it is about.

        Raises:
            RefusedError: by the daemon; or `unreachable` and `timeout`.
        """
        number = f"hook-{next(self._ids)}"
        request = {"protocol": PROTOCOL_VERSION, "id": number, "method": method, "tree": tree, "params": params}
        link = self._connected()
        self._wait(link, zmq.POLLOUT, method)
        link.send(json.dumps(request).encode())
        while True:
            self._wait(link, zmq.POLLIN, method)
            reply = json.loads(link.recv_multipart()[-1])
            if reply.get("id") == number:
                break
        if (error := reply.get("error")) is not None:
            raise RefusedError(error["code"], f"{method}: {error['message']}")
        result: dict[str, Any] = reply["result"]
        return result

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close(linger=0)
            self._socket = None

    def _connected(self) -> zmq.Socket[bytes]:
        if self._socket is None:
            if not listening(self._paths):
                raise RefusedError("unreachable", "no daemon runs")
            self._socket = zmq.Context.instance().socket(zmq.DEALER)
            configure(self._socket)
            self._socket.connect(self._paths.requests_address)
        return self._socket

    def _wait(self, link: zmq.Socket[bytes], event: int, method: str) -> None:
        if not link.poll(max(0, int((self._deadline - time.monotonic()) * 1000)), event):
            raise RefusedError("timeout", f"no answer to {method} in time")
