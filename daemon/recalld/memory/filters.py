"""Filters: what a request demands of memories, as criteria that the store can look for.

Most of it is known to the store. Where code stands now and what the tree says of it only the tree knows, so these two
become sets of ids first. Where few memories are left, all of them are named, so that none is lost among the many that
an index would find before them.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import structs
from sqlalchemy import Connection

from recall.protocol.errors import RecallError
from recall.protocol.requests.finding import Filtered
from recall.protocol.values import VERDICTS_WORST_FIRST
from recalld.memory.anchors import split_lines, split_reference
from recalld.memory.clock import iso
from recalld.memory.text import type_named
from recalld.memory.trees import PERSONAL, ROOT_FOLDER, Tree
from recalld.outline import bare
from recalld.store import Store, anchors, filters
from recalld.store.filters import Criteria
from recalld.store.rows import AnchorRow, VerdictRow

FEW = 2_000
"""So many memories are named one by one to the indices; of more, those that an index found are looked through."""

_SEVERITY = {verdict: position for position, verdict in enumerate(VERDICTS_WORST_FIRST)}


class Selection:
    """The memories that a request's filters leave.

    Attributes:
        few: the `seq` of each, by id, where they are few; None where they are many.
    """

    def __init__(self, store: Store, criteria: Criteria, few: Mapping[str, int] | None) -> None:
        self._store = store
        self._criteria = criteria
        self.few = few

    async def among(self, ids: Collection[str]) -> Collection[str]:
        """Those of these ids that the filters leave."""
        if self.few is not None:
            return ids & self.few.keys() if isinstance(ids, set) else {each for each in ids if each in self.few}
        return (await self._store.truth.read(filters.matching, self._criteria, ids=ids)).keys()

    def of(self, connection: Connection, seqs: Sequence[int]) -> list[int]:
        """Those of these memories that the filters leave, in their order."""
        found = self.few if self.few is not None else filters.matching(connection, self._criteria, seqs=seqs)
        chosen = set(found.values())
        return [seq for seq in seqs if seq in chosen]


class Filters:
    """Makes a request's filters into criteria, and finds what they leave."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def select(self, tree: Tree, request: Filtered) -> Selection | None:
        """The memories that a request is about; None where it is about all.

        Raises:
            RecallError: `invalid_params`, `outside_workspace`, with the field.
        """
        criteria = await self.criteria(tree, request)
        if criteria == Criteria(workspace_ids=_scope(tree)):
            return None
        found = await self._store.truth.read(filters.matching, criteria, limit=FEW + 1)
        return Selection(self._store, criteria, found if len(found) <= FEW else None)

    async def criteria(self, tree: Tree, request: Filtered) -> Criteria:
        """What a request demands, of memories that a tree may see.

        Raises:
            RecallError: `invalid_params`, `outside_workspace`, with the field.
        """
        scope = _scope(tree)
        since = _moment(request.since, "since") if request.since is not None else None
        before = _moment(request.until, "until", after=True) if request.until is not None else None
        if since is not None and before is not None and since >= before:
            raise RecallError(
                "invalid_params", f"nothing is between {request.since} and {request.until}", field="until"
            )
        places = tuple(_place(tree, path) for path in request.source_files)
        criteria = Criteria(
            workspace_ids=scope if request.personal is None else scope[1:] if request.personal else scope[:1],
            memory_types=tuple(type_named(name) for name in request.memory_types),
            concepts=tuple(request.concepts),
            tags=tuple(request.tags),
            session_id=request.session_id,
            since=since,
            before=before,
            min_importance=request.min_importance,
            title=request.title,
            places=places or None,
            standing=tuple(_standing_below(tree, places)) if places else (),
        )
        if request.symbols:
            tied = await self._tied_to(tree, request.symbols)
            criteria = structs.replace(criteria, among=(*criteria.among, tied))
        return await self._with_verdicts(tree, criteria, set(request.verdicts)) if request.verdicts else criteria

    async def _tied_to(self, tree: Tree, symbols: Sequence[str]) -> frozenset[str]:
        """The memories with an anchor to any of these symbols or to what is inside one, where it is or was."""
        split = [split_reference(reference) for reference in symbols]
        named = [(tree.relative(path, field="symbols"), name) for path, name in split]
        paths = list(dict.fromkeys(path for path, _ in named))
        bound = await self._store.truth.read(anchors.anchors_at, [tree.workspace_id], paths, tree.standing_at(paths))
        return frozenset(
            anchor.memory_id
            for anchor in bound
            if any(
                path == wanted and symbol is not None and within(symbol, name)
                for path, symbol in places_of(tree, anchor)
                for wanted, name in named
            )
        )

    async def _with_verdicts(self, tree: Tree, criteria: Criteria, wanted: set[str]) -> Criteria:
        pairs = await self._store.truth.read(filters.owners, criteria.workspace_ids)
        # The tree's verdicts go on changing while a thread looks through them.
        worst = await asyncio.to_thread(_worst_of_each, pairs, dict(tree.verdicts))
        if "current" not in wanted:
            held = frozenset(each for each, verdict in worst.items() if verdict in wanted)
            return structs.replace(criteria, among=(*criteria.among, held))
        others = frozenset(each for each, verdict in worst.items() if verdict not in wanted)
        return structs.replace(criteria, not_among=others, anchored=True)


