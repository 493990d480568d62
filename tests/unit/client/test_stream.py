from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from recall import AsyncClient, Client
from recall.protocol.codec import encode_event
from recall.protocol.errors import RecallError
from recall.protocol.events import ContextPushed, Event, Heartbeat, MemoryChanged, Stopping, topic
from recall.protocol.requests import ListReply
from recall.stream import Subscription
from tests.unit.client.conftest import TREE, WORKSPACE, Peer, brief_context

A = topic(WORKSPACE, TREE, "a.py")
B = topic(WORKSPACE, TREE, "b.py")


def pushed(path: str, seq: int, epoch: str = "e1", tree: str = TREE) -> list[bytes]:
    event = ContextPushed(cause="saved", context=brief_context(path))
    return frames(event, topic(WORKSPACE, tree, path), epoch, seq, path)


def beat(published: int, topics: dict[str, int], epoch: str = "e1", complete_since: int = 0) -> list[bytes]:
    event = Heartbeat(published=published, topics=topics, complete_since=complete_since)
    return frames(event, "daemon", epoch)


def frames(event: Event, name: str, epoch: str = "e1", seq: int = 0, path: str = "") -> list[bytes]:
    event.epoch, event.seq, event.file_path = epoch, seq, path
    return [name.encode(), encode_event(event)]


class Heard:
    """A subscription with what it reported."""

    def __init__(self, files: list[str] | None = None) -> None:
        self.missed: list[str | None] = []
        self.subscription = Subscription(WORKSPACE, TREE, files, on_missed=self.missed.append)

    def hear(self, *pushes: list[bytes]) -> list[str]:
        for push in pushes:
            self.subscription.receive(push)
        return [event.file_path for event in self.subscription.ready]

    @property
    def behind(self) -> set[str]:
        return self.subscription.behind


def test_pushes_in_order_are_handed_out_and_nothing_is_missed() -> None:
    heard = Heard()
    assert heard.hear(beat(0, {}), pushed("a.py", 1), pushed("a.py", 2), pushed("b.py", 1)) == ["a.py", "a.py", "b.py"]
    assert (heard.missed, heard.behind) == ([], set())


def test_a_gap_is_reported_and_a_newer_context_makes_up_for_it() -> None:
    heard = Heard()
    heard.hear(beat(0, {}), pushed("a.py", 1), pushed("a.py", 3))
    assert (heard.missed, heard.behind) == ([A], set())


def test_a_push_that_only_the_heartbeat_knows_of_was_missed() -> None:
    heard = Heard()
    heard.hear(beat(0, {}), pushed("a.py", 1), beat(2, {A: 1, B: 1}))
    assert (heard.missed, heard.behind) == ([B], {"b.py"})


def test_a_miss_is_reported_once() -> None:
    heard = Heard()
    heard.hear(beat(0, {}), beat(1, {A: 1}), beat(1, {A: 1}))
    assert heard.missed == [A]


def test_what_was_pushed_before_joining_was_not_missed() -> None:
    heard = Heard()
    heard.hear(beat(9, {A: 5, B: 4}), pushed("a.py", 6), beat(10, {A: 6, B: 4}))
    assert heard.missed == []


def test_a_new_epoch_means_that_anything_may_have_been_missed() -> None:
    heard = Heard()
    heard.hear(beat(0, {}), pushed("a.py", 1), beat(0, {}, epoch="e2"))
    assert (heard.missed, heard.behind) == ([None], {"a.py"})


def test_what_a_new_daemon_pushed_before_it_was_heard_was_missed() -> None:
    heard = Heard()
    heard.hear(beat(0, {}), beat(1, {B: 1}, epoch="e2"))
    assert (heard.missed, heard.behind) == ([None, B], {"b.py"})


def test_topics_that_fell_out_of_the_heartbeat_may_have_been_missed() -> None:
    heard = Heard()
    heard.hear(beat(10, {}), pushed("a.py", 1), beat(500, {A: 1}, complete_since=200))
    assert (heard.missed, heard.behind) == ([None], {"a.py"})


