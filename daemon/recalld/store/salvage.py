"""What is whole of a damaged `memory.db`, in a new file: row by row where a table cannot be read at once."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from recalld.store import derived, links, transfer, workspaces
from recalld.store.copies import address_at_rest, is_truth, look_into
from recalld.store.engine import create_private, make_engine, remove
from recalld.store.errors import NotACopy, StoreDamaged, StoreError
from recalld.store.schema import HEAD

MAX_TRIES = 100_000
"""Ranges of rows that are tried of one table, before the rest of it is given up."""
_PAGE = 200
_HIGHEST = 1 << 31

_IMPORTANCE = """
    INSERT INTO memory_importance (memory_seq, present, reinforced_on, recalls, unused)
    SELECT seq, importance_score, 0, 0, 0 FROM memories WHERE seq NOT IN (SELECT memory_seq FROM memory_importance)
"""
_VERSIONS = """
    INSERT INTO memory_versions (memory_id, version, at, cause, snapshot)
    SELECT id, version, updated_at, 'mended', json_object(
        'title', title, 'narrative', narrative, 'memory_type', memory_type, 'importance_score', importance_score,
        'concepts', json(concepts), 'tags', json(tags), 'source_files', json('[]'), 'symbols', json('[]'))
    FROM memories m WHERE NOT EXISTS (
        SELECT 1 FROM memory_versions v WHERE v.memory_id = m.id AND v.version = m.version)
"""
_WORKSPACES = """
    INSERT INTO workspaces (id, name, created_at)
    SELECT DISTINCT workspace_id, workspace_id, min(created_at) FROM memories
    WHERE workspace_id NOT IN (SELECT id FROM workspaces) GROUP BY workspace_id
"""


class Saved(NamedTuple):
    """What became of a damaged database."""

    memories: int
    from_backup: int
    """Of them those that only a backup still had."""


def salvage(damaged: Path, to: Path, backup: Path | None) -> Saved:
    """Put what can be read of a database into a new file, and what it lacks out of a backup.

    Args:
        damaged: nobody has it open; it stays as it is.
        to: made anew.
        backup: the newest that is whole.

    Raises:
        StoreDamaged: not even its tables can be read, and there is no backup.
    """
    remove(to)
    create_private(to)
    # Not attached: after a fault of the one, a transaction over both cannot be finished.
    with (
        closing(sqlite3.connect(address_at_rest(damaged), uri=True, isolation_level=None)) as source,
        closing(sqlite3.connect(to.as_uri(), uri=True, isolation_level=None)) as target,
    ):
        source.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            made = source.execute("SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(f"nothing of {damaged} can be read ({error}): `recall backup --restore FILE`") from error
        target.execute("BEGIN")
        _read_what_is_whole(source, target, [each for each in made if is_truth(each[1])])
        _make_consistent(target)
        target.execute("COMMIT")
    brought = _bring_from(backup, to) if backup is not None else 0
    return Saved(look_into(to).memories, brought)


def newest_whole(folder: Path, pattern: str) -> Path | None:
    """The newest backup of this version in a folder that is whole."""
    for file in sorted(folder.glob(pattern), reverse=True):
        with contextlib.suppress(StoreError):
            if look_into(file).revision == HEAD:
                return file
    return None


# --- what is whole -------------------------------------------------------------------------------


def _read_what_is_whole(
    source: sqlite3.Connection, target: sqlite3.Connection, made: Sequence[tuple[str, str, str]]
) -> None:
    if not {"memories", "workspaces"} <= {table for _, table, _ in made}:
        raise NotACopy("it is no database of recalld's")
    for kind, table, sql in made:
        if kind == "table":
            target.execute(sql)
            _Rows(source, target, table).save()
    for kind, _, sql in made:
        if kind == "index":
            target.execute(sql)
    with contextlib.suppress(sqlite3.DatabaseError):  # ids that were given once are not given again
        for name, seq in source.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
            target.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (seq, name))


class _Rows:
    """The rows of one table, of which some cannot be read."""

    def __init__(self, source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> None:
        self._source = source
        self._target = target
        columns = target.execute(f'PRAGMA table_info("{table}")').fetchall()
        self._read = f'SELECT * FROM "{table}" WHERE rowid BETWEEN ? AND ?'  # noqa: S608  # a name out of the schema
        # One that came with a larger range already is passed over.
        self._write = f'INSERT OR IGNORE INTO "{table}" VALUES ({", ".join("?" * len(columns))})'  # noqa: S608
        self._bounds = f'SELECT min(rowid), max(rowid) FROM "{table}"'  # noqa: S608
        self._tries = 0

    def save(self) -> None:
        """Copy all that can be read."""
        try:
            low, high = self._source.execute(self._bounds).fetchone()
        except sqlite3.DatabaseError:
            low, high = 1, _HIGHEST
        if low is not None:
            self._save(low, high)

    def _save(self, low: int, high: int) -> None:
        """Copy the rows of a range; where one of them stands in the way, of its halves."""
        if self._tries >= MAX_TRIES:
            return
        self._tries += 1
        try:
            self._target.executemany(self._write, self._source.execute(self._read, (low, high)))
        except sqlite3.DatabaseError:
            if low < high:
                middle = (low + high) // 2
                self._save(low, middle)
                self._save(middle + 1, high)


def _make_consistent(connection: sqlite3.Connection) -> None:
    """Let nothing refer to what is lost, and each memory have what every memory has."""
    if connection.execute("SELECT 1 FROM alembic_version").fetchone() is None:
        connection.execute("INSERT INTO alembic_version VALUES (?)", (HEAD,))
    connection.execute(_WORKSPACES)
    while dangling := connection.execute("PRAGMA foreign_key_check").fetchall():
        for table, rowid, *_ in dangling:
            connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))  # noqa: S608  # as above
    connection.execute(_IMPORTANCE)
    connection.execute(_VERSIONS)


# --- what a backup has ---------------------------------------------------------------------------


def _bring_from(backup: Path, to: Path) -> int:
    """Add the memories that only a backup has, with what ties them; how many there were."""
    older = make_engine(backup, begin="BEGIN", pragmas=("query_only = ON",), connections=1)
    newer = make_engine(to, begin="BEGIN IMMEDIATE", pragmas=("foreign_keys = ON",), connections=1)
    try:
        with older.connect() as source, newer.begin() as target:
            derived.repair(target)
            return _bring(source, target)
    finally:
        older.dispose()
        newer.dispose()


def _bring(source: Connection, target: Connection) -> int:
    known = {each.id for each in workspaces.all_workspaces(target)}
    for each in workspaces.all_workspaces(source):
        if each.id not in known:
            workspaces.add_workspace(target, each, [])
    scope = [each.id for each in workspaces.all_workspaces(source)]
    brought: set[str] = set()
    after = 0
    while page := transfer.memories_after(source, scope, after, _PAGE, forgotten=True):
        here = transfer.here(target, [whole.row.id for whole in page])
        lacking = [whole for whole in page if whole.row.id not in here]
        transfer.add_memories(target, lacking)
        brought |= {whole.row.id for whole in lacking}
        after = page[-1].row.seq
    last, after = 1, 0
    while last:
        last, linked, _ = transfer.ties_after(source, scope, after, _PAGE, forgotten=True)
        for link in linked:
            ends = {link.source_id, link.target_id}
            if ends & brought and len(transfer.here(target, ends)) == 2:
                links.add(target, link)
        after = last
    return len(brought)
