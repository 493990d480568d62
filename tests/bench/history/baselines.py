"""The two approaches that anchors stand beside, worked out from the two states of a commit alone."""

from __future__ import annotations

from tests.bench.history.labels import Place
from tests.bench.history.scoring import Said


def path_and_name(place: Place, before: str | None, after: str | None) -> Said:
    """The same name in the same path is the symbol; another text is a change.

    Args:
        place: of the symbol before the commit.
        before: its text there.
        after: the text under that path and name after the commit.
    """
    if before is None:
        return Said(None, reason="no such symbol before")
    if after is None:
        return Said("missing", reason="no such symbol after")
    return Said("current" if before == after else "changed", place)


def whole_file(before: bytes | None, after: bytes | None) -> Said:
    """Another hash of the file is a change; of symbols, it knows nothing."""
    if before is None:
        return Said(None, reason="no such file before")
    if after is None:
        return Said("missing", reason="no such file after")
    return Said("current" if before == after else "changed")
