"""What a session is given on an occasion: a file is about to be read or edited, a question is asked.

Unlike at its start, nothing is given that is worth knowing anyway: only what belongs to the place, or answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from recall.protocol import requests as wire
from recalld.memory.codebase import Codebase
from recalld.memory.contexts import Belonging, Contexts
from recalld.memory.giving import Giving, Injected, Known, Reason, Room, known_of
from recalld.memory.judgement import NOWHERE
from recalld.memory.search import Search
from recalld.memory.trees import PERSONAL, ROOT_FOLDER, Tree
from recalld.memory.views import Views
from recalld.store import Store
from recalld.store.rows import AnchorRow

FAR_BEHIND = 0.5
"""What answers a question by less than this share of the best answer's score is not given unasked."""

Span = tuple[int, int]
"""First and last line, from 1."""


class Place(NamedTuple):
    """What is touched: a file, and, where that is known, which lines of it.

    Attributes:
        path: relative to the tree's root.
        excerpts: texts that stand in it, whose lines are meant.
    """

    path: str
    lines: Span | None = None
    excerpts: Sequence[str] = ()


class Occasions:
    """Chooses what to give for one place, or to one question."""

    def __init__(self, store: Store, search: Search, views: Views, contexts: Contexts, codebase: Codebase) -> None:
        self._store = store
        self._search = search
        self._views = views
        self._contexts = contexts
        self._codebase = codebase
        self._giving = Giving(views)

    async def touched(self, tree: Tree, place: Place, room: Room) -> Injected:
        """What is tied to a place: to the file, the code that is touched, and the folders above but the root."""
        belonging = [each for each in await self._contexts.belonging(tree, place.path) if each.superseded_by is None]
        if not belonging:
            return Injected()
        spans = [place.lines] if place.lines else await self._codebase.lines_of(tree, place.path, place.excerpts)
        here = [each for each in belonging if self._concerned(tree, each, place.path, spans)]
        known = Known({each.row.id: each.row for each in here}, {each.row.id: each.anchors for each in here}, {})
        reasons = {each.row.id: [Reason(each.nearness, why, place.path) for why in each.why] for each in here}
        return self._giving.within(room, tree, [each.row for each in here], known, reasons)

    async def asked(self, tree: Tree, query: str, near: str | None, room: Room, *, personal: bool) -> Injected:
        """What answers a question, as search finds it, without what only belongs to the answers.

        Args:
            near: the file that is worked on.
        """
        question = wire.Search(
            query=query,
            limit=max(2 * room.max_memories, 1),
            file_path=near,
            personal=None if personal else False,
            explain=True,
        )
        found = (await self._search.search(tree, question)).results
        least = FAR_BEHIND * (found[0].score or 0.0) if found else 0.0
        answers = [
            brief for brief in found if brief.superseded_by is None and _answers(brief.parts or {}, brief.score, least)
        ]
        known = await self._store.truth.read(known_of, (tree.workspace_id, PERSONAL), [brief.id for brief in answers])
        reasons = {brief.id: [Reason(brief.score or 0.0, why) for why in brief.why] for brief in answers}
        ranked = [known.rows[brief.id] for brief in answers if brief.id in known.rows]
        return self._giving.within(room, tree, ranked, known, reasons)

    def _concerned(self, tree: Tree, each: Belonging, path: str, spans: Sequence[Span]) -> bool:
        """Whether any of a memory's anchors is at the place; those of other code in the file are not."""
        return any(self._at(tree, anchor, path, spans) for anchor in each.anchors)

    def _at(self, tree: Tree, anchor: AnchorRow, path: str, spans: Sequence[Span]) -> bool:
        said = self._views.verdict(tree, anchor)
        if said.path != path:
            return said.path.endswith("/") and said.path != ROOT_FOLDER and path.startswith(said.path)
        if anchor.kind == "file" or not spans or said.verdict in NOWHERE or said.line is None:
            return True
        end_line = said.end_line or said.line
        return any(said.line <= last and first <= end_line for first, last in spans)


def _answers(parts: Mapping[str, float], score: float | None, least: float) -> bool:
    """Whether a memory answers by its own words or meaning, and not much worse than the best."""
    return (score or 0.0) >= least and max(parts.get("meaning", 0.0), parts.get("words", 0.0)) > 0
