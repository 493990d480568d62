"""The memories of a session follow one another, whoever else stores meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, TextClause, text

from recalld.store import memories, sessions
from recalld.store.rows import MemoryRow

NOW = "2026-04-01T12:00:00Z"


@pytest.fixture
def two_at_once(connection: Connection, memory: Callable[..., MemoryRow]) -> Connection:
    """Two sessions that stored in turn, with one of the same name elsewhere, and memories of no session."""
    for each in ("a1", "b1", "a2", "x1", "b2", "f1", "a3", "x2"):
        session, workspace = {"a": "s-a", "b": "s-b", "f": "s-a"}.get(each[0]), "ws-2" if each == "f1" else "ws-1"
        memories.insert(connection, memory(each, session_id=session, workspace_id=workspace), [])
    return connection


def test_a_neighbour_is_of_the_same_session_and_workspace(two_at_once: Connection) -> None:
    everything = range(1, 9)
    assert sessions.before(two_at_once, everything) == {3: 1, 5: 2, 7: 3}
    assert sessions.after(two_at_once, everything) == {1: 3, 2: 5, 3: 7}
    assert sessions.before(two_at_once, []) == {}


def test_a_forgotten_memory_is_passed_over_and_has_neighbours_itself(two_at_once: Connection) -> None:
    memories.set_forgotten(two_at_once, ["a2"], NOW, "forgotten")
    assert sessions.before(two_at_once, [7, 3]) == {7: 1, 3: 1}
    assert sessions.after(two_at_once, [1, 3]) == {1: 7, 3: 7}


def test_beside_memories_are_those_next_to_them(two_at_once: Connection) -> None:
    assert sessions.beside(two_at_once, ["a2", "b1", "x1"]) == ["a1", "b2", "a3"]
    assert sessions.beside(two_at_once, ["a1", "a2", "a3"]) == []


@pytest.mark.parametrize("query", [sessions._BEFORE, sessions._AFTER], ids=["before", "after"])
def test_a_neighbour_is_one_step_in_an_index(two_at_once: Connection, query: TextClause) -> None:
    plan = two_at_once.execute(text(f"EXPLAIN QUERY PLAN {query}"), {"seqs": "[7]"})
    assert any("memories_by_session (workspace_id=? AND session_id=? AND rowid" in step.detail for step in plan)
