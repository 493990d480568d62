"""Keeping memories: get, edit, forget, restore, pin, rate, list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import structs
from sqlalchemy import Connection

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.values import AnchorTrail, Memory, Origin, TrailStep
from recalld.config import Config
from recalld.events import Event, MemoryTouched
from recalld.memory import door, linking, views
from recalld.memory.associations import recalled_with
from recalld.memory.backups import Backups
from recalld.memory.binding import Binding
from recalld.memory.clock import Clock, iso
from recalld.memory.codebase import Codebase
from recalld.memory.decay import Decay
from recalld.memory.filters import Filters
from recalld.memory.journal import Journal
from recalld.memory.purge import erase
from recalld.memory.text import split_tags, text_hash, type_named, unique
from recalld.memory.trees import PERSONAL, Tree, Trees
from recalld.memory.verdicts import Verdicts
from recalld.memory.workdays import Workdays
from recalld.store import Store, StoreBusy, anchors, associations, derived, links, memories, sessions, worklog
from recalld.store.database import CHECKPOINT_WAIT_MS
from recalld.store.rows import AnchorRow, LinkRow, MemoryRow, RatingRow
from recalld.vectors import Vectors

USEFUL_SHARE = 0.4
"""Of what is missing to 1, what a useful rating adds: 0.95 becomes 0.97."""
NOT_USEFUL_SHARE = 0.25
"""Of the importance, what a rating of not useful takes away."""
PURGED_AT_ONCE = 20
"""Memories that are erased in one transaction: some milliseconds for which writes wait."""
UNPINNED = 0.7
"""Importance of what was stored as pinned, once it is so no more."""


class Memories:
    """The memories of all workspaces. Every method that changes something is durable when it returns."""

    def __init__(
        self,
        config: Config,
        store: Store,
        trees: Trees,
        codebase: Codebase,
        verdicts: Verdicts,
        vectors: Vectors,
        workdays: Workdays,
        decay: Decay,
        journal: Journal,
        backups: Backups,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._config = config
        self._store = store
        self._trees = trees
        self._codebase = codebase
        self._verdicts = verdicts
        self._vectors = vectors
        self._workdays = workdays
        self._decay = decay
        self._journal = journal
        self._backups = backups
        self._clock = clock
        self._publish = publish
        self._views = views.Views(verdicts)
        self._filters = Filters(store)

    # --- one memory ------------------------------------------------------------------------------

    async def get(self, tree: Tree, memory_id: str) -> Memory:
        """One memory, whole, also a forgotten one.

        Raises:
            RecallError: `unknown_id`.
        """
        row = await self._known(tree, memory_id)
        bound = await self._anchors(row.id)
        diffs = {anchor.id: await self._verdicts.diff(tree, anchor) for anchor in bound}
        return await self._view(tree, row, bound, diffs)

    async def edit(self, tree: Tree, request: wire.Edit) -> Memory:
        """Change what is given and accept the code of now.

        Raises:
            RecallError: `unknown_id`, `forgotten`, `empty_title`, `invalid_params`, `unknown_symbol`,
                `secret_found`.
        """
        row = await self._live(tree, request.id)
        await door.refuse(door.of_memory(request))
        if request.title is not None and not request.title.strip():
            raise RecallError("empty_title", "the title is empty: write one", field="title")
        row.title = " ".join(request.title.split()) if request.title is not None else row.title
        row.memory_type = type_named(request.memory_type) if request.memory_type is not None else row.memory_type
        row.concepts = unique(request.concepts) if request.concepts is not None else row.concepts
        row.tags = unique(request.tags) if request.tags is not None else row.tags
        if request.narrative is not None:
            narrative, tags = split_tags(request.narrative.strip())
            row.narrative, row.tags = narrative or row.title, unique([*row.tags, *tags])
        if request.importance_score is not None:
            _weigh(row, request.importance_score)
        row.text_hash = text_hash(row.title, row.narrative)
        kept, bound = await self._anchors(row.id), None
        if row.workspace_id != PERSONAL and (request.source_files is not None or request.symbols is not None):
            kept = [a for a in kept if (request.symbols if a.kind == "symbol" else request.source_files) is None]
            bound = await self._bind(tree, kept, request)
        await self._change(tree, row, "edited", bound, still_true=kept)
        return await self._view(tree, row)

    async def _bind(self, tree: Tree, kept: Sequence[AnchorRow], request: wire.Edit) -> list[AnchorRow]:
        """All anchors that an edited memory has: those it keeps, and those for what was named anew."""
        binding = Binding(self._codebase, tree, iso(self._clock()))
        named = await binding.anchors(request.source_files or (), request.symbols or (), unresolved=request.unresolved)
        for form in (form for anchor in named for form in anchor.forms):
            form.source = "accepted"
        ties = {(anchor.path, anchor.symbol) for anchor in kept if anchor.kind == "symbol"}
        bound = [structs.replace(anchor, forms=[]) for anchor in kept]
        bound += [anchor for anchor in named if anchor.kind != "symbol" or (anchor.path, anchor.symbol) not in ties]
        for position, anchor in enumerate(bound):
            anchor.position = position
        return bound

    async def verify(self, tree: Tree, memory_id: str) -> Memory:
        """Say that a memory is still true: accept the code of each of its anchors as it stands in this tree.

        An anchor whose code is nowhere, or could be in several places, stays as it is.

        Raises:
            RecallError: `unknown_id`, `forgotten`; `invalid_params` where none of its anchors' code stands anywhere.
        """
        row = await self._live(tree, memory_id)
        bound = await self._anchors(row.id)
        if bound and not await self._verdicts.accept(tree, bound):
            raise RecallError(
                "invalid_params",
                f"none of the code that {memory_id} is tied to can be found: tie it to the code of now, "
                f"`recall edit {memory_id} --file PATH` or `--symbol PATH::NAME`, or forget it",
                field="id",
            )
        await self._change(tree, row, "verified")
        return await self._view(tree, row)

    async def restore(self, tree: Tree, memory_id: str) -> Memory:
        """Bring back what was forgotten.

        Raises:
            RecallError: `unknown_id`.
        """
        row = await self._known(tree, memory_id)
        if row.forgotten_at is not None:
            await self._store.truth.write(memories.set_forgotten, [row.id], None, "restored", now=iso(self._clock()))
            row = await self._known(tree, memory_id)
            await self._judge(tree, row)
            self._touched([row], "restored")
        return await self._view(tree, row)

    async def pin(self, tree: Tree, memory_id: str, *, pinned: bool) -> Memory:
        """Set the importance to 1.0 for good, or back to what it was.

        Raises:
            RecallError: `unknown_id`, `forgotten`.
        """
        row = await self._live(tree, memory_id)
        if row.pinned == pinned:
            return await self._view(tree, row)
        _weigh(row, 1.0 if pinned else row.unpinned_importance or UNPINNED)
        await self._change(tree, row, "pinned" if pinned else "unpinned")
        return await self._view(tree, row)

    async def link(self, tree: Tree, request: wire.Link) -> Memory:
        """Say what a memory is to another, or that it is so no more.

        Raises:
            RecallError: `unknown_id`, `forgotten`; `invalid_params` where one would be linked to itself, or would
                supersede itself over others.
        """
        row = await self._live(tree, request.id)
        await linking.linkable(self._store, tree, [request.target_id], "target_id")
        link = LinkRow(
            source_id=row.id,
            target_id=request.target_id,
            kind=request.kind,
            origin="stated",
            at=iso(self._clock()),
        )
        await self._store.truth.write(linking.remove if request.remove else linking.add, link)
        self._touched([row], "unlinked" if request.remove else "linked")
        return await self._view(tree, row)

    async def rate(self, tree: Tree, request: wire.Rate) -> wire.RateReply:
        """Record whether a memory helped and move its importance, unless it is pinned.

        Raises:
            RecallError: `unknown_id`, `forgotten`, `secret_found`.
        """
        row = await self._live(tree, request.id)
        await door.refuse({"context": request.context})
        now = iso(self._clock())
        before = row.importance_score
        if not row.pinned:
            moved = before + (1 - before) * USEFUL_SHARE if request.useful else before * (1 - NOT_USEFUL_SHARE)
            row.importance_score = min(round(moved, 4), 0.9999)  # 1.0 is for what is pinned
        if request.useful:
            row.useful += 1
            row.last_used_at = now
            self._reinforce(row)
        else:
            row.present_importance *= row.importance_score / before if before else 1.0
            row.not_useful += 1
        rating = RatingRow(
            memory_id=row.id,
            at=now,
            useful=request.useful,
            context=request.context,
            previous=before,
            updated=row.importance_score,
            session_id=request.session_id,
        )
        if row.provenance == "extracted":
            row.provenance = "rated"  # somebody has looked at it
        row.updated_at = now
        others = recalled_with(tree, row.id)
        await self._store.truth.write(_rate, row, rating, others, self._clock())
        self._touched([row], "rated")
        return wire.RateReply(
            memory_id=row.id,
            previous_importance=before,
            updated_importance=row.importance_score,
            rating_recorded=True,
        )

    async def history(self, tree: Tree, memory_id: str) -> wire.HistoryReply:
        """The states a memory has had, newest first, where the code of its anchors has been, and how it was rated.

        Raises:
            RecallError: `unknown_id`.
        """
        row = await self._known(tree, memory_id)
        found = await self._store.truth.read(memories.versions, row.id)
        return wire.HistoryReply(
            id=row.id,
            versions=[views.version(each) for each in found],
            anchors=[self._trail(tree, anchor) for anchor in await self._anchors(row.id)],
            ratings=[views.rating(each) for each in await self._store.truth.read(memories.ratings, row.id)],
        )

    def _trail(self, tree: Tree, anchor: AnchorRow) -> AnchorTrail:
        steps = [
            TrailStep(at=form.accepted_at, path=form.path, symbol=form.symbol, source=form.source)
            for form in anchor.forms
        ]
        return AnchorTrail(
            kind=anchor.kind,
            path=anchor.path,
            symbol=anchor.symbol,
            steps=steps,
            now=self._views.anchor(tree, anchor),
        )

    # --- many ------------------------------------------------------------------------------------

    async def forget(self, tree: Tree, request: wire.Forget) -> wire.ForgetReply:
        """Forget by id, or all of this workspace that match; with `purge` for good.

        Raises:
            RecallError: `unknown_id`, `invalid_params`.
        """
        matching = request.older_than_days is not None or request.containing is not None
        if matching == bool(request.ids):
            raise RecallError("invalid_params", "name ids, or what to match (older than, containing): one of the two")
        if request.purge and matching:
            raise RecallError("invalid_params", "what is purged is gone for good: name it by id", field="purge")
        if matching:
            ids = await self._matching(tree, request)
            found = await self._store.truth.read(memories.get_many, ids)
            rows = [found[each] for each in ids]
        else:
            rows = [await self._known(tree, each) for each in dict.fromkeys(request.ids)]
            if not request.purge:
                rows = [row for row in rows if row.forgotten_at is None]
        reply = wire.ForgetReply(ids=[row.id for row in rows], titles=[row.title for row in rows])
        if rows and not request.dry_run:
            if request.purge:
                reply.warnings = await self._purge(rows)
            else:
                await self._store.truth.write(memories.set_forgotten, reply.ids, iso(self._clock()), "forgotten")
            self._touched(rows, "forgotten")
        return reply

    async def _matching(self, tree: Tree, request: wire.Forget) -> list[str]:
        older_than = None
        if request.older_than_days is not None:
            older_than = iso(self._clock() - timedelta(days=request.older_than_days))
        return await self._store.truth.read(
            memories.matching, tree.workspace_id, older_than=older_than, containing=request.containing
        )

    async def _purge(self, rows: Sequence[MemoryRow]) -> list[str]:
        ids = [row.id for row in rows]
        await self._journal.written()  # nothing that was said before it is written after it
        gone = await self._store.truth.read(anchors.anchors_of, ids)
        beside = await self._store.truth.read(sessions.beside, ids)
        holding = await self._store.truth.write(erase, rows)
        self._vectors.touch(beside)  # they were read together with what is gone
        anchor_ids = [anchor.id for each in gone.values() for anchor in each]
        for tree in self._trees:
            await self._verdicts.drop(tree, anchor_ids)
        warnings = []
        if holding:
            warnings.append(f"what was purged is in other memories too: `recall forget --purge {' '.join(holding)}`")
        try:
            await self._store.truth.scrub()
        except StoreBusy as busy:
            warnings.append(f"erased, but the log still holds it for as long as another program reads: {busy}")
        still_held = await self._backups.leave_out_purged()
        if still_held is not None:
            warnings.append(still_held)
        return warnings

    async def purge_expired(self) -> str:
        """Erase what was forgotten longer ago than it can be restored, a few at a time, so that nobody waits for it.

        Returns:
            What was done, in words.

        Raises:
            StoreBusy: another program reads the file, so that the log still holds what was erased.
        """
        before = iso(self._clock() - timedelta(days=self._config.forget_days))
        count = 0
        while erased := await self._store.truth.write(memories.purge_forgotten_before, before, PURGED_AT_ONCE):
            self._vectors.touch(list(erased))
            anchor_ids = [each for anchored in erased.values() for each in anchored]
            for tree in self._trees:
                await self._verdicts.drop(tree, anchor_ids)
            count += len(erased)
        # In any case, because a run that was broken off may have left some.
        await self._store.truth.write(derived.begin_erasing_traces)
        while await self._store.truth.write(derived.go_on_erasing_traces):
            pass
        if count:
            await self._store.truth.scrub(CHECKPOINT_WAIT_MS)
        return f"{count:,} erased"

    async def page(self, tree: Tree, request: wire.ListMemories) -> wire.ListReply:
        """Memories of the tree's workspace, filtered and sorted.

        Raises:
            RecallError: `invalid_params` for a filter that cannot be; `outside_workspace`.
        """
        rows, total = await self._store.truth.read(
            memories.list_memories,
            await self._filters.criteria(tree, request),
            sort=request.sort,
            unrated=request.unrated,
            no_files=request.no_files,
            forgotten=request.forgotten,
            limit=request.limit,
            offset=request.offset,
        )
        bound = await self._store.truth.read(anchors.anchors_of, [row.id for row in rows])
        successors = await self._store.truth.read(
            links.superseded, [tree.workspace_id, PERSONAL], [row.id for row in rows]
        )
        return wire.ListReply(
            memories=[
                self._views.brief(tree, row, bound.get(row.id, []), superseded_by=successors.get(row.id))
                for row in rows
            ],
            total=total,
        )

    # --- shared ----------------------------------------------------------------------------------

    async def _known(self, tree: Tree, memory_id: str) -> MemoryRow:
        row = await self._store.truth.read(memories.get, memory_id)
        if row is None or row.workspace_id not in (tree.workspace_id, PERSONAL):
            raise RecallError("unknown_id", f"there is no memory {memory_id} in this workspace", field="id")
        return row

    async def _live(self, tree: Tree, memory_id: str) -> MemoryRow:
        row = await self._known(tree, memory_id)
        if row.forgotten_at is not None:
            raise RecallError("forgotten", f"{memory_id} was forgotten: `recall restore {memory_id}` brings it back")
        return row

    async def _anchors(self, memory_id: str) -> list[AnchorRow]:
        return (await self._store.truth.read(anchors.anchors_of, [memory_id], with_code=True)).get(memory_id, [])

    async def _change(
        self,
        tree: Tree,
        row: MemoryRow,
        cause: str,
        bound: list[AnchorRow] | None = None,
        still_true: Sequence[AnchorRow] = (),
    ) -> None:
        """Make the next version of a memory.

        Args:
            bound: all anchors that it has from now on; None leaves them.
            still_true: those that it had before and for which it is said to be true of the code of now.
        """
        row.updated_at = iso(self._clock())
        if row.provenance == "extracted" and cause in ("edited", "verified"):
            row.provenance = cause  # somebody has looked at it
        self._reinforce(row)
        await self._store.truth.write(memories.update, row, cause, bound)
        if bound is not None:
            await self._judge(tree, row)
        if still_true:
            await self._verdicts.accept(tree, still_true)
        self._touched([row], cause)

    def _reinforce(self, row: MemoryRow) -> None:
        """Somebody looked at a memory and says that it holds: it begins anew with all of its importance."""
        row.present_importance, row.unused = row.importance_score, 0
        row.reinforced_on = self._workdays.of(row.workspace_id)

    async def _judge(self, tree: Tree, row: MemoryRow) -> None:
        judged = await self._anchors(row.id)
        for each in self._trees.of_workspace(tree.workspace_id):
            await self._verdicts.judge(each, judged)

    async def _view(
        self,
        tree: Tree,
        row: MemoryRow,
        bound: Sequence[AnchorRow] | None = None,
        diffs: Mapping[int, str] | None = None,
    ) -> Memory:
        bound = await self._anchors(row.id) if bound is None else bound
        shown = self._views.memory(tree, row, bound, diffs)
        shown.present_importance, shown.importance_reason = self._decay.explained(tree, row, bound)
        shown.links, shown.superseded_by = await linking.shown(self._store, tree, row.id)
        shown.extracted_from = [
            Origin(session_id=session_id, at=at, action=each.action, said=each.said)
            for each, session_id, at in await self._store.truth.read(worklog.origins, tree.workspace_id, row.id)
        ]
        return shown

    def _touched(self, rows: Sequence[MemoryRow], change: str) -> None:
        self._vectors.touch([row.id for row in rows])
        for row in rows:
            self._publish(MemoryTouched(row.workspace_id, row.id, row.title, change))


def _weigh(row: MemoryRow, importance: float) -> None:
    """Give a memory an importance; 1.0 pins it, and what it was before is kept for when that is undone."""
    pinned = importance == 1.0
    if pinned != row.pinned:
        row.unpinned_importance = row.importance_score if pinned else None
    row.importance_score, row.pinned = importance, pinned


def _rate(
    connection: Connection, row: MemoryRow, rating: RatingRow, recalled_with: Sequence[str], now: datetime
) -> None:
    memories.add_rating(connection, rating)
    memories.update(connection, row, "rated", None)
    known = memories.get_many(connection, recalled_with)  # without what was erased since
    associations.learn(connection, row.id, list(known), now, useful=rating.useful)
