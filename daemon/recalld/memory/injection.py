"""What a session is given: the memories that are worth knowing now, each with the reason, within a token budget."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from recall.protocol.values import Brief
from recalld.memory.giving import Giving, Injected, Known, Reason, Room, known_of
from recalld.memory.search import STALE_FACTOR, Search
from recalld.memory.trees import PERSONAL, ROOT_FOLDER, Tree, folders_above
from recalld.memory.views import Views
from recalld.memory.working import Work
from recalld.store import Store, anchors, memories
from recalld.store.filters import Criteria
from recalld.store.rows import GivenRow, MemoryRow

# How much a memory has to do with the work, by what ties it to it.
PINNED = 2.0
OPEN, CHANGED, LEFT, ON_BRANCH, FOLDER, IMPORTANT, RECENT, PROJECT = 1.0, 0.95, 0.75, 0.7, 0.55, 0.5, 0.4, 0.3
FOLDER_FALL = 0.75
"""What is left of a folder's share a level further up."""
LIKE_THE_TASK = 1.6
"""By which a cosine to the task is multiplied."""
SEVERAL = 0.05
"""Added for each further reason."""
NEAR_COSINE = 0.35
HIGH_IMPORTANCE = 0.8
MAX_FILES = 40
SPARE = 80
"""Memories that are looked at over those that may be given, by their strongest ties; the rest is left out unread."""
MAX_PINNED, MAX_IMPORTANT, MAX_RECENT, MAX_LEFT, MAX_NEAR = 200, 40, 40, 40, 30


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is worked on, and how much may be given.

    Attributes:
        files: open, or about to be worked on.
        work: what git says is being worked on.
        task: in words; empty where nobody said.
        folder: the part of the tree that is worked in; None for all of it.
        last_session: the id of the session before.
        given: what the session has already, by the memory's id.
        personal: whether personal memories are wanted too.
    """

    files: Sequence[str] = ()
    work: Work = field(default_factory=Work)
    task: str = ""
    folder: str | None = None
    last_session: str | None = None
    given: Mapping[str, GivenRow] = field(default_factory=dict)
    token_budget: int = 2_000
    max_memories: int = 20
    personal: bool = True


class Injection:
    """Chooses for a session what is pinned, and then what has most to do with the work."""

    def __init__(self, store: Store, search: Search, views: Views) -> None:
        self._store = store
        self._search = search
        self._views = views
        self._giving = Giving(views)

    async def choose(self, tree: Tree, wanted: Wanted) -> Injected:
        """What to give to a session now."""
        places = _places(wanted)
        scope = (tree.workspace_id, PERSONAL) if wanted.personal else (tree.workspace_id,)
        standing = tree.standing_at(places)
        # Asked all at once: another process, and both threads that read.
        near, tied, listed = await asyncio.gather(
            self._near(tree, wanted.task),
            self._store.truth.read(anchors.anchors_at, scope[:1], list(places), standing, with_forms=False),
            self._store.truth.read(_listed, scope, wanted.last_session),
        )
        reasons: dict[str, list[Reason]] = {}
        for anchor in tied:
            said = self._views.verdict(tree, anchor)
            reason = places.get(said.path)
            if reason is not None:
                about = f"{reason.why}: {said.symbol}" if said.symbol else reason.why
                reasons.setdefault(anchor.memory_id, []).append(reason._replace(why=about))
        for memory_id, cosine in near:
            if cosine >= NEAR_COSINE:
                like = Reason(min(LIKE_THE_TASK * cosine, 1.0), f"task: meaning {cosine:.2f}")
                reasons.setdefault(memory_id, []).append(like)
        for memory_id, reason in listed.items():
            reasons.setdefault(memory_id, []).append(reason)
        weights = {each: max(reason.weight for reason in why) for each, why in reasons.items()}
        order = sorted(weights, key=lambda each: -weights[each])
        pinned = sum(weight == PINNED for weight in weights.values())
        looked_at = pinned + len(wanted.given) + wanted.max_memories + SPARE
        known = await self._store.truth.read(known_of, scope, order[:looked_at])
        room = Room(wanted.token_budget, wanted.max_memories, wanted.given)
        injected = self._giving.within(room, tree, self._ranked(tree, known, reasons), known, reasons)
        injected.left_out += len(order[looked_at:])
        return injected

    async def _near(self, tree: Tree, task: str) -> list[tuple[str, float]]:
        return await self._search.near(tree, task, MAX_NEAR) if task.strip() else []

    def _ranked(self, tree: Tree, known: Known, reasons: Mapping[str, list[Reason]]) -> list[MemoryRow]:
        """What is pinned, then the rest, the most fitting first; without what something else stands in place of."""
        ranks: dict[str, float] = {}
        for memory_id, row in known.rows.items():
            why = reasons[memory_id]
            if row.forgotten_at is not None or (memory_id in known.successors and not row.pinned):
                continue
            verdict, _ = self._views.worst(tree, known.bound.get(memory_id, []))
            weight = max(reason.weight for reason in why) + SEVERAL * (len({reason.why for reason in why}) - 1)
            ranks[memory_id] = weight * (0.5 + 0.5 * row.present_importance) * STALE_FACTOR.get(verdict or "", 1.0)
        order = sorted(ranks, key=lambda each: (not known.rows[each].pinned, -ranks[each], -known.rows[each].seq))
        return [known.rows[each] for each in order]


def counted(given: Sequence[Brief]) -> str:
    """How much was given, in one line: as `2 high-importance memories injected.`."""
    high = sum(brief.importance_score >= HIGH_IMPORTANCE for brief in given)
    noun = "memory" if len(given) == 1 else "memories"
    if not given:
        return "No memories injected."
    if high == len(given):
        return f"{high} high-importance {noun} injected."
    return f"{len(given)} {noun} injected, {high} of high importance."


def summed_up(given: Sequence[Brief], last_session_at: str | None) -> str:
    """The same at a session's start, with when the one before was: as `… Last session: 2026-03-31.`."""
    before = f"Last session: {last_session_at[:10]}." if last_session_at else "This is the first session."
    return f"{counted(given)} {before}"


