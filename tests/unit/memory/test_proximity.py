from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from recalld.memory.proximity import FOLDER, IMPORTED, LEAST, Near, Proximity
from recalld.memory.trees import Tree
from recalld.store import Store, memories, workspaces
from recalld.store.rows import AnchorRow, MemoryRow, VerdictRow, WorkspaceRow

NOON = "2026-03-31T12:00:00Z"
WORKSPACE = WorkspaceRow(id="ws-1", name="ws-1", created_at=NOON)


def memory(name: str) -> MemoryRow:
    return MemoryRow(
        id=name,
        workspace_id="ws-1",
        title=name,
        narrative=name,
        memory_type="general",
        importance_score=0.7,
        confidence=1.0,
        provenance="stated",
        concepts=[],
        tags=[],
        session_id=None,
        evidence=None,
        text_hash=name,
        created_at=NOON,
        updated_at=NOON,
    )


ANCHORS = [
    AnchorRow(kind="symbol", path="shop/orders.py", symbol="Order.total"),
    AnchorRow(kind="file", path="shop/money.py"),
    AnchorRow(kind="folder", path="shop/"),
    AnchorRow(kind="folder", path="./"),
    AnchorRow(kind="symbol", path="old.py", symbol="moved"),
    AnchorRow(kind="file", path="other.py"),
]


def near(tmp_path: Path, file_path: str, symbol: str | None = None) -> dict[str, Near]:
    """What is near a file that imports `shop/money.py`; each memory has the name of its one anchor's path."""

    async def imported(_: Tree, path: str) -> Sequence[str]:
        return ["shop/money.py", path]

    async def ask() -> dict[str, Near]:
        store = Store(tmp_path)
        await store.open()
        await store.truth.write(workspaces.add_workspace, WORKSPACE, [])
        await store.truth.write(memories.insert_many, [(memory(each.path), [each]) for each in ANCHORS])
        tree = Tree("tree-1", "ws-1", tmp_path)
        tree.say(5, VerdictRow(anchor_id=5, verdict="moved", reason="", path="shop/orders.py", symbol="moved"))
        found = await Proximity(store, imported).near(tree, file_path, symbol)
        await store.close()
        return found

    return asyncio.run(ask())


def test_the_symbol_the_rest_of_the_file_what_it_imports_and_its_folders_are_near_in_this_order(tmp_path: Path) -> None:
    found = near(tmp_path, "shop/orders.py", "Order")
    assert sorted(found, key=lambda each: -found[each].nearness) == [
        "shop/orders.py",
        "old.py",
        "shop/money.py",
        "shop/",
        "./",
    ]
    assert found["shop/orders.py"] == Near(1.0, "near: symbol Order.total")
    assert found["shop/money.py"] == Near(IMPORTED, "near: imported shop/money.py")
    assert found["shop/"] == Near(FOLDER, "near: folder shop/")
    assert found["./"] == Near(LEAST, "near: the whole project")


def test_code_that_moved_is_near_where_it_stands_and_not_where_it_was(tmp_path: Path) -> None:
    assert "old.py" not in near(tmp_path, "old.py")


def test_a_folder_is_the_less_near_the_further_up_it_is(tmp_path: Path) -> None:
    found = near(tmp_path, "shop/a/b/c.py")
    assert LEAST < found["shop/"].nearness < FOLDER
