"""The daemon's request socket, seen from outside: whether somebody listens, who it is, how a socket to it is set up.

Imports little, because an agent waits for its hooks at every tool call.
"""

from __future__ import annotations

import socket
from typing import Any

import zmq

from recall.paths import Paths

Peer = tuple[int, int]
"""What tells one daemon's socket file from the next one's: inode and time of change."""


def configure(link: zmq.Socket[Any]) -> None:
    """Options of every request socket: nothing lingers at close, nothing is queued for a daemon that is not there."""
    link.setsockopt(zmq.LINGER, 0)
    link.setsockopt(zmq.IMMEDIATE, 1)
    link.setsockopt(zmq.RECONNECT_IVL, 20)


def peer_of(paths: Paths) -> Peer | None:
    """Which daemon's socket file is there now, if one is."""
    try:
        found = paths.requests.stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def listening(paths: Paths) -> bool:
    """Whether a process accepts connections on the request socket; a file left by a killed daemon does not count."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(paths.requests))
        except BlockingIOError:
            return True  # so busy that its queue of connections is full
        except OSError:
            return False
    return True