def places_of(tree: Tree, anchor: AnchorRow) -> set[tuple[str, str | None]]:
    """Path and symbol of all places where an anchor's code is or was."""
    places = {(anchor.path, anchor.symbol), *((form.path, form.symbol) for form in anchor.forms)}
    now = tree.verdicts.get(anchor.id)
    return places | {(now.path, now.symbol)} if now is not None else places


def within(symbol: str, name: str) -> bool:
    """Whether a symbol is the one of this name, or is inside it; the name may lack its first parts or parameters."""
    whole, wanted = f".{symbol}.", f".{name}."
    return wanted in whole or wanted in f".{bare(symbol)}."


def _scope(tree: Tree) -> tuple[str, ...]:
    return tree.workspace_id, PERSONAL


def _place(tree: Tree, given: str) -> str:
    """A file or folder as the store names it; a folder ends in `/`, lines mean their file."""
    lines = split_lines(given)
    place = tree.relative(lines[0] if lines else given, field="source_files")
    if place.endswith("/") or not (tree.root / place).is_dir():
        return place
    return f"{place}/"


def _standing_below(tree: Tree, places: Sequence[str]) -> list[int]:
    """The anchors whose code stands in one of these files now, or at or below one of these folders."""
    if ROOT_FOLDER in places:
        return [anchor_id for ids in tree.standing.values() for anchor_id in ids]
    folders = tuple(place for place in places if place.endswith("/"))
    found = tree.standing_at([place for place in places if not place.endswith("/")])
    if folders:
        found += [each for path, ids in tree.standing.items() if path.startswith(folders) for each in ids]
    return found


def _worst_of_each(pairs: Sequence[tuple[int, str]], verdicts: Mapping[int, VerdictRow]) -> dict[str, str]:
    """The worst verdict of each memory's anchors; those not judged yet count as missing."""
    worst: defaultdict[str, int] = defaultdict(lambda: len(VERDICTS_WORST_FIRST) - 1)
    for anchor_id, memory_id in pairs:
        said = verdicts.get(anchor_id)
        worst[memory_id] = min(worst[memory_id], _SEVERITY[said.verdict if said else "missing"])
    return {memory_id: VERDICTS_WORST_FIRST[position] for memory_id, position in worst.items()}


def _moment(given: str, field: str, *, after: bool = False) -> str:
    """A date or time as the store writes times.

    Args:
        after: the first moment past it: the next day, or the next second.
    """
    try:
        if len(given) == len("2026-01-31"):
            start = datetime.combine(date.fromisoformat(given), datetime.min.time(), UTC)
            return iso(start + timedelta(days=1) if after else start)
        moment = datetime.fromisoformat(given)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return iso(moment + timedelta(seconds=1) if after else moment)
    except (ValueError, OverflowError):
        raise RecallError(
            "invalid_params",
            f"{given!r} is no date and no time: write 2026-01-31 or 2026-01-31T12:00:00Z",
            field=field,
        ) from None
