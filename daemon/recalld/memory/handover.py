"""What a session is handed, and what is noted of it, so that nothing is handed over twice unless it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recalld.config import Config
from recalld.memory.answers import STALE
from recalld.memory.giving import Injected, Room
from recalld.memory.injection import Injection, Wanted, counted, summed_up
from recalld.memory.journal import CHANGED, OPENED, OpenSession
from recalld.memory.occasions import Occasions, Place
from recalld.memory.trees import Tree
from recalld.memory.working import Work
from recalld.store import Store, worklog
from recalld.store.rows import GivenRow, SessionRow

MAX_AGENTS = 100
"""Subagents of a session of which is known what they were given, the latest."""


class Handover:
    """Hands over what matters now, or what one occasion calls for."""

    def __init__(self, config: Config, store: Store, injection: Injection, occasions: Occasions) -> None:
        self._config = config
        self._store = store
        self._injection = injection
        self._occasions = occasions

    async def lose(self, session: OpenSession) -> None:
        """A session has nothing any more of what it was given."""
        async with session.giving:
            await self._store.truth.write(worklog.lose, session.row.seq)

    async def what_matters(
        self,
        tree: Tree,
        session: OpenSession,
        request: wire.SessionStart | wire.SessionGetContext,
        files: Sequence[str],
        work: Work,
        task: str,
        folder: str | None = None,
    ) -> wire.SessionContextReply:
        """What is worth knowing now, whatever is asked: what is pinned, and what has most to do with the work.

        Args:
            files: open, or about to be worked on; relative to the tree's root.
            folder: the part of the tree that is worked in; None for all of it.
        """
        async with session.giving:
            row = session.row
            latest = await self._store.truth.read(worklog.latest, tree.workspace_id, 2)
            before = next((each for each in latest if each.seq != row.seq), None)
            budget = self._config.session_tokens if request.token_budget is None else request.token_budget
            seen = [*reversed(session.places(OPENED)), *reversed(tree.open_files)]
            changed = [place for place in reversed(session.places(CHANGED)) if "::" not in place]
            wanted = Wanted(
                files=[*files, *seen],
                work=work._replace(changed=tuple(dict.fromkeys([*changed, *work.changed]))),
                task=task,
                folder=folder,
                last_session=before.id if before else None,
                given=await self._has(session, None),
                token_budget=budget,
                max_memories=request.max_memories,
                personal=request.personal,
            )
            chosen = await self._injection.choose(tree, wanted)
            await self._note_given(session, None, chosen)
        reply = _handed_over(row, chosen, budget)
        reply.last_session_at = last_at = (before.ended_at or before.active_at) if before else None
        reply.last_summary = before.summary if before else ""
        reply.context_summary = summed_up(chosen.memories, last_at)
        if chosen.unfit:
            reply.warnings.append(
                f"{chosen.unfit} pinned memories have no room in {budget} tokens: "
                "give a larger token_budget, or unpin some"
            )
        return reply

    async def on_occasion(
        self, tree: Tree, session: OpenSession, request: wire.SessionGetContext
    ) -> wire.SessionContextReply:
        """What belongs to the one place, or answers the one question, that a request names.

        Raises:
            RecallError: `outside_workspace`, `invalid_params`.
        """
        place = await asyncio.to_thread(_place, tree, request)
        async with session.giving:
            room = Room(
                self._config.session_tokens if request.token_budget is None else request.token_budget,
                request.max_memories,
                await self._has(session, request.agent),
            )
            if place and not request.query:
                chosen = await self._occasions.touched(tree, place, room)
            else:
                near = place.path if place else next(reversed(tree.open_files), None)
                chosen = await self._occasions.asked(tree, request.query, near, room, personal=request.personal)
            if chosen.states:
                await self._note_given(session, request.agent, chosen)
        return _handed_over(session.row, chosen, room.token_budget)

    async def _has(self, session: OpenSession, agent: str | None) -> Mapping[str, GivenRow]:
        """What a session, or one of its subagents, was given and still has."""
        if agent is not None:
            return session.told.get(agent, {})
        return await self._store.truth.read(worklog.given, session.row.seq)

    async def _note_given(self, session: OpenSession, agent: str | None, chosen: Injected) -> None:
        if agent is None:
            await self._store.truth.write(worklog.give, session.row.seq, chosen.states, session.row.active_at)
            return
        told = session.told.pop(agent, {})
        session.told[agent] = told | {state.memory_id: state for state in chosen.states}
        while len(session.told) > MAX_AGENTS:
            del session.told[next(iter(session.told))]


def _handed_over(row: SessionRow, chosen: Injected, token_budget: int) -> wire.SessionContextReply:
    return wire.SessionContextReply(
        session_id=row.id,
        injected_memories=chosen.memories,
        context_summary=counted(chosen.memories),
        text=chosen.text,
        tokens=chosen.tokens,
        token_budget=token_budget,
        left_out=chosen.left_out,
        already_given=chosen.already_given,
        stale=sum(brief.verdict in STALE for brief in chosen.memories),
        branch=row.branch,
    )


def _place(tree: Tree, request: wire.SessionGetContext) -> Place | None:
    if request.file_path is None:
        return None
    if request.lines is not None and request.lines[1] < request.lines[0]:
        raise RecallError("invalid_params", "lines: the last line comes before the first", field="lines")
    return Place(tree.relative(request.file_path), request.lines, request.excerpts)
