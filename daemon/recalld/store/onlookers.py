"""Whether another program reads a file just now, as `cp memory.db` does; told by inotify, so on Linux only.

A copy that is made while the log is put into the file is torn: some of its pages are older than others.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from pathlib import Path

HOLD_S = 10.0
"""Whoever has the file open for longer, such as a `sqlite3` shell, is waited for no more."""

_IN_OPEN = 0x20
_BUFFER_BYTES = 4096


class Onlookers:
    """Those who have a file open, besides this process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor = _watched(file)
        self._opened_at: float | None = None
        """When somebody opened it last; None once nobody is left. Looking who has it open takes some milliseconds."""

    def any(self) -> bool:
        """Whether somebody reads now, and not for too long."""
        if self._descriptor is None:
            return False
        if _takes_events(self._descriptor):
            self._opened_at = time.monotonic()
        if self._opened_at is None:
            return False
        if time.monotonic() - self._opened_at < HOLD_S and _is_open_elsewhere(self._file):
            return True
        self._opened_at = None
        return False

    def close(self) -> None:
        """Stop looking."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _takes_events(descriptor: int) -> bool:
    """Take what inotify has to tell: whether the file was opened since, by whomever."""
    opened = False
    with contextlib.suppress(BlockingIOError):
        while os.read(descriptor, _BUFFER_BYTES):
            opened = True
    return opened


def _is_open_elsewhere(file: Path) -> bool:
    """Whether another process of this user has it open."""
    with contextlib.suppress(OSError):  # the file is gone
        sought = file.stat()
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) != os.getpid() and _has_open(process, sought):
                return True
    return False


def _has_open(process: Path, sought: os.stat_result) -> bool:
    # It may end meanwhile, or belong to somebody else.
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                if os.path.samestat(descriptor.stat(), sought):
                    return True
    return False


def _watched(file: Path) -> int | None:
    """An inotify instance that tells of the file; None where there is none to be had."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        return None
    if libc.inotify_add_watch(descriptor, os.fsencode(file), _IN_OPEN) < 0:
        os.close(descriptor)
        return None
    return int(descriptor)
