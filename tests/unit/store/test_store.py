from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from recalld.outline import Outline
from recalld.store import Store, StoreError, anchors, derived, memories, outlines, readings, schema, workspaces
from recalld.store.filters import Criteria
from recalld.store.migrate import SCRIPTS, migrate
from recalld.store.rows import MemoryRow, WorkspaceRow

MakeMemory = Callable[..., MemoryRow]
MakeOutline = Callable[..., Outline]


async def fill(store: Store, *rows: MemoryRow) -> None:
    await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="one", created_at="now"), [])
    await store.truth.write(memories.insert_many, [(row, []) for row in rows])


async def search(store: Store, query: str) -> list[str]:
    def having(connection: Connection) -> list[str]:
        seqs = derived.holding(connection, ["ws-1"], [[query]], 10)[query]
        return [each.memory_id for each in readings.readings(connection, ["ws-1"], seqs).values()]

    return await store.truth.read(having)


def sqlite(file: Path, *statements: str) -> None:
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_the_migrations_make_what_the_schema_says(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    migrate(file)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.truth) == []
        assert context.get_current_revision() == schema.HEAD
    engine.dispose()


def test_the_head_that_a_start_goes_by_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_ids_of_memories_and_anchors_are_never_given_twice(tmp_path: Path) -> None:
    migrate(tmp_path / "memory.db")
    connection = sqlite3.connect(tmp_path / "memory.db")
    for table in ("memories", "anchors", "anchor_forms"):
        made = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        assert "AUTOINCREMENT" in made
    connection.close()


def scripts_with(folder: Path, upgrade: str) -> Path:
    """The migrations, and one more that does this."""
    scripts = folder / "scripts"
    shutil.copytree(SCRIPTS, scripts)
    head = f"from alembic import op\nrevision = 'next'\ndown_revision = '{schema.HEAD}'\n"
    (scripts / "versions" / "next.py").write_text(head + upgrade)
    return scripts


def test_anchors_of_the_first_schema_are_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    migrate(file, SCRIPTS, "0001")
    sqlite(
        file,
        "INSERT INTO workspaces VALUES ('ws-1', 'one', 't')",
        "INSERT INTO memories (id, workspace_id, memory_type, importance_score, confidence, provenance, text_hash,"
        " created_at, updated_at, version, pinned, useful, not_useful, title, concepts, tags, narrative)"
        " VALUES ('mem-1', 'ws-1', 'decision', 0.7, 1, 'stated', 'h', 't', 't', 1, 0, 0, 0, 'T', '[]', '[]', 'n')",
        "INSERT INTO anchors VALUES (1, 'mem-1', 0, 'symbol', 'a.py', 'f')",
        "INSERT INTO anchor_forms"
        " VALUES (1, 1, 'a.py', 'f', 'function', 'fp', 'h', 1, 9, 'python', 'stored', 't', 'def f')",
    )
    migrate(file)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        (anchor,) = anchors.anchors_of(connection, ["mem-1"], with_code=True)["mem-1"]
        assert (anchor.symbol, anchor.lines) == ("f", None)
        assert [(form.code, form.beside, form.excerpt) for form in anchor.forms] == [("def f", "", "")]
    engine.dispose()


def test_an_older_schema_is_migrated_after_a_copy_was_made(tmp_path: Path, memory: MakeMemory) -> None:
    async def make() -> None:
        store = Store(tmp_path / "data")
        await store.open()
        await fill(store, memory("mem-1"), memory("mem-2"))
        await store.close()

    asyncio.run(make())
    scripts = scripts_with(
        tmp_path,
        "import sqlalchemy as sa\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('memories', recreate='always') as batch:\n"
        "        batch.add_column(sa.Column('mood', sa.Text))\n",
    )
    file = tmp_path / "data" / "memory.db"
    migrate(file, scripts, "next")

    connection = sqlite3.connect(file)
    assert connection.execute("SELECT id, mood FROM memories").fetchall() == [("mem-1", None), ("mem-2", None)]
    # Making the table anew took nothing along that refers to it.
    assert connection.execute("SELECT count(*) FROM memory_versions").fetchone() == (2,)
    connection.close()
    copy = file.with_name(f"memory.db.before-{schema.HEAD}")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    connection = sqlite3.connect(copy)
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (schema.HEAD,)
    assert connection.execute("SELECT count(*) FROM memories").fetchone() == (2,)
    connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    migrate(file)
    scripts = scripts_with(tmp_path, "def upgrade():\n    op.drop_table('ratings')\n    raise LookupError('no')\n")
    with pytest.raises(LookupError):
        migrate(file, scripts, "next")
    migrate(file)
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM ratings").fetchone() == (0,)
    connection.close()


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "memory.db"
    file.parent.mkdir()
    migrate(file)
    sqlite(file, "UPDATE alembic_version SET version_num = '9999'")
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"written by a newer recalld \(schema 9999.*upgrade recalld"):
        asyncio.run(Store(file.parent).open())
    assert file.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    sqlite(tmp_path / "memory.db", "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="another program"):
        asyncio.run(Store(tmp_path).open())


def test_a_damaged_memory_db_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreError, match=r"memory\.db is damaged"):
        asyncio.run(Store(tmp_path).open())


def test_the_folder_and_the_files_are_their_owners_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Store(tmp_path / "deep" / "data")
        await store.open()
        assert stat.S_IMODE((tmp_path / "deep" / "data").stat().st_mode) == 0o700
        for file in (tmp_path / "deep" / "data").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        await store.close()

    asyncio.run(scenario())


