"""The audit: which memories somebody should look at, why, and what to do about each."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.values import VERDICTS_WORST_FIRST, Act, Brief, Finding
from recalld.memory.answers import STALE
from recalld.memory.checks import Checks
from recalld.memory.clock import Clock, iso
from recalld.memory.findings import PRESSING, Doubt, Seen, Standing, double, doubts, lost_concept, open_ones
from recalld.memory.search import Search
from recalld.memory.trees import PERSONAL, Tree, Trees
from recalld.memory.views import Views
from recalld.memory.workdays import Workdays
from recalld.store import Store, anchors, audits, links, memories
from recalld.store.audits import Answer, Examined
from recalld.vectors import Vectors

ABOUT_SCORE = 0.25
"""What scores less is related to what the audit is to be about, and no more."""
ASKED_S, JOB_S = 2.0, 480.0
"""How long an audit takes long looks at what is new, where somebody waits for it, and where nobody does."""
ASKED_REST, JOB_REST = 0.5, 9.0
"""How long it rests in between, as a share of the looks, so that searches do not wait for it."""
SETTLED_S = 60.0
"""How long the job waits for the index at most."""
SLICE = 200
"""Memories that are gone through at a time: two milliseconds, and as long a rest, so that no request waits for more."""
MOST_LOST = 200
"""Concepts without memories that are told at most."""
MOST_OPEN = 2_000
"""Memories that are kept as to be looked at."""
MOST_SETTLED = 20
"""Rounds in which the findings of some memories are answered; each shows what weighed less before."""
_SEVERITY = {verdict: position for position, verdict in enumerate(VERDICTS_WORST_FIRST)}
_HOW: dict[Act, str] = {
    "keep": "recall audit --keep {id}",
    "verify": "recall audit --verify {id}",
    "edit": "recall edit {id}",
    "supersede": "recall link {other} --supersedes {id}",
    "forget": "recall forget {id}",
    "purge": "recall forget --purge {id}",
}


@dataclass(slots=True)
class _Report:
    """What going through all memories of a workspace gave."""

    stale: list[tuple[int, float, int, str]] = field(default_factory=list)
    """How bad, how important, `seq` and id of what no longer agrees with the code, the worst first."""
    anchored: int = 0
    doubts: list[Doubt] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    """Of the memories of the workspace itself, by id."""


class Audit:
    """Goes through a workspace's memories for those that somebody should look at."""

    def __init__(
        self,
        store: Store,
        search: Search,
        views: Views,
        vectors: Vectors,
        trees: Trees,
        workdays: Workdays,
        clock: Clock,
    ) -> None:
        self._store = store
        self._search = search
        self._views = views
        self._trees = trees
        self._workdays = workdays
        self._clock = clock
        self._vectors = vectors
        self._checks = Checks(store, vectors)

    # --- asked for --------------------------------------------------------------------------------

    async def audit(self, tree: Tree, request: wire.Audit) -> wire.AuditReply:
        """What should be looked at, what matters most first; and of what was asked about, all that matches."""
        warnings: list[str] = []
        matching = await self._matching(tree, request, warnings)
        unchecked = 0
        for workspace_id in (PERSONAL, tree.workspace_id):
            unchecked += await self._checks.go_on(workspace_id, budget_s=ASKED_S, rest=ASKED_REST)
        wanted = _wanted(matching, request.ids)
        report = await self._gone_through(tree, wanted)
        shown, quiet = await self._open(tree, report, put_off=request.put_off)
        if wanted is None and not request.put_off:
            await self._keep_open(tree, report, shown)
        stale, cut = [each for *_, each in report.stale[: request.limit]], shown[: request.limit]
        matched = (matching or [])[: request.limit]
        others = [each.other_id for each in cut if each.other_id is not None]
        briefs = await self._briefs(tree, [*stale, *matched, *others, *(each.memory_id for each in cut)])
        doubted = {each.memory_id for each in shown}
        return wire.AuditReply(
            memories=[briefs[each] for each in stale if each in briefs],
            checked=report.anchored,
            total=len(report.stale),
            warnings=warnings,
            findings=[_finding(each, briefs) for each in cut if each.memory_id in briefs],
            findings_total=len(shown),
            by_kind=dict(Counter(each.kind for each in shown).most_common()),
            quiet=quiet,
            unchecked=unchecked,
            matching=[briefs[each] for each in matched if each in briefs],
            matching_total=len(matching or ()),
            healthy=[each for each in matched if each in briefs and each not in doubted],
        )

    async def answer(self, tree: Tree, request: wire.AuditAnswer) -> wire.Done:
        """Keep that a memory is to stay as it is, until something about it changes.

        Raises:
            RecallError: `unknown_id`.
        """
        row = await self._store.truth.read(memories.get, request.id)
        if row is None or row.workspace_id not in (tree.workspace_id, PERSONAL):
            raise RecallError("unknown_id", f"there is no memory {request.id} in this workspace", field="id")
        said = Answer(request.id, request.kind, request.about, request.state, request.answer)
        await self._store.truth.write(audits.keep_answer, said, iso(self._clock()))
        return wire.Done()

    async def settle(self, tree: Tree, request: wire.AuditSettle) -> wire.AuditSettleReply:
        """Answer all that is found of some memories, round by round, as each brings to light what weighs less.

        Raises:
            RecallError: `invalid_params` where nothing is found of one of them.
        """
        answered: list[Finding] = []
        for _ in range(MOST_SETTLED):
            found = (await self.audit(tree, wire.Audit(ids=request.ids, limit=wire.MAX_LIMIT))).findings
            if not answered and (unfound := set(request.ids) - {finding.memory.id for finding in found}):
                named = ", ".join(sorted(unfound))
                raise RecallError("invalid_params", f"an audit finds nothing of {named}", field="ids")
            if not found:
                break
            for finding in found:
                said = Answer(finding.memory.id, finding.kind, finding.about, finding.state, request.answer)
                await self._store.truth.write(audits.keep_answer, said, iso(self._clock()))
            answered += found
        return wire.AuditSettleReply(findings=answered)

    # --- the job ----------------------------------------------------------------------------------

    async def run(self) -> str:
        """Audit all workspaces that are followed, and keep how many memories of each are to be looked at.

        Returns:
            What was found, in words.
        """
        found = 0
        await self._vectors.settled(
            SETTLED_S, hurry=False
        )  # they are still loading where it is made up for at the start
        trees = {tree.workspace_id: tree for tree in self._trees}
        for workspace_id in (PERSONAL, *trees):
            await self._checks.go_on(workspace_id, budget_s=JOB_S / (len(trees) + 1), rest=JOB_REST)
        for tree in trees.values():
            report = await self._gone_through(tree, None)
            found += await self._keep_open(tree, report, (await self._open(tree, report))[0])
        return f"{found:,} to look at"

    async def _keep_open(self, tree: Tree, report: _Report, shown: Sequence[Doubt]) -> int:
        pressing = [each.memory_id for each in shown if each.kind in PRESSING and each.memory_id in report.versions]
        counted = {each: report.versions[each] for each in pressing[:MOST_OPEN]}
        await self._store.truth.write(audits.set_open, tree.workspace_id, counted)
        return len(counted)

    # --- going through ----------------------------------------------------------------------------

    async def _gone_through(self, tree: Tree, wanted: Collection[str] | None) -> _Report:
        """All that speaks against a workspace's memories and personal ones, or against those that are wanted."""
        report = _Report()
        doubles: dict[str, Examined] = {}
        replaced: set[str] = set()
        for workspace_id in (tree.workspace_id, PERSONAL):
            standing = await self._standing(tree, workspace_id)
            replaced |= standing.successors.keys()
            after = 0
            while rows := await self._store.truth.read(audits.examined, workspace_id, after, SLICE):
                began, after = time.monotonic(), rows[-1].seq
                for one in rows:
                    if one.double_id is not None:
                        doubles[one.id] = one
                    if wanted is None or one.id in wanted:
                        _add(report, tree, one, standing)
                if workspace_id == tree.workspace_id:
                    report.versions |= {one.id: one.version for one in rows}
                await asyncio.sleep(time.monotonic() - began)
        report.stale.sort()
        besides = await self._doubles(doubles, replaced)
        lost = await self._store.truth.read(audits.lost_concepts, tree.workspace_id, MOST_LOST)
        besides += [lost_concept(each.memory_id, each.key, each.label, each.memories) for each in lost]
        report.doubts += [each for each in besides if wanted is None or each.memory_id in wanted]
        return report

    async def _standing(self, tree: Tree, workspace_id: str) -> Standing:
        scope = [tree.workspace_id, PERSONAL]
        successors = await self._store.truth.read(audits.successors, scope, workspace_id)
        at_odds: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for older, newer, text in await self._store.truth.read(audits.at_odds, workspace_id):
            if older not in successors and newer not in successors:
                at_odds[older].append((newer, text))
        return Standing(successors, at_odds, self._workdays.of(workspace_id))

    async def _doubles(self, found: dict[str, Examined], replaced: Collection[str]) -> list[Doubt]:
        """A doubt of one of each two that say the same, both in force, with nothing said of the two of them."""
        said = await self._store.truth.read(audits.linked, list(found))
        others = list({each.double_id for each in found.values() if each.double_id is not None})
        rows = await self._store.truth.read(audits.some_examined, others)
        pairs: dict[frozenset[str], Doubt] = {}
        for one in found.values():
            other = rows.get(one.double_id or "")
            if other is None or other.text_hash != one.double_hash:
                continue
            pair = frozenset((one.id, other.id))
            if pair not in said and pair.isdisjoint(replaced):
                pairs.setdefault(pair, double(one, other))
        return list(pairs.values())

    async def _open(self, tree: Tree, report: _Report, *, put_off: bool = False) -> tuple[list[Doubt], int]:
        answers = await self._store.truth.read(audits.answers, [tree.workspace_id, PERSONAL])
        return await asyncio.to_thread(open_ones, report.doubts, answers, put_off=put_off)

    # --- what was asked about ---------------------------------------------------------------------

    async def _matching(self, tree: Tree, request: wire.Audit, warnings: list[str]) -> list[str] | None:
        """The ids of the memories that are asked about, the best answers, or else the oldest, first; None for all."""
        if request.about is None and request.older_than_days is None:
            return None
        older_than = None
        if request.older_than_days is not None:
            older_than = iso(self._clock() - timedelta(days=request.older_than_days))
        old: list[str] = []
        for workspace_id in (tree.workspace_id, PERSONAL):
            old += await self._store.truth.read(
                memories.matching, workspace_id, older_than=older_than, containing=request.about
            )
        if request.about is None:
            return old
        found = await self._search.search(tree, wire.Search(query=request.about, limit=wire.MAX_LIMIT))
        warnings += found.warnings
        about = [brief for brief in found.results if (brief.score or 0.0) >= ABOUT_SCORE]
        if older_than is not None:
            about = [brief for brief in about if brief.created_at < older_than]
        # Search looks at the likeliest few hundred; what has the very words is about it, however many these are.
        return list(dict.fromkeys([*(brief.id for brief in about), *old]))

    async def _briefs(self, tree: Tree, ids: Sequence[str]) -> dict[str, Brief]:
        distinct = list(dict.fromkeys(ids))
        rows = await self._store.truth.read(memories.get_many, distinct)
        bound = await self._store.truth.read(anchors.anchors_of, distinct)
        successors = await self._store.truth.read(links.superseded, [tree.workspace_id, PERSONAL], distinct)
        briefs = {}
        for row in rows.values():
            briefs[row.id] = self._views.brief(tree, row, bound.get(row.id, []), superseded_by=successors.get(row.id))
            briefs[row.id].evidence = row.evidence
        return briefs


