"""What a search answers: how much of what was found is shown, and what became of the rest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recall.protocol.marking import token_estimate
from recall.protocol.requests import SearchReply
from recall.protocol.values import Brief

STALE = frozenset({"missing", "ambiguous", "changed", "moved+changed"})


def answer(
    ranked: Iterable[Brief],
    *,
    count: int,
    limit: int,
    token_budget: int | None = None,
    left_out: dict[str, int] | None = None,
    warnings: Sequence[str] = (),
) -> SearchReply:
    """The reply to a search.

    Args:
        ranked: what was found, scored, best first; taken no further than is shown.
        count: how many these are.
        limit: at most so many are shown.
        token_budget: what titles and summaries may cost together; None for no bound. What is too long gives way to
            the next that fits.
        left_out: what was found besides and is not among `ranked`, counted by the reason.
        warnings: passed on.
    """
    counts = dict(left_out or {})
    shown: list[Brief] = []
    tokens = 0
    for seen, brief in enumerate(ranked, 1):
        cost = token_estimate(f"{brief.title}\n{brief.summary}")
        if token_budget is not None and tokens + cost > token_budget:
            counts["token_budget"] = counts.get("token_budget", 0) + 1
            continue
        shown.append(brief)
        tokens += cost
        if len(shown) == limit:
            counts["limit"] = counts.get("limit", 0) + count - seen
            break
    counts = {reason: number for reason, number in counts.items() if number}
    return SearchReply(
        results=shown,
        matched=len(shown) + sum(counts.values()),
        returned=len(shown),
        left_out=counts,
        stale=sum(brief.verdict in STALE for brief in shown),
        tokens=tokens,
        warnings=list(warnings),
    )
