from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from recalld.store import memories, workspaces
from recalld.store.rows import MemoryRow, TreeRow, WorkspaceRow


def test_the_first_known_key_names_the_workspace(connection: Connection) -> None:
    workspaces.add_workspace(connection, WorkspaceRow(id="ws-a", name="a", created_at="1"), ["root a", "url a"])
    workspaces.add_workspace(connection, WorkspaceRow(id="ws-b", name="b", created_at="2"), ["root b"])
    assert workspaces.find_workspace(connection, ["unknown", "root b", "root a"]) == "ws-b"
    assert workspaces.find_workspace(connection, ["url a", "root b"]) == "ws-a"
    assert workspaces.find_workspace(connection, ["unknown"]) is None
    assert workspaces.find_workspace(connection, []) is None


def test_a_key_is_never_taken_from_its_workspace(connection: Connection) -> None:
    workspaces.add_keys(connection, "ws-1", ["shared"])
    workspaces.add_keys(connection, "ws-2", ["shared", "own"])
    assert workspaces.find_workspace(connection, ["shared"]) == "ws-1"
    assert workspaces.find_workspace(connection, ["own"]) == "ws-2"


def test_workspaces_come_back_as_they_were_added(connection: Connection) -> None:
    added = WorkspaceRow(id="ws-a", name="a", created_at="2026-01-01T00:00:00Z")
    workspaces.add_workspace(connection, added, [])
    assert workspaces.get_workspace(connection, "ws-a") == added
    assert workspaces.get_workspace(connection, "ws-none") is None
    assert [row.id for row in workspaces.all_workspaces(connection)] == ["ws-a", "ws-1", "ws-2"]


def test_a_tree_is_saved_again_under_its_id(connection: Connection) -> None:
    tree = TreeRow(id="tree-1", workspace_id="ws-1", path="/a", active_at="1")
    other = TreeRow(id="tree-2", workspace_id="ws-1", path="/b", active_at="2")
    workspaces.save_tree(connection, tree)
    workspaces.save_tree(connection, other)
    tree.path, tree.followed, tree.workspace_id = "/moved", False, "ws-2"
    workspaces.save_tree(connection, tree)
    assert workspaces.all_trees(connection) == [other, tree]
    workspaces.touch_tree(connection, "tree-1", "3")
    assert [row.active_at for row in workspaces.all_trees(connection)] == ["3", "2"]


def test_only_memories_that_are_not_forgotten_are_counted(
    connection: Connection, memory: Callable[..., MemoryRow]
) -> None:
    memories.insert_many(connection, [(memory(f"mem-{n}"), []) for n in range(3)])
    memories.insert(connection, memory("mem-other", workspace_id="ws-2"), [])
    memories.set_forgotten(connection, ["mem-0"], "2026-04-01T00:00:00Z", "forgotten")
    assert workspaces.memory_counts(connection) == {"ws-1": 2, "ws-2": 1}
