"""Where superseded memories stand: behind what superseded them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

SUPERSEDED_FACTOR = 0.5
BEHIND = 0.999
"""Of its successor's score, what a superseded memory has at most, so that it is behind it in any order by score."""


def put_behind(scores: Mapping[str, float], successors: Mapping[str, str]) -> dict[str, float]:
    """The scores of memories, with those that were superseded at half of theirs and behind their successors.

    Args:
        scores: not negative, by id.
        successors: of superseded ones what stands in their place, whether it is scored or not.

    Returns:
        By id, in the order of `scores`.
    """
    settled: dict[str, float] = {}
    for each in scores:
        chain = [each]
        while (new := successors.get(chain[-1])) is not None:
            if new not in scores or new in settled or new in chain:
                break
            chain.append(new)
        for old in reversed(chain):
            settled[old] = scores[old]
            if (new := successors.get(old)) is not None:
                settled[old] = min(scores[old] * SUPERSEDED_FACTOR, settled.get(new, scores[old]) * BEHIND)
    return {each: settled[each] for each in scores}
