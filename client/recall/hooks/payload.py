"""What an agent says to a hook: JSON of which nothing is taken for granted."""

from __future__ import annotations

import json

TYPE_CHECKING = False  # see `recall.runtime`
if TYPE_CHECKING:
    from typing import Any


class InputError(Exception):
    """What came on standard input is not what an agent says."""


class Payload:
    """The fields of a hook's input; what is missing or of another type than expected reads as empty."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    @classmethod
    def parse(cls, body: bytes) -> Payload:
        """Read standard input.

        Raises:
            InputError: it is no JSON object.
        """
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InputError(f"standard input is no JSON: {error}") from None
        if not isinstance(fields, dict):
            raise InputError("standard input is JSON, but no object")
        return cls(fields)

    def get(self, *names: str) -> Any:
        """What stands under these names, one inside the other; None where there is nothing."""
        found: Any = self._fields
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def text(self, *names: str) -> str:
        """The text that stands there; empty where there is none."""
        found = self.get(*names)
        return whole(found) if isinstance(found, str) else ""

    def line(self, *names: str) -> int:
        """The number of a line, or of lines; 0 where there is none."""
        found = self.get(*names)
        return found if isinstance(found, int) and 0 < found < 2**31 else 0


def whole(text: str) -> str:
    """A text as it may go over the wire: without NUL and without halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def one_line(text: str, characters: int) -> str:
    """A text on one line, cut where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= characters else f"{line[: characters - 1]}…"
