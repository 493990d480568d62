"""Spreading activation: from memories that answer, over what they share, to others that belong to them. Pure.

After A. Collins and E. Loftus, A spreading-activation theory of semantic processing, 1975. A node that many hang on
passes little to each, and activations that meet add up as independent chances do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recall.protocol.values import link_words
from recalld.store.associations import MAX_MEMBERS, Node, Pair

WEIGHTS: dict[str, float] = {
    "symbol": 0.8,
    "concept": 0.7,
    "file": 0.5,
    "folder": 0.3,
    "session": 0.15,
    "recalled": 0.8,
    "close_in_meaning": 0.5,
    "supersedes": 0.8,
    "contradicts": 0.8,
    "caused_by": 0.8,
    "references": 0.7,
    "depends_on": 0.7,
    "related_to": 0.7,
}
"""What a link of each kind lets through at most."""

LEAST_CLOSE = 0.5
"""The cosine from which two memories are close. Two facts of one matter have 0.52 in the median, and of memories that
have nothing to do with each other fewer than one pair in a hundred has so much."""
_SAME = 0.9
"""The cosine of the same thing in other words."""
_UNRELATED = 0.3


@dataclass(slots=True)
class Activation:
    """How strongly a memory is activated.

    Attributes:
        value: 0 to 1.
        why: what activated it, the strongest first: `concept payments`; of links how they read from it: `caused by`.
    """

    value: float = 0.0
    why: list[str] = field(default_factory=list)


def spread_once(sources: Mapping[str, float], nodes: Sequence[Node], pairs: Sequence[Pair]) -> dict[str, Activation]:
    """What one step passes on from memories to others, and to each other.

    Args:
        sources: activation of each memory, 0 to 1, by id.
        nodes: what they hang on, with all that hangs on it.
        pairs: what ties two of them directly.

    Returns:
        By id of what was reached. Never more than 1, and never less for a stronger source.
    """
    passed: dict[str, list[tuple[float, str]]] = {}
    for node in nodes:
        let_through = node_weight(node)
        for source, share in node.members.items():
            if not (energy := sources.get(source, 0.0) * share * let_through):
                continue
            for target, other_share in node.members.items():
                if target != source:
                    passed.setdefault(target, []).append((energy * other_share, f"{node.kind} {node.label}"))
    for pair in pairs:
        let_through = WEIGHTS[pair.kind] * pair.weight
        for source, target in ((pair.one_id, pair.other_id), (pair.other_id, pair.one_id)):
            if energy := sources.get(source, 0.0) * let_through:
                why = link_words(pair.kind, incoming=target == pair.other_id)
                passed.setdefault(target, []).append((energy, why))
    return {target: _met(parts) for target, parts in passed.items()}


def closeness(cosine: float) -> float:
    """How close two memories are in meaning, 0 to 1."""
    return min(max((cosine - _UNRELATED) / (_SAME - _UNRELATED), 0.0), 1.0)


def node_weight(node: Node) -> float:
    """What a node lets through from one memory to another: less, the more hang on it; nothing where too many do."""
    if len(node.members) > MAX_MEMBERS:
        return 0.0
    return WEIGHTS[node.kind] / math.sqrt(max(len(node.members) - 1, 1))


def _met(parts: list[tuple[float, str]]) -> Activation:
    ordered = sorted(parts, reverse=True)
    missing = math.prod(1 - energy for energy, _ in ordered)
    return Activation(min(max(1 - missing, 0.0), 1.0), list(dict.fromkeys(why for _, why in ordered))[:3])
