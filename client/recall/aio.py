"""The asynchronous client: `async with recall.AsyncClient(path) as client: await client.search("…")`."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import zmq
import zmq.asyncio

from recall import calls
from recall.calls import Call, FilePath
from recall.connection import CHECK_S, configure, request_frame, timed_out, unreachable
from recall.paths import Paths, find_paths
from recall.protocol.codec import ReplyEnvelope, decode_reply
from recall.protocol.errors import RecallError
from recall.protocol.events import AnyEvent
from recall.protocol.requests import ListMemories, Request
from recall.protocol.values import Context
from recall.sockets import Peer, listening, peer_of
from recall.start import start_daemon
from recall.stream import GREETING_S, OnMissed, Subscription, subscribe

P = ParamSpec("P")
R = TypeVar("R")


def _method(
    build: Callable[P, Call[R]], name: str = ""
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, R]]:
    """A coroutine method that makes the call which `build` describes."""

    async def method(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self.ask(build(*args, **kwargs))

    calls.describe(method, build, name or build.__name__)
    return method


class AsyncClient:
    """`recall.Client` for asyncio: the same methods as coroutines, any number of them at once, on one event loop.

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
        self._connection = AsyncConnection(self._paths)
        self._starting = asyncio.Lock()

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
    ) -> AsyncEventStream:
        """Listen to what the daemon pushes about the tree, as `Client.events` does.

        Returns:
            An asynchronous iterator of events. As a context manager it listens from the moment it is entered,
            by itself from the first event asked for.
        """

        async def join() -> Subscription:
            await self.ask(Call(ListMemories(limit=1)))  # every answer names the tree
            return Subscription(
                self.workspace_id or "", self.tree_id or "", files, heartbeats=heartbeats, on_missed=on_missed
            )

        return AsyncEventStream(self._paths, join, self.context, timeout_s)

    async def ask(self, call: Call[R]) -> R:
        """Make a call.

        Raises:
            RecallError: it was refused, or the daemon could not be reached in time.
        """
        if call.about_tree and self._wanted_workspace is not None:
            await self._open()
        envelope = await self._exchange(call)
        if call.about_tree and self._start and envelope.error and envelope.error.code == "unknown_tree":
            await self._open()
            envelope = await self._exchange(call)
        if call.about_tree and envelope.tree_id:
            self.workspace_id, self.tree_id = envelope.workspace_id, envelope.tree_id
        return call.result(envelope)

    async def close(self) -> None:
        """Let go of the connection; requests under way are cancelled."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _open(self) -> None:
        opening = calls.open_workspace(self.path, self._wanted_workspace)
        opening.result(await self._exchange(opening))
        self._wanted_workspace = None

    async def _exchange(self, call: Call[R]) -> ReplyEnvelope:
        tree = str(self.path) if call.about_tree else None
        timeout_s = self.timeout_s + call.work_s
        try:
            return await self._connection.ask(call.request, tree=tree, timeout_s=timeout_s)
        except RecallError as error:
            if not self._start or error.code != "unreachable" or error.details["sent"]:
                raise
        async with self._starting:
            if not listening(self._paths):
                await asyncio.to_thread(start_daemon, self._paths)
        return await self._connection.ask(call.request, tree=tree, timeout_s=timeout_s)


class AsyncConnection:
    """What `recall.connection.Connection` is, for many requests at once."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[ReplyEnvelope]] = {}
        self._socket: zmq.asyncio.Socket | None = None
        self._reader: asyncio.Task[None] | None = None
        self._peer: Peer | None = None
        self._owner = 0

    async def ask(self, request: Request, *, tree: str | None = None, timeout_s: float = 30.0) -> ReplyEnvelope:
        """Send a request and wait for its reply, as `Connection.ask` does."""
        number = str(next(self._ids))
        frame = request_frame(request, id=number, tree=tree)
        deadline = time.monotonic() + timeout_s
        link = await self._connected()
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._until(link.send(frame), deadline, request, timeout_s, sent=False)
            return await self._until(answer, deadline, request, timeout_s, sent=True)
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """Let go of the socket; the next request would connect again."""
        link, self._socket = self._socket, None
        reader, self._reader = self._reader, None
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.cancel()
        if link is None or self._owner != os.getpid():
            return
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        link.close(linger=0)

    async def _connected(self) -> zmq.asyncio.Socket:
        peer = peer_of(self._paths)
        if self._socket is not None and self._peer == peer and self._owner == os.getpid():
            return self._socket
        await self.close()
        if not listening(self._paths):
            raise unreachable(self._paths)
        self._socket = zmq.asyncio.Context.instance().socket(zmq.DEALER)
        configure(self._socket)
        self._socket.connect(self._paths.requests_address)
        self._peer, self._owner = peer, os.getpid()
        self._reader = asyncio.create_task(self._read(self._socket), name="recall replies")
        return self._socket

    async def _read(self, link: zmq.asyncio.Socket) -> None:
        while True:
            envelope = decode_reply((await link.recv_multipart())[-1])
            answer = self._waiting.get(str(envelope.id))
            if answer is not None and not answer.done():
                answer.set_result(envelope)

    async def _until(self, step: Awaitable[R], deadline: float, request: Request, timeout_s: float, *, sent: bool) -> R:
        """Wait for a step, as long as the daemon that was connected to is there and the deadline is not over."""
        future = asyncio.ensure_future(step)
        try:
            while True:
                left_s = max(0.001, min(deadline - time.monotonic(), CHECK_S))
                done, _ = await asyncio.wait({future}, timeout=left_s)
                if done:
                    return future.result()
                if peer_of(self._paths) != self._peer or not listening(self._paths):
                    raise unreachable(self._paths, sent=sent)
                if time.monotonic() >= deadline:
                    raise timed_out(request, timeout_s)
        finally:
            future.cancel()


