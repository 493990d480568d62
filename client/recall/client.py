"""The blocking client: `with recall.Client(path) as client: client.search("…")`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from recall import calls
from recall.calls import Call, FilePath
from recall.connection import Connection
from recall.paths import find_paths
from recall.protocol.codec import ReplyEnvelope
from recall.protocol.errors import RecallError
from recall.protocol.requests import ListMemories
from recall.stream import EventStream, OnMissed, Subscription

P = ParamSpec("P")
R = TypeVar("R")


def _method(build: Callable[P, Call[R]], name: str = "") -> Callable[Concatenate[Client, P], R]:
    """A method that makes the call which `build` describes."""

    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.ask(build(*args, **kwargs))

    calls.describe(method, build, name or build.__name__)
    return method


class Client:
    """A connection to the daemon on behalf of one tree.

    The usual call is one round trip. Every method raises `RecallError`, whose `code` is stable and whose
    `message` says what to do. Not thread-safe: give each thread its own.

    Args:
        path: any folder in the tree; the current one by default.
        start: start the daemon where none runs, and make the workspace where there is none.
        timeout_s: seconds each request may take.
        workspace_id: take this workspace for the tree instead of the one that its identity names.

    Attributes:
        path: the folder that requests name.
        workspace_id: the workspace's id, once a request was answered.
        tree_id: the tree's id, once a request was answered.
    """

    def __init__(
        self,
        path: FilePath | None = None,
        *,
        start: bool = True,
        timeout_s: float = 30.0,
        workspace_id: str | None = None,
    ) -> None:
        self.path = Path(path or ".").expanduser().resolve()
        self.timeout_s = timeout_s
        self.workspace_id: str | None = None
        self.tree_id: str | None = None
        self._start = start
        self._wanted_workspace = workspace_id
        self._paths = find_paths()
        self._connection = Connection(self._paths)

    hello = _method(calls.hello)
    status = _method(calls.status)
    run_job = _method(calls.run_job)
    backup = _method(calls.backup)
    shutdown = _method(calls.shutdown)
    close_tree = _method(calls.close_tree)
    sync = _method(calls.sync)
    reindex = _method(calls.reindex)
    open_workspace = _method(calls.open_workspace)

    store = _method(calls.store)
    store_many = _method(calls.store_many)
    get = _method(calls.get)
    edit = _method(calls.edit)
    verify = _method(calls.verify)
    forget = _method(calls.forget)
    restore = _method(calls.restore)
    pin = _method(calls.pin)
    unpin = _method(calls.unpin)
    link = _method(calls.link)
    rate = _method(calls.rate)
    history = _method(calls.history)
    list = _method(calls.list_memories, "list")
    search = _method(calls.search)
    explore = _method(calls.explore)
    audit = _method(calls.audit)
    audit_answer = _method(calls.audit_answer)
    audit_settle = _method(calls.audit_settle)
    audit_ready = _method(calls.audit_ready)
    affected = _method(calls.affected)
    decay = _method(calls.decay)

    by_file = _method(calls.by_file)
    by_symbol = _method(calls.by_symbol)
    outline = _method(calls.outline)
    context = _method(calls.context)
    opened = _method(calls.opened)
    closed = _method(calls.closed)
    preview = _method(calls.preview)

    session_start = _method(calls.session_start)
    session_get_context = _method(calls.session_get_context)
    session_record_observation = _method(calls.session_record_observation)
    session_end = _method(calls.session_end)
    session_job = _method(calls.session_job)
    session_list = _method(calls.session_list)

    export_page = _method(calls.export_page)
    import_page = _method(calls.import_page)

    def events(
        self,
        files: Iterable[FilePath] | None = None,
        timeout_s: float | None = None,
        *,
        heartbeats: bool = False,
        on_missed: OnMissed | None = None,
    ) -> EventStream:
        """Listen to what the daemon pushes about the tree, from now on.

        A missed push is noticed, also across a restart of the daemon, and made up for by asking for the file's
        context, which then comes as a `ContextPushed` like any other.

        Args:
            files: only what concerns these files, relative to the tree's root.
            timeout_s: end the iteration after so many seconds without an event.
            heartbeats: yield heartbeats too.
            on_missed: called with the topic of what was missed, or with None where it could be any.

        Returns:
            An iterator of events, which is also a context manager. It listens already.
        """
        self.ask(Call(ListMemories(limit=1)))  # every answer names the tree, and an unknown one is made known
        subscription = Subscription(
            self.workspace_id or "", self.tree_id or "", files, heartbeats=heartbeats, on_missed=on_missed
        )
        return EventStream(self._paths, subscription, self.context, timeout_s)

    def ask(self, call: Call[R]) -> R:
        """Make a call.

        Raises:
            RecallError: it was refused, or the daemon could not be reached in time.
        """
        if call.about_tree and self._wanted_workspace is not None:
            self._open()
        envelope = self._exchange(call)
        if call.about_tree and self._start and envelope.error and envelope.error.code == "unknown_tree":
            self._open()
            envelope = self._exchange(call)
        if call.about_tree and envelope.tree_id:
            self.workspace_id, self.tree_id = envelope.workspace_id, envelope.tree_id
        return call.result(envelope)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        opening = calls.open_workspace(self.path, self._wanted_workspace)
        opening.result(self._exchange(opening))
        self._wanted_workspace = None

    def _exchange(self, call: Call[R]) -> ReplyEnvelope:
        tree = str(self.path) if call.about_tree else None
        timeout_s = self.timeout_s + call.work_s
        try:
            return self._connection.ask(call.request, tree=tree, timeout_s=timeout_s)
        except RecallError as error:
            if not self._start or error.code != "unreachable" or error.details["sent"]:
                raise
        from recall.start import start_daemon  # noqa: PLC0415  # the usual call starts nothing

        start_daemon(self._paths)
        return self._connection.ask(call.request, tree=tree, timeout_s=timeout_s)
