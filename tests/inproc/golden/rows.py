"""What the rows of the golden table are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recall.protocol.values import Verdict


@dataclass(frozen=True)
class Step:
    """One change of the tree, and what is expected after it."""

    verdict: Verdict
    files: Mapping[str, str | None]
    """Files as they are written, None for one that is deleted."""
    at: str = ""
    """Where the code is then, `path::symbol` or a path; empty where the table leaves it open."""
    moves: Sequence[tuple[str, str]] = ()
    """Files and folders that are renamed before."""
    git: Sequence[str] = ()
    """Commands that are given to git before."""
    says: str = ""
    """What the reason must contain."""
    candidates: frozenset[str] = frozenset()
    lines: tuple[int, int] | None = None
    """Where it stands in its file."""


@dataclass(frozen=True)
class Row:
    """One case from storing on."""

    name: str
    before: Mapping[str, str]
    anchor: str
    """What the memory is stored for: `path::symbol`, a file, a folder, `path:first-last`."""
    steps: tuple[Step, ...]
    in_git: bool = False


def row(name: str, before: Mapping[str, str], anchor: str, *steps: Step, in_git: bool = False) -> Row:
    return Row(name, before, anchor, steps, in_git)


def swap(text: str, old: str, new: str) -> str:
    """The text with its one `old` replaced, so that no row can change nothing by mistake."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {text!r}"
    return text.replace(old, new)


def cut(text: str, *pieces: str) -> str:
    for piece in pieces:
        text = swap(text, piece, "")
    return text


def lines_of(text: str, piece: str) -> tuple[int, int]:
    """The lines on which a piece of a text stands, counted from 1."""
    assert text.count(piece) == 1
    first = text[: text.index(piece)].count("\n") + 1
    return first, first + piece.rstrip("\n").count("\n")
