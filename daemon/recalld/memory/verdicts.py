"""Verdicts kept: what each tree says of each anchor, and what turned.

A verdict is a pure function of the anchor's forms and the tree (`evidence.py`, `judgement.py`); `learning.py` says
which states of the code become forms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recalld.memory import judgement
from recalld.memory.anchors import SEPARATOR, place
from recalld.memory.clock import Clock
from recalld.memory.codebase import Codebase
from recalld.memory.difference import unified_diff
from recalld.memory.evidence import Finding, folder_became, search, standing
from recalld.memory.forms import inside
from recalld.memory.learning import Learning
from recalld.memory.snapshot import Snapshot
from recalld.memory.snapshots import Snapshots
from recalld.memory.trees import ROOT_FOLDER, Tree, Trees
from recalld.outline import Outline, last_name, plain
from recalld.store import Store, anchors, outlines
from recalld.store.rows import AnchorRow, FormRow, VerdictRow


@dataclass(frozen=True, slots=True)
class Turn:
    """A verdict that is another than before."""

    anchor: AnchorRow
    previous: VerdictRow | None
    now: VerdictRow


class Verdicts:
    """Computes verdicts and keeps them, in the store and in the tree's own table."""

    def __init__(self, store: Store, codebase: Codebase, trees: Trees, clock: Clock) -> None:
        self._store = store
        self._codebase = codebase
        self._trees = trees
        self._snapshots = Snapshots(store, codebase)
        self._learning = Learning(store, codebase, self._snapshots, clock)

    async def judge(
        self,
        tree: Tree,
        judged: Sequence[AnchorRow],
        fresh: Mapping[str, Outline | None] | None = None,
        *,
        settled: bool = True,
    ) -> list[Turn]:
        """Judge these anchors by the code as it stands in this tree; say which verdicts turned.

        Where an anchor's code was not there until now, it is accepted as the anchor's first form.

        Args:
            fresh: outlines that the store does not have yet, None for files that are gone.
            settled: whether the tree is as somebody wants it, not on its way through a checkout or rebase.
        """
        async with tree.judging:  # of two that judge at once, the one with older outlines must not come last
            snapshot = await self._snapshots.take(tree, judged, fresh or {})
            await self._learning.accept_first(tree, judged, snapshot)
            said = await self._say(tree, judged, snapshot)
            if left := self._learning.left_behind(tree, judged, said):
                again = await self._say(tree, list(left.values()), snapshot)
                helped = {each: now for each, now in again.items() if now.evidence != "nothing"}
                await self._learning.keep(tree, judged, {each: left[each] for each in helped})
                said |= helped
            await self._learning.sight(tree, judged, said, snapshot, settled=settled)
            return await self._keep(tree, judged, said)

    async def preview(self, tree: Tree, outline: Outline, content: bytes) -> Tree:
        """The tree as it would be judged if a file held this content; nothing of it is kept or learned.

        Args:
            outline: of that content.
        """
        fresh = {outline.path: outline}
        judged = await self.at(tree, [outline.path])
        known = {anchor.id for anchor in judged}
        judged += [each for each in await self.drifting(tree, fresh) if each.id not in known]
        snapshot = await self._snapshots.take(tree, judged, fresh)
        snapshot.contents[outline.path] = content
        said = await self._say(tree, judged, snapshot)
        if left := self._learning.left_behind(tree, judged, said):
            again = await self._say(tree, list(left.values()), snapshot)
            said |= {each: now for each, now in again.items() if now.evidence != "nothing"}
        return tree.as_if(said)

    # --- judging -----------------------------------------------------------------------------------

    async def _say(self, tree: Tree, judged: Sequence[AnchorRow], snapshot: Snapshot) -> dict[int, VerdictRow]:
        known = [anchor for anchor in judged if anchor.forms]
        said = {a.id: judgement.waiting(a, snapshot.outlines.get(a.path)) for a in judged if not a.forms}
        findings = {a.id: standing(a.forms, snapshot) for a in known if a.symbol is not None}
        rest = []
        for anchor in known:
            finding = findings.get(anchor.id)
            if anchor.kind == "symbol" and _is_known_true(anchor, finding):
                said[anchor.id] = judgement.of_symbol(anchor, finding or Finding(), snapshot)
            else:
                rest.append(anchor)
        if rest:  # code for which the memory is not known to be true is compared by its text
            rest = await self._whole(rest)
            lost = [anchor for anchor in rest if _is_lost(anchor, findings, snapshot)]
            if lost:
                await self._snapshots.widen(tree, snapshot, lost)
            await self._snapshots.read(tree, snapshot, _to_read(rest, findings))
            folders = [anchor for anchor in rest if anchor.kind == "folder"]
            said |= {anchor.id: await self._say_of_folder(tree, anchor, snapshot) for anchor in folders}
            # Comparing texts takes its time, and the loop has others to serve.
            said |= await asyncio.to_thread(_say_by_text, rest, findings, snapshot)
        return said

    async def _whole(self, bound: Sequence[AnchorRow]) -> list[AnchorRow]:
        """These anchors with their forms' code; forms that are not kept yet have theirs."""
        whole = await self._store.truth.read(anchors.whole, [anchor.id for anchor in bound])
        for anchor in bound:
            if anchor.id in whole:
                whole[anchor.id].forms += [form for form in anchor.forms if not form.id]
        return list(whole.values())

    async def _say_of_folder(self, tree: Tree, anchor: AnchorRow, snapshot: Snapshot) -> VerdictRow:
        for folder in dict.fromkeys(form.path for form in reversed(anchor.forms)):
            if await self._codebase.folder_exists(tree, folder):
                break
        else:
            everything = await self._snapshots.files_under(tree, ROOT_FOLDER, snapshot)
            became = folder_became(anchor.forms[-1].code.splitlines(), everything)
            if became is None:
                return judgement.of_folder(anchor, None, [])
            folder = became
        return judgement.of_folder(
            anchor, folder, inside(folder, await self._snapshots.files_under(tree, folder, snapshot))
        )

    async def _keep(self, tree: Tree, judged: Sequence[AnchorRow], said: Mapping[int, VerdictRow]) -> list[Turn]:
        turns: list[Turn] = []
        changed: list[VerdictRow] = []
        for anchor in judged:
            now, previous = said.get(anchor.id), tree.verdicts.get(anchor.id)
            if now is None:
                continue
            if now != previous:
                tree.say(anchor.id, now)
            if _is_drifting(anchor, now):
                tree.drifting[anchor.id] = anchor
            if now == previous:
                continue
            changed.append(now)
            if previous is None or _gist(previous) != _gist(now):
                turns.append(Turn(anchor, previous, now))
        if changed:
            await self._store.code.write(outlines.save_verdicts, tree.id, changed)
        return turns

    # --- forms -------------------------------------------------------------------------------------

    async def accept(self, tree: Tree, accepted: Sequence[AnchorRow]) -> list[AnchorRow]:
        """Accept the code of now as one more form of each anchor whose code stands somewhere in this tree.

        Returns:
            The anchors for which that was so.
        """
        standing_ones = [
            a for a in accepted if (said := tree.verdicts.get(a.id)) and said.verdict not in judgement.NOWHERE
        ]
        files = {tree.verdicts[anchor.id].path for anchor in standing_ones if anchor.kind != "folder"}
        snapshot = Snapshot(await self._codebase.outlines(tree, sorted(files)))
        await self._snapshots.read(tree, snapshot, files)
        forms: list[tuple[int, FormRow]] = []
        done: list[AnchorRow] = []
        for anchor in standing_ones:
            form = await self._learning.form(tree, anchor, tree.verdicts[anchor.id], snapshot, "accepted")
            if form is not None:
                forms.append((anchor.id, form))
                done.append(anchor)
        await self._learning.accept(forms)
        fresh = list((await self._store.truth.read(anchors.whole, [anchor.id for anchor in done])).values())
        for each in self._trees.of_workspace(tree.workspace_id):
            await self.judge(each, fresh)
        return done

    async def learn(self, tree: Tree) -> None:
        """Make forms of the places that code was followed to, so that the next step starts from there."""
        async with tree.judging:
            for anchor_id in await self._learning.learn(tree):
                tree.verdicts[anchor_id].evidence = "form"
                if not _is_drifting(tree.drifting.get(anchor_id), tree.verdicts[anchor_id]):
                    tree.drifting.pop(anchor_id, None)

    # --- asking ------------------------------------------------------------------------------------

    async def at(self, tree: Tree, paths: Sequence[str]) -> list[AnchorRow]:
        """The anchors with a form on these files and folders (a folder ends in `/`), or whose code stands there now."""
        ids = tree.standing_at(paths)
        return await self._store.truth.read(anchors.anchors_at, [tree.workspace_id], paths, ids)

    async def drifting(self, tree: Tree, fresh: Mapping[str, Outline | None]) -> list[AnchorRow]:
        """The anchors whose place is not certain and that the news in these files might concern.

        Those have been found by more than their name, or not at all; a new copy of their code, or code of their
        name, may say something else.

        Args:
            fresh: outlines that the store does not have yet, None for files that are gone.
        """
        if not tree.drifting:
            return []
        before = await self._store.code.read(outlines.get_many, tree.id, list(fresh))
        known = {(path, each.name, each.fingerprint) for path, outline in before.items() for each in outline.symbols}
        symbols = [
            symbol
            for path, outline in fresh.items()
            for symbol in (outline.symbols if outline else ())
            if (path, symbol.name, symbol.fingerprint) not in known
        ]
        fingerprints = {symbol.fingerprint for symbol in symbols}
        tails = {plain(last_name(symbol.name)) for symbol in symbols}
        marks = {mark for symbol in symbols for mark in symbol.marks}
        names = {path.rpartition("/")[2] for path in fresh}

        def concerned(anchor: AnchorRow) -> bool:
            candidates = tree.verdicts[anchor.id].candidates
            if anchor.kind == "folder" or any(each.partition(SEPARATOR)[0] in fresh for each in candidates):
                return True
            return any(
                form.fingerprint in fingerprints
                or plain(last_name(form.symbol)) in tails
                or not marks.isdisjoint(form.marks)
                if form.symbol
                else form.path.rpartition("/")[2] in names
                for form in anchor.forms
            )

        ids = [anchor.id for anchor in tree.drifting.values() if concerned(anchor)]
        return await self._store.truth.read(anchors.anchors_at, [tree.workspace_id], [], ids) if ids else []

    async def judge_all(self, tree: Tree, *, settled: bool = True) -> list[Turn]:
        """Judge every anchor of the tree's workspace."""
        everything = await self._store.truth.read(anchors.workspace_anchors, tree.workspace_id)
        return await self.judge(tree, everything, settled=settled)

    def of(self, tree: Tree, anchor: AnchorRow) -> VerdictRow:
        """What the tree says of an anchor; `missing` until it was judged."""
        return tree.verdicts.get(anchor.id) or judgement.unjudged(anchor, f"{anchor.path} was not looked at yet")

    async def diff(self, tree: Tree, anchor: AnchorRow) -> str:
        """The code of an anchor then and now as a unified diff; empty where nothing is different, or nothing stands.

        Args:
            anchor: with its forms' code.
        """
        now = self.of(tree, anchor)
        if now.verdict not in ("changed", "moved+changed"):
            return ""
        snapshot = await self._snapshots.take(tree, [AnchorRow(kind="file", path=now.path)], {})
        await self._snapshots.read(tree, snapshot, [now.path])
        form = await self._learning.form(tree, anchor, now, snapshot, "accepted")
        if form is None:
            return ""
        accepted = [known for known in anchor.forms if known.source != "followed"]
        then = judgement.nearest(accepted, form.code, form.language, form.symbol)
        texts = (then.excerpt, form.excerpt) if anchor.kind == "lines" else (then.code, form.code)
        return unified_diff(*texts, place(then.path, then.symbol), place(form.path, form.symbol), form.language)

    async def drop(self, tree: Tree, anchor_ids: Sequence[int]) -> None:
        """Forget the verdicts of anchors that are no more."""
        for anchor_id in anchor_ids:
            tree.say(anchor_id, None)
            tree.sightings.pop(anchor_id, None)
        await self._store.code.write(outlines.drop_verdicts, list(anchor_ids))


