"""Breaks in long work of a thread, so that the event loop goes on answering."""

from __future__ import annotations

import time

WORK_S = 0.001
"""So long a thread works without a break."""
PAUSE_S = 0.00005
"""Long enough for a waiting thread to wake up."""


class Pauses:
    """Breaks in long work, in which another thread gets its turn: the interpreter alone would grant it every 5 ms."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def take(self) -> None:
        """Make one if it is time."""
        if time.monotonic() - self._since > WORK_S:
            time.sleep(PAUSE_S)
            self._since = time.monotonic()
