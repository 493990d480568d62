"""Activation spreads from memories over what they share, never without end and never back to where it came from."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recalld.memory.activation import LEAST_CLOSE, WEIGHTS, closeness, node_weight, spread_once
from recalld.store.associations import MAX_MEMBERS, Node, NodeKind, Pair

NODE_KINDS: tuple[NodeKind, ...] = ("concept", "file", "symbol", "folder", "session")
PAIR_KINDS = sorted(WEIGHTS.keys() - set(NODE_KINDS))

ids = st.sampled_from([f"mem-{number}" for number in range(8)])
shares = st.floats(0.0, 1.0)
sources = st.dictionaries(ids, shares, min_size=1)
nodes = st.lists(
    st.builds(
        Node,
        st.sampled_from(NODE_KINDS),
        st.sampled_from("abc"),
        st.sampled_from("xyz"),
        st.dictionaries(ids, shares, min_size=2),
    ),
    max_size=6,
)
pairs = st.lists(
    st.builds(Pair, ids, ids, st.sampled_from(PAIR_KINDS), shares).filter(lambda pair: pair.one_id != pair.other_id),
    max_size=6,
)


def values(*spread: object) -> dict[str, float]:
    return {each: activation.value for each, activation in spread_once(*spread).items()}  # type: ignore[arg-type]


@given(sources, nodes, pairs)
def test_nothing_is_activated_by_more_than_one_or_without_a_reason(
    sources: dict[str, float], nodes: list[Node], pairs: list[Pair]
) -> None:
    for activation in spread_once(sources, nodes, pairs).values():
        assert 0 <= activation.value <= 1
        assert 1 <= len(activation.why) <= 3


@given(sources, nodes, pairs, ids, shares)
def test_a_stronger_source_never_activates_less(
    sources: dict[str, float], nodes: list[Node], pairs: list[Pair], risen: str, by: float
) -> None:
    before = values(sources, nodes, pairs)
    stronger = sources | {risen: min(sources.get(risen, 0.0) + by, 1.0)}
    after = values(stronger, nodes, pairs)
    assert all(after[each] >= value - 1e-12 for each, value in before.items())


@given(sources, nodes, pairs, st.randoms(use_true_random=False))
def test_the_order_of_nodes_pairs_and_sources_makes_no_difference(
    sources: dict[str, float], nodes: list[Node], pairs: list[Pair], chance: random.Random
) -> None:
    turned = [
        replace(node, members=dict(chance.sample(list(node.members.items()), len(node.members)))) for node in nodes
    ]
    shuffled = (
        dict(chance.sample(list(sources.items()), len(sources))),
        chance.sample(turned, len(nodes)),
        chance.sample(pairs, len(pairs)),
    )
    assert spread_once(*shuffled) == spread_once(sources, nodes, pairs)


@given(ids, shares, nodes, pairs)
def test_a_memory_does_not_activate_itself(source: str, energy: float, nodes: list[Node], pairs: list[Pair]) -> None:
    assert source not in spread_once({source: energy}, nodes, pairs)


@given(sources, nodes, pairs)
def test_only_what_shares_something_with_a_source_is_reached(
    sources: dict[str, float], nodes: list[Node], pairs: list[Pair]
) -> None:
    beside = {each for node in nodes if node.members.keys() & sources.keys() for each in node.members}
    beside |= {
        each for pair in pairs if {pair.one_id, pair.other_id} & sources.keys() for each in (pair.one_id, pair.other_id)
    }
    assert spread_once(sources, nodes, pairs).keys() <= beside


@given(st.sampled_from(NODE_KINDS), st.integers(2, MAX_MEMBERS - 1))
def test_a_node_passes_on_less_the_more_hang_on_it_and_from_too_many_nothing(kind: NodeKind, count: int) -> None:
    def hung(members: int) -> Node:
        return Node(kind, "key", "label", {f"mem-{number}": 1.0 for number in range(members)})

    assert node_weight(hung(2)) >= node_weight(hung(count)) > node_weight(hung(count + 1)) > 0
    assert spread_once({"mem-0": 1.0}, [hung(MAX_MEMBERS + 1)], []) == {}


@given(
    sources, nodes, pairs, st.builds(Node, st.just("concept"), st.just("k"), st.just("l"), st.dictionaries(ids, shares))
)
def test_one_more_thing_in_common_never_makes_it_less(
    sources: dict[str, float], nodes: list[Node], pairs: list[Pair], more: Node
) -> None:
    assume(len(more.members) > 1)
    before, after = values(sources, nodes, pairs), values(sources, [*nodes, more], pairs)
    assert all(after[each] >= value - 1e-12 for each, value in before.items())


def test_a_link_says_how_it_reads_from_the_memory_that_it_reaches() -> None:
    link = Pair("mem-1", "mem-2", "supersedes", 1.0)
    assert spread_once({"mem-1": 1.0}, [], [link])["mem-2"].why == ["superseded by"]
    assert spread_once({"mem-2": 1.0}, [], [link])["mem-1"].why == ["supersedes"]


@pytest.mark.parametrize(("cosine", "close"), [(-1.0, 0.0), (0.3, 0.0), (0.6, 0.5), (0.9, 1.0), (1.0, 1.0)])
def test_closeness_grows_from_what_is_unrelated_to_what_says_the_same(cosine: float, close: float) -> None:
    assert closeness(cosine) == pytest.approx(close)
    assert closeness(LEAST_CLOSE) > 0
