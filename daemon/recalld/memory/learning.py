"""Learning: which states of code become forms of an anchor, besides those with which it was stored.

What stands at an anchor's place and is none of its forms is remembered as a sighting. A place that code was followed to
becomes a form at once, so that the next step starts from there. Code that was edited in its place becomes one only when
it is not found any more by the others. What was seen while git was at work or a file half written never does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs
from sqlalchemy import Connection

from recalld.memory import judgement
from recalld.memory.anchors import place
from recalld.memory.clock import Clock, iso
from recalld.memory.codebase import Codebase
from recalld.memory.forms import form_of_file, form_of_folder, form_of_symbol, lines_of
from recalld.memory.snapshot import Snapshot
from recalld.memory.snapshots import Snapshots
from recalld.memory.trees import Tree
from recalld.store import Store, anchors, outlines
from recalld.store.rows import AnchorRow, FormRow, FormSource, SightingRow, VerdictRow


class Learning:
    """Makes forms and sightings. Whoever calls it holds the tree's lock for judging."""

    def __init__(self, store: Store, codebase: Codebase, snapshots: Snapshots, clock: Clock) -> None:
        self._store = store
        self._codebase = codebase
        self._snapshots = snapshots
        self._clock = clock

    async def accept_first(self, tree: Tree, judged: Sequence[AnchorRow], snapshot: Snapshot) -> None:
        """Accept the code of anchors that waited for it until now."""
        for anchor in judged:
            if anchor.forms:
                continue
            outline = snapshot.outlines.get(anchor.path)
            there = judgement.waiting(anchor, outline)
            if anchor.kind == "folder":
                if not await self._codebase.folder_exists(tree, anchor.path):
                    continue
                there.verdict = "current"
            if there.verdict == "current":
                await self._snapshots.read(tree, snapshot, [anchor.path])
                form = await self.form(tree, anchor, there, snapshot, "stored")
                if form is not None:
                    await self._store.truth.write(anchors.add_form, anchor.id, form)
                    anchor.forms.append(form)

    def left_behind(
        self, tree: Tree, judged: Sequence[AnchorRow], said: Mapping[int, VerdictRow]
    ) -> dict[int, AnchorRow]:
        """Anchors whose code was edited in its place and is not there now, with its last state as one more form."""
        left = {}
        for anchor in judged:
            sighting, now = tree.sightings.get(anchor.id), said.get(anchor.id)
            if sighting is None or now is None or not sighting.settled or now.evidence == "form":
                continue
            form = sighting.form
            if now.evidence == "nothing" or place(form.path, form.symbol) != place(now.path, now.symbol):
                left[anchor.id] = structs.replace(anchor, forms=[*anchor.forms, form])
        return left

    async def keep(self, tree: Tree, judged: Sequence[AnchorRow], helpful: Mapping[int, AnchorRow]) -> None:
        """Make the last forms of these anchors, by which their code was found, forms for good."""
        stored = await self._learned(tree, [(anchor.id, anchor.forms[-1]) for anchor in helpful.values()])
        for anchor in judged:
            if anchor.id in stored:
                anchor.forms.append(stored[anchor.id])

    async def learn(self, tree: Tree) -> list[int]:
        """Make forms of the places that code was followed to, so that the next step starts from there.

        Returns:
            The ids of the anchors that have one more.
        """
        followed = [s for s in tree.sightings.values() if s.followed and s.settled]
        return list(await self._learned(tree, [(each.anchor_id, each.form) for each in followed]))

    async def _learned(self, tree: Tree, forms: Sequence[tuple[int, FormRow]]) -> dict[int, FormRow]:
        if not forms:
            return {}
        for _, form in forms:
            if form.symbol is not None:
                form.namesakes = await self._codebase.namesakes(tree, form.path, form.symbol, form.size)
        stored = await self._store.truth.write(_add_forms, forms)
        for anchor_id in stored:
            tree.sightings.pop(anchor_id, None)
        await self._store.code.write(outlines.save_sightings, tree.id, [], list(stored))
        return stored

    async def sight(
        self,
        tree: Tree,
        judged: Sequence[AnchorRow],
        said: Mapping[int, VerdictRow],
        snapshot: Snapshot,
        *,
        settled: bool,
    ) -> None:
        """Remember what stands at the anchors' places and is none of their forms."""
        sighted: list[SightingRow] = []
        gone: list[int] = []
        for anchor in judged:
            now, before = said.get(anchor.id), tree.sightings.get(anchor.id)
            if now is None:
                continue
            if now.evidence == "nothing":
                continue  # what was there before may yet help to find it
            if _is_form(anchor.forms, now):
                if tree.sightings.pop(anchor.id, None):
                    gone.append(anchor.id)
                continue
            sure = settled and not _half_written(anchor, snapshot)
            if before is not None and _is_form([before.form], now) and (before.settled or not sure):
                continue
            form = await self.form(tree, anchor, now, snapshot, "followed")
            if form is not None:
                came = all((each.path, each.symbol) != (now.path, now.symbol) for each in anchor.forms)
                sighting = SightingRow(anchor_id=anchor.id, settled=sure, followed=came, form=form)
                tree.sightings[anchor.id] = sighting
                sighted.append(sighting)
        if sighted or gone:
            await self._store.code.write(outlines.save_sightings, tree.id, sighted, gone)

    async def accept(self, forms: Sequence[tuple[int, FormRow]]) -> None:
        """Keep forms that somebody accepted, each with its anchor's id."""
        await self._store.truth.write(_add_forms, forms)

    async def form(
        self, tree: Tree, anchor: AnchorRow, now: VerdictRow, snapshot: Snapshot, source: FormSource
    ) -> FormRow | None:
        """The form of an anchor's code as it stands; None where its file has changed meanwhile."""
        at = iso(self._clock())
        if anchor.kind == "folder":
            return form_of_folder(now.path, await self._snapshots.files_under(tree, now.path, snapshot), at, source)
        outline, content = snapshot.outlines.get(now.path), snapshot.contents.get(now.path, b"")
        if outline is None or not (content or not outline.lines):
            return None
        symbol = next((each for each in outline.symbols if each.name == now.symbol), None)
        if symbol is None:
            form = form_of_file(outline, content, at, source)
            form.namesakes = await self._codebase.twins(tree, outline)
        elif source == "followed" and outline.status == "partial":
            return None  # half written
        else:
            form = form_of_symbol(outline, symbol, content, at, source)
            if source != "followed":  # those wait until they are learned
                form.namesakes = await self._codebase.namesakes(tree, outline.path, symbol.name, symbol.size)
        if anchor.kind == "lines" and now.line and now.end_line:
            form.excerpt = lines_of(content, now.line, now.end_line)
            form.excerpt_line = now.line - (symbol.line if symbol else 1)
        return form


def _is_form(forms: Sequence[FormRow], now: VerdictRow) -> bool:
    return any(
        (form.path, form.symbol) == (now.path, now.symbol)
        and now.fingerprint == (form.fingerprint if form.symbol else form.content_hash)
        for form in forms
    )


def _half_written(anchor: AnchorRow, snapshot: Snapshot) -> bool:
    """Whether a file that had the code looks as if somebody was not done with writing it."""
    left = (snapshot.outlines.get(form.path) for form in anchor.forms if anchor.kind != "folder")
    return any(outline is not None and (outline.status == "partial" or not outline.lines) for outline in left)


def _add_forms(connection: Connection, forms: Sequence[tuple[int, FormRow]]) -> dict[int, FormRow]:
    return {anchor_id: anchors.add_form(connection, anchor_id, form) for anchor_id, form in forms}