def _wanted(matching: Sequence[str] | None, ids: Sequence[str]) -> set[str] | None:
    """The memories that an audit is to be about; None for all."""
    if not ids:
        return None if matching is None else set(matching)
    return set(ids) if matching is None else set(ids) & set(matching)


def _add(report: _Report, tree: Tree, one: Examined, standing: Standing) -> None:
    seen = _seen(tree, one.anchor_ids) if one.anchor_ids else None
    if seen is not None:
        report.anchored += 1
        if seen.verdict in STALE:
            report.stale.append((_SEVERITY[seen.verdict], -one.importance_score, -one.seq, one.id))
    report.doubts += doubts(one, seen, standing)


def _seen(tree: Tree, anchor_ids: Sequence[int]) -> Seen:
    """The worst that a tree says of a memory's anchors; of what was not judged yet it says nothing."""
    judged = [said for each in anchor_ids if (said := tree.verdicts.get(each)) is not None]
    if not judged:
        return Seen("current", "", "")
    worst = min(judged, key=lambda each: _SEVERITY[each.verdict])
    stale = sorted(f"{each.path} {each.fingerprint}" for each in judged if each.verdict in STALE)
    return Seen(worst.verdict, worst.reason, " ".join(stale))


def _finding(doubt: Doubt, briefs: dict[str, Brief]) -> Finding:
    return Finding(
        kind=doubt.kind,
        memory=briefs[doubt.memory_id],
        reason=doubt.reason,
        act=doubt.act,
        how=_HOW[doubt.act].format(id=doubt.memory_id, other=doubt.other_id),
        other=briefs.get(doubt.other_id or ""),
        about=doubt.about,
        state=doubt.state,
    )
