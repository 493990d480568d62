"""The graph as people read it."""

from __future__ import annotations

from recall.cli.explore import tree
from recall.cli.terminal import Style
from recall.protocol.requests import ExploreReply
from recall.protocol.values import GraphEdge, GraphNode

PLAIN = Style(colour=False)


def memory(id: str, activation: float, *why: str) -> GraphNode:
    return GraphNode(
        id=id, kind="memory", label=id.title(), activation=activation, memory_type="decision", why=list(why)
    )


def edge(source: str, target: str, kind: str, weight: float) -> GraphEdge:
    return GraphEdge(source=source, target=target, kind=kind, weight=weight)


def test_a_graph_is_a_tree_in_which_every_memory_stands_once_below_what_leads_to_it() -> None:
    queues = GraphNode(id="concept:queues", kind="concept", label="Queues", activation=0.5)
    nodes = [memory("a", 1.0), queues, memory("b", 0.6, "concept Queues"), memory("c", 0.3, "caused by")]
    edges = [
        edge("c", "b", "caused_by", 0.8),
        edge("a", "concept:queues", "concept", 0.7),
        edge("b", "concept:queues", "concept", 0.7),
    ]
    assert tree(ExploreReply(nodes=nodes, edges=edges), PLAIN).splitlines() == [
        "1.00  A  decision  a",
        "└─ concept Queues",
        "   └─ 0.60  B  decision  b",
        "      └─ caused",
        "         └─ 0.30  C  decision  c",
    ]


def test_a_link_reads_from_above_and_what_was_superseded_says_so() -> None:
    old = GraphNode(
        id="b",
        kind="memory",
        label="B",
        activation=0.7,
        memory_type="decision",
        why=["superseded by"],
        superseded_by="a",
    )
    nodes = [memory("a", 1.0), old, memory("c", 0.5, "depends on"), memory("d", 0.4, "related to")]
    edges = [edge("a", "b", "supersedes", 0.8), edge("c", "b", "depends_on", 0.7), edge("b", "d", "related_to", 0.6)]
    assert tree(ExploreReply(nodes=nodes, edges=edges), PLAIN).splitlines() == [
        "1.00  A  decision  a",
        "└─ supersedes",
        "   └─ 0.70  B  decision  superseded by a  b",
        "      ├─ needed by",
        "      │  └─ 0.50  C  decision  c",
        "      └─ related to",
        "         └─ 0.40  D  decision  d",
    ]


def test_what_shares_more_stands_first_and_all_starts_stand_on_the_left() -> None:
    file = GraphNode(id="file:a.py", kind="file", label="a.py", activation=0.5)
    nodes = [memory("a", 0.9), memory("b", 0.8), memory("c", 0.4, "x"), memory("d", 0.4, "x")]
    edges = [
        edge("a", "file:a.py", "file", 0.5),
        edge("c", "file:a.py", "file", 0.5),
        edge("b", "file:a.py", "file", 0.5),
        edge("a", "d", "recalled", 0.7),
    ]
    assert tree(ExploreReply(nodes=[*nodes, file], edges=edges), PLAIN).splitlines() == [
        "0.90  A  decision  a",
        "├─ recalled",
        "│  └─ 0.40  D  decision  d",
        "└─ file a.py",
        "   └─ 0.40  C  decision  c",
        "0.80  B  decision  b",
    ]


def test_a_memory_whose_links_are_not_shown_is_shown_itself() -> None:
    reply = ExploreReply(nodes=[memory("a", 1.0), memory("b", 0.2, "folder api/")], edges=[])
    assert tree(reply, PLAIN).splitlines() == ["1.00  A  decision  a", "0.20  B  decision  b"]


def test_an_empty_graph_says_so() -> None:
    assert tree(ExploreReply(nodes=[], edges=[]), PLAIN) == "nothing found"
