"""One entry a request: which function of the house answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from recall.protocol import requests as wire
from recall.protocol.values import JobStatus, Value
from recalld.memory.affected import Affected
from recalld.memory.associations import note_recalled
from recalld.memory.audit import Audit
from recalld.memory.backups import Backups
from recalld.memory.contexts import Contexts
from recalld.memory.decay import Decay
from recalld.memory.explore import Explore
from recalld.memory.memories import Memories
from recalld.memory.outlines import Outlines
from recalld.memory.previews import Previews
from recalld.memory.readiness import Readiness
from recalld.memory.search import Search
from recalld.memory.sessions import Sessions
from recalld.memory.storing import Storing
from recalld.memory.transfer import Transfer
from recalld.memory.trees import Tree

Result = Value | msgspec.Raw
TreeHandler = Callable[[Tree, Any], Result | Awaitable[Result]]
DaemonHandler = Callable[[Any], Result | Awaitable[Result]]


class Daemon(Protocol):
    """What requests about the daemon as a whole, and about following a tree, ask of the composition root."""

    def hello(self) -> wire.HelloReply: ...  # noqa: D102
    async def status(self) -> wire.StatusReply: ...  # noqa: D102
    async def run_job(self, name: str) -> JobStatus: ...  # noqa: D102
    def shutdown(self) -> None: ...  # noqa: D102
    async def open_workspace(self, request: wire.OpenWorkspace) -> wire.OpenWorkspaceReply: ...  # noqa: D102
    async def close_tree(self, tree: Tree) -> None: ...  # noqa: D102
    async def sync(self, tree: Tree, timeout_s: float) -> wire.SyncReply: ...  # noqa: D102
    async def reindex(self, tree: Tree) -> wire.ReindexReply: ...  # noqa: D102


def daemon_handlers(daemon: Daemon, backups: Backups) -> dict[str, DaemonHandler]:
    """Handlers of the requests about the daemon as a whole, by method."""

    def shutdown(_: wire.Shutdown) -> wire.Done:
        daemon.shutdown()
        return wire.Done()

    return {
        "hello": lambda _: daemon.hello(),
        "status": lambda _: daemon.status(),
        "run_job": lambda request: daemon.run_job(request.name),
        "shutdown": shutdown,
        "open_workspace": daemon.open_workspace,
        "backup": backups.make,
    }


def tree_handlers(
    daemon: Daemon,
    storing: Storing,
    memories: Memories,
    search: Search,
    explore: Explore,
    affected: Affected,
    decay: Decay,
) -> dict[str, TreeHandler]:
    """Handlers of the requests about one tree and its workspace, by method."""

    async def close_tree(tree: Tree, _: wire.CloseTree) -> wire.Done:
        await daemon.close_tree(tree)
        return wire.Done()

    async def recall(tree: Tree, request: wire.Search) -> wire.SearchReply:
        reply = await search.search(tree, request)
        ids = [brief.id for brief in reply.results]
        note_recalled(tree, ids)
        decay.recalled(ids)
        return reply

    return {
        "close_tree": close_tree,
        "sync": lambda tree, request: daemon.sync(tree, request.timeout_s),
        "reindex": lambda tree, _: daemon.reindex(tree),
        "store": storing.store,
        "store_many": storing.store_many,
        "get": lambda tree, request: memories.get(tree, request.id),
        "edit": memories.edit,
        "verify": lambda tree, request: memories.verify(tree, request.id),
        "forget": memories.forget,
        "restore": lambda tree, request: memories.restore(tree, request.id),
        "pin": lambda tree, request: memories.pin(tree, request.id, pinned=request.pinned),
        "link": memories.link,
        "rate": memories.rate,
        "history": lambda tree, request: memories.history(tree, request.id),
        "list": memories.page,
        "search": recall,
        "explore": explore.explore,
        "affected": affected.affected,
        "decay": decay.preview,
    }


def code_handlers(contexts: Contexts, outlines: Outlines, previews: Previews) -> dict[str, TreeHandler]:
    """Handlers of the requests about code and what is tied to it, by method."""

    def context(tree: Tree, request: wire.ContextOf) -> Result | Awaitable[Result]:
        # Prepared ones are answered at once, as the bytes they are kept as.
        ready = contexts.prepared(tree, request.file_path)
        return msgspec.Raw(ready) if ready is not None else build_context(tree, request)

    async def build_context(tree: Tree, request: wire.ContextOf) -> Result:
        return await contexts.context(tree, await outlines.path(tree, request.file_path))

    async def opened(tree: Tree, request: wire.Opened) -> wire.Done:
        await contexts.opened(tree, await outlines.path(tree, request.file_path))
        return wire.Done()

    async def closed(tree: Tree, request: wire.Closed) -> wire.Done:
        tree.open_files.pop(await outlines.path(tree, request.file_path), None)
        return wire.Done()

    return {
        "by_file": lambda tree, request: outlines.by_file(tree, request.file_path),
        "by_symbol": lambda tree, request: outlines.by_symbol(tree, request.symbol),
        "outline": lambda tree, request: outlines.of_file(tree, request.file_path),
        "context": context,
        "opened": opened,
        "closed": closed,
        "preview": previews.preview,
    }


def audit_handlers(audit: Audit, readiness: Readiness) -> dict[str, TreeHandler]:
    """Handlers of the requests by which somebody looks through memories, by method."""
    return {
        "audit": audit.audit,
        "audit_answer": audit.answer,
        "audit_settle": audit.settle,
        "audit_ready": lambda tree, _: readiness.ready(tree),
    }


def session_handlers(sessions: Sessions) -> dict[str, TreeHandler]:
    """Handlers of the requests about sessions, by method."""
    return {
        "session_start": sessions.begin,
        "session_get_context": sessions.get_context,
        "session_record_observation": sessions.observe,
        "session_end": sessions.end,
        "session_job": lambda tree, request: sessions.job(tree, request.id, retry=request.retry),
        "session_list": lambda tree, request: sessions.listed(tree, request.limit),
    }


def transfer_handlers(transfer: Transfer) -> dict[str, TreeHandler]:
    """Handlers of the requests that take memories out and bring them in, by method."""
    return {"export_page": transfer.export_page, "import_page": transfer.import_page}
