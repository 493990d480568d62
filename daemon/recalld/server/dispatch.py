"""From a request to its one reply, whichever way it came in."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping

from recall.protocol.codec import decode_envelope, decode_params, encode_error, encode_reply
from recall.protocol.errors import RecallError
from recall.protocol.requests import Request
from recalld.memory.trees import Tree, Trees
from recalld.server.handlers import DaemonHandler, Result, TreeHandler
from recalld.server.sockets import Answer
from recalld.store import StoreBusy, StoreConflict, StoreError, code_of

log = logging.getLogger(__name__)

Reply = Callable[[Result, Tree | None], None]
"""Takes a result, and the tree it is about; may raise where the result cannot be put into words."""
Refuse = Callable[[RecallError], None]


class Dispatch:
    """Has requests handled, and sees to it that each gets exactly one reply.

    Args:
        of_tree: handlers of requests about one tree, by method; they are given the tree.
        of_daemon: handlers of requests about the daemon as a whole.
        max_pending: requests under way at once; more are refused as `busy`.
        worked: is told the workspace of each request about a tree.
    """

    def __init__(
        self,
        trees: Trees,
        of_tree: Mapping[str, TreeHandler],
        of_daemon: Mapping[str, DaemonHandler],
        max_pending: int,
        worked: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._trees = trees
        self._of_tree = of_tree
        self._of_daemon = of_daemon
        self._max_pending = max_pending
        self._worked = worked
        self._pending: set[asyncio.Task[None]] = set()
        self.stopping = False

    def __len__(self) -> int:
        return len(self._pending)

    def serve(self, body: bytes, answer: Answer) -> None:
        """Handle the request in a frame; what needs no waiting is answered before this returns."""
        request_id: str | int | None = None
        try:
            envelope = decode_envelope(body)
            request_id = envelope.id
            request = decode_params(envelope)
        except Exception as error:  # noqa: BLE001  # an outer edge: whatever goes wrong is this request's answer
            answer(encode_error(_refusal(error), id=request_id))
            return

        def reply(result: Result, tree: Tree | None) -> None:
            answer(_frame(result, request_id, tree))

        self.handle(request, envelope.tree, reply, lambda error: answer(encode_error(error, id=request_id)))

    def handle(self, request: Request, reference: str | None, reply: Reply, refuse: Refuse) -> None:
        """Handle a request; what needs no waiting is answered before this returns.

        Args:
            request: decoded already.
            reference: of the tree that it is about, as `Trees.resolve` takes it.
            reply: takes what it is answered with.
            refuse: takes why it is not; one of the two is called, once.
        """
        tree: Tree | None = None
        try:
            self._admit()
            if request.method in self._of_daemon:
                result = self._of_daemon[request.method](request)
            else:
                tree = self._trees.resolve(reference)
                self._worked(tree.workspace_id)
                result = self._of_tree[request.method](tree, request)
            if not inspect.isawaitable(result):
                reply(result, tree)
                return
        except Exception as error:  # noqa: BLE001  # the same edge
            refuse(_refusal(error))
            return
        task = asyncio.create_task(self._finish(result, tree, reply, refuse), name=request.method)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def _admit(self) -> None:
        if self.stopping:
            raise RecallError("shutting_down", "the daemon is stopping: try again in a moment")
        if len(self._pending) >= self._max_pending:
            limit = f"{self._max_pending} requests are under way, the limit (max_pending_requests)"
            raise RecallError("busy", f"{limit}: try again in a moment", limit=self._max_pending)

    async def stop(self, timeout_s: float) -> None:
        """Let what is under way come to its end, for so long."""
        self.stopping = True
        if self._pending:
            _, late = await asyncio.wait(self._pending, timeout=timeout_s)
            for task in late:
                task.cancel()

    async def _finish(self, result: Awaitable[Result], tree: Tree | None, reply: Reply, refuse: Refuse) -> None:
        try:
            reply(await result, tree)
        except asyncio.CancelledError:
            refuse(RecallError("shutting_down", "the daemon is stopping: ask again"))
        except Exception as error:  # noqa: BLE001  # the same edge, later
            refuse(_refusal(error))


def _frame(result: Result, request_id: str | int | None, tree: Tree | None) -> bytes:
    if tree is None:
        return encode_reply(result, id=request_id)
    return encode_reply(result, id=request_id, workspace_id=tree.workspace_id, tree_id=tree.id)


def _refusal(error: Exception) -> RecallError:
    if isinstance(error, RecallError):
        return error
    if isinstance(error, StoreBusy | StoreConflict):
        return RecallError("busy", f"{error}: try again in a moment")
    if isinstance(error, StoreError):
        log.error("%s", error)
        return RecallError(code_of(error), str(error))
    log.error("request failed", exc_info=error)
    return RecallError("internal", f"a fault of the daemon's own ({type(error).__name__}): `recall doctor`, its log")