def test_the_memories_are_legible_to_sqlite3_users(tmp_path: Path, memory: MakeMemory) -> None:
    async def scenario() -> None:
        store = Store(tmp_path)
        await store.open()
        await fill(store, memory("mem-1", title="Größe", concepts=["Prüfung", "SQL"], tags=["später"]))
        await store.close()

    asyncio.run(scenario())
    connection = sqlite3.connect(tmp_path / "memory.db")
    assert connection.execute("SELECT title, concepts, tags, pinned FROM memories").fetchall() == [
        ("Größe", '["Prüfung","SQL"]', '["später"]', 0)
    ]
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        ["DELETE FROM memory_words"],
        ["DELETE FROM memory_words WHERE title = 'Lazy loading'"],
        ["DROP TABLE memory_words"],
        ["DELETE FROM memory_words_data"],
        ["DROP TABLE memory_words_data"],
        ["DELETE FROM memory_words_content"],
        ["DROP TABLE memory_words_idx"],
        ["DROP TABLE memory_words_docsize"],
        ["DROP TABLE memory_words_config"],
        ["DELETE FROM memory_labels"],
        ["DROP TABLE memory_labels"],
        ["PRAGMA user_version = 0", "DELETE FROM memory_labels WHERE kind = 'tag'"],
    ],
)
def test_derived_rows_that_were_deleted_come_back_at_the_next_start(
    tmp_path: Path, memory: MakeMemory, damage: list[str]
) -> None:
    async def make() -> None:
        store = Store(tmp_path)
        await store.open()
        await fill(store, memory("mem-1", title="Lazy loading", tags=["Speed"]), memory("mem-2"), memory("mem-3"))
        await store.truth.write(memories.set_forgotten, ["mem-3"], "2026-04-01T00:00:00Z", "forgotten")
        await store.close()

    async def check() -> None:
        store = Store(tmp_path)
        await store.open()
        assert await search(store, "lazy") == ["mem-1"]
        assert await search(store, "title") == ["mem-2"]
        rows, total = await store.truth.read(memories.list_memories, Criteria(workspace_ids=("ws-1",), tags=("speed",)))
        assert ([row.id for row in rows], total) == (["mem-1"], 1)
        await store.close()
        connection = sqlite3.connect(tmp_path / "memory.db")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.execute("INSERT INTO memory_words(memory_words) VALUES ('integrity-check')")
        connection.close()

    asyncio.run(make())
    sqlite(tmp_path / "memory.db", *damage)
    asyncio.run(check())


def _delete(file: Path) -> None:
    file.unlink()


def _garble(file: Path) -> None:
    file.write_bytes(b"garbage " * 1000)


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


def _age(file: Path) -> None:
    sqlite(file, "PRAGMA user_version = 1", "DROP TABLE verdicts")


@pytest.mark.parametrize("damage", [_delete, _garble, _truncate, _age])
def test_a_code_db_that_is_gone_damaged_or_of_another_version_is_made_anew(
    tmp_path: Path, memory: MakeMemory, outline: MakeOutline, damage: Callable[[Path], None]
) -> None:
    async def make() -> None:
        store = Store(tmp_path)
        await store.open()
        await fill(store, memory("mem-1"))
        await store.code.write(outlines.save, "tree-1", [outline(f"{n}.py", "f", "g") for n in range(200)])
        await store.close()

    async def check() -> None:
        store = Store(tmp_path)
        await store.open()
        assert await store.truth.read(memories.live_ids, ["ws-1"]) == ["mem-1"]
        assert await store.code.read(outlines.stamps, "tree-1") == {}
        await store.code.write(outlines.save, "tree-1", [outline("a.py", "f")])
        assert await store.code.read(outlines.stamps, "tree-1") == {"a.py": "1:2:3"}
        assert await store.code.read(outlines.verdicts, "tree-1") == {}
        await store.close()

    asyncio.run(make())
    damage(tmp_path / "code.db")
    asyncio.run(check())


def test_a_code_db_whose_damage_shows_later_is_made_anew_at_the_next_start(
    tmp_path: Path, outline: MakeOutline
) -> None:
    async def make() -> None:
        store = Store(tmp_path)
        await store.open()
        await store.code.write(outlines.save, "tree-1", [outline(f"{n}.py", *"abcdef") for n in range(500)])
        await store.close()

    async def stumble() -> None:
        store = Store(tmp_path)
        await store.open()
        with pytest.raises(StoreError, match="damaged"):
            await store.code.read(outlines.get_many, "tree-1", [f"{n}.py" for n in range(500)])
        await store.close()

    async def check() -> None:
        store = Store(tmp_path)
        await store.open()
        assert await store.code.read(outlines.stamps, "tree-1") == {}
        await store.close()

    asyncio.run(make())
    file = tmp_path / "code.db"
    content = bytearray(file.read_bytes())
    content[16 * 4096 :] = b"\xff" * (len(content) - 16 * 4096)
    file.write_bytes(content)
    asyncio.run(stumble())
    asyncio.run(check())


def test_a_start_with_nothing_to_migrate_loads_no_alembic(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from recalld.store import Store\n"
        "async def start():\n    store = Store(Path(sys.argv[1])); await store.open(); await store.close()\n"
        "asyncio.run(start()); print('alembic' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "False\n"]
