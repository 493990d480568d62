"""Associations: what belongs to memories that were found, and what is learned from their being found together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from recalld.memory.activation import LEAST_CLOSE, Activation, closeness, spread_once
from recalld.memory.clock import Clock
from recalld.memory.trees import PERSONAL, Tree
from recalld.store import Store, associations, links, memories
from recalld.store.associations import Node, Pair
from recalld.vectors import Vectors, VectorsUnavailable

MAX_SEEDS = 10
"""Memories that activation starts from; and those that it goes on from in the second step."""
MAX_REACHED = 50
SECOND_STEP = 0.5
"""What is left of an activation that goes one step further."""
LEAST_ACTIVATION = 0.02
CLOSEST = 5
"""Memories nearest in meaning that each activates."""
RECALLED_TOGETHER = 10
"""Memories of a reply, the best, that count as recalled together."""


@dataclass(slots=True)
class Graph:
    """What was gone over: the nodes and pairs around what was reached."""

    nodes: dict[tuple[str, str], Node] = field(default_factory=dict)
    pairs: dict[tuple[str, str, str], Pair] = field(default_factory=dict)
    reached: dict[str, Activation] = field(default_factory=dict)


class Associations:
    """Links between the memories of a tree's workspace, and personal ones."""

    def __init__(self, store: Store, vectors: Vectors, clock: Clock) -> None:
        self._store = store
        self._vectors = vectors
        self._clock = clock

    async def spread(self, tree: Tree, seeds: Mapping[str, float], *, steps: int = 2) -> dict[str, Activation]:
        """What belongs to the memories that were found, without these.

        Args:
            seeds: how well each answers, 0 to 1, by id; the best ten count.
            steps: 1 or 2.

        Returns:
            At most 50, the most strongly activated first, by id.
        """
        return (await self.graph(tree, seeds, steps=steps)).reached

    async def graph(self, tree: Tree, seeds: Mapping[str, float], *, steps: int = 2) -> Graph:
        """As `spread`, with all that was gone over."""
        scope, now = [tree.workspace_id, PERSONAL], self._clock()
        graph, sources = Graph(), dict(_best(seeds, MAX_SEEDS))
        for step in range(steps):
            if not sources:
                break
            (nodes, pairs), close = await asyncio.gather(
                self._store.truth.read(_kept, scope, list(sources), now), self._close(scope, sources)
            )
            fresh, pairs = await self._store.truth.read(_spread, scope, sources, nodes, pairs, close)
            graph.nodes |= {(node.kind, node.key): node for node in nodes}
            graph.pairs |= {(pair.one_id, pair.other_id, pair.kind): pair for pair in pairs}
            for memory_id, activation in fresh.items():
                activation.value *= SECOND_STEP**step
                known = graph.reached.get(memory_id)
                if memory_id not in seeds and (known is None or known.value < activation.value):
                    graph.reached[memory_id] = activation
            strongest = sorted(graph.reached.items(), key=_by_value)
            sources = {each: activation.value for each, activation in strongest[:MAX_SEEDS] if each in fresh}
        kept = [each for each in sorted(graph.reached.items(), key=_by_value) if each[1].value >= LEAST_ACTIVATION]
        graph.reached = dict(kept[:MAX_REACHED])
        return graph

    async def _close(self, scope: Sequence[str], ids: Collection[str]) -> list[Pair]:
        """What is near to these in meaning; nothing while vectors are not there. Some of it may be forgotten."""
        try:
            around = await self._vectors.around(ids, workspace_ids=scope, n=CLOSEST)
        except VectorsUnavailable:
            return []
        # Two that are near each other are one pair; how they begin may be nearer from one side than from the other.
        cosines: dict[tuple[str, str], float] = {}
        for memory_id, near in around.items():
            for other, cosine in near:
                pair = (min(memory_id, other), max(memory_id, other))
                cosines[pair] = max(cosine, cosines.get(pair, LEAST_CLOSE))
        return [
            Pair(one, other, "close_in_meaning", closeness(cosine))
            for (one, other), cosine in cosines.items()
            if cosine > LEAST_CLOSE
        ]


def note_recalled(tree: Tree, ids: Iterable[str]) -> None:
    """Note what a search returned, best first."""
    together = tuple(ids)[:RECALLED_TOGETHER]
    if len(together) > 1:
        tree.recalled.append(together)


def recalled_with(tree: Tree, memory_id: str) -> list[str]:
    """The memories that came with this one in the last reply that had it."""
    for together in reversed(tree.recalled):
        if memory_id in together:
            return [each for each in together if each != memory_id]
    return []


def _kept(
    connection: Connection, scope: Sequence[str], ids: Sequence[str], now: datetime
) -> tuple[list[Node], list[Pair]]:
    """What memories hang on, and what the store knows to tie them to others."""
    nodes = associations.nodes_of(connection, scope, ids)
    stated = [Pair(link.source_id, link.target_id, link.kind, 1.0) for link in links.links_of(connection, scope, ids)]
    return nodes, associations.learned(connection, scope, ids, now) + stated


def _spread(
    connection: Connection,
    scope: Sequence[str],
    sources: Mapping[str, float],
    nodes: Sequence[Node],
    pairs: Sequence[Pair],
    close: Sequence[Pair],
) -> tuple[dict[str, Activation], list[Pair]]:
    """What one step activates, and all pairs that it goes over: those close in meaning only if both are live."""
    live = memories.live_among(connection, scope, {each for pair in close for each in (pair.one_id, pair.other_id)})
    pairs = [*pairs, *(pair for pair in close if {pair.one_id, pair.other_id} <= live)]
    return spread_once(sources, nodes, pairs), pairs


def _best(seeds: Mapping[str, float], n: int) -> list[tuple[str, float]]:
    return sorted(((each, min(max(score, 0.0), 1.0)) for each, score in seeds.items()), key=lambda each: -each[1])[:n]


def _by_value(reached: tuple[str, Activation]) -> tuple[float, str]:
    return -reached[1].value, reached[0]
