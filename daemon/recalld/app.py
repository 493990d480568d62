"""The composition root: who is made of what, who hears whom. Reads as the start order; stops in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import psutil

from recall import __version__
from recall.paths import Paths
from recall.protocol import PROTOCOL_VERSION
from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recall.protocol.events import HEARTBEAT_S
from recall.protocol.values import JobStatus, Workspace
from recalld.code import ParserPool
from recalld.config import Config
from recalld.events import (
    CodeChanged,
    ContextReady,
    Event,
    EventBus,
    FileOpened,
    FilesChanged,
    Lane,
    MemoryTouched,
    Scanned,
    TreeGone,
    TreeListed,
    VerdictTurned,
)
from recalld.jobs import Jobs, table
from recalld.lifecycle import AlreadyRunning, DaemonLock, descriptors
from recalld.memory.addressing import Addressing
from recalld.memory.affected import Affected
from recalld.memory.associations import Associations
from recalld.memory.audit import Audit
from recalld.memory.backups import Backups
from recalld.memory.clock import Clock, system_clock
from recalld.memory.codebase import Codebase
from recalld.memory.contexts import Contexts
from recalld.memory.corpus import Corpus, JobRuns, Quarantine
from recalld.memory.decay import Decay
from recalld.memory.drafting import Drafting
from recalld.memory.explore import Explore
from recalld.memory.follow import Follower
from recalld.memory.imports import imported_paths
from recalld.memory.journal import Journal
from recalld.memory.memories import Memories
from recalld.memory.occasions import Occasions
from recalld.memory.outlines import Outlines
from recalld.memory.past import Past
from recalld.memory.previews import Previews
from recalld.memory.proximity import Proximity
from recalld.memory.readiness import Readiness
from recalld.memory.renewal import Renewal
from recalld.memory.search import Search
from recalld.memory.sessions import Sessions
from recalld.memory.storing import Storing
from recalld.memory.transfer import Transfer
from recalld.memory.trees import Tree, Trees
from recalld.memory.verdicts import Verdicts
from recalld.memory.views import Views
from recalld.memory.workdays import Workdays
from recalld.model import Model
from recalld.server.dispatch import Dispatch
from recalld.server.handlers import (
    TreeHandler,
    audit_handlers,
    code_handlers,
    daemon_handlers,
    session_handlers,
    transfer_handlers,
    tree_handlers,
)
from recalld.server.push import Publisher
from recalld.server.sockets import Sockets
from recalld.store import Store, audits, derived, outlines, workspaces
from recalld.supervisor import Supervisor
from recalld.vectors import Vectors
from recalld.watch import Watcher

if TYPE_CHECKING:
    from recalld.server.http import Http

log = logging.getLogger(__name__)

DESCRIPTORS_SHARE = 0.8
"""Of the descriptors that the system allows; when more are in use, status says so."""
FINISH_S = 0.5
"""How long requests under way may take to end when the daemon stops."""


@dataclass(frozen=True, slots=True)
class _StoreOpened(Event):
    """It may hold forms of code from an older version."""


@dataclass(frozen=True, slots=True)
class _TreeOpened(Event):
    tree_id: str


class App:
    """One daemon.

    Args:
        lock: held already; it comes before any socket or store.
        clock: tests move it.
        supervisor: whoever runs it as a service.
    """

    def __init__(
        self,
        config: Config,
        paths: Paths,
        lock: DaemonLock,
        clock: Clock = system_clock,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._config = config
        self._paths = paths
        self._lock = lock
        self._supervisor = supervisor or Supervisor()
        self._started = time.monotonic()
        self._epoch = secrets.token_hex(6)
        self._stop_asked = asyncio.Event()
        self._heartbeat: asyncio.Task[None] | None = None

        self._bus = EventBus()
        self._store = store = Store(paths.data)
        self._watcher = watcher = Watcher(config, self._bus.publish_threadsafe, scratch=paths.runtime)
        self._quarantine = Quarantine(self._store, clock)
        self._pool = _pool(config, watcher, self._quarantine)
        self._vectors = vectors = Vectors(paths.data / "vectors", config, Corpus(self._store))

        self._trees = Trees(self._store, clock)
        self._workdays = workdays = Workdays(self._store, clock)
        self.decay = decay = Decay(self._store, self._trees, workdays, clock)
        codebase = Codebase(store, self._pool, watcher.before_read, watcher.after_read, config.max_file_bytes)
        verdicts = Verdicts(self._store, codebase, self._trees, clock)
        views = Views(verdicts)
        proximity = Proximity(self._store, partial(imported_paths, self._store))
        associations = Associations(self._store, self._vectors, clock)
        self.search = search = Search(config, self._store, self._vectors, views, proximity, associations)
        contexts = Contexts(config, self._store, codebase, search, views, self._vectors, self._bus.publish)
        publish = self._bus.publish
        storing = Storing(self._store, self._trees, codebase, verdicts, self._vectors, search, workdays, clock, publish)
        journal = Journal(config, store, clock)
        self._backups = backups = Backups(config, paths.data, store, clock)
        memories = Memories(
            config, store, self._trees, codebase, verdicts, vectors, workdays, decay, journal, backups, clock, publish
        )
        self._follower = Follower(config, store, self._trees, self._pool, codebase, verdicts, contexts, publish)
        drafting, occasions = Drafting(Model.configured(config)), Occasions(store, search, views, contexts, codebase)
        self._sessions = Sessions(
            config, store, self._trees, drafting, storing, search, views, vectors, journal, decay, occasions, clock
        )
        self._renewal = Renewal(self._store, self._pool)
        self._openings = Lane("opening trees", self._open)
        self._losses = Lane("losing trees", self._lose_tree)
        self.audit = audit = Audit(self._store, search, views, self._vectors, self._trees, workdays, clock)
        self._jobs = Jobs(table(memories, decay, self._sessions, audit, backups), JobRuns(self._store), clock)

        explore = Explore(self._store, search, associations, views)
        affected = Affected(self._store, Past(self._pool, config.max_file_bytes), codebase, verdicts, views)
        handlers = tree_handlers(self, storing, memories, search, explore, affected, decay)
        handlers |= _code_handlers(codebase, verdicts, contexts)
        handlers |= audit_handlers(audit, Readiness(self._store)) | session_handlers(self._sessions)
        handlers |= transfer_handlers(Transfer(store, self._trees, verdicts, vectors, workdays, self._renewal, publish))
        self._dispatch = Dispatch(
            self._trees, handlers, daemon_handlers(self, backups), config.max_pending_requests, workdays.worked
        )
        self._http = _http(config, paths, self._dispatch, Addressing(store, self._trees, self.open_workspace))
        self._sockets = Sockets(config, paths, self._dispatch.serve, greet=self._greet)
        self._publisher = Publisher(self._sockets.events, self._epoch)
        self._wire()

    def _wire(self) -> None:
        self._bus.subscribe(TreeListed, self._follower.report)
        self._bus.subscribe(FilesChanged, self._follower.report)
        self._bus.subscribe(FileOpened, self._follower.report)
        self._bus.subscribe(TreeGone, self._follower.report)
        self._bus.subscribe(FilesChanged, self._note_work)
        self._bus.subscribe(FileOpened, self._note_work)
        self._bus.subscribe(MemoryTouched, self._follower.memory_touched)
        self._bus.subscribe(TreeGone, self._losses.put)
        self._bus.subscribe(_TreeOpened, self._openings.put)
        self._bus.subscribe(ContextReady, self._publisher.context)
        self._bus.subscribe(VerdictTurned, self._publisher.verdict)
        self._bus.subscribe(MemoryTouched, self._publisher.memory)
        self._bus.subscribe(Scanned, self._publisher.scan)
        self._bus.subscribe(FilesChanged, self._sessions.files_changed)
        self._bus.subscribe(ContextReady, self._sessions.file_opened)
        self._bus.subscribe(CodeChanged, self._sessions.code_changed)

    # --- start and stop -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until a signal or a request asks to stop."""
        await self.start()
        try:
            await self._stop_asked.wait()
        finally:
            await self.stop()

    async def start(self) -> None:
        """Come up: store, sockets, watch, jobs; the model loads behind."""
        await self._store.open()
        await self._quarantine.load()
        await self._workdays.load()
        await self._backups.load()
        followed = await self._trees.start()
        await self._sessions.start()
        self._openings.put(_StoreOpened())
        self._bus.start()
        if self._http is not None:
            await self._http.start()
        self._sockets.start()
        self._heartbeat = asyncio.create_task(self._beat(), name="heartbeat")
        log.info("serving at %s as process %d", self._paths.requests_address, os.getpid())
        self._supervisor.ready()
        await self._watcher.start()
        self._openings.start()
        self._losses.start()
        for tree in followed:
            self._bus.publish(_TreeOpened(tree.id))
        await self._vectors.start()
        await self._jobs.start()

    async def stop(self) -> None:
        """Go down in reverse; within two seconds."""
        log.info("stopping")
        self._supervisor.stopping()
        self._publisher.stopping()
        await self._jobs.stop()
        await self._openings.stop()
        await self._losses.stop()
        await self._watcher.stop()
        await self._dispatch.stop(FINISH_S)
        await self._follower.stop()
        await self._vectors.stop()
        await self._pool.stop()
        await self._bus.stop()
        await self._sessions.stop()
        await self.decay.write_notes()
        await self._workdays.stop()
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        if self._http is not None:
            await self._http.stop(FINISH_S)
        self._sockets.stop()
        await self._store.close()
        self._lock.release()
        log.info("stopped")

    def shutdown(self) -> None:
        """Ask the daemon to stop; it answers first."""
        self._stop_asked.set()

    def _greet(self) -> None:
        # A new subscriber learns at once where the numbers stand.
        self._publisher.heartbeat()

    async def _beat(self) -> None:
        while True:
            self._publisher.heartbeat()
            try:
                self._lock.keep()
            except AlreadyRunning as other:
                log.warning("another daemon took the place of this one, as process %d", other.pid)
                self.shutdown()
            except OSError as error:
                log.warning("the lock cannot be taken anew: %s", error)
            await asyncio.sleep(HEARTBEAT_S)

    # --- trees --------------------------------------------------------------------------------------

    async def open_workspace(self, request: wire.OpenWorkspace) -> wire.OpenWorkspaceReply:
        """Make a folder's project a workspace, or find it, and follow its tree."""
        tree, created, fresh = await self._trees.open(request.path, request.workspace_id, plain=request.plain)
        if fresh:
            self._pool.prepare()  # while git and the watch look around
            await self._follower.leave(tree.id)  # of another workspace, if it was followed until now
            self._bus.publish(_TreeOpened(tree.id))
        (shown,) = await self._shown([tree])
        return wire.OpenWorkspaceReply(workspace=shown, created=created, warnings=shown.warnings)

    async def close_tree(self, tree: Tree) -> None:
        """Follow a tree no more."""
        # Begun all at once, so that a request that opens it again meanwhile comes after all three.
        await asyncio.gather(self._trees.close(tree), self._follower.leave(tree.id), self._watcher.remove(tree.id))

    async def sync(self, tree: Tree, timeout_s: float) -> wire.SyncReply:
        """Wait until every change made to the tree so far is reflected, and memories stored so far are indexed."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                await self._bus.drained()
                await self._openings.drained()
                await self._watcher.sync(tree.id, timeout_s)
                await self._bus.drained()
                await self._follower.idle(tree)
                await self._bus.drained()
        except TimeoutError:
            raise RecallError("timeout", f"not all is reflected after {timeout_s:g} s: give it longer") from None
        await self._vectors.settled(max(started + timeout_s - time.monotonic(), 0.0), learned=True)
        if self._trees.get(tree.id) is not tree:
            raise RecallError("unknown_tree", f"{tree.root} is not followed any more: run `recall up` there")
        return wire.SyncReply(waited_ms=round((time.monotonic() - started) * 1000, 1))

    async def reindex(self, tree: Tree) -> wire.ReindexReply:
        """Make outlines, full text and vectors anew; from its answer on, status says how far it is."""
        await self._store.code.write(outlines.drop_tree, tree.id)
        await self._store.truth.write(derived.rebuild)
        try:
            await self._vectors.rebuild()
        except OSError as error:
            where = error.filename or self._paths.data
            raise RecallError("internal", f"{where}: {error.strerror}: make it writable, then try again") from error
        await self._watcher.rescan(tree.id, "asked")
        await self._bus.drained()
        counts = await self._store.truth.read(workspaces.memory_counts)
        return wire.ReindexReply(files=tree.files, memories=counts.get(tree.workspace_id, 0))

    async def _open(self, event: _StoreOpened | _TreeOpened) -> None:
        """Bring forms up to date before the first tree is watched, and so before its code is judged by them."""
        if isinstance(event, _StoreOpened):
            await self._renewal.run()
            return
        tree = self._trees.get(event.tree_id)
        if tree is not None:
            await self._watcher.add(tree.id, tree.root)
            await self._sessions.resume()

    async def _lose_tree(self, event: TreeGone) -> None:
        """Let go of a tree whose folder is gone; a request from there opens it anew, whatever it is by then."""
        tree = self._trees.get(event.tree_id)
        if tree is not None:
            await self._bus.drained()
            await self._follower.caught_up(tree)
            self._trees.lose(tree)
            await asyncio.gather(self._follower.leave(tree.id), self._watcher.remove(tree.id))

    def _note_work(self, event: FilesChanged | FileOpened) -> None:
        tree = self._trees.get(event.tree_id)
        if tree is not None:
            self._workdays.worked(tree.workspace_id)

    # --- telling ------------------------------------------------------------------------------------

    def hello(self) -> wire.HelloReply:
        """Who is there."""
        return wire.HelloReply(
            version=__version__,
            protocol=PROTOCOL_VERSION,
            pid=os.getpid(),
            epoch=self._epoch,
            ready=self._ready(),
            events=self._paths.events_address,
        )

    async def status(self) -> wire.StatusReply:
        """How everything is."""
        shown = await self._shown(list(self._trees))
        warnings = [f"{one.path}: {warning}" for one in shown for warning in one.warnings]
        if self._vectors.state.startswith("down"):
            warnings.append(f"vectors are {self._vectors.state}: search goes by words only")
        warnings += self._jobs.warnings()
        if self._http is not None and self._http.fault:
            warnings.append(self._http.fault)
        used, allowed = descriptors()
        if used > DESCRIPTORS_SHARE * allowed:
            warnings.append(f"{used:,} of {allowed:,} file descriptors are in use: close clients, or raise `ulimit -n`")
        return wire.StatusReply(
            version=__version__,
            pid=os.getpid(),
            epoch=self._epoch,
            ready=self._ready(),
            uptime_s=round(time.monotonic() - self._started, 1),
            socket=str(self._paths.requests),
            home=str(self._paths.home),
            memory_mb=await asyncio.to_thread(_memory_mb),
            vectors=self._vectors.state,
            rebuilding=self._vectors.to_rebuild,
            workspaces=shown,
            jobs=self._jobs.status(),
            queues={
                "requests": len(self._dispatch),
                "reports": self._follower.backlog(),
                "parsing": self._pool.backlog(),
            },
            quarantined=self._quarantine.listed(),
            warnings=warnings,
            http="off" if self._http is None else self._http.url or "down",
            last_backup=str(self._backups.newest or ""),
        )

    async def run_job(self, name: str) -> JobStatus:
        """Run a job now, unless it is running, and wait until it is over."""
        return await self._jobs.run(name)

    def _ready(self) -> bool:
        return self._vectors.state != "loading" and not any(tree.scanning for tree in self._trees)

    async def _shown(self, trees: Sequence[Tree]) -> list[Workspace]:
        counts = await self._store.truth.read(workspaces.memory_counts)
        to_audit = await self._store.truth.read(audits.open_counts)
        return [self._as_shown(tree, counts, to_audit) for tree in trees]

    def _as_shown(self, tree: Tree, counts: Mapping[str, int], to_audit: Mapping[str, int]) -> Workspace:
        health = self._watcher.health(tree.id)
        return Workspace(
            workspace_id=tree.workspace_id,
            tree_id=tree.id,
            path=str(tree.root),
            name=tree.root.name,
            files=tree.files,
            symbols=tree.symbols,
            memories=counts.get(tree.workspace_id, 0),
            skipped=tree.skipped,
            scanning=tree.scanning,
            scanned=tree.scanned,
            to_scan=tree.to_scan,
            watch=health.mode,
            watched_folders=health.watched_folders,
            to_audit=to_audit.get(tree.workspace_id, 0),
            warnings=health.warnings,
        )


def _pool(config: Config, watcher: Watcher, quarantine: Quarantine) -> ParserPool:
    return ParserPool(
        workers=config.parse_workers,
        timeout_s=config.parse_timeout_s,
        idle_s=config.parse_idle_s,
        max_file_bytes=config.max_file_bytes,
        max_symbols=config.max_symbols_per_file,
        memory_mb=config.worker_memory_mb,
        quarantine=quarantine,
        before_read=watcher.before_read,
        after_read=watcher.after_read,
    )


def _code_handlers(codebase: Codebase, verdicts: Verdicts, contexts: Contexts) -> dict[str, TreeHandler]:
    outlining = Outlines(codebase, contexts)
    return code_handlers(contexts, outlining, Previews(codebase, verdicts, contexts, outlining))


def _http(config: Config, paths: Paths, dispatch: Dispatch, addressing: Addressing) -> Http | None:
    """The HTTP side, where it is enabled; nothing of it is even imported elsewhere."""
    if not config.http:
        return None
    from recalld.server.http import Http  # noqa: PLC0415

    return Http(config, paths, dispatch, addressing)


def _memory_mb() -> float:
    process = psutil.Process()
    total = process.memory_info().rss
    for child in process.children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return round(total / 1e6, 1)