def _places(wanted: Wanted) -> dict[str, Reason]:
    """The files and folders that are worked on, each with the strongest reason."""
    found: dict[str, Reason] = {}
    kinds = ((wanted.files, OPEN, "open"), (wanted.work.changed, CHANGED, "changed"))
    branch = f"on branch {wanted.work.branch}"
    for files, weight, what in (*kinds, (wanted.work.on_branch, ON_BRANCH, branch)):
        for path in files[:MAX_FILES]:
            found.setdefault(path, Reason(weight, f"{what}: {path}", path))
    for path in list(found):
        for level, folder in enumerate(folders_above(path)):
            weight = PROJECT if folder == ROOT_FOLDER else max(FOLDER * FOLDER_FALL**level, PROJECT)
            reason = Reason(weight, f"folder {folder}", path)
            if folder not in found or found[folder].weight < weight:
                found[folder] = reason
    if wanted.folder is not None:
        found.setdefault(wanted.folder, Reason(FOLDER, f"folder {wanted.folder}"))
    found.setdefault(ROOT_FOLDER, Reason(PROJECT, "the whole project"))
    return found


def _listed(connection: Connection, scope: Sequence[str], last_session: str | None) -> dict[str, Reason]:
    """What is worth giving whatever is worked on, each with the strongest reason."""
    listed: dict[str, Reason] = {}

    def add(found: Iterable[str], weight: float, why: str) -> None:
        for memory_id in found:
            listed.setdefault(memory_id, Reason(weight, why))

    pinned = Criteria(workspace_ids=tuple(scope), min_importance=1.0)
    add(memories.foremost(connection, pinned, MAX_PINNED), PINNED, "pinned")
    if last_session is not None:
        left = Criteria(workspace_ids=tuple(scope[:1]), session_id=last_session)
        add(memories.foremost(connection, left, MAX_LEFT), LEFT, "from the last session")
    important = Criteria(workspace_ids=tuple(scope), min_importance=HIGH_IMPORTANCE)
    add(memories.foremost(connection, important, MAX_IMPORTANT), IMPORTANT, "important")
    add(memories.newest(connection, scope, MAX_RECENT), RECENT, "recent")
    return listed
