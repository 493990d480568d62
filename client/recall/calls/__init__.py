"""What can be asked of the daemon: each function builds one call, which both clients know how to make.

The functions become the methods of `Client` and `AsyncClient`, with their names, signatures and texts.
Paths are relative to the tree's root, or absolute inside it.
"""

from __future__ import annotations

from recall.calls.base import Call, FilePath, describe
from recall.calls.code import by_file, by_symbol, closed, context, opened, outline, preview
from recall.calls.daemon import backup, close_tree, hello, open_workspace, reindex, run_job, shutdown, status, sync
from recall.calls.finding import Filters, affected, audit, explore, list_memories, search
from recall.calls.keeping import audit_answer, audit_ready, audit_settle, decay
from recall.calls.memories import (
    StoredIds,
    edit,
    forget,
    get,
    history,
    link,
    pin,
    rate,
    restore,
    store,
    store_many,
    unpin,
    verify,
)
from recall.calls.sessions import (
    session_end,
    session_get_context,
    session_job,
    session_list,
    session_record_observation,
    session_start,
)
from recall.calls.transfer import export_page, import_page

__all__ = [
    "Call",
    "FilePath",
    "Filters",
    "StoredIds",
    "affected",
    "audit",
    "audit_answer",
    "audit_ready",
    "audit_settle",
    "backup",
    "by_file",
    "by_symbol",
    "close_tree",
    "closed",
    "context",
    "decay",
    "describe",
    "edit",
    "explore",
    "export_page",
    "forget",
    "get",
    "hello",
    "history",
    "import_page",
    "link",
    "list_memories",
    "open_workspace",
    "opened",
    "outline",
    "pin",
    "preview",
    "rate",
    "reindex",
    "restore",
    "run_job",
    "search",
    "session_end",
    "session_get_context",
    "session_job",
    "session_list",
    "session_record_observation",
    "session_start",
    "shutdown",
    "status",
    "store",
    "store_many",
    "sync",
    "unpin",
    "verify",
]
