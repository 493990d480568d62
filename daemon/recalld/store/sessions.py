"""The memories of one session, in the order of storing."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, TextClause, select, text

from recalld.store.schema import memories

# The index over workspace and session ends with `seq`, so a neighbour is one step in it; other sessions that stored
# meanwhile, and forgotten memories, are passed over.
_NEIGHBOUR = """
    SELECT m.seq AS seq, (
        SELECT n.seq FROM memories n
        WHERE n.workspace_id = m.workspace_id AND n.session_id = m.session_id AND n.forgotten_at IS NULL
        AND n.seq {towards} LIMIT 1
    ) AS neighbour
    FROM memories m WHERE m.seq IN (SELECT value FROM json_each(:seqs))
"""
_BEFORE = text(_NEIGHBOUR.format(towards="< m.seq ORDER BY n.seq DESC"))
_AFTER = text(_NEIGHBOUR.format(towards="> m.seq ORDER BY n.seq"))


def before(connection: Connection, seqs: Collection[int]) -> dict[int, int]:
    """For each of these memories the one that was stored before it in its session, both by `seq`.

    The first of a session, and what belongs to none, is absent.
    """
    return _neighbours(connection, _BEFORE, seqs)


def after(connection: Connection, seqs: Collection[int]) -> dict[int, int]:
    """For each of these memories the one that was stored after it in its session, both by `seq`."""
    return _neighbours(connection, _AFTER, seqs)


def beside(connection: Connection, ids: Collection[str]) -> list[str]:
    """The memories next to these in their sessions, without these."""
    seqs = list(connection.scalars(select(memories.c.seq).where(memories.c.id.in_(ids))))
    around = {*before(connection, seqs).values(), *after(connection, seqs).values()}.difference(seqs)
    return list(connection.scalars(select(memories.c.id).where(memories.c.seq.in_(around)).order_by(memories.c.seq)))


def _neighbours(connection: Connection, query: TextClause, seqs: Collection[int]) -> dict[int, int]:
    if not seqs:
        return {}
    found = connection.execute(query, {"seqs": msgspec.json.encode(list(seqs)).decode()})
    return {seq: neighbour for seq, neighbour in found if neighbour is not None}
