"""From what was said of each commit to the figures. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.bench.history.labels import Label, Place

APPROACHES = ("anchors", "path + name", "whole file")
"""Ours, and the two that it stands beside."""
FLAGS = ("changed", "moved+changed")
_PLACED = ("current", "moved", *FLAGS)


@dataclass(frozen=True)
class Said:
    """What was said of an anchor."""

    verdict: str | None
    """None where it could not be anchored at all."""
    place: Place | None = None
    """None where nothing is said of the symbol."""
    reason: str = ""
    likeness: float | None = None
    candidates: tuple[str, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether it says that the code is another."""
        return self.verdict in FLAGS

    def follows_to(self, expected: Place) -> bool:
        """Whether it names the right place."""
        return self.verdict in _PLACED and expected.is_place(self.place)

    def misattached_from(self, expected: Place) -> bool:
        """Whether it names a wrong place."""
        return self.verdict in _PLACED and self.place is not None and not expected.is_place(self.place)


@dataclass(frozen=True)
class Outcome:
    """What each approach said of one label."""

    label: Label
    said: dict[str, Said]
    same_code: bool | None
    """Whether the symbol's code is the same before and after; None where one of them was not found."""
    same_text: bool = False
    """Whether it is so to the letter."""
    doubt: str = ""
    """Why the label disputes with the code itself; empty where it does not."""


def doubt(label: Label, *, same_code: bool | None, stands: bool, twice: bool) -> str:
    """Why a label says what the code does not bear out; empty where it does.

    Args:
        label: what people said.
        same_code: as in `Outcome`.
        stands: the same code still stands where it was before.
        twice: the file had more than one symbol of that name before.
    """
    if label.moves and stands:
        return "the original still stands, unchanged"
    if label.moves and twice:
        return "the file had more than one of that name"
    if label.kind == "event" and label.changes and same_code:
        return "the code is the same but for comments, docstrings and formatting"
    if label.kind == "event" and not label.changes and same_code is False:
        return "the code differs"
    return ""


@dataclass(frozen=True)
class Replay:
    """Where an anchor stood after a whole history."""

    repository: str
    language: str
    history: str
    commits: int
    every: bool
    """Through every commit that touches the files, not only the labelled ones."""
    started: Place | None
    """None where it could not be anchored anywhere."""
    expected: Place
    said: Said


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def rate(self) -> float:
        """Between 0 and 1; 0 of nothing is 0."""
        return self.hits / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.hits}/{self.of} = {self.rate:.3f}" if self.of else "–"


@dataclass(frozen=True)
class Score:
    """The figures of one approach."""

    followed: Share
    followed_undisputed: Share
    misattached: Share
    misattached_undisputed: Share
    missing: Share
    ambiguous: Share
    unanchored: Share
    contested_followed: Share
    contested_misattached: Share
    stale_recall: Share
    stale_recall_undisputed: Share
    stale_precision: Share
    stale_precision_undisputed: Share
    quiet_flagged: Share
    false_stale: Share
    renamed_flagged: Share
    """Renames and moves that leave the code as it is, and are said to have changed it."""
    replayed: Share
    replayed_every: Share


def score(outcomes: Iterable[Outcome], replays: Iterable[Replay], approach: str) -> Score:
    """The figures of one approach."""
    outcomes = list(outcomes)

    def share(hit: Callable[[Label, Said], bool], of: Iterable[Outcome]) -> Share:
        hits = [hit(outcome.label, outcome.said[approach]) for outcome in of]
        return Share(sum(hits), len(hits))

    moves = [each for each in outcomes if each.label.moves and not each.label.contested]
    doubted = [each for each in outcomes if each.label.moves and each.label.contested]
    stale = [each for each in outcomes if each.label.kind == "event" and each.label.changes]
    flags = [each for each in outcomes if each.label.kind in ("event", "quiet") and each.said[approach].flagged]
    return Score(
        followed=share(_follows, moves),
        followed_undisputed=share(_follows, (each for each in moves if not each.doubt)),
        misattached=share(_misattached, moves),
        misattached_undisputed=share(_misattached, (each for each in moves if not each.doubt)),
        missing=share(lambda _, said: said.verdict == "missing", moves),
        ambiguous=share(lambda _, said: said.verdict == "ambiguous", moves),
        unanchored=share(lambda _, said: said.verdict is None, moves),
        contested_followed=share(_follows, doubted),
        contested_misattached=share(_misattached, doubted),
        stale_recall=share(_flagged, stale),
        stale_recall_undisputed=share(_flagged, (each for each in stale if not each.doubt)),
        stale_precision=share(_justified, flags),
        stale_precision_undisputed=share(_justified, (each for each in flags if not each.doubt)),
        quiet_flagged=share(_flagged, (each for each in outcomes if each.label.kind == "quiet")),
        false_stale=share(_flagged, (each for each in outcomes if each.label.kind == "format")),
        renamed_flagged=share(_flagged, (each for each in outcomes if each.label.kind == "row" and each.same_code)),
        replayed=_replayed(replays, approach, every=False),
        replayed_every=_replayed(replays, approach, every=True),
    )


def _follows(label: Label, said: Said) -> bool:
    return said.follows_to(label.after)


def _misattached(label: Label, said: Said) -> bool:
    return said.misattached_from(label.after)


def _flagged(_: Label, said: Said) -> bool:
    return said.flagged


def _justified(label: Label, _: Said) -> bool:
    return label.changes


def _replayed(replays: Iterable[Replay], approach: str, *, every: bool) -> Share:
    ended = [each for each in replays if each.every == every]
    if approach == "anchors":
        return Share(sum(each.said.follows_to(each.expected) for each in ended), len(ended))
    stays = [each.started == each.expected and approach == "path + name" for each in ended]
    return Share(sum(stays), len(ended))