_UNCERTAIN = frozenset({"file", "body", "likeness", "nothing"})


def _is_drifting(anchor: AnchorRow | None, now: VerdictRow) -> bool:
    """Whether files may turn a verdict that are not at the anchor's places."""
    if now.evidence in _UNCERTAIN:
        return True
    return anchor is not None and anchor.kind == "folder" and now.verdict != "current"


def _is_known_true(anchor: AnchorRow, finding: Finding | None) -> bool:
    if finding is None or finding.place is None or finding.evidence != "form":
        return False
    standing_there = finding.place.symbol.fingerprint
    return any(form.fingerprint == standing_there for form in anchor.forms if form.source != "followed")


def _is_lost(anchor: AnchorRow, findings: Mapping[int, Finding | None], snapshot: Snapshot) -> bool:
    if anchor.kind == "folder":
        return False
    if anchor.symbol is not None:
        return findings[anchor.id] is None
    return all(snapshot.outlines.get(form.path) is None for form in anchor.forms)


def _to_read(rest: Sequence[AnchorRow], findings: Mapping[int, Finding | None]) -> list[str]:
    """The files whose contents judging these anchors takes, beside those that lost ones may be in."""
    paths = []
    for anchor in rest:
        finding = findings.get(anchor.id)
        if finding is not None and finding.place is not None:
            paths.append(finding.place.outline.path)
        elif anchor.symbol is None and anchor.kind != "folder":
            paths += [form.path for form in anchor.forms]
    return paths


