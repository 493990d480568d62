"""What memories say of each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from recalld.store import links, memories
from recalld.store.rows import LinkRow, MemoryRow

SCOPE = ["ws-1"]
LATER = "2026-04-01T12:00:00Z"


@pytest.fixture
def four(connection: Connection, memory: Callable[..., MemoryRow]) -> Connection:
    """A store with the memories a to d, and f of another workspace."""
    for each in "abcd":
        memories.insert(connection, memory(each), [])
    memories.insert(connection, memory("f", workspace_id="ws-2"), [])
    return connection


def link(source: str, target: str, kind: Any = "supersedes", **given: Any) -> LinkRow:
    values = {"origin": "stated", "at": "2026-03-31T12:00:00Z"} | given
    return LinkRow(source_id=source, target_id=target, kind=kind, **values)


def test_links_are_found_from_both_ends_until_they_are_removed(four: Connection) -> None:
    links.add(four, link("a", "b"))
    links.add(four, link("c", "a", "caused_by"))
    links.add(four, link("c", "d", "caused_by"))
    assert links.links_of(four, SCOPE, ["a"]) == [link("a", "b"), link("c", "a", "caused_by")]
    links.remove(four, "c", "a", "supersedes")
    links.remove(four, "a", "b", "supersedes")
    assert links.links_of(four, SCOPE, ["a"]) == [link("c", "a", "caused_by")]


def test_a_link_is_kept_once_and_what_was_recognised_can_be_stated_but_not_the_other_way(four: Connection) -> None:
    links.add(four, link("a", "b", origin="recognised"))
    links.add(four, link("a", "b"))
    links.add(four, link("a", "b", origin="recognised", at=LATER))
    assert links.links_of(four, SCOPE, ["b"]) == [link("a", "b")]


def test_links_to_forgotten_and_foreign_memories_are_not_seen_and_purged_ones_take_theirs_along(
    four: Connection,
) -> None:
    for other in "bcf":
        links.add(four, link("a", other, "references"))
    memories.set_forgotten(four, ["b"], LATER, "forgotten")
    assert links.links_of(four, SCOPE, ["a"]) == [link("a", "c", "references")]
    memories.set_forgotten(four, ["b"], None, "restored")
    memories.purge(four, ["c"])
    assert links.links_of(four, SCOPE, ["a"]) == [link("a", "b", "references")]


def test_the_newest_successor_stands_in_place_of_a_memory(four: Connection) -> None:
    links.add(four, link("b", "a"))
    links.add(four, link("c", "a", at=LATER))
    links.add(four, link("d", "b", "references"))
    assert links.superseded(four, SCOPE, ["a", "b", "c", "d"]) == {"a": "c"}


def test_where_a_successor_was_forgotten_its_own_stands_in_place(four: Connection) -> None:
    links.add(four, link("b", "a"))
    memories.set_forgotten(four, ["b"], LATER, "forgotten")
    assert links.superseded(four, SCOPE, ["a", "b"]) == {}
    links.add(four, link("c", "b"))
    links.add(four, link("d", "c"))
    assert links.superseded(four, SCOPE, ["a", "b"]) == {"a": "c", "b": "c"}
    memories.set_forgotten(four, ["c"], LATER, "forgotten")
    assert links.superseded(four, SCOPE, ["a"]) == {"a": "d"}


def test_a_successor_of_another_workspace_is_none(four: Connection) -> None:
    links.add(four, link("f", "a"))
    assert links.superseded(four, SCOPE, ["a"]) == {}


def test_a_chain_of_one_kind_is_followed_to_its_end(four: Connection) -> None:
    links.add(four, link("a", "b"))
    links.add(four, link("b", "c"))
    links.add(four, link("c", "d", "references"))
    assert links.leads_to(four, "a", "c", "supersedes")
    assert not links.leads_to(four, "c", "a", "supersedes")
    assert not links.leads_to(four, "a", "d", "supersedes")


def test_rivals_settle_the_same_and_are_in_force_the_newest_first(
    connection: Connection, memory: Callable[..., MemoryRow]
) -> None:
    def keep(memory_id: str, narrative: str, **given: Any) -> None:
        memories.insert(connection, memory(memory_id, title=narrative, narrative=narrative, **given), [])

    keep("a", "Keep logs for 3 days.")
    keep("b", "Keep logs for 5 days.")
    keep("c", "Keep logs for 7 days.", workspace_id="ws-2")
    keep("d", "Keep traces for 3 days.")
    keep("e", "Keep logs for 9 days.", text_hash="hash of new")
    keep("new", "Keep logs for 9 days.")
    keep("later", "Keep logs for 11 days.")

    def found() -> list[str]:
        return [row.id for row in links.rivals(connection, "new")]

    assert links.rivals(connection, "d") == []
    assert found() == ["b", "a"]
    links.add(connection, link("b", "a"))
    assert found() == ["b"]
    memories.set_forgotten(connection, ["b"], LATER, "forgotten")
    assert found() == ["a"]
    links.add(connection, link("new", "a", "references"))
    assert found() == []
