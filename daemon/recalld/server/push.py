"""The pushing side: topics, sequence numbers, heartbeat."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from itertools import islice

import zmq

from recall.protocol.codec import encode_event
from recall.protocol.events import (
    MAX_HEARTBEAT_TOPICS,
    ContextPushed,
    Event,
    Heartbeat,
    MemoryChanged,
    ScanProgress,
    Stopping,
    VerdictChanged,
    topic,
)
from recalld.events import ContextReady, MemoryTouched, Scanned, VerdictTurned

MAX_TOPICS = 50_000


class Publisher:
    """Numbers events and sends them to whoever subscribed.

    Args:
        socket: a bound XPUB socket; what a slow subscriber cannot take is dropped, and its `seq` tells it.
        epoch: of this run of the daemon.
    """

    def __init__(self, socket: zmq.Socket[bytes], epoch: str) -> None:
        self._socket = socket
        self._epoch = epoch
        self._published = 0
        # Topic → (last seq, count of all pushes when it was last used); the least recently used first.
        self._topics: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def context(self, event: ContextReady) -> None:
        """Push a file's context."""
        pushed = ContextPushed(cause=event.cause, context=event.context)
        self._send(pushed, event.workspace_id, event.tree_id, event.path)

    def verdict(self, event: VerdictTurned) -> None:
        """Push a verdict that turned."""
        pushed = VerdictChanged(
            memory_id=event.memory_id,
            title=event.title,
            symbol=event.symbol,
            previous=event.previous,
            verdict=event.verdict,
            reason=event.reason,
            trail=list(event.trail),
            anchor=event.anchor,
        )
        self._send(pushed, event.workspace_id, event.tree_id, event.path)

    def memory(self, event: MemoryTouched) -> None:
        """Push that a memory changed."""
        pushed = MemoryChanged(memory_id=event.memory_id, title=event.title, change=event.change)
        self._send(pushed, event.workspace_id)

    def scan(self, event: Scanned) -> None:
        """Push how far a scan is."""
        pushed = ScanProgress(done=event.done, total=event.total, finished=event.finished)
        self._send(pushed, event.workspace_id, event.tree_id)

    def heartbeat(self) -> None:
        """Push the last numbers of the topics used most recently."""
        recent = list(islice(reversed(self._topics.items()), MAX_HEARTBEAT_TOPICS + 1))
        _, (_, complete_since) = recent.pop() if len(recent) > MAX_HEARTBEAT_TOPICS else ("", (0, 0))
        topics = {name: seq for name, (seq, _) in recent}
        self._send(Heartbeat(published=self._published, topics=topics, complete_since=complete_since))

    def stopping(self) -> None:
        """Push that the daemon goes down."""
        self._send(Stopping())

    def _send(self, event: Event, workspace_id: str = "", tree_id: str = "", path: str = "") -> None:
        name = topic(workspace_id, tree_id, path)
        event.epoch, event.workspace_id, event.tree_id, event.file_path = self._epoch, workspace_id, tree_id, path
        if workspace_id:
            self._published += 1
            event.seq = self._topics.get(name, (0, 0))[0] + 1
            self._topics[name] = (event.seq, self._published)
            self._topics.move_to_end(name)
            if len(self._topics) > MAX_TOPICS:
                self._topics.popitem(last=False)  # its numbers begin anew, which a subscriber takes for a miss
        # An XPUB socket drops what a slow subscriber cannot take; it has nothing to say here.
        with contextlib.suppress(zmq.Again):
            self._socket.send_multipart([name.encode("utf-8", "replace"), encode_event(event)], zmq.NOBLOCK)
