"""What was tried in a session and failed, until it is done: then what was changed in between is its fix. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

MAX_FAILED = 16
"""Different attempts of a session that are remembered to have failed, the latest."""
MAX_CHANGED = 8
"""Files that are named as the fix; who changed more did something else besides."""


class Attempts:
    """The failed attempts of one session, each with the files that were changed since."""

    def __init__(self) -> None:
        self._changed: OrderedDict[str, dict[str, None]] = OrderedDict()

    def failed(self, attempt: str) -> None:
        """It was tried and failed; what was changed before counts on, as it may be part of the fix."""
        self._changed.setdefault(attempt, {})
        self._changed.move_to_end(attempt)
        while len(self._changed) > MAX_FAILED:
            self._changed.popitem(last=False)

    def changed(self, files: Iterable[str]) -> None:
        """These files were changed."""
        named = dict.fromkeys(files)
        for since in self._changed.values():
            since.update(named)

    def done(self, attempt: str) -> list[str]:
        """It was tried and done: the files that made the difference; none where it never failed, or nobody can tell."""
        changed = self._changed.pop(attempt, {})
        return list(changed) if len(changed) <= MAX_CHANGED else []


def fixed(attempt: str, files: Iterable[str]) -> str:
    """What is said of a fix."""
    return f"Changes to {', '.join(files)} fixed `{attempt}`."
