"""Sessions: begun with what is worth knowing, told what happens, and ended into what is worth keeping."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Sequence
from datetime import timedelta

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.values import ExtractedMemory, Session
from recalld.config import Config
from recalld.memory import door
from recalld.memory.attempts import fixed
from recalld.memory.clock import Clock, iso
from recalld.memory.decay import Decay
from recalld.memory.drafting import Drafting, by_rules
from recalld.memory.handover import Handover
from recalld.memory.harvest import Harvest
from recalld.memory.injection import Injection
from recalld.memory.journal import Journal, OpenSession
from recalld.memory.occasions import Occasions
from recalld.memory.search import Search
from recalld.memory.secrets import suspicious
from recalld.memory.storing import Storing
from recalld.memory.text import type_named
from recalld.memory.trees import Tree, Trees
from recalld.memory.usage import Usage
from recalld.memory.views import Views
from recalld.memory.working import Working
from recalld.store import Store, audits, memories, worklog
from recalld.store.rows import ExtractionJobRow, ObservationRow, SessionRow
from recalld.vectors import Vectors


class Sessions:
    """The sessions of all workspaces, each known by its workspace and its id."""

    def __init__(
        self,
        config: Config,
        store: Store,
        trees: Trees,
        drafting: Drafting,
        storing: Storing,
        search: Search,
        views: Views,
        vectors: Vectors,
        journal: Journal,
        decay: Decay,
        occasions: Occasions,
        clock: Clock,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._journal = journal
        self._handover = Handover(config, store, Injection(store, search, views), occasions)
        self._working = Working()
        self._harvest = Harvest(store, trees, drafting, storing, search, vectors, Usage(store, decay, clock), clock)
        self._turning = asyncio.Lock()
        """Held while a session begins or ends, so that it does not do both at once."""
        self._masking = asyncio.Lock()
        """Held while an observation is masked, so that the end of its session waits for it."""
        self.files_changed = self._working.files_changed
        self.file_opened = self._journal.file_opened
        self.code_changed = self._journal.code_changed

    async def start(self) -> None:
        """Take up the sessions that were open when the daemon last ran."""
        await self._journal.load()
        self._harvest.start()

    async def stop(self) -> None:
        """Write what is left; an extraction under way is done at the next start."""
        await self._harvest.stop()
        await self._journal.stop()

    # --- what a session is given ------------------------------------------------------------------

    async def begin(self, tree: Tree, request: wire.SessionStart) -> wire.SessionContextReply:
        """Begin a session, or go on with it.

        Raises:
            RecallError: `outside_workspace`; `invalid_params` where the id belongs to a session of another tree.
        """
        warnings: list[str] = []
        folder = await asyncio.to_thread(_folder, tree, request.project_path, warnings)
        files = await asyncio.to_thread(_relative, tree, request.files)
        task = await door.mask(request.task, "task", warnings)
        now = iso(self._clock())
        session_id = request.session_id or f"ses-{secrets.token_hex(6)}"
        work, known = await asyncio.gather(
            self._working.of(tree), self._store.truth.read(worklog.get, tree.workspace_id, session_id)
        )
        row = SessionRow(
            workspace_id=tree.workspace_id,
            id=session_id,
            tree_id=tree.id,
            started_at=now,
            active_at=now,
            branch=request.branch or work.branch,
            task=task,
        )
        async with self._turning:
            row = await self._store.truth.write(worklog.begin, row)
            session = await self._journal.begun(row)
        work = work._replace(branch=row.branch)
        if request.anew:
            await self._handover.lose(session)
        reply = await self._handover.what_matters(tree, session, request, files, work, row.task, folder)
        reply.resumed = known is not None
        counts = await self._store.truth.read(audits.open_counts, tree.workspace_id)
        reply.to_audit = counts.get(tree.workspace_id, 0)
        if reply.to_audit:
            memories_need = "memory needs" if reply.to_audit == 1 else "memories need"
            warnings.append(f"{reply.to_audit:,} {memories_need} a look: recall audit")
        reply.warnings += warnings
        return reply

    async def get_context(self, tree: Tree, request: wire.SessionGetContext) -> wire.SessionContextReply:
        """What is worth knowing now and is not known to the session yet.

        Raises:
            RecallError: `unknown_session`, `session_ended`, `outside_workspace`, `invalid_params`.
        """
        session = await self._open(tree, request.session_id)
        self._journal.heard_of(session)
        if request.query or request.file_path is not None:
            return await self._handover.on_occasion(tree, session, request)
        if request.agent is not None:
            raise RecallError("invalid_params", "agent goes with file_path or query: give one of them", field="agent")
        files = await asyncio.to_thread(_relative, tree, request.files)
        work = (await self._working.of(tree))._replace(branch=session.row.branch)
        task = request.task or session.row.task
        return await self._handover.what_matters(tree, session, request, files, work, task)

    # --- what happens in it -----------------------------------------------------------------------

    def observe(
        self, tree: Tree, request: wire.SessionRecordObservation
    ) -> wire.SessionRecordObservationReply | Awaitable[wire.SessionRecordObservationReply]:
        """Take an observation; answered at once, it is on the disk a moment later. Secrets in it are masked.

        Raises:
            RecallError: `unknown_session`, `busy`.
        """
        at = iso(self._clock())
        self._attempted(tree, request)
        return self._masked(tree, request, at) if suspicious(request.content) else self._observe(tree, request, at)

    def _attempted(self, tree: Tree, request: wire.SessionRecordObservation) -> None:
        """Tell the fix of what had failed from other uses of tools."""
        session = self._journal.get(tree.workspace_id, request.session_id)
        if session is None:
            return
        if request.kind == "error" and request.attempt:
            session.attempts.failed(request.attempt)
        elif request.kind == "tool" and not request.attempt:
            session.attempts.changed(request.source_files)
        elif request.kind == "tool" and (files := session.attempts.done(request.attempt)):
            request.kind, request.source_files = "fix", files
            request.content = fixed(request.attempt, (_shown(tree, path) for path in files))

    async def _masked(
        self, tree: Tree, request: wire.SessionRecordObservation, at: str
    ) -> wire.SessionRecordObservationReply:
        warnings: list[str] = []
        async with self._masking:
            request.content = await door.mask(request.content, "content", warnings)
            reply = self._observe(tree, request, at)
        reply.warnings += warnings
        return reply

    def _observe(
        self, tree: Tree, request: wire.SessionRecordObservation, at: str
    ) -> wire.SessionRecordObservationReply:
        session = self._journal.get(tree.workspace_id, request.session_id)
        if session is None:
            raise RecallError(
                "unknown_session",
                f"no session {request.session_id} is open in this workspace: `session_start` begins one",
                field="session_id",
            )
        row = ObservationRow(
            session_seq=session.row.seq,
            at=at,
            kind=request.kind,
            content=request.content,
            source_files=request.source_files,
            symbols=request.symbols,
        )
        recorded = self._journal.note(session, row)
        reply = wire.SessionRecordObservationReply(
            session_id=request.session_id, recorded=recorded, dropped=session.row.dropped
        )
        if not recorded:
            reply.warnings.append(
                f"the session is over its limits ({self._config.session_observations} observations, "
                f"{self._config.session_bytes} bytes): end it, and start another"
            )
        return reply

    # --- what is made of it -----------------------------------------------------------------------

    async def end(self, tree: Tree, request: wire.SessionEnd) -> wire.SessionEndReply:
        """End a session and have it extracted in the background; ending it again changes nothing.

        Raises:
            RecallError: `unknown_session`.
        """
        warnings: list[str] = []
        async with self._masking:
            summary = await door.mask(request.summary, "summary", warnings)
        session = self._journal.get(tree.workspace_id, request.session_id)
        if session is not None:
            return _ended(request.session_id, await self._end(session, summary, "ended"), warnings)
        row = await self._known(tree, request.session_id)
        return _ended(row.id, await self._store.truth.read(worklog.job_of, row.seq), [])

    async def close_quiet(self) -> str:
        """End the sessions of which nothing was heard for too long, and try again what is still to be extracted.

        Returns:
            What was done, in words.
        """
        since = iso(self._clock() - timedelta(minutes=self._config.session_quiet_minutes))
        quiet = [session for session in self._journal if session.row.active_at < since]
        for session in quiet:
            await self._end(session, "", "quiet")
        await self.resume()
        return f"{len(quiet):,} closed"

    async def resume(self) -> None:
        """Take up the jobs that are still to be done."""
        for job_id in await self._store.truth.read(worklog.unfinished_jobs):
            self._harvest.queue(job_id)

    async def job(self, tree: Tree, job_id: str, *, retry: bool = False) -> wire.SessionJobReply:
        """How far a job is, and what it made.

        Args:
            tree: of the workspace whose job it is.
            job_id: which.
            retry: have it tried again, if it was given up.

        Raises:
            RecallError: `unknown_job`.
        """
        job = await self._store.truth.read(worklog.job, job_id)
        session = await self._store.truth.read(worklog.by_seq, job.session_seq) if job else None
        if job is None or session is None or session.workspace_id != tree.workspace_id:
            raise RecallError("unknown_job", f"there is no extraction job {job_id} in this workspace", field="id")
        if retry and await self._store.truth.write(worklog.retry, job_id):
            self._harvest.queue(job_id)
            return await self.job(tree, job_id)
        made = await self._store.truth.read(worklog.made_by, job.id)
        rows = await self._store.truth.read(memories.get_many, [each.memory_id for each in made])
        return wire.SessionJobReply(
            id=job.id,
            session_id=session.id,
            # Also while what it stored is still being judged by the code.
            status="running" if self._harvest.running(job.id) else job.status,
            cause=job.cause,
            queued_at=job.queued_at,
            finished_at=job.finished_at,
            estimated_memories=job.estimated,
            drafted_by=job.drafted_by,
            note=job.note,
            memories=[
                ExtractedMemory(
                    id=each.memory_id,
                    title=rows[each.memory_id].title,
                    memory_type=type_named(rows[each.memory_id].memory_type),
                    action=each.action,
                    said=each.said,
                )
                for each in made
            ],
        )

    async def listed(self, tree: Tree, limit: int) -> wire.SessionListReply:
        """The sessions of the tree's workspace, the one started last first."""
        await self._journal.written()
        rows = await self._store.truth.read(worklog.latest, tree.workspace_id, limit)
        jobs = await self._store.truth.read(worklog.jobs_of, [row.seq for row in rows])
        return wire.SessionListReply(sessions=[_session(row, jobs[row.seq]) for row in rows])

    async def _end(self, session: OpenSession, summary: str, cause: str) -> ExtractionJobRow | None:
        row, now = session.row, iso(self._clock())
        async with self._turning:
            ended = False
            try:
                await self._journal.close(session)
                observed = await self._store.truth.read(worklog.waiting, row.seq)
                job = ExtractionJobRow(
                    id=f"job-{secrets.token_hex(6)}",
                    session_seq=row.seq,
                    queued_at=now,
                    cause=cause,
                    summary=summary,
                    estimated=len(await asyncio.to_thread(by_rules, summary, observed)),
                )
                first = await self._store.truth.write(worklog.end, row.seq, now, job)
                ended = True
            finally:
                if not ended:
                    self._journal.reopen(session)
        if not first:
            return await self._store.truth.read(worklog.job_of, row.seq)
        self._harvest.queue(job.id)
        return job

    async def _open(self, tree: Tree, session_id: str) -> OpenSession:
        session = self._journal.get(tree.workspace_id, session_id)
        if session is None:
            await self._known(tree, session_id)
            raise RecallError(
                "session_ended",
                f"{session_id} has ended: `session_start` with its id goes on with it",
                field="session_id",
            )
        return session

    async def _known(self, tree: Tree, session_id: str) -> SessionRow:
        row = await self._store.truth.read(worklog.get, tree.workspace_id, session_id)
        if row is None:
            raise RecallError(
                "unknown_session",
                f"no session {session_id} was started in this workspace: `session_list` shows those there are",
                field="session_id",
            )
        return row


