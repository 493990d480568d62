"""Whether a process is still there."""

from __future__ import annotations

import os


def runs(pid: int) -> bool:
    """Whether a process of this number runs; a number that no process can have counts as one that does."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # somebody else's, or not to be told
    return True
