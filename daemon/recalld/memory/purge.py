"""What a purge erases beside the memory itself: what sessions say of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from recalld.memory.journal import CHANGED, OPENED
from recalld.memory.trees import PERSONAL
from recalld.memory.unsaid import Unsaid
from recalld.store import memories, worklog
from recalld.store.rows import MemoryRow

MAX_KEYS = 50
"""Keys of what is purged that other memories are looked through for."""
MAX_HOLDING = 10
"""Other memories that are named for having one."""


def erase(connection: Connection, rows: Sequence[MemoryRow]) -> list[str]:
    """Erase memories, and what sessions of their workspace say of what they ever said.

    Returns:
        Ids of other memories that have a key of theirs.
    """
    keys: dict[str, set[str]] = {}
    for row in rows:
        told = [f"{each.title}\n\n{each.narrative}" for each in memories.versions(connection, row.id)]
        unsaid = Unsaid([*told, *worklog.words_of(connection, [row.id])])
        everywhere = row.workspace_id == PERSONAL
        worklog.reword(connection, None if everywhere else row.workspace_id, unsaid.left_of, (OPENED, CHANGED))
        keys.setdefault(row.workspace_id, set()).update(unsaid.keys)
    memories.purge(connection, [row.id for row in rows])
    return [
        memory_id
        for workspace_id, some in keys.items()
        for memory_id in memories.holding(connection, [workspace_id, PERSONAL], sorted(some)[:MAX_KEYS], MAX_HOLDING)
    ]
