"""Copies of `memory.db`: whole or not there at all, and put in its place with nothing lost."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from recalld.store import Copy, DiskUnusable, NotACopy, Store, StoreDamaged, StoreTooNew, copies, memories, workspaces
from recalld.store.copies import look_into, put_back, write_copy
from recalld.store.rows import AnchorRow, MemoryRow, WorkspaceRow
from recalld.store.schema import HEAD

MakeMemory = Callable[..., MemoryRow]
STAMP = "20260401T091500Z"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def keep(folder: Path, *rows: MemoryRow) -> None:
    """Start on what is there, store these, and stop."""

    async def scenario() -> None:
        store = Store(folder)
        await store.open()
        if await store.truth.read(workspaces.get_workspace, "ws-1") is None:
            await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="one", created_at="now"), [])
        await store.truth.write(memories.insert_many, [(row, []) for row in rows])
        await store.close()

    asyncio.run(scenario())


def ids(folder: Path) -> list[str]:
    async def scenario() -> list[str]:
        store = Store(folder)
        await store.open()
        found = await store.truth.read(memories.live_ids, ["ws-1"])
        held = await store.truth.read(_found_by_words)
        await store.close()
        assert held == len(found)
        return found

    return asyncio.run(scenario())


def _found_by_words(connection: object) -> int:
    count: int = connection.exec_driver_sql("SELECT count(*) FROM memory_words").scalar_one()  # type: ignore[attr-defined]
    return count


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def query(file: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        return connection.execute(sql).fetchall()


def test_a_copy_has_the_truth_and_nothing_that_is_derived(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"), memory("mem-2"))
    to = tmp_path / "copy.db"
    assert write_copy(folder / "memory.db", to) == Copy(2, 1, HEAD) == look_into(to)
    tables = {str(name) for (name,) in query(to, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {"memories", "memory_versions", "anchors", "sessions", "alembic_version"} <= tables
    assert not [name for name in tables if name.startswith(("memory_words", "memory_labels", "memory_readings"))]
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert names(tmp_path) == ["copy.db", "data"]


def test_a_copy_keeps_the_ids_that_were_given_last(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"), memory("mem-2"))
    query(folder / "memory.db", "DELETE FROM memories WHERE id = 'mem-2'")
    write_copy(folder / "memory.db", tmp_path / "copy.db")
    given = "SELECT name, seq FROM sqlite_sequence ORDER BY name"
    assert query(tmp_path / "copy.db", given) == query(folder / "memory.db", given)


def test_a_copy_made_while_others_write_is_of_one_moment(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(folder)
        await store.open()
        await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="one", created_at="now"), [])
        stored = 0
        for _ in range(15):
            copying = asyncio.create_task(store.copy(tmp_path / "copy.db"))
            before = stored
            while not copying.done():
                batch: list[tuple[MemoryRow, list[AnchorRow]]] = [(memory(f"mem-{stored + m}"), []) for m in range(20)]
                await store.truth.write(memories.insert_many, batch)
                stored += 20
            found = await copying
            assert before <= found.memories <= stored
            assert found.memories % 20 == 0  # no half of a transaction
            versions = query(tmp_path / "copy.db", "SELECT count(*) FROM memory_versions")
            assert versions == [(found.memories,)]
        await store.close()

    asyncio.run(scenario())


def test_what_is_there_and_is_no_copy_is_left_alone(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"))
    notes = tmp_path / "notes.txt"
    notes.write_text("do not lose this")
    other = tmp_path / "other.db"
    query(other, "CREATE TABLE memories (id)")
    for file in (notes, other):
        before = file.read_bytes()
        with pytest.raises(NotACopy, match="name another file"):
            write_copy(folder / "memory.db", file)
        assert file.read_bytes() == before


def test_an_older_copy_is_replaced_also_a_damaged_one(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"))
    to = tmp_path / "copy.db"
    write_copy(folder / "memory.db", to)
    damage(to)
    keep(folder, memory("mem-2"))
    assert write_copy(folder / "memory.db", to).memories == 2


def test_a_folder_that_is_not_there_is_named(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"))
    with pytest.raises(DiskUnusable, match=r"nowhere/copy\.db cannot be written"):
        write_copy(folder / "memory.db", tmp_path / "nowhere/copy.db")


def test_a_damaged_store_is_not_copied_over_a_good_copy(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, *(memory(f"mem-{n}", narrative="word " * 500) for n in range(200)))
    to = tmp_path / "copy.db"
    write_copy(folder / "memory.db", to)
    damage(folder / "memory.db")
    before = to.read_bytes()
    with pytest.raises(StoreDamaged, match=r"data/memory\.db is damaged"):
        write_copy(folder / "memory.db", to)
    assert to.read_bytes() == before
    assert names(tmp_path) == ["copy.db", "data"]


def damage(file: Path) -> None:
    """Overwrite the second half of a database, page by page."""
    with file.open("r+b") as opened:
        size = file.stat().st_size
        for offset in range(size // 2 // 4096 * 4096, size - 4096, 4096):
            opened.seek(offset)
            opened.write(b"\xff" * 4096)


# --- looking into them, and putting them back ----------------------------------------------------


def test_what_is_no_backup_is_refused_with_what_to_do(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"))
    good = tmp_path / "copy.db"
    write_copy(folder / "memory.db", good)
    text, empty, newer, cut = (tmp_path / name for name in ("a.txt", "empty.db", "newer.db", "cut.db"))
    text.write_text("rubbish" * 1_000)
    empty.write_bytes(b"")
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    write_copy(folder / "memory.db", newer)
    query(newer, "UPDATE alembic_version SET version_num = '9999'")
    for file in (text, empty, tmp_path / "missing.db", tmp_path):
        with pytest.raises(NotACopy):
            put_back(file, folder / "memory.db", STAMP)
    with pytest.raises(StoreTooNew, match=r"schema 9999.*upgrade recalld"):
        put_back(newer, folder / "memory.db", STAMP)
    with pytest.raises(StoreDamaged):
        put_back(cut, folder / "memory.db", STAMP)
    assert ids(folder) == ["mem-1"]
    assert not list(folder.glob("*replaced*"))


def test_what_was_there_is_kept_aside_with_its_log(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"))
    to = tmp_path / "copy.db"
    write_copy(folder / "memory.db", to)
    keep(folder, memory("mem-2"))
    # As a kill leaves it: the last write stands in the log alone.
    with closing(sqlite3.connect(folder / "memory.db")) as killed:
        killed.execute("PRAGMA wal_autocheckpoint = 0")
        killed.execute("UPDATE memories SET title = 'changed' WHERE id = 'mem-2'")
        killed.commit()
        saved = {file.name: file.read_bytes() for file in folder.glob("memory.db*")}
    for name, content in saved.items():
        (folder / name).write_bytes(content)
    assert (folder / "memory.db-wal").stat().st_size > 0
    found, aside = put_back(to, folder / "memory.db", STAMP)
    assert found.memories == 1
    assert aside == folder / f"memory.db.replaced-{STAMP}"
    assert ids(folder) == ["mem-1"]
    assert query(aside, "SELECT id, title FROM memories ORDER BY id") == [("mem-1", "A title"), ("mem-2", "changed")]


def test_a_plain_copy_of_the_file_can_be_put_back_too(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"))
    plain = tmp_path / "plain.db"
    plain.write_bytes((folder / "memory.db").read_bytes())
    keep(folder, memory("mem-2"))
    put_back(plain, folder / "memory.db", STAMP)
    assert ids(folder) == ["mem-1"]
    assert names(tmp_path) == ["data", "plain.db"]


def test_only_the_last_few_that_were_replaced_are_kept(folder: Path, memory: MakeMemory, tmp_path: Path) -> None:
    keep(folder, memory("mem-1"))
    to = tmp_path / "copy.db"
    write_copy(folder / "memory.db", to)
    for n in range(copies.MAX_ASIDE + 2):
        put_back(to, folder / "memory.db", f"2026040{n}T000000Z")
    kept = sorted(file.name for file in folder.glob("memory.db.replaced-*"))
    assert kept == [f"memory.db.replaced-2026040{n}T000000Z" for n in (2, 3, 4)]
