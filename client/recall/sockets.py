"""The daemon's request socket, seen from outside: whether somebody listens, and who it is."""

from __future__ import annotations

import socket

from recall.paths import Paths

Peer = tuple[int, int]
"""What tells one daemon's socket file from the next one's: inode and time of change."""


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