def _ended(session_id: str, job: ExtractionJobRow | None, warnings: list[str]) -> wire.SessionEndReply:
    return wire.SessionEndReply(
        session_id=session_id,
        status="ended",
        extraction_job_id=job.id if job else "",
        estimated_memories=job.estimated if job else 0,
        warnings=warnings,
    )


def _session(row: SessionRow, job: ExtractionJobRow | None) -> Session:
    return Session(
        session_id=row.id,
        status=row.status,
        tree_id=row.tree_id,
        started_at=row.started_at,
        active_at=row.active_at,
        ended_at=row.ended_at,
        branch=row.branch,
        task=row.task,
        summary=row.summary,
        observations=row.observed,
        dropped=row.dropped,
        extraction_job_id=job.id if job else None,
    )


def _shown(tree: Tree, path: str) -> str:
    """A file as it is named in what is said: by its path in the tree, if it is in it."""
    return path.removeprefix(f"{tree.root}/")


def _folder(tree: Tree, path: str | None, warnings: list[str]) -> str | None:
    if path is None:
        return None
    try:
        inside = tree.relative(path, field="project_path")
    except RecallError:
        if os.path.exists(path):  # noqa: PTH110  # says no, too, of what is too long to be
            raise
        warnings.append(f"{path} is no folder on this machine: the session is for all of {tree.root}")
        return None
    return inside if inside.endswith("/") else f"{inside}/"


def _relative(tree: Tree, files: Sequence[str]) -> list[str]:
    return [tree.relative(path, field="files") for path in files]
