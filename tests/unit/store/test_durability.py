from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from recalld.store import Store, derived, memories, workspaces
from recalld.store.rows import AnchorRow, FormRow, MemoryRow, RatingRow, WorkspaceRow

MakeMemory = Callable[..., MemoryRow]
MakeForm = Callable[..., FormRow]
MakeAnchor = Callable[..., AnchorRow]

BATCH = 20
WRITER = f"""
import asyncio, sys
from pathlib import Path

import pytest
from recalld.store import Store, derived, memories, workspaces
from recalld.store.rows import AnchorRow, MemoryRow, WorkspaceRow

def memory(n):
    now = "2026-03-31T12:00:00Z"
    row = MemoryRow(id=f"mem-{{n}}", workspace_id="ws-1", title="A title", narrative="word " * 200,
        memory_type="decision", importance_score=0.7, confidence=1.0, provenance="stated", concepts=["one"], tags=[],
        session_id=None, evidence=None, text_hash=str(n), created_at=now, updated_at=now)
    return row, [AnchorRow(kind="file", path="a.py")]

async def write():
    store = Store(Path(sys.argv[1]))
    await store.open()
    await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="one", created_at="now"), [])
    n = 0
    while True:
        await store.truth.write(memories.insert_many, [memory(n + i) for i in range({BATCH})])
        n += {BATCH}
        print(n, flush=True)

asyncio.run(write())
"""


def test_after_kill_9_every_acknowledged_memory_is_there_and_none_is_half_there(tmp_path: Path) -> None:
    for stop_after in (1, 7, 31):
        folder = tmp_path / str(stop_after)
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert writer.stdout is not None
        acknowledged = 0
        for _ in range(stop_after):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        acknowledged = max([acknowledged, *(int(line) for line in rest.split("\n")[:-1])])
        asyncio.run(_open_and_close(folder))
        connection = sqlite3.connect(folder / "memory.db")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counts = {
            table: connection.execute(f"SELECT count(DISTINCT {key}) FROM {table}").fetchone()[0]
            for table, key in (
                ("memories", "id"),
                ("memory_versions", "memory_id"),
                ("anchors", "id"),
                ("memory_labels", "memory_seq"),
                ("memory_words", "rowid"),
            )
        }
        connection.close()
        assert len(set(counts.values())) == 1, counts
        assert counts["memories"] >= acknowledged
        assert counts["memories"] % BATCH == 0


async def _open_and_close(folder: Path) -> None:
    store = Store(folder)
    await store.open()
    await store.close()


async def _purge(store: Store, memory_id: str) -> None:
    await store.truth.write(memories.purge, [memory_id])


async def _expire(store: Store, _: str) -> None:
    """What the daily job does, a little at a time."""
    assert await store.truth.write(memories.purge_forgotten_before, "2026-05-01T00:00:00Z", 20)
    await store.truth.write(derived.begin_erasing_traces)
    while await store.truth.write(derived.go_on_erasing_traces):
        pass


@pytest.mark.parametrize("erase", [_purge, _expire])
def test_the_bytes_of_what_was_purged_are_in_no_file(
    tmp_path: Path,
    memory: MakeMemory,
    anchor: MakeAnchor,
    form: MakeForm,
    erase: Callable[[Store, str], Awaitable[None]],
) -> None:
    secret = "zqxkey9f3wvjq"
    trace = secret[-4:].encode()  # the index stores only in what a word differs from the one before
    copy = tmp_path / "memory.db.before-0000"

    def bytes_on_disk() -> bytes:
        return b"".join(file.read_bytes() for file in sorted(tmp_path.iterdir())).lower()

    async def scenario() -> None:
        store = Store(tmp_path)
        await store.open()
        await store.truth.write(workspaces.add_workspace, WorkspaceRow(id="ws-1", name="one", created_at="now"), [])
        others = [memory(f"mem-{n}", narrative=f"zqxkey{n} other words " * 20) for n in range(50)]
        await store.truth.write(memories.insert_many, [(row, []) for row in others])
        row = memory(
            "mem-secret",
            title=f"{secret} title",
            narrative=f"{secret} narrative " * 500,
            concepts=[f"{secret} concept"],
            tags=[f"{secret} tag"],
            evidence=f"echo {secret}",
        )
        bound = [anchor(f"{secret}/a.py", f"{secret}.f", form("fp", code=f"key = '{secret}'", path=f"{secret}/a.py"))]
        await store.truth.write(memories.insert, row, bound)
        row.narrative = f"{secret} edited"
        await store.truth.write(memories.update, row, "edited", None)
        rating = RatingRow(memory_id=row.id, at="now", useful=True, context=secret, previous=0.5, updated=0.7)
        await store.truth.write(memories.add_rating, rating)
        await store.truth.write(memories.set_forgotten, [row.id], "2026-04-01T00:00:00Z", "forgotten")
        copy.write_text(secret)
        assert bytes_on_disk().count(trace) > 10
        await erase(store, row.id)
        await store.truth.scrub()
        assert trace not in bytes_on_disk()
        assert len(await store.truth.read(memories.live_ids, ["ws-1"])) == 50
        await store.close()
        assert trace not in bytes_on_disk()

    asyncio.run(scenario())
