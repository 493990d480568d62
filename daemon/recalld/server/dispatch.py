"""From a request's bytes to its one reply."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping

from recall.protocol.codec import decode_envelope, decode_params, encode_error, encode_reply
from recall.protocol.errors import RecallError
from recalld.memory.trees import Tree, Trees
from recalld.server.handlers import DaemonHandler, Result, TreeHandler
from recalld.server.sockets import Answer
from recalld.store import StoreBusy, StoreConflict, StoreError, code_of

log = logging.getLogger(__name__)


class Dispatch:
    """Decodes requests, has them handled, and sees to it that each gets exactly one reply.

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
        """Handle one request; what needs no waiting is answered before this returns."""
        request_id: str | int | None = None
        tree: Tree | None = None
        try:
            envelope = decode_envelope(body)
            request_id = envelope.id
            request = decode_params(envelope)
            self._admit()
            if envelope.method in self._of_daemon:
                result = self._of_daemon[envelope.method](request)
            else:
                tree = self._trees.resolve(envelope.tree)
                self._worked(tree.workspace_id)
                result = self._of_tree[envelope.method](tree, request)
            if not inspect.isawaitable(result):
                answer(_reply(result, request_id, tree))
                return
        except Exception as error:  # noqa: BLE001  # an outer edge: whatever goes wrong is this request's answer
            answer(_refusal(error, request_id))
            return
        task = asyncio.create_task(self._finish(result, request_id, tree, answer), name=envelope.method)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def _admit(self) -> None:
        if self.stopping:
            raise RecallError("shutting_down", "the daemon is stopping: try again in a moment")
        if len(self._pending) >= self._max_pending:
            message = f"{self._max_pending} requests are under way: try again in a moment"
            raise RecallError("busy", message, limit=self._max_pending)

    async def stop(self, timeout_s: float) -> None:
        """Let what is under way come to its end, for so long."""
        self.stopping = True
        if self._pending:
            _, late = await asyncio.wait(self._pending, timeout=timeout_s)
            for task in late:
                task.cancel()

    async def _finish(
        self, result: Awaitable[Result], request_id: str | int | None, tree: Tree | None, answer: Answer
    ) -> None:
        try:
            answer(_reply(await result, request_id, tree))
        except asyncio.CancelledError:
            answer(_refusal(RecallError("shutting_down", "the daemon is stopping: ask again"), request_id))
        except Exception as error:  # noqa: BLE001  # the same edge, later
            answer(_refusal(error, request_id))


def _reply(result: Result, request_id: str | int | None, tree: Tree | None) -> bytes:
    if tree is None:
        return encode_reply(result, id=request_id)
    return encode_reply(result, id=request_id, workspace_id=tree.workspace_id, tree_id=tree.id)


def _refusal(error: Exception, request_id: str | int | None) -> bytes:
    if isinstance(error, StoreBusy | StoreConflict):
        error = RecallError("busy", f"{error}: try again in a moment")
    if isinstance(error, StoreError):
        log.error("%s", error)
        error = RecallError(code_of(error), str(error))
    if not isinstance(error, RecallError):
        log.error("request failed", exc_info=error)
        error = RecallError(
            "internal", f"a fault of the daemon's own ({type(error).__name__}): `recall doctor`, its log"
        )
    return encode_error(error, id=request_id)
