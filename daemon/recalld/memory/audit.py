"""The audit: which memories may not be true any more, because the code they are tied to has changed or is gone."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from recall.protocol import requests as wire
from recall.protocol.values import VERDICTS_WORST_FIRST
from recalld.memory.answers import STALE
from recalld.memory.clock import Clock, iso
from recalld.memory.search import Search
from recalld.memory.trees import PERSONAL, Tree
from recalld.memory.verdicts import Verdicts
from recalld.memory.views import Views
from recalld.store import Store, anchors, links, memories
from recalld.store.rows import AnchorRow

ABOUT_SCORE = 0.25
"""What scores less is related to what the audit is to be about, and no more."""
_SEVERITY = {verdict: position for position, verdict in enumerate(VERDICTS_WORST_FIRST)}


class Audit:
    """Looks through a workspace's memories for those that no longer agree with the code."""

    def __init__(self, store: Store, search: Search, verdicts: Verdicts, views: Views, clock: Clock) -> None:
        self._store = store
        self._search = search
        self._verdicts = verdicts
        self._views = views
        self._clock = clock

    async def audit(self, tree: Tree, request: wire.Audit) -> wire.AuditReply:
        """The stale memories of the tree's workspace, the worst first, then the most important."""
        by_memory: defaultdict[str, list[AnchorRow]] = defaultdict(list)
        for anchor in await self._store.truth.read(anchors.workspace_anchors, tree.workspace_id):
            by_memory[anchor.memory_id].append(anchor)
        warnings: list[str] = []
        looked_at = set(by_memory)
        if request.older_than_days is not None:
            older_than = iso(self._clock() - timedelta(days=request.older_than_days))
            looked_at &= set(await self._store.truth.read(memories.matching, tree.workspace_id, older_than=older_than))
        if request.about is not None:
            found = await self._search.search(tree, wire.Search(query=request.about, limit=wire.MAX_LIMIT))
            looked_at &= {brief.id for brief in found.results if (brief.score or 0.0) >= ABOUT_SCORE}
            warnings = found.warnings
        worst = {each: self._worst(tree, by_memory[each]) for each in looked_at}
        stale = [each for each in looked_at if VERDICTS_WORST_FIRST[worst[each]] in STALE]
        rows = await self._store.truth.read(memories.get_many, stale)
        ranked = sorted(rows.values(), key=lambda row: (worst[row.id], -row.importance_score, -row.seq))
        successors = await self._store.truth.read(links.superseded, [tree.workspace_id, PERSONAL], list(rows))
        shown = []
        for row in ranked[: request.limit]:
            brief = self._views.brief(tree, row, by_memory[row.id], superseded_by=successors.get(row.id))
            brief.evidence = row.evidence
            shown.append(brief)
        return wire.AuditReply(memories=shown, checked=len(looked_at), total=len(ranked), warnings=warnings)

    def _worst(self, tree: Tree, bound: list[AnchorRow]) -> int:
        """Where the worst verdict of a memory's anchors stands among all verdicts, the worst being 0."""
        return min(_SEVERITY[self._verdicts.of(tree, anchor).verdict] for anchor in bound)
