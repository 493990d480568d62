"""What is handed over: of what is worth giving, as much as a token budget holds, marked, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection

from recall.protocol.marking import marked, token_estimate
from recall.protocol.values import Brief
from recalld.memory.answers import STALE
from recalld.memory.text import shortened, unique
from recalld.memory.trees import Tree
from recalld.memory.views import Views
from recalld.store import anchors, links, memories
from recalld.store.rows import AnchorRow, GivenRow, MemoryRow

LEAST_TITLE = 80
"""Characters of its title that are given at least of what is pinned."""
MAX_MISSES = 5
"""Once so many in a row had no room, no more are tried: to write one down takes some tenths of a millisecond."""


class Reason(NamedTuple):
    """What ties a memory to the work."""

    weight: float
    why: str
    path: str = ""
    """The file that led to it."""


class Known(NamedTuple):
    """What the store has of the candidates."""

    rows: dict[str, MemoryRow]
    bound: dict[str, list[AnchorRow]]
    successors: dict[str, str]


class Room(NamedTuple):
    """How much may be given, and what is there already.

    Attributes:
        given: what its receiver has, by the memory's id.
    """

    token_budget: int
    max_memories: int
    given: Mapping[str, GivenRow]


@dataclass(slots=True)
class Injected:
    """What is given.

    Attributes:
        states: in which state each memory is given.
        unfit: of what is pinned, how much had no room.
    """

    memories: list[Brief] = field(default_factory=list)
    text: str = ""
    tokens: int = 0
    left_out: int = 0
    already_given: int = 0
    unfit: int = 0
    states: list[GivenRow] = field(default_factory=list)


class Giving:
    """Writes memories down, the first first, for as long as there is room."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def within(
        self, room: Room, tree: Tree, ranked: Sequence[MemoryRow], known: Known, reasons: Mapping[str, list[Reason]]
    ) -> Injected:
        """As many of these memories as there is room for; none that its receiver has in just this state."""
        injected, misses = Injected(), 0
        for row in ranked:
            bound = known.bound.get(row.id, [])
            state = GivenRow(memory_id=row.id, version=row.version, verdict=self._views.worst(tree, bound)[0] or "")
            if room.given.get(row.id) == state:
                injected.already_given += 1
                continue
            text, left = None, room.token_budget - injected.tokens
            more = len(injected.memories) < room.max_memories and misses < MAX_MISSES
            if (row.pinned or more) and may_fit(row, left):
                brief, path = self._brief(tree, row, known, reasons[row.id], again=row.id in room.given)
                written = texts(row, brief, path, pinned=row.pinned)
                text = next((each for each in written if token_estimate(each) <= left), None)
            if text is None:
                injected.left_out += 1
                injected.unfit += row.pinned
                misses += 1
                continue
            misses = 0
            injected.memories.append(brief)
            injected.states.append(state)
            injected.text += text
            injected.tokens += token_estimate(text)
        injected.text = injected.text.rstrip("\n")
        return injected

    def _brief(
        self, tree: Tree, row: MemoryRow, known: Known, reasons: Sequence[Reason], *, again: bool
    ) -> tuple[Brief, str]:
        """A memory with why it is given, and the file that led to it."""
        bound = known.bound.get(row.id, [])
        brief = self._views.brief(tree, row, bound, superseded_by=known.successors.get(row.id))
        why = sorted(reasons, key=lambda reason: -reason.weight)
        brief.why = unique(reason.why for reason in why) + (["changed since it was given"] if again else [])
        return brief, next((reason.path for reason in why if reason.path), "session")


def known_of(connection: Connection, scope: Sequence[str], ids: Sequence[str]) -> Known:
    """What the store has of these memories, as far as they are in these workspaces."""
    rows = {each: row for each, row in memories.get_many(connection, ids).items() if row.workspace_id in scope}
    return Known(rows, anchors.anchors_of(connection, ids), links.superseded(connection, scope, ids))


def may_fit(row: MemoryRow, room: int) -> bool:
    """Whether anything of a memory can have room: most have not, and to write them down takes a millisecond each."""
    return token_estimate(marked(shortened(row.title, LEAST_TITLE), "")) <= room


def texts(row: MemoryRow, brief: Brief, path: str, *, pinned: bool) -> Iterator[str]:
    """The text of a memory, whole, summed up, and of one that is always given its title alone."""
    kind = f"personal {brief.memory_type}" if brief.personal else brief.memory_type
    about = [kind, f"importance {brief.importance_score:.2f}", "; ".join(brief.why)]
    if brief.verdict is not None:
        about.append(f"{brief.verdict}: {brief.reason}" if brief.verdict in STALE and brief.reason else brief.verdict)
    if brief.superseded_by is not None:
        about.append(f"superseded by {brief.superseded_by}")
    head = f"{brief.title} ({', '.join(about)})"
    for body in (row.narrative, brief.summary):
        yield marked(head if body in ("", row.title) else f"{head}\n{body}", path) + "\n"
    if pinned:
        yield marked(shortened(brief.title, LEAST_TITLE), path) + "\n"
