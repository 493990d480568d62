"""Associations: what belongs to memories that were found, and what is learned from their being found together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from recalld.memory.activation import Activation, spread_once
from recalld.memory.clock import Clock
from recalld.memory.trees import PERSONAL, Tree
from recalld.store import Store, associations, links
from recalld.store.associations import Node, Pair

MAX_SEEDS = 10
"""Memories that activation starts from; and those that it goes on from in the second step."""
MAX_REACHED = 50
SECOND_STEP = 0.5
"""What is left of an activation that goes one step further."""
LEAST_ACTIVATION = 0.02
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

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
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
        scope = [tree.workspace_id, PERSONAL]
        return await self._store.truth.read(_spread, scope, dict(_best(seeds, MAX_SEEDS)), steps, self._clock())


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


def _spread(
    connection: Connection, scope: Sequence[str], seeds: Mapping[str, float], steps: int, now: datetime
) -> Graph:
    graph = Graph()
    sources = dict(seeds)
    for step in range(steps):
        if not sources:
            break
        ids = list(sources)
        nodes = associations.nodes_of(connection, scope, ids)
        pairs = associations.learned(connection, scope, ids, now)
        pairs += [
            Pair(link.source_id, link.target_id, link.kind, 1.0) for link in links.links_of(connection, scope, ids)
        ]
        graph.nodes |= {(node.kind, node.key): node for node in nodes}
        graph.pairs |= {(pair.one_id, pair.other_id, pair.kind): pair for pair in pairs}
        fresh = spread_once(sources, nodes, pairs)
        for memory_id, activation in fresh.items():
            activation.value *= SECOND_STEP**step
            known = graph.reached.get(memory_id)
            if memory_id not in seeds and (known is None or known.value < activation.value):
                graph.reached[memory_id] = activation
        sources = {
            memory_id: activation.value
            for memory_id, activation in sorted(graph.reached.items(), key=_by_value)[:MAX_SEEDS]
            if memory_id in fresh
        }
    kept = [each for each in sorted(graph.reached.items(), key=_by_value) if each[1].value >= LEAST_ACTIVATION]
    graph.reached = dict(kept[:MAX_REACHED])
    return graph


def _best(seeds: Mapping[str, float], n: int) -> list[tuple[str, float]]:
    return sorted(((each, min(max(score, 0.0), 1.0)) for each, score in seeds.items()), key=lambda each: -each[1])[:n]


def _by_value(reached: tuple[str, Activation]) -> tuple[float, str]:
    return -reached[1].value, reached[0]
