"""Before a project relies on its memories: the cookbook's list, each line with what there is and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recall.protocol import requests as wire
from recall.protocol.values import ReadyLine
from recalld.memory.mentions import places_in
from recalld.memory.trees import PERSONAL, Tree
from recalld.store import Store, readiness
from recalld.store.readiness import Brief

ENOUGH_DECISIONS, ENOUGH_RATED = 10, 5
SHOWN = 3
"""Memories that are named where a line has some to complain of."""
_INVARIANT = re.compile(
    r"\b(?:isolat\w+|tenan\w+|invariants?|never leave|must never|secur\w+|authori[sz]\w+|permissions?)\b", re.IGNORECASE
)
"""What an invariant of security or isolation is likely to say in its title."""


class Readiness:
    """Goes through the list."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ready(self, tree: Tree) -> wire.ReadyReply:
        """How a workspace stands by each line of the list; personal memories count."""
        scope = [tree.workspace_id, PERSONAL]
        told = await self._store.truth.read(readiness.briefs, scope)
        sessions = await self._store.truth.read(readiness.sessions, tree.workspace_id)
        rated = await self._store.truth.read(readiness.rated, scope)
        lines = [_captured(told), _injected(sessions), _rated(rated), _tied(told), _pinned(told), _ended(sessions)]
        return wire.ReadyReply(ready=all(line.ready for line in lines), lines=lines)


def _captured(told: Sequence[Brief]) -> ReadyLine:
    decisions = [each for each in told if each.memory_type in ("decision", "architecture")]
    best = "; ".join(each.title for each in decisions[:ENOUGH_DECISIONS])
    ready = len(decisions) >= ENOUGH_DECISIONS
    return ReadyLine(
        line="Search your workspace for the 10 most important architectural decisions — confirm they're captured",
        ready=ready,
        found=_count(len(decisions), "decision") + (f": {best}" if best else ""),
        act="see whether the ten that matter most are among them: recall list --type decision --type architecture"
        if ready
        else 'store those that are missing: recall store "TITLE" --type decision -c "TEXT" --file PATH',
    )


def _injected(sessions: readiness.Sessions) -> ReadyLine:
    last = f", the last one on {sessions.last_at[:10]}" if sessions.last_at else ""
    return ReadyLine(
        line="Test session context injection: start a new session and verify the injected memories are the right ones",
        ready=sessions.given > 0,
        found=f"{_count(sessions.started, 'session')}{last}; memories handed over: {sessions.given:,}",
        act="" if sessions.given else "start a session and look at what it is given: recall session start",
    )


def _rated(rated: int) -> ReadyLine:
    return ReadyLine(
        line="Rate at least 5 memories after use to seed the feedback loop",
        ready=rated >= ENOUGH_RATED,
        found=f"memories that were rated: {rated:,}",
        act="" if rated >= ENOUGH_RATED else "rate what helped, and what did not: recall rate ID --useful",
    )


def _tied(told: Sequence[Brief]) -> ReadyLine:
    loose = [each for each in told if not each.tied and _names_code(each)]
    return ReadyLine(
        line="Confirm source_files are set on all file-specific decisions so memory_by_file works",
        ready=not loose,
        found=_named(loose, "naming files and tied to none", "all memories that name files are tied to code"),
        act=f"tie them to what they are about: recall edit {loose[0].id} --file PATH" if loose else "",
    )


def _pinned(told: Sequence[Brief]) -> ReadyLine:
    invariants = [each for each in told if each.memory_type == "security" or _INVARIANT.search(each.title)]
    loose = [each for each in invariants if not each.pinned]
    none = f"all {len(invariants):,} that look like one are pinned" if invariants else "nothing looks like one"
    act = "" if invariants else "store them with importance 1, if the project has any: recall store … --importance 1"
    return ReadyLine(
        line="Check that security and isolation invariants have importance_score: 1.0",
        ready=bool(invariants) and not loose,
        found=_named(loose, "looking like one and not pinned", none),
        act=f"pin those that must always hold: recall pin {loose[0].id}" if loose else act,
    )


def _ended(sessions: readiness.Sessions) -> ReadyLine:
    ready = sessions.ended > 0 and sessions.summarised * 2 >= sessions.ended
    return ReadyLine(
        line="Run session_end with a summary at the end of each work period to trigger extraction",
        ready=ready,
        found=f"{_count(sessions.ended, 'session')} ended, {sessions.summarised:,} with a summary",
        act="" if ready else 'end the session with what came of it: recall session end ID --summary "TEXT"',
    )


def _names_code(one: Brief) -> bool:
    files, symbols = places_in(f"{one.title}\n{one.narrative}", [])
    return bool(symbols) or any("/" in each for each in files)


def _named(some: Sequence[Brief], like: str, none: str) -> str:
    if not some:
        return none
    more = f" and {len(some) - SHOWN:,} more" if len(some) > SHOWN else ""
    return f"{len(some):,} {like}: " + "; ".join(f"{each.title} ({each.id})" for each in some[:SHOWN]) + more


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
