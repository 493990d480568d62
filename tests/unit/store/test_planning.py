from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from recalld.store import Store, associations, filters, links, memories, planning, readings, sessions
from recalld.store.filters import Criteria
from recalld.store.rows import MemoryRow

SCOPE = ["ws-1", "personal"]
IDS = ["mem-1", "mem-2", "mem-3"]
EVERYTHING = re.compile(r"SCAN (?:memories|m|new|old|memory_labels)\b|INDEX memories_by_\w+ \(workspace_id=\?\)")
"""In a plan: all memories are gone through, or all of a workspace."""


def opened_once(folder: Path) -> Path:
    async def scenario() -> None:
        store = Store(folder)
        await store.open()
        await store.close()

    asyncio.run(scenario())
    return folder / "memory.db"


def test_an_index_that_something_is_expected_of_is_there_and_none_is_forgotten(tmp_path: Path) -> None:
    tables = {table for table, _ in planning._EXPECTED}
    with closing(sqlite3.connect(opened_once(tmp_path))) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        indices = connection.execute("SELECT tbl_name, name FROM sqlite_master WHERE type = 'index'").fetchall()
        kept = {(table, index): stat for table, index, stat in connection.execute("SELECT * FROM sqlite_stat1")}
    assert kept == planning._EXPECTED
    assert {index or table for table, index in planning._EXPECTED} <= names
    assert [each for each in indices if each[0] in tables and each not in planning._EXPECTED] == []


def test_expectations_stay_as_they_are_at_the_next_start(tmp_path: Path) -> None:
    file = opened_once(tmp_path)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'memories'")
        connection.commit()
    with closing(sqlite3.connect(opened_once(tmp_path))) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_stat1").fetchone() == (len(planning._EXPECTED),)


@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: links.superseded(connection, SCOPE, IDS),
        lambda connection: links.links_of(connection, SCOPE, IDS),
        lambda connection: associations.nodes_of(connection, SCOPE, IDS),
        lambda connection: associations.learned(connection, SCOPE, IDS, datetime(2030, 1, 1, tzinfo=UTC)),
        lambda connection: readings.readings(connection, SCOPE, [1, 2, 3]),
        lambda connection: sessions.before(connection, [1, 2, 3]),
        lambda connection: sessions.beside(connection, IDS),
        lambda connection: memories.get_many(connection, IDS),
        lambda connection: memories.doubles(connection, ["ws-1", "ws-personal"], "hash"),
        lambda connection: filters.matching(connection, Criteria(workspace_ids=("ws-1",)), ids=IDS),
        lambda connection: filters.matching(connection, Criteria(workspace_ids=("ws-1",)), seqs=[1, 2]),
        lambda connection: links.rivals(connection, "mem-3"),
    ],
)
def test_what_is_asked_by_id_goes_through_no_whole_workspace(
    connection: Connection, memory: Callable[..., MemoryRow], ask: Callable[[Connection], Any]
) -> None:
    for number, each in enumerate(IDS):
        rule = f"The request timeout is {number} s."
        memories.insert(connection, memory(each, title=rule, narrative=rule, session_id="s"), [])
    asked: list[tuple[str, Any]] = []

    @event.listens_for(connection, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool) -> None:
        asked.append((statement, parameters))

    ask(connection)
    event.remove(connection, "before_cursor_execute", note)
    plans = [
        row.detail
        for statement, parameters in asked
        if statement.lstrip().startswith(("SELECT", "WITH"))
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    assert plans
    assert [step for step in plans if EVERYTHING.search(step)] == []
