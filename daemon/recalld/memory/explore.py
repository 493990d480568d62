"""The graph of associations around a query or a memory."""

from __future__ import annotations

from collections.abc import Mapping

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.values import GraphEdge, GraphNode
from recalld.memory.activation import WEIGHTS, Activation, node_weight
from recalld.memory.associations import MAX_SEEDS, Associations, Graph
from recalld.memory.search import Search
from recalld.memory.trees import PERSONAL, Tree
from recalld.memory.views import Views
from recalld.store import Store, anchors, links, memories


class Explore:
    """Shows what belongs together, and by what."""

    def __init__(self, store: Store, search: Search, associations: Associations, views: Views) -> None:
        self._store = store
        self._search = search
        self._associations = associations
        self._views = views

    async def explore(self, tree: Tree, request: wire.Explore) -> wire.ExploreReply:
        """The memories that answer a query, or one, with what they lead to.

        Raises:
            RecallError: `unknown_id`, `forgotten`; `invalid_params` unless just one of query and id is given.
        """
        seeds, warnings = await self._seeds(tree, request)
        graph = await self._associations.graph(tree, seeds, steps=request.depth)
        active = {memory_id: Activation(score) for memory_id, score in seeds.items()} | graph.reached
        if not request.personal:
            own = await self._store.truth.read(memories.live_among, [tree.workspace_id], active.keys())
            active = {memory_id: each for memory_id, each in active.items() if memory_id in own}
        kept = dict(list(active.items())[: request.limit])
        nodes = await self._memories(tree, kept)
        shown = {node.id for node in nodes}
        hubs, edges = _hubs(graph, {node.id: node.activation for node in nodes})
        edges += [
            GraphEdge(
                source=pair.one_id,
                target=pair.other_id,
                kind=pair.kind,
                weight=round(WEIGHTS[pair.kind] * pair.weight, 4),
            )
            for pair in graph.pairs.values()
            if {pair.one_id, pair.other_id} <= shown
        ]
        nodes = sorted([*nodes, *hubs], key=lambda node: (-node.activation, node.id))
        return wire.ExploreReply(nodes=nodes, edges=edges, warnings=warnings)

    async def _seeds(self, tree: Tree, request: wire.Explore) -> tuple[dict[str, float], list[str]]:
        if (request.query is None) == (request.id is None):
            raise RecallError("invalid_params", "start from a query or from the id of a memory: give one of the two")
        if request.query is not None:
            found = await self._search.search(
                tree, wire.Search(query=request.query, limit=MAX_SEEDS, personal=None if request.personal else False)
            )
            return {brief.id: brief.score or 0.0 for brief in found.results}, found.warnings
        row = await self._store.truth.read(memories.get, request.id or "")
        if row is None or row.workspace_id not in (tree.workspace_id, PERSONAL):
            raise RecallError("unknown_id", f"there is no memory {request.id} in this workspace", field="id")
        if row.forgotten_at is not None:
            raise RecallError("forgotten", f"{row.id} was forgotten: `recall restore {row.id}` brings it back")
        return {row.id: 1.0}, []

    async def _memories(self, tree: Tree, active: Mapping[str, Activation]) -> list[GraphNode]:
        rows = await self._store.truth.read(memories.get_many, list(active))
        bound = await self._store.truth.read(anchors.anchors_of, list(active))
        successors = await self._store.truth.read(links.superseded, [tree.workspace_id, PERSONAL], list(active))
        briefs = [self._views.brief(tree, row, bound.get(row.id, [])) for row in rows.values()]
        return [
            GraphNode(
                id=brief.id,
                kind="memory",
                label=brief.title,
                activation=round(active[brief.id].value, 4),
                memory_type=brief.memory_type,
                verdict=brief.verdict,
                why=active[brief.id].why,
                superseded_by=successors.get(brief.id),
                personal=brief.personal,
            )
            for brief in briefs
        ]


def _hubs(graph: Graph, shown: Mapping[str, float]) -> tuple[list[GraphNode], list[GraphEdge]]:
    """What two or more of the memories shown hang on, with the links to it."""
    hubs, edges = [], []
    for node in graph.nodes.values():
        members = {memory_id: share for memory_id, share in node.members.items() if memory_id in shown}
        if len(members) < 2:
            continue
        weight, hub_id = node_weight(node), f"{node.kind}:{node.key}"
        activation = weight * max(shown[memory_id] * share for memory_id, share in members.items())
        hubs.append(GraphNode(id=hub_id, kind=node.kind, label=node.label, activation=round(activation, 4)))
        edges += [
            GraphEdge(source=memory_id, target=hub_id, kind=node.kind, weight=round(weight * share, 4))
            for memory_id, share in members.items()
        ]
    return hubs, edges
