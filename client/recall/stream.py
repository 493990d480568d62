"""Listening to pushes without missing one unnoticed."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import msgspec
import zmq

from recall.calls import FilePath
from recall.paths import Paths
from recall.protocol.codec import decode_event
from recall.protocol.errors import RecallError
from recall.protocol.events import DAEMON_TOPIC, AnyEvent, ContextPushed, Heartbeat, topic
from recall.protocol.values import Context

OnMissed = Callable[[str | None], object]
"""Called with the topic of a missed push, or None where it could be any."""

GREETING_S = 0.5
"""How long to wait for the heartbeat with which the daemon greets a new subscriber."""
_GONE_CODES = ("unreachable", "timeout", "busy", "shutting_down")
_MAX_TOPICS = 4096
_MAX_FOLLOWED = 256


class Subscription:
    """What a subscriber has seen, and therefore what it has missed. Knows no socket.

    Args:
        workspace_id: the workspace to hear of.
        tree_id: the one of its trees to hear of.
        files: only what concerns these files, relative to the tree's root.
        heartbeats: keep heartbeats in `ready` too.
        on_missed: called with each miss.

    Attributes:
        prefixes: the topic prefixes to subscribe to.
        epoch: of the daemon that was last heard of; empty until then.
        ready: events that wait to be handed out.
        behind: files whose context has to be asked for, since a push about them was missed.
    """

    def __init__(
        self,
        workspace_id: str,
        tree_id: str,
        files: Iterable[FilePath] | None = None,
        *,
        heartbeats: bool = False,
        on_missed: OnMissed | None = None,
    ) -> None:
        self._workspace_topic = topic(workspace_id)
        self._tree_topic = topic(workspace_id, tree_id)
        self._files = None if files is None else {str(file) for file in files}
        self._heartbeats = heartbeats
        self._on_missed = on_missed
        # The workspace's own topic is a prefix of all its trees': `_wants` picks.
        wanted = [self._workspace_topic] if self._files is None else [self._tree_topic + file for file in self._files]
        # The daemon greets when it has noted `daemon`; by then, it has noted all before.
        self.prefixes = [*wanted, DAEMON_TOPIC]
        self.epoch = ""
        self.ready: deque[AnyEvent] = deque()
        self.behind: set[str] = set()
        self._published: int | None = None
        self._last: OrderedDict[str, int] = OrderedDict()
        self._followed: OrderedDict[str, None] = OrderedDict.fromkeys(self._files or ())

    def receive(self, frames: list[bytes]) -> None:
        """Take a push: into `ready` what is wanted, into `behind` what was missed before it."""
        try:
            name, event = frames[0].decode(), decode_event(frames[1])
        except msgspec.DecodeError:
            return  # an event that this client does not know yet
        if not self._wants(name):
            return
        for missed in self._missed_before(name, event):
            self._fall_behind(missed)
            if self._on_missed is not None:
                self._on_missed(missed)
        if isinstance(event, ContextPushed):
            self._follow(event.file_path)
            self.behind.discard(event.file_path)
        if self._heartbeats or not isinstance(event, Heartbeat):
            self.ready.append(event)

    def caught_up(self, file_path: str, context: Context) -> None:
        """Take a file's context, as it is now, in place of the pushes that were missed."""
        self.behind.discard(file_path)
        self.ready.append(
            ContextPushed(
                epoch=self.epoch,
                seq=self._last.get(self._tree_topic + file_path, 0),
                workspace_id=context.workspace_id,
                tree_id=context.tree_id,
                file_path=file_path,
                cause="resynced",
                context=context,
            )
        )

    def refused(self, file_path: str, error: RecallError) -> bool:
        """Note that a context was refused; whether it makes sense to go on with the next file now."""
        if error.code in _GONE_CODES:
            return False  # the next push, at the latest a heartbeat, is the time to try again
        self.behind.discard(file_path)
        return True

    def _wants(self, name: str) -> bool:
        if name == DAEMON_TOPIC:
            return True
        if self._files is not None:
            return name.removeprefix(self._tree_topic) in self._files
        return name == self._workspace_topic or name.startswith(self._tree_topic)

    def _missed_before(self, name: str, event: AnyEvent) -> list[str | None]:
        missed: list[str | None] = []
        if event.epoch != self.epoch:
            if self.epoch:  # a new daemon, of which everything so far may have been missed
                missed.append(None)
                self._published = 0
            self.epoch = event.epoch
            self._last.clear()
        if isinstance(event, Heartbeat):
            return missed + self._missed_by(event)
        if name != DAEMON_TOPIC:
            last = self._last.get(name)
            if last is not None and event.seq > last + 1:
                missed.append(name)
            self._note(name, event.seq)
        return missed

    def _missed_by(self, beat: Heartbeat) -> list[str | None]:
        missed: list[str | None] = []
        # What was pushed before the first heartbeat was pushed before we listened.
        joining = self._published is None
        # Topics used since the heartbeat before may have dropped out of this one's list.
        if self._published is not None and beat.complete_since > self._published:
            missed.append(None)
        for name, seq in beat.topics.items():
            if name != DAEMON_TOPIC and self._wants(name) and seq > self._last.get(name, 0):
                if not joining:
                    missed.append(name)
                self._note(name, seq)
        self._published = beat.published
        return missed

    def _fall_behind(self, missed: str | None) -> None:
        if missed is None:
            self.behind.update(self._followed)
        elif missed.startswith(self._tree_topic) and missed != self._tree_topic:
            self.behind.add(missed.removeprefix(self._tree_topic))

    def _note(self, name: str, seq: int) -> None:
        self._last[name] = seq
        self._last.move_to_end(name)
        if len(self._last) > _MAX_TOPICS:
            self._last.popitem(last=False)

    def _follow(self, file_path: str) -> None:
        if self._files is None:
            self._followed[file_path] = None
            self._followed.move_to_end(file_path)
            if len(self._followed) > _MAX_FOLLOWED:
                self._followed.popitem(last=False)


