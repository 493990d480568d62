"""A hundred clients at once, of which some read slowly, send garbage or vanish: what the others wait for."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event

import zmq

from recall import Client
from recall.protocol.codec import decode_reply, encode_request
from recall.protocol.requests import ByFile, ContextOf, ListMemories, Outline, Request, Search
from tests.bench.figures import Figure
from tests.bench.ground import Ground, p, settled, store_memories

GOOD, BAD_OF_EACH_KIND = 70, 10
EVERY_S = 1.0
"""How often each of them asks; the good ones only when they have their answer."""
SECONDS = 30
MEMORIES = 2_000
FILE = "module.py"
TIMES = 2.0
SENT_WORDS = [
    b"",
    b"{",
    b"\xff" * 50,
    b'{"method": 7}',
    b'{"method": "search"}',
    b"[" * 5_000,
    b'{"method": "nothing"}',
]


@dataclass
class Waited:
    """What the good ones have seen."""

    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unanswered: int = 0


def crowd(ground: Ground) -> Iterator[Figure]:
    """The good ones among bad ones, against the same good ones by themselves, before and after."""
    root = ground.folder / "crowded"
    root.mkdir()
    (root / FILE).write_text("def work(x):\n    return x\n")
    ground.start()
    with Client(root, timeout_s=120) as client:
        texts = [f"Orders of kind {n} are settled at {n % 24} o'clock by job {n}." for n in range(MEMORIES)]
        store_memories(client, [{"narrative": text, "force": True} for text in texts])
        client.store(title="Work is done once", source_files=[FILE])
        settled(client)
    address, tree = ground.paths.requests_address, str(root)
    good_ones(address, tree, GOOD, 5)  # warms up
    held_before = ground.memory_mb()
    alone = good_ones(address, tree, GOOD, SECONDS)
    with bad_ones(address, tree, BAD_OF_EACH_KIND):
        among = good_ones(address, tree, GOOD, SECONDS)
        held_among = ground.memory_mb()
    again = good_ones(address, tree, GOOD, SECONDS)
    held_after = ground.memory_mb()
    ground.stop()
    beside = max(p(0.99, alone.seconds), p(0.99, again.seconds))
    times = p(0.99, among.seconds) / beside
    yield Figure(
        f"p99 of {GOOD} clients beside {BAD_OF_EACH_KIND} that read nothing, {BAD_OF_EACH_KIND} that send garbage and "
        f"{BAD_OF_EACH_KIND} that vanish ({len(among.seconds):,} requests)",
        f"{p(0.99, among.seconds):.1f} ms, {times:.2f} × (p50 {p(0.5, among.seconds):.1f} ms)",
        f"≤ {TIMES:g} × floor",
        f"{beside:.1f} ms (p50 {p(0.5, alone.seconds):.1f} ms): the same clients by themselves",
        times <= TIMES,
    )
    lost = sum(each.unanswered + len(each.refused) for each in (alone, among, again))
    yield Figure("their requests without an answer, or refused", f"{lost}", "0", "–", lost == 0)
    yield Figure(
        "memory of the daemon meanwhile, and when the bad ones are gone",
        f"{held_among:.0f} MB; {held_after:.0f} MB",
        "–",
        f"{held_before:.0f} MB before",
    )


def good_ones(address: str, tree: str, count: int, seconds: float) -> Waited:
    """So many clients, each asking at its times and waiting for its answers; what they waited."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    requests: list[Request] = [
        ContextOf(file_path=FILE), Search(query="when are orders of kind 7 settled"), ByFile(file_path=FILE),
        Outline(file_path=FILE), ListMemories(limit=20), ContextOf(file_path=FILE),
    ]  # fmt: skip
    frames = [encode_request(request, id=1, tree=tree) for request in requests]
    poller, waited = zmq.Poller(), Waited()
    sockets = []
    for _ in range(count):
        socket = context.socket(zmq.DEALER)
        socket.connect(address)
        poller.register(socket, zmq.POLLIN)
        sockets.append(socket)
    started = time.perf_counter()
    due = {socket: started + EVERY_S * n / count for n, socket in enumerate(sockets)}
    asked: dict[zmq.Socket[bytes], float] = {}
    turn = 0
    while (now := time.perf_counter()) < started + seconds or asked:
        if now > started + seconds + 30:
            break
        for socket, when in list(due.items()):
            if when <= now < started + seconds:
                socket.send(frames[turn % len(frames)])
                turn += 1
                asked[socket] = time.perf_counter()
                del due[socket]
        for socket, _ in poller.poll(2):
            error = decode_reply(socket.recv()).error
            if error is not None:
                waited.refused.append(error.message)
            at = asked.pop(socket)
            waited.seconds.append(time.perf_counter() - at)
            due[socket] = max(at + EVERY_S, time.perf_counter())
    waited.unanswered = len(asked)
    context.destroy(0)
    return waited


@contextmanager
def bad_ones(address: str, tree: str, of_each: int) -> Iterator[None]:
    """A process full of clients that behave badly, for as long as this lasts."""
    spawn = multiprocessing.get_context("spawn")
    begun, over = spawn.Event(), spawn.Event()
    process = spawn.Process(target=_misbehave, args=(address, tree, of_each, begun, over))
    process.start()
    try:
        assert begun.wait(30)
        yield
    finally:
        over.set()
        process.join(30)


def _misbehave(address: str, tree: str, of_each: int, begun: Event, over: Event) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    much = encode_request(ListMemories(limit=200), id=1, tree=tree)
    some = encode_request(Search(query="when are orders settled"), id=1, tree=tree)
    chance = random.Random(7)

    def connected() -> zmq.Socket[bytes]:
        socket = context.socket(zmq.DEALER)
        socket.connect(address)
        return socket

    slow = [connected() for _ in range(of_each)]
    for socket in slow:
        socket.rcvhwm = 1
    garbage = [connected() for _ in range(of_each)]
    vanishing = [connected() for _ in range(of_each)]
    begun.set()
    turn = 0
    while not over.wait(EVERY_S / of_each):
        n = turn = (turn + 1) % of_each
        _send(slow[n], [much])
        _send(garbage[n], [chance.choice(SENT_WORDS)] * chance.randint(1, 3))
        _send(garbage[n], [os.urandom(chance.randint(1, 2_000))])
        _send(vanishing[n], [some])
        vanishing[n].close(1)  # so that it is sent, and gone before the answer
        vanishing[n] = connected()
    context.destroy(0)


def _send(socket: zmq.Socket[bytes], frames: list[bytes]) -> None:
    try:
        socket.send_multipart(frames, zmq.NOBLOCK)
    except zmq.Again:
        return
