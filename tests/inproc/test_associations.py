"""What belongs together is found: by concepts, by code, by having been recalled together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recall import Client, RecallError
from recall.protocol.requests import ExploreReply
from recalld.memory.activation import Activation
from recalld.memory.associations import Associations
from tests.inproc.conftest import House

PAYMENTS = (
    "Payment service endpoint is https://api.payments.example.com",
    "Payment service API key is in environment variable PAYMENT_API_KEY",
    "Payment service has rate limit of 100 requests per minute",
)
FAILURE = "Payment service fails on amounts with >2 decimal places"


def spread(house: House, client: Client, seeds: dict[str, float]) -> dict[str, Activation]:
    app = house.app
    tree = app._trees.get(client.tree_id or "")
    assert tree is not None
    associations = Associations(app._store, app._vectors, lambda: house.now)
    return asyncio.run_coroutine_threadsafe(associations.spread(tree, seeds), house._loop).result(10)


def labels(reply: ExploreReply, kind: str) -> set[str]:
    return {node.label for node in reply.nodes if node.kind == kind}


def test_what_is_known_of_payments_brings_the_failure_that_nobody_gave_a_concept(house: House, client: Client) -> None:
    facts = [client.store(narrative=text).id for text in PAYMENTS]
    failure = client.store(narrative=FAILURE, memory_type="debugging").id
    other = client.store(narrative="Buttons in the admin panel are blue").id
    reached = spread(house, client, dict.fromkeys(facts, 0.6))
    assert next(iter(reached)) == failure
    assert 0 < reached[failure].value <= 1
    assert any("Payment" in why for why in reached[failure].why)
    assert other not in reached


def test_two_spellings_of_a_concept_tie_memories_together(house: House, client: Client) -> None:
    one = client.store(title="Loading strategy", narrative="raise on lazy", concepts=["N+1 queries"]).id
    two = client.store(title="Report page", narrative="was slow", concepts=["n plus one"]).id
    assert "concept" in spread(house, client, {one: 1.0})[two].why[0]


def test_memories_of_one_symbol_belong_more_closely_together_than_those_of_one_session(
    house: House, client: Client, project: Path
) -> None:
    (project / "till.py").write_text("def total(prices):\n    return sum(prices)\n")
    client.sync()
    one = client.store(narrative="Round late.", symbols=["till.py::total"], session_id="monday").id
    symbol = client.store(narrative="Cents are integers.", symbols=["till.py::total"]).id
    session = client.store(narrative="Lunch is at noon.", session_id="monday").id
    reached = spread(house, client, {one: 1.0})
    assert list(reached)[:2] == [symbol, session]
    assert reached[symbol].value > 2 * reached[session].value


def test_what_is_known_of_a_folder_belongs_to_what_is_known_of_code_in_it(
    house: House, client: Client, project: Path
) -> None:
    (project / "pay" / "http").mkdir(parents=True)
    (project / "pay" / "http" / "codes.py").write_text("OK = 200\n")
    client.sync()
    folder = client.store(narrative="Amounts are cents.", source_files=["pay/"]).id
    file = client.store(narrative="Teapots answer politely.", source_files=["pay/http/codes.py"]).id
    assert spread(house, client, {folder: 1.0})[file].why == ["folder pay/"]
    assert spread(house, client, {file: 1.0})[folder].why == ["folder pay/"]


def test_what_everything_hangs_on_says_nothing(house: House, client: Client) -> None:
    ids = client.store_many([{"narrative": f"Fact{n}x.", "concepts": ["everything"]} for n in range(80)])
    assert spread(house, client, {ids[0]: 1.0}) == {}


def test_forgotten_memories_are_not_reached(house: House, client: Client) -> None:
    one, two = (client.store(narrative=f"Note {n}xx", concepts=["queues"]).id for n in "ab")
    assert two in spread(house, client, {one: 1.0})
    client.forget([two])
    assert two not in spread(house, client, {one: 1.0})


def test_another_workspace_is_never_reached(house: House, client: Client, tmp_path: Path) -> None:
    one = client.store(narrative="Here it is kept.", concepts=["vault"]).id
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Client(elsewhere) as stranger:
        foreign = stranger.store(narrative="There it is kept.", concepts=["vault"]).id
        assert foreign not in spread(house, client, {one: 1.0})
        assert foreign not in {node.id for node in client.explore("vault").nodes}
        with pytest.raises(RecallError, match="no memory"):
            client.explore(id=foreign)
        stranger.close_tree()


def test_what_helped_together_is_tied_together_and_fades(house: House, client: Client) -> None:
    one = client.store(narrative="Zebra crossing lights blink at night.").id
    two = client.store(narrative="Zebra stripes are painted yearly.").id
    assert {one, two} <= {hit.id for hit in client.search("zebra").results}
    before = spread(house, client, {one: 1.0})[two].value
    client.rate(one, True)
    learned = spread(house, client, {one: 1.0})[two].value
    assert learned > before
    house.pass_days(60)
    faded = spread(house, client, {one: 1.0})[two].value
    assert before < faded < learned
    assert spread(house, client, {one: 1.0})[two].value == faded
    client.rate(one, False)
    assert spread(house, client, {one: 1.0})[two].value < faded


def test_exploring_shows_the_memories_and_what_they_share(client: Client) -> None:
    one = client.store(title="Retries", narrative="Uploads are retried thrice.", concepts=["Resilience"])
    client.store(title="Breaker", narrative="A circuit opens after five faults.", concepts=["resilience"])
    reply = client.explore(id=one.id)
    assert labels(reply, "memory") == {"Retries", "Breaker"}
    assert {"concept:resilience"} == {node.id for node in reply.nodes if node.label.casefold() == "resilience"}
    ends = {(edge.source, edge.target) for edge in reply.edges}
    assert (one.id, "concept:resilience") in ends
    assert reply.nodes[0].id == one.id
    assert {end for pair in ends for end in pair} <= {node.id for node in reply.nodes}


def test_what_says_something_alike_is_tied_together_once_it_is_indexed(house: House, client: Client) -> None:
    one = client.store(title="Retries", narrative="Wait twice as long before each further attempt.").id
    two = client.store(title="Backoff", narrative="The delay doubles whenever a request fails again.").id
    client.store(title="Logo", narrative="It is blue.")
    client.sync()
    reply = client.explore(id=one)
    assert {(edge.source, edge.target, edge.kind) for edge in reply.edges} == {
        (min(one, two), max(one, two), "close_in_meaning")
    }
    assert {node.id: node.why for node in reply.nodes} == {one: [], two: ["close in meaning"]}
    assert 0 < reply.edges[0].weight < 0.5
    client.forget([two])
    assert [node.id for node in client.explore(id=one).nodes] == [one]


def test_exploring_a_query_goes_beyond_what_answers_it(client: Client) -> None:
    client.store(title="Walrus migration plan", narrative="Tables move in March.", concepts=["storage"])
    client.store(title="Disks", narrative="They fill up.", concepts=["storage"])
    assert "Disks" in labels(client.explore("walrus"), "memory")


def test_exploring_needs_one_start(client: Client) -> None:
    with pytest.raises(RecallError) as refused:
        client.explore()
    assert refused.value.code == "invalid_params"