def test_other_trees_and_files_whose_names_merely_begin_alike_are_left_out() -> None:
    assert Heard().hear(pushed("a.py", 1, tree="tree-2"), pushed("a.py", 1)) == ["a.py"]
    assert Heard(["a.py"]).hear(pushed("a.pyi", 1), pushed("a.py", 1)) == ["a.py"]


def test_an_event_of_a_kind_not_known_yet_is_passed_over() -> None:
    heard = Heard()
    assert heard.hear([A.encode(), b'{"event":"from the future","epoch":"e1","seq":1}'], pushed("a.py", 2)) == ["a.py"]


def test_a_refused_context_is_asked_for_again_only_where_that_makes_sense() -> None:
    heard = Heard()
    heard.hear(beat(0, {}), beat(2, {A: 1, B: 1}))
    assert not heard.subscription.refused("a.py", RecallError("unreachable", "gone"))
    assert heard.subscription.refused("b.py", RecallError("outside_workspace", "no"))
    assert heard.behind == {"a.py"}


def test_a_client_hears_what_is_pushed_from_the_moment_it_listens(peer: Peer, tmp_path: Path) -> None:
    peer.answers["list"] = ListReply(memories=[], total=0)

    def daemon() -> None:
        peer.await_subscriber()
        peer.publish(Heartbeat(published=0, topics={}, complete_since=0))
        peer.publish(ContextPushed(cause="opened", context=brief_context("a.py")), seq=1, file_path="a.py")

    side = threading.Thread(target=daemon)
    side.start()
    with Client(tmp_path) as client, client.events(timeout_s=5) as events:
        event = next(events)
    side.join()
    assert isinstance(event, ContextPushed)
    assert (event.file_path, event.cause) == ("a.py", "opened")


def test_a_missed_push_is_made_up_for_by_asking(peer: Peer, tmp_path: Path) -> None:
    peer.answers["list"] = ListReply(memories=[], total=0)
    peer.answers["context"] = lambda request: brief_context(request.file_path, tokens=42)
    missed: list[str | None] = []

    def daemon() -> None:
        peer.await_subscriber()
        peer.publish(Heartbeat(published=0, topics={}, complete_since=0))
        peer.publish(Heartbeat(published=1, topics={A: 1}, complete_since=0))  # one that never came

    side = threading.Thread(target=daemon)
    side.start()
    with Client(tmp_path) as client, client.events(["a.py"], timeout_s=5, on_missed=missed.append) as events:
        event = next(events)
    side.join()
    assert isinstance(event, ContextPushed)
    assert (event.file_path, event.seq, event.context.tokens, missed) == ("a.py", 1, 42, [A])


def test_the_iteration_ends_after_the_silence_that_was_asked_for(peer: Peer, tmp_path: Path) -> None:
    peer.answers["list"] = ListReply(memories=[], total=0)
    with Client(tmp_path) as client, client.events(timeout_s=0.05) as events:
        assert list(events) == []


def test_an_asynchronous_client_hears_and_catches_up_alike(peer: Peer, tmp_path: Path) -> None:
    peer.answers["list"] = ListReply(memories=[], total=0)
    peer.answers["context"] = lambda request: brief_context(request.file_path, tokens=42)

    def daemon() -> None:
        peer.await_subscriber()
        peer.publish(Heartbeat(published=0, topics={}, complete_since=0))
        peer.publish(MemoryChanged(memory_id="mem-1", title="T", change="stored"), seq=1)
        peer.publish(Heartbeat(published=2, topics={A: 1}, complete_since=0))

    async def listen() -> list[str]:
        async with AsyncClient(tmp_path) as client, client.events(timeout_s=5) as events:
            return [type(await anext(events)).__name__ for _ in range(2)]

    side = threading.Thread(target=daemon)
    side.start()
    assert asyncio.run(listen()) == ["MemoryChanged", "ContextPushed"]
    side.join()


def test_a_daemon_that_stops_says_so_to_those_who_listen() -> None:
    heard = Heard(["a.py"])
    heard.hear(frames(Stopping(), "daemon"))
    assert isinstance(heard.subscription.ready[0], Stopping)
