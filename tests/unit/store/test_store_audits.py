from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from recalld.store import audits, links, memories
from recalld.store.audits import Answer, Check
from recalld.store.rows import AnchorRow, LinkRow, MemoryRow

LATER = "2026-04-01T12:00:00Z"


@pytest.fixture
def three(connection: Connection, memory: Callable[..., MemoryRow], anchor: Callable[..., AnchorRow]) -> Connection:
    """Memories a, b and c of ws-1, of which a has two anchors, and d of ws-2."""
    memories.insert(connection, memory("a", concepts=["billing"]), [anchor("api/"), anchor("db/")])
    memories.insert(connection, memory("b", concepts=["billing"]), [])
    memories.insert(connection, memory("c"), [])
    memories.insert(connection, memory("d", workspace_id="ws-2", concepts=["fax"]), [])
    return connection


def seqs(connection: Connection) -> dict[str, int]:
    return {row.id: row.seq for row in audits.examined(connection, "ws-1", 0, 10)}


def unchecked(connection: Connection, *, compared: bool = False, before: int | None = None, scheme: int = 1) -> str:
    found = audits.unchecked(connection, "ws-1", scheme, compared=compared, before_seq=before, limit=10)
    return "".join(each.id for each in found)


def test_memories_are_examined_in_order_some_at_a_time_with_their_anchors(three: Connection) -> None:
    first = audits.examined(three, "ws-1", 0, 2)
    assert [each.id for each in first] == ["a", "b"]
    assert [len(each.anchor_ids) for each in first] == [2, 0]
    assert [each.id for each in audits.examined(three, "ws-1", first[-1].seq, 2)] == ["c"]
    memories.set_forgotten(three, ["b"], LATER, "forgotten")
    assert list(audits.some_examined(three, ["a", "b", "d", "x"])) == ["a", "d"]


def test_what_was_looked_at_is_to_be_looked_at_again_when_its_text_or_the_look_is_another(three: Connection) -> None:
    assert unchecked(three) == "cba"
    place = seqs(three)
    audits.keep_checks(three, [Check(place[each], f"hash of {each}", None) for each in "abc"], 1)
    assert (unchecked(three), unchecked(three, compared=True), unchecked(three, scheme=2)) == ("", "cba", "cba")
    audits.keep_checks(three, [Check(place["b"], "hash of b", None, compared=True)], 1)
    assert unchecked(three, compared=True) == "ca"
    assert audits.count_unchecked(three, "ws-1", 1) == 2
    row = memories.get(three, "b")
    assert row is not None
    row.text_hash = "another"
    memories.update(three, row, "edited", None)
    assert (unchecked(three), unchecked(three, compared=True)) == ("b", "cba")


def test_what_was_passed_is_not_looked_at_again_in_one_go(three: Connection) -> None:
    assert unchecked(three, before=seqs(three)["c"]) == "ba"


def test_a_check_counts_only_for_the_text_it_was_made_of_and_goes_with_its_memory(three: Connection) -> None:
    place = seqs(three)
    checks = [Check(place["a"], "hash of a", "Private Key"), Check(place["b"], "an older text", "Private Key")]
    audits.keep_checks(three, [*checks, Check(99, "gone", None)], 1)
    assert [each.secret for each in audits.examined(three, "ws-1", 0, 10)] == ["Private Key", None, None]
    memories.purge(three, ["a"])
    assert unchecked(three) == "cb"


def test_contradictions_are_told_once_the_older_first(three: Connection) -> None:
    links.add(three, LinkRow(source_id="a", target_id="c", kind="contradicts", origin="stated", at=LATER))
    links.add(three, LinkRow(source_id="b", target_id="a", kind="supersedes", origin="stated", at=LATER))
    assert audits.at_odds(three, "ws-1") == [("a", "c", "hash of c")]
    assert audits.successors(three, ["ws-1"], "ws-1") == {"a": "b"}
    assert audits.linked(three, ["b", "c"]) == {frozenset("ab"), frozenset("ac")}
    memories.set_forgotten(three, ["c"], LATER, "forgotten")
    assert audits.at_odds(three, "ws-1") == []


def test_a_concept_is_lost_when_all_its_memories_are_forgotten_or_superseded(three: Connection) -> None:
    assert audits.lost_concepts(three, "ws-1", 10) == []
    memories.set_forgotten(three, ["a"], LATER, "forgotten")
    assert audits.lost_concepts(three, "ws-1", 10) == []
    links.add(three, LinkRow(source_id="c", target_id="b", kind="supersedes", origin="stated", at=LATER))
    (lost,) = audits.lost_concepts(three, "ws-1", 10)
    assert (lost.label, lost.memory_id, lost.memories) == ("billing", "b", 2)
    memories.set_forgotten(three, ["c"], LATER, "forgotten")
    assert audits.lost_concepts(three, "ws-1", 10) == []


def test_the_last_answer_counts_and_only_for_its_own_workspace(three: Connection) -> None:
    first, second = Answer("a", "double", "b", "s", "later"), Answer("a", "double", "b", "t", "keep")
    for each in (first, second, Answer("d", "code", "", "s", "keep")):
        audits.keep_answer(three, each, LATER)
    assert audits.answers(three, ["ws-1", "personal"]) == {("a", "double", "b"): second}
    memories.purge(three, ["a"])
    assert audits.answers(three, ["ws-1"]) == {}


def test_what_is_open_is_counted_until_it_is_changed_forgotten_or_answered(three: Connection) -> None:
    audits.set_open(three, "ws-1", {"a": 1, "b": 1, "c": 1, "erased": 1})
    audits.set_open(three, "ws-2", {"d": 1})
    assert audits.open_counts(three) == {"ws-1": 3, "ws-2": 1}
    row = memories.get(three, "a")
    assert row is not None
    memories.update(three, row, "verified", None)
    memories.set_forgotten(three, ["b"], LATER, "forgotten")
    audits.keep_answer(three, Answer("c", "code", "", "s", "later"), LATER)
    assert audits.open_counts(three) == {"ws-2": 1}
    audits.set_open(three, "ws-1", {"a": 2})
    assert audits.open_counts(three) == {"ws-1": 1, "ws-2": 1}
