"""What a subscriber hears, in order and numbered, and what it can rely on to notice what it missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from recall import AsyncClient, Client
from recall.paths import find_paths
from recall.protocol.codec import decode_event
from recall.protocol.events import (
    AnyEvent,
    ContextPushed,
    Heartbeat,
    MemoryChanged,
    ScanProgress,
    VerdictChanged,
)
from tests.e2e.running import MODELS, commit, git
from tests.inproc.conftest import House

FILE = "api/models/memory.py"
SETTINGS = {"bulk_files": 20}


class Ear:
    """A plain SUB socket: all that is pushed, as it comes."""

    def __init__(self, prefix: str = "") -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.connect(find_paths().events_address)
        self._socket.subscribe(prefix)
        self._socket.subscribe("daemon")
        self.greeting = self.next(Heartbeat)

    def next(self, kind: type[AnyEvent] | None = None, timeout_s: float = 10) -> AnyEvent:
        while self._socket.poll(int(timeout_s * 1000)):
            topic, body = self._socket.recv_multipart()
            event = decode_event(body)
            if kind is None or isinstance(event, kind):
                assert (
                    topic.decode()
                    .rstrip("/")
                    .endswith(event.file_path or event.tree_id or event.workspace_id or "daemon")
                )
                return event
        raise AssertionError(f"no {kind} was pushed")

    def all_until(self, client: Client, marker: str) -> list[AnyEvent]:
        """Everything that is pushed until a memory of this title is stored, now."""
        client.store(title=marker)
        found: list[AnyEvent] = []
        while not (isinstance(event := self.next(), MemoryChanged) and event.title == marker):
            found.append(event)
        return found

    def close(self) -> None:
        self._socket.close(0)


@pytest.fixture
def ear(client: Client) -> Iterator[Ear]:
    made = Ear(f"{client.workspace_id}/")
    yield made
    made.close()


def contexts(events: list[AnyEvent]) -> list[str]:
    return [event.file_path for event in events if isinstance(event, ContextPushed)]


def test_a_subscriber_is_greeted_with_epoch_and_numbers(client: Client, ear: Ear) -> None:
    assert ear.greeting.epoch == client.hello().epoch
    client.opened(FILE)
    first = ear.next(ContextPushed)
    client.opened(FILE)
    second = ear.next(ContextPushed)
    assert second.seq == first.seq + 1
    late = Ear()
    greeting = late.greeting
    assert isinstance(greeting, Heartbeat)
    assert greeting.topics[f"{client.workspace_id}/{client.tree_id}/{FILE}"] == second.seq
    late.close()


def test_a_heartbeat_comes_every_five_seconds(client: Client) -> None:
    ear = Ear("nothing")
    assert ear.next(Heartbeat, timeout_s=6).epoch == client.hello().epoch
    ear.close()


def test_what_happens_to_a_memory_is_pushed_and_reaches_the_open_file(client: Client, ear: Ear) -> None:
    client.opened(FILE)
    ear.next(ContextPushed)
    stored = client.store(title="about the models", source_files=[FILE])
    acts: list[tuple[str, Callable[[], object]]] = [
        ("stored", lambda: None),
        ("edited", lambda: client.edit(stored.id, narrative="Better said.")),
        ("rated", lambda: client.rate(stored.id, useful=True)),
        ("pinned", lambda: client.pin(stored.id)),
        ("unpinned", lambda: client.unpin(stored.id)),
        ("forgotten", lambda: client.forget([stored.id])),
        ("restored", lambda: client.restore(stored.id)),
        ("forgotten", lambda: client.forget([stored.id], purge=True)),
    ]
    for change, act in acts:
        act()
        told = ear.next(MemoryChanged)
        assert isinstance(told, MemoryChanged)
        assert (told.memory_id, told.change) == (stored.id, change)
        pushed = ear.next(ContextPushed)
        assert isinstance(pushed, ContextPushed)
        assert (pushed.cause, len(pushed.context.memories)) == ("memory", 0 if change == "forgotten" else 1)


def test_a_closed_file_hears_no_more_of_memories(client: Client, ear: Ear) -> None:
    client.opened(FILE)
    client.closed(FILE)
    client.store(title="about the models", source_files=[FILE])
    client.sync()
    assert contexts(ear.all_until(client, "end")) == [FILE]  # the opening


def test_a_file_that_is_not_there_yet_can_be_opened(client: Client, ear: Ear) -> None:
    stored = client.store(title="waits", source_files=["api/new.py"])
    client.opened("api/new.py")
    pushed = ear.next(ContextPushed)
    assert isinstance(pushed, ContextPushed)
    assert [brief.id for brief in pushed.context.memories] == [stored.id]


def test_a_verdict_that_turns_is_pushed_with_its_reason(client: Client, project: Path, ear: Ear) -> None:
    stored = client.store(title="load adds", symbols=[f"{FILE}::load"])
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    turned = ear.next(VerdictChanged)
    assert isinstance(turned, VerdictChanged)
    assert (turned.memory_id, turned.symbol, turned.previous, turned.verdict) == (
        stored.id,
        "Memory.load",
        "current",
        "changed",
    )
    assert turned.reason.startswith("the body of Memory.load changed since")
    (project / FILE).unlink()
    gone = ear.next(VerdictChanged)
    assert isinstance(gone, VerdictChanged)
    assert (gone.previous, gone.verdict, gone.reason) == ("changed", "missing", f"{FILE} does not exist")


def test_a_large_branch_switch_pushes_the_contexts_of_what_is_open_and_every_verdict(
    client: Client, project: Path, ear: Ear
) -> None:
    for n in range(600):
        (project / f"api/m{n:03}.py").write_text(f"def f{n}():\n    return {n}\n")
    commit(project, "many")
    git(project, "checkout", "-q", "-b", "side")
    for n in range(600):
        (project / f"api/m{n:03}.py").write_text(f"def f{n}():\n    return {n + 1}\n")
    commit(project, "all changed")
    client.sync()
    stored = client.store(title="f7 returns 7", symbols=["api/m007.py::f7"])
    client.opened("api/m010.py")
    client.sync()
    ear.all_until(client, "before")
    git(project, "checkout", "-q", "-")
    client.sync()
    assert client.get(stored.id).verdict == "changed"
    heard = ear.all_until(client, "after")
    assert set(contexts(heard)) == {"api/m010.py"}
    assert [event.memory_id for event in heard if isinstance(event, VerdictChanged)] == [stored.id]
    git(project, "checkout", "-q", "side")
    client.sync()
    assert client.get(stored.id).verdict == "current"
    assert client.outline("api/m599.py").symbols[0].name == "f599"


def test_a_scan_is_told_from_beginning_to_end(house: House, tmp_path: Path) -> None:
    root = tmp_path / "fresh"
    root.mkdir()
    for n in range(450):
        (root / f"m{n}.py").write_text(f"def f{n}(): pass\n")
    ear = Ear()
    with Client(root) as client:
        client.sync()
        heard = [event for event in ear.all_until(client, "end") if isinstance(event, ScanProgress)]
        heard = [event for event in heard if event.tree_id == client.tree_id]
        assert [event.finished for event in heard][-2:] == [False, True]
        assert [event.done for event in heard] == sorted(event.done for event in heard)
        assert heard[-1].done == heard[-1].total == 450
        client.close_tree()
    ear.close()


def test_what_is_saved_during_the_first_scan_wins(house: House, tmp_path: Path) -> None:
    root = tmp_path / "fresh"
    root.mkdir()
    for n in range(800):
        (root / f"m{n:03}.py").write_text(f"def before{n}(): pass\n" * 20)
    with Client(root) as client:
        client.open_workspace(root)
        for n in range(0, 800, 40):
            (root / f"m{n:03}.py").write_text(f"def after{n}(): pass\n")
        (root / "new.py").write_text("def new(): pass\n")
        (root / "m001.py").unlink()
        client.sync()
        for n in range(0, 800, 40):
            assert [symbol.name for symbol in client.outline(f"m{n:03}.py").symbols] == [f"after{n}"]
        shown = next(one for one in client.status().workspaces if one.tree_id == client.tree_id)
        assert shown.files == 800
        client.close_tree()


def test_a_slow_subscriber_holds_nobody_up(client: Client) -> None:
    deaf: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    deaf.set_hwm(1)
    deaf.connect(find_paths().events_address)
    deaf.subscribe("")
    ear = Ear(f"{client.workspace_id}/")
    for _ in range(500):
        client.opened(FILE)
    seqs = [ear.next(ContextPushed).seq for _ in range(500)]
    assert seqs == list(range(seqs[0], seqs[0] + 500))
    deaf.close(0)
    ear.close()


def test_many_at_once_over_one_asynchronous_client(house: House, project: Path) -> None:
    async def work() -> None:
        async with AsyncClient(project) as client:
            stored = await asyncio.gather(*(client.store(title=f"number {n}") for n in range(100)))
            assert len({each.id for each in stored}) == 100
            found = await asyncio.gather(*(client.get(each.id) for each in stored))
            assert [each.title for each in found] == [f"number {n}" for n in range(100)]
            async with client.events(timeout_s=10) as stream:
                await client.opened(FILE)
                async for event in stream:
                    if isinstance(event, ContextPushed):
                        assert event.file_path == FILE
                        break
            await client.close_tree()

    asyncio.run(work())
