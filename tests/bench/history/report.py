"""The figures as Markdown: totals beside goals and baselines, rows per repository, and every miss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.bench.history.labels import Labelled
from tests.bench.history.scoring import APPROACHES, Outcome, Replay, Said, Score, Share, score

_AT_LEAST, _AT_MOST = "≥", "≤"


@dataclass
class Results:
    """All that was measured."""

    outcomes: list[Outcome] = field(default_factory=list)
    replays: list[Replay] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Figure:
    name: str
    of: Callable[[Score], Share]
    sign: str = ""
    bound: float = 0.0

    @property
    def goal(self) -> str:
        return f"{self.sign} {self.bound:.2f}" if self.sign else "–"

    def reached(self, scored: Score) -> bool:
        share = self.of(scored)
        if not share.of or not self.sign:
            return True
        return share.rate >= self.bound if self.sign == _AT_LEAST else share.rate <= self.bound


FIGURES = (
    _Figure("follow rate of renames and moves", lambda s: s.followed, _AT_LEAST, 0.95),
    _Figure("… without disputed labels", lambda s: s.followed_undisputed, _AT_LEAST, 0.95),
    _Figure("misattached", lambda s: s.misattached, _AT_MOST, 0.02),
    _Figure("… without disputed labels", lambda s: s.misattached_undisputed, _AT_MOST, 0.02),
    _Figure("lost: said to be missing", lambda s: s.missing),
    _Figure("lost: ambiguous", lambda s: s.ambiguous),
    _Figure("lost: could not be anchored before", lambda s: s.unanchored),
    _Figure("contested labels: follow rate", lambda s: s.contested_followed),
    _Figure("contested labels: misattached", lambda s: s.contested_misattached),
    _Figure("stale recall", lambda s: s.stale_recall, _AT_LEAST, 0.96),
    _Figure("… without disputed labels", lambda s: s.stale_recall_undisputed, _AT_LEAST, 0.96),
    _Figure("stale precision", lambda s: s.stale_precision, _AT_LEAST, 0.99),
    _Figure("… without disputed labels", lambda s: s.stale_precision_undisputed, _AT_LEAST, 0.99),
    _Figure("flagged by commits that touch only the file", lambda s: s.quiet_flagged),
    _Figure("false-stale: only formatted or documented (Python)", lambda s: s.false_stale, _AT_MOST, 0.01),
    _Figure("renamed or moved with the same code, and flagged", lambda s: s.renamed_flagged),
    _Figure("replayed through the labelled commits", lambda s: s.replayed, _AT_LEAST, 0.90),
    _Figure("replayed through every commit of the files", lambda s: s.replayed_every, _AT_LEAST, 0.90),
)
_IN_ROWS = (
    ("follow", lambda s: s.followed),
    ("misattached", lambda s: s.misattached),
    ("stale recall", lambda s: s.stale_recall),
    ("stale precision", lambda s: s.stale_precision),
    ("quiet flagged", lambda s: s.quiet_flagged),
    ("false-stale", lambda s: s.false_stale),
    ("replayed", lambda s: s.replayed),
    ("… every commit", lambda s: s.replayed_every),
)  # type: tuple[tuple[str, Callable[[Score], Share]], ...]


def reached(results: Results) -> bool:
    """Whether every goal is."""
    ours = score(results.outcomes, results.replays, APPROACHES[0])
    return all(figure.reached(ours) for figure in FIGURES)


def markdown(labelled: Labelled, results: Results) -> str:
    """The whole report."""
    lines = ["# Anchors on real history", "", *_totals(results), "", *_rows(labelled, results)]
    for title, misses in _misses(results):
        lines += ["", f"## {title} ({len(misses)})", "", *(misses or ["None."])]
    left_out = results.left_out + labelled.unusable
    lines += ["", f"## Left out ({len(left_out)})", "", *([f"- {each}" for each in left_out] or ["Nothing."])]
    return "\n".join(lines) + "\n"


def _totals(results: Results) -> Iterator[str]:
    scores = [score(results.outcomes, results.replays, approach) for approach in APPROACHES]
    yield f"| figure | goal | {' | '.join(APPROACHES)} | |"
    yield "|---|---|---|---|---|---|"
    for figure in FIGURES:
        shares = " | ".join(str(figure.of(each)) for each in scores)
        mark = ("✓" if figure.reached(scores[0]) else "missed") if figure.sign and figure.of(scores[0]).of else ""
        yield f"| {figure.name} | {figure.goal} | {shares} | {mark} |"


def _rows(labelled: Labelled, results: Results) -> Iterator[str]:
    languages = sorted({each.label.language for each in results.outcomes} | {e.language for e in results.replays})
    groups = [(name, language) for name in labelled.repositories for language in languages]
    groups += [("", language) for language in languages]
    yield f"| repository | | {' | '.join(name for name, _ in _IN_ROWS)} |"
    yield "|---" * (len(_IN_ROWS) + 2) + "|"
    for name, language in groups:
        of_language = [each for each in results.outcomes if each.label.language == language]
        outcomes = [each for each in of_language if each.label.repository == name or not name]
        replays = [e for e in results.replays if e.language == language and (e.repository == name or not name)]
        if not outcomes and not replays:
            continue
        for approach in APPROACHES:
            scored = score(outcomes, replays, approach)
            shares = [share(scored) for _, share in _IN_ROWS]
            cells = " | ".join(f"{share.hits}/{share.of}" if share.of else "–" for share in shares)
            title = f"{name or 'all'} ({language})" if approach == APPROACHES[0] else ""
            yield f"| {title} | {approach} | {cells} |"


def _misses(results: Results) -> Iterator[tuple[str, list[str]]]:
    tried = [(each, each.label, each.said[APPROACHES[0]]) for each in results.outcomes]
    moves = [(each, label, said) for each, label, said in tried if label.moves and not label.contested]
    doubted = [(each, label, said) for each, label, said in tried if label.moves and label.contested]
    events = [(each, label, said) for each, label, said in tried if label.kind == "event"]
    flagged = [(each, label, said) for each, label, said in tried if said.flagged]
    yield "Misattached", [_line(each) for each, label, said in moves if said.misattached_from(label.after)]
    yield (
        "Lost",
        [
            _line(each)
            for each, label, said in moves
            if not said.follows_to(label.after) and not said.misattached_from(label.after)
        ],
    )
    yield (
        "Contested renames and moves, not followed",
        [_line(each) for each, label, said in doubted if not said.follows_to(label.after)],
    )
    yield "Changes not flagged", [_line(each) for each, label, said in events if label.changes and not said.flagged]
    yield (
        "Flagged without a labelled change",
        [_line(each) for each, label, _ in flagged if label.kind in ("event", "quiet") and not label.changes],
    )
    yield (
        "Flagged though only formatted or documented",
        [_line(each) for each, label, _ in flagged if label.kind == "format"],
    )
    yield (
        "Renamed or moved with the same code, and flagged",
        [_line(each) for each, label, _ in flagged if label.kind == "row" and each.same_code],
    )
    yield (
        "Replays that ended elsewhere",
        [
            f"- {each.repository} {each.history}, {each.commits} commits{' (every one)' if each.every else ''}: "
            f"from `{each.started}` to `{each.expected}`: {_said(each.said)}"
            for each in results.replays
            if not each.said.follows_to(each.expected)
        ],
    )
    yield "Disputed labels, all of them", [_line(each) for each in results.outcomes if each.doubt]


def _line(outcome: Outcome) -> str:
    label = outcome.label
    place = f"`{label.before}` → `{label.after}`" if label.moves else f"`{label.before}`"
    disputed = f" (disputed: {outcome.doubt})" if outcome.doubt else ""
    kinds = ", ".join(label.types)
    return f"- {label.repository} {label.commit[:10]} {kinds}{disputed}: {place}: {_said(outcome.said[APPROACHES[0]])}"


def _said(said: Said) -> str:
    parts = [f"**{said.verdict or 'not anchored'}**"]
    if said.place is not None:
        parts.append(f"at `{said.place}`")
    if said.reason:
        parts.append(f"“{said.reason}”")
    if said.likeness is not None:
        parts.append(f"likeness {said.likeness:.2f}")
    if said.candidates:
        parts.append(f"candidates {', '.join(f'`{each}`' for each in said.candidates)}")
    return ", ".join(parts)
