"""What a session is given: the memories that are worth knowing now, each with the reason, within a token budget."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection

from recall.protocol.marking import marked, token_estimate
from recall.protocol.values import Brief
from recalld.memory.answers import STALE
from recalld.memory.search import STALE_FACTOR, Search
from recalld.memory.text import shortened, unique
from recalld.memory.trees import PERSONAL, ROOT_FOLDER, Tree, folders_above
from recalld.memory.views import Views
from recalld.memory.working import Work
from recalld.store import Store, anchors, links, memories
from recalld.store.filters import Criteria
from recalld.store.rows import AnchorRow, GivenRow, MemoryRow

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
LEAST_TITLE = 80
"""Characters of its title that are given at least of what is pinned."""
MAX_FILES = 40
SPARE = 80
"""Memories that are looked at over those that may be given, by their strongest ties; the rest is left out unread."""
MAX_MISSES = 5
"""Once so many in a row had no room, no more are tried: to write one down takes some tenths of a millisecond."""
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


class _Reason(NamedTuple):
    weight: float
    why: str
    path: str = ""
    """The file that led to it."""


class _Known(NamedTuple):
    """What the store has of the candidates."""

    rows: dict[str, MemoryRow]
    bound: dict[str, list[AnchorRow]]
    successors: dict[str, str]


class Injection:
    """Chooses for a session what is pinned, and then what has most to do with the work."""

    def __init__(self, store: Store, search: Search, views: Views) -> None:
        self._store = store
        self._search = search
        self._views = views

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
        reasons: dict[str, list[_Reason]] = {}
        for anchor in tied:
            said = self._views.verdict(tree, anchor)
            reason = places.get(said.path)
            if reason is not None:
                about = f"{reason.why}: {said.symbol}" if said.symbol else reason.why
                reasons.setdefault(anchor.memory_id, []).append(reason._replace(why=about))
        for memory_id, cosine in near:
            if cosine >= NEAR_COSINE:
                like = _Reason(min(LIKE_THE_TASK * cosine, 1.0), f"task: meaning {cosine:.2f}")
                reasons.setdefault(memory_id, []).append(like)
        for memory_id, reason in listed.items():
            reasons.setdefault(memory_id, []).append(reason)
        weights = {each: max(reason.weight for reason in why) for each, why in reasons.items()}
        order = sorted(weights, key=lambda each: -weights[each])
        pinned = sum(weight == PINNED for weight in weights.values())
        looked_at = pinned + len(wanted.given) + wanted.max_memories + SPARE
        known = await self._store.truth.read(_known, scope, order[:looked_at])
        injected = self._within_budget(tree, wanted, known, reasons)
        injected.left_out += len(order[looked_at:])
        return injected

    async def _near(self, tree: Tree, task: str) -> list[tuple[str, float]]:
        return await self._search.near(tree, task, MAX_NEAR) if task.strip() else []

    def _within_budget(
        self, tree: Tree, wanted: Wanted, known: _Known, reasons: Mapping[str, list[_Reason]]
    ) -> Injected:
        injected, misses = Injected(), 0
        for row in self._ranked(tree, known, reasons):
            bound = known.bound.get(row.id, [])
            state = GivenRow(memory_id=row.id, version=row.version, verdict=self._views.worst(tree, bound)[0] or "")
            if wanted.given.get(row.id) == state:
                injected.already_given += 1
                continue
            text, room = None, wanted.token_budget - injected.tokens
            more = len(injected.memories) < wanted.max_memories and misses < MAX_MISSES
            if (row.pinned or more) and _may_fit(row, room):
                brief, path = self._brief(tree, row, known, reasons[row.id], again=row.id in wanted.given)
                texts = _texts(row, brief, path, pinned=row.pinned)
                text = next((each for each in texts if token_estimate(each) <= room), None)
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
        self, tree: Tree, row: MemoryRow, known: _Known, reasons: Sequence[_Reason], *, again: bool
    ) -> tuple[Brief, str]:
        """A memory with why it is given, and the file that led to it."""
        bound = known.bound.get(row.id, [])
        brief = self._views.brief(tree, row, bound, superseded_by=known.successors.get(row.id))
        why = sorted(reasons, key=lambda reason: -reason.weight)
        brief.why = unique(reason.why for reason in why) + (["changed since it was given"] if again else [])
        return brief, next((reason.path for reason in why if reason.path), "session")

    def _ranked(self, tree: Tree, known: _Known, reasons: Mapping[str, list[_Reason]]) -> list[MemoryRow]:
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


def summed_up(given: Sequence[Brief], last_session_at: str | None) -> str:
    """What was given, in one line: as `2 high-importance memories injected. Last session: …`."""
    high = sum(brief.importance_score >= HIGH_IMPORTANCE for brief in given)
    noun = "memory" if len(given) == 1 else "memories"
    if not given:
        said = "No memories injected."
    elif high == len(given):
        said = f"{high} high-importance {noun} injected."
    else:
        said = f"{len(given)} {noun} injected, {high} of high importance."
    return f"{said} Last session: {last_session_at[:10]}." if last_session_at else f"{said} This is the first session."


def _places(wanted: Wanted) -> dict[str, _Reason]:
    """The files and folders that are worked on, each with the strongest reason."""
    found: dict[str, _Reason] = {}
    kinds = ((wanted.files, OPEN, "open"), (wanted.work.changed, CHANGED, "changed"))
    branch = f"on branch {wanted.work.branch}"
    for files, weight, what in (*kinds, (wanted.work.on_branch, ON_BRANCH, branch)):
        for path in files[:MAX_FILES]:
            found.setdefault(path, _Reason(weight, f"{what}: {path}", path))
    for path in list(found):
        for level, folder in enumerate(folders_above(path)):
            weight = PROJECT if folder == ROOT_FOLDER else max(FOLDER * FOLDER_FALL**level, PROJECT)
            reason = _Reason(weight, f"folder {folder}", path)
            if folder not in found or found[folder].weight < weight:
                found[folder] = reason
    if wanted.folder is not None:
        found.setdefault(wanted.folder, _Reason(FOLDER, f"folder {wanted.folder}"))
    found.setdefault(ROOT_FOLDER, _Reason(PROJECT, "the whole project"))
    return found


def _listed(connection: Connection, scope: Sequence[str], last_session: str | None) -> dict[str, _Reason]:
    """What is worth giving whatever is worked on, each with the strongest reason."""
    listed: dict[str, _Reason] = {}

    def add(found: Iterable[str], weight: float, why: str) -> None:
        for memory_id in found:
            listed.setdefault(memory_id, _Reason(weight, why))

    pinned = Criteria(workspace_ids=tuple(scope), min_importance=1.0)
    add(memories.foremost(connection, pinned, MAX_PINNED), PINNED, "pinned")
    if last_session is not None:
        left = Criteria(workspace_ids=tuple(scope[:1]), session_id=last_session)
        add(memories.foremost(connection, left, MAX_LEFT), LEFT, "from the last session")
    important = Criteria(workspace_ids=tuple(scope), min_importance=HIGH_IMPORTANCE)
    add(memories.foremost(connection, important, MAX_IMPORTANT), IMPORTANT, "important")
    add(memories.newest(connection, scope, MAX_RECENT), RECENT, "recent")
    return listed


def _known(connection: Connection, scope: Sequence[str], ids: Sequence[str]) -> _Known:
    rows = {each: row for each, row in memories.get_many(connection, ids).items() if row.workspace_id in scope}
    return _Known(rows, anchors.anchors_of(connection, ids), links.superseded(connection, scope, ids))


def _may_fit(row: MemoryRow, room: int) -> bool:
    """Whether anything of a memory can have room: most have not, and to write them down takes a millisecond each."""
    return token_estimate(marked(shortened(row.title, LEAST_TITLE), "")) <= room


def _texts(row: MemoryRow, brief: Brief, path: str, *, pinned: bool) -> Iterator[str]:
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