class AsyncEventStream(AsyncIterator[AnyEvent]):
    """The events of one subscription, as `AsyncClient.events` describes them.

    Args:
        paths: of the daemon.
        join: makes the subscription.
        ask_context: asks the daemon for a file's context.
        timeout_s: silence after which the iteration ends.
    """

    def __init__(
        self,
        paths: Paths,
        join: Callable[[], Awaitable[Subscription]],
        ask_context: Callable[[str], Awaitable[Context]],
        timeout_s: float | None,
    ) -> None:
        self._paths = paths
        self._join = join
        self._ask_context = ask_context
        self._timeout_s = timeout_s
        self._joined: tuple[zmq.asyncio.Socket, Subscription] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AnyEvent:
        link, subscription = self._joined or await self._listen()
        deadline = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        while not subscription.ready:
            if link.closed or not await self._receive(link, subscription, deadline):
                raise StopAsyncIteration
        return subscription.ready.popleft()

    async def close(self) -> None:
        """Stop listening."""
        if self._joined is not None:
            self._joined[0].close(linger=0)

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _listen(self) -> tuple[zmq.asyncio.Socket, Subscription]:
        subscription = await self._join()
        link = zmq.asyncio.Context.instance().socket(zmq.SUB)
        self._joined = (link, subscription)
        subscribe(link, self._paths, subscription)
        greeted_by = time.monotonic() + GREETING_S
        while not subscription.epoch and await self._receive(link, subscription, greeted_by):
            pass
        return self._joined

    async def _receive(self, link: zmq.asyncio.Socket, subscription: Subscription, deadline: float | None) -> bool:
        """Take one push; False if none comes in time."""
        left_ms = None if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))
        if not await link.poll(left_ms):
            return False
        subscription.receive(await link.recv_multipart())
        for path in sorted(subscription.behind):
            try:
                subscription.caught_up(path, await self._ask_context(path))
            except RecallError as error:
                if not subscription.refused(path, error):
                    break
        return True
