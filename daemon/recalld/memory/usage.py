"""What a session was given and made no use of, as far as can be seen: it loses a little, once a day at most."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from recalld.memory.clock import Clock, iso
from recalld.memory.decay import Decay
from recalld.memory.journal import CHANGED, OPENED
from recalld.memory.trees import Tree, folders_above
from recalld.store import Store, anchors, memories, worklog
from recalld.store.rows import MemoryRow, ObservationRow, SessionRow


class Heard(NamedTuple):
    """What a session left to be seen."""

    said: str
    """All of its words."""
    places: list[str]
    """Files and folders that it opened, changed or named."""


class Usage:
    """Notes, when a session has ended, what it was given in vain."""

    def __init__(self, store: Store, decay: Decay, clock: Clock) -> None:
        self._store = store
        self._decay = decay
        self._clock = clock

    async def judge(self, tree: Tree, session: SessionRow, job_id: str, heard: Heard) -> None:
        """Let what was not used lose a little; nothing where the session left nothing to judge by."""
        if not (heard.said or heard.places):
            return
        await self._decay.write_notes()
        today = iso(self._clock())[:10]
        given = await self._store.truth.read(worklog.given_to_judge, job_id, today)
        standing = tree.standing_at(heard.places)
        rows, tied = await self._store.truth.read(_known, tree.workspace_id, given, heard.places, standing)
        await self._decay.unused(unused(rows, tied, heard.said, session.started_at))


def heard_of(summary: str, observed: Sequence[ObservationRow], named: Iterable[str]) -> Heard:
    """What a session left to be seen.

    Args:
        named: places that its words name, `path` or `path::name`.
    """
    said = [summary, *(each.content for each in observed if each.kind not in (OPENED, CHANGED))]
    places = [*named, *(each.content for each in observed if each.kind in (OPENED, CHANGED))]
    places += [place for each in observed for place in (*each.source_files, *each.symbols)]
    files = list(dict.fromkeys(place.partition("::")[0] for place in places))
    around = dict.fromkeys(folder for path in files for folder in folders_above(path))
    return Heard("\n".join(filter(None, said)), [*files, *around])


def unused(given: Mapping[str, MemoryRow], tied: Collection[str], said: str, since: str) -> list[str]:
    """Those of the memories that a session was given of which no use is to be seen. Pure.

    Args:
        tied: ids of those tied to places that it opened, changed or named.
        said: all of its words.
        since: when it began.
    """
    words = _plain(said)
    return [
        memory_id
        for memory_id, row in given.items()
        if memory_id not in tied
        and memory_id not in said
        and _plain(row.title) not in words
        and max(row.updated_at, row.last_used_at or "") < since  # rated, edited, verified, said again
        and (row.recalled_at or "")[:10] < since[:10]  # noted once a day
    ]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _known(
    connection: Connection, workspace_id: str, given: Sequence[str], places: Sequence[str], standing: Sequence[int]
) -> tuple[dict[str, MemoryRow], set[str]]:
    tied = anchors.anchors_at(connection, [workspace_id], places, standing, with_forms=False)
    return memories.get_many(connection, given), {anchor.memory_id for anchor in tied}