def _say_by_text(
    rest: Sequence[AnchorRow], findings: Mapping[int, Finding | None], snapshot: Snapshot
) -> dict[int, VerdictRow]:
    said = {}
    for anchor in rest:
        if anchor.symbol is not None:
            finding = findings[anchor.id] or search(anchor.forms, snapshot)
            said[anchor.id] = judgement.of_symbol(anchor, finding, snapshot)
        elif anchor.kind != "folder":
            said[anchor.id] = _say_of_file(anchor, snapshot)
    return said


def _say_of_file(anchor: AnchorRow, snapshot: Snapshot) -> VerdictRow:
    accepted_first = sorted(anchor.forms, key=lambda form: (form.source != "followed", form.id), reverse=True)
    here = [outline for form in accepted_first if (outline := snapshot.outlines.get(form.path))]
    became = [path for form in accepted_first for path in snapshot.became.get(form.path, ())]
    there = [outline for path in dict.fromkeys(became) if (outline := snapshot.outlines.get(path))]
    outline = here[0] if here else there[0] if len(there) == 1 else None
    content = snapshot.contents.get(outline.path, b"") if outline else b""
    return judgement.of_file(anchor, outline, [] if here else there, content)


def _gist(said: VerdictRow) -> tuple[str, str, str | None]:
    return said.verdict, said.path, said.symbol
