"""What is whole of a damaged database is saved, and what a backup still has comes with it."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from recalld.store import Store, StoreDamaged, memories, salvage, workspaces
from recalld.store.copies import look_into, write_copy
from recalld.store.rows import AnchorRow, FormRow, MemoryRow, WorkspaceRow

MakeMemory = Callable[..., MemoryRow]
MakeForm = Callable[..., FormRow]
MakeAnchor = Callable[..., AnchorRow]
COUNT = 400
PAGE = 4096


@pytest.fixture
def store(tmp_path: Path, memory: MakeMemory, form: MakeForm, anchor: MakeAnchor) -> Path:
    """A database with many memories, each tied to code."""
    folder = tmp_path / "data"

    async def fill() -> None:
        opened = Store(folder)
        await opened.open()
        await opened.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="one", created_at="now"), [])
        rows = [memory(f"mem-{n}", title=f"title {n}", narrative="word " * 200) for n in range(COUNT)]
        bound = [[anchor("a.py", "f", form(f"fp {n}"))] for n in range(COUNT)]
        await opened.truth.write(memories.insert_many, list(zip(rows, bound, strict=True)))
        await opened.close()

    asyncio.run(fill())
    return folder / "memory.db"


def pages_of(file: Path, table: str) -> list[int]:
    """The pages of a table, by their number, but for its root."""
    with closing(sqlite3.connect(file)) as connection:
        try:
            found = connection.execute("SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno", (table,)).fetchall()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite has no dbstat")
        return [page for (page,) in found][1:]


def damage(file: Path, *pages: int) -> None:
    with file.open("r+b") as opened:
        for page in pages:
            opened.seek((page - 1) * PAGE)
            opened.write(b"\xa5" * PAGE)


def opens(folder: Path) -> dict[str, MemoryRow]:
    """All memories, as the daemon finds them after a start."""

    async def scenario() -> dict[str, MemoryRow]:
        opened = Store(folder)
        await opened.open()
        ids = await opened.truth.read(memories.live_ids, ["ws-1"])
        found = await opened.truth.read(memories.get_many, ids)
        for each in ids:
            assert await opened.truth.read(memories.versions, each)
        await opened.close()
        return found

    return asyncio.run(scenario())


def test_one_damaged_page_costs_what_stands_on_it_and_nothing_else(store: Path, tmp_path: Path) -> None:
    pages = pages_of(store, "memories")
    damage(store, pages[len(pages) // 2])
    with pytest.raises(StoreDamaged):
        look_into(store)
    (tmp_path / "new").mkdir()
    saved = salvage.salvage(store, tmp_path / "new/memory.db", None)
    assert COUNT - 10 <= saved.memories < COUNT
    found = opens(tmp_path / "new")
    assert len(found) == saved.memories
    assert all(row.title == f"title {name.removeprefix('mem-')}" for name, row in found.items())
    with closing(sqlite3.connect(tmp_path / "new/memory.db")) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_what_is_lost_comes_out_of_the_backup_with_its_anchors(store: Path, tmp_path: Path) -> None:
    write_copy(store, tmp_path / "backup.db")
    pages = pages_of(store, "memories")
    damage(store, *pages[2:8])
    (tmp_path / "new").mkdir()
    saved = salvage.salvage(store, tmp_path / "new/memory.db", tmp_path / "backup.db")
    assert saved.memories == COUNT
    assert 0 < saved.from_backup < 100
    assert len(opens(tmp_path / "new")) == COUNT
    with closing(sqlite3.connect(tmp_path / "new/memory.db")) as connection:
        assert connection.execute("SELECT count(DISTINCT memory_id) FROM anchors").fetchone() == (COUNT,)


@pytest.mark.parametrize(
    "table", ["memory_versions", "memory_importance", "anchors", "workspaces", "memory_words_data"]
)
def test_memories_outlive_the_loss_of_what_belongs_to_them(store: Path, tmp_path: Path, table: str) -> None:
    with closing(sqlite3.connect(store)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    damage(store, root)
    (tmp_path / "new").mkdir()
    assert salvage.salvage(store, tmp_path / "new/memory.db", None).memories == COUNT
    assert len(opens(tmp_path / "new")) == COUNT


@pytest.mark.parametrize("seed", range(5))
def test_whatever_pages_are_damaged_what_is_saved_is_consistent(store: Path, tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    count = store.stat().st_size // PAGE
    damage(store, *(choose.randrange(2, count) for _ in range(count // 20)))
    (tmp_path / "new").mkdir()
    try:
        saved = salvage.salvage(store, tmp_path / "new/memory.db", None)
    except StoreDamaged:  # the schema itself is gone
        return
    assert len(opens(tmp_path / "new")) == saved.memories


def test_where_not_even_the_tables_can_be_read_it_says_what_to_do(store: Path, tmp_path: Path) -> None:
    damage(store, 1)
    with pytest.raises(StoreDamaged, match="recall backup --restore FILE"):
        salvage.salvage(store, tmp_path / "new.db", None)