def subscribe(link: zmq.Socket[Any], paths: Paths, subscription: Subscription) -> None:
    """Connect a SUB socket for a subscription."""
    link.setsockopt(zmq.LINGER, 0)
    link.setsockopt(zmq.RECONNECT_IVL, 20)
    link.connect(paths.events_address)
    for prefix in subscription.prefixes:
        link.subscribe(prefix)


class EventStream(Iterator[AnyEvent]):
    """The events of one subscription, as `Client.events` describes them. Not thread-safe.

    Args:
        paths: of the daemon.
        subscription: what to listen to.
        ask_context: asks the daemon for a file's context.
        timeout_s: silence after which the iteration ends.
    """

    def __init__(
        self,
        paths: Paths,
        subscription: Subscription,
        ask_context: Callable[[str], Context],
        timeout_s: float | None,
    ) -> None:
        self._subscription = subscription
        self._ask_context = ask_context
        self._timeout_s = timeout_s
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        subscribe(self._socket, paths, subscription)
        greeted_by = time.monotonic() + GREETING_S
        while not subscription.epoch and self._receive(greeted_by):
            pass

    def __next__(self) -> AnyEvent:
        deadline = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        while not self._subscription.ready:
            if self._socket.closed or not self._receive(deadline):
                raise StopIteration
        return self._subscription.ready.popleft()

    def close(self) -> None:
        """Stop listening."""
        self._socket.close(linger=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self, deadline: float | None) -> bool:
        """Take one push; False if none comes in time."""
        left_ms = None if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))
        if not self._socket.poll(left_ms):
            return False
        self._subscription.receive(self._socket.recv_multipart())
        for path in sorted(self._subscription.behind):
            try:
                self._subscription.caught_up(path, self._ask_context(path))
            except RecallError as error:
                if not self._subscription.refused(path, error):
                    break
        return True
