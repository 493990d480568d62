"""Replies for clients that read at once, later, or never."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Iterator

import pytest
import zmq

from recalld.server import outbox
from recalld.server.outbox import HANDED_OVER, KEPT_BYTES, Outbox

BODY = b"x" * 100_000
NUMBERS = itertools.count()


class Line:
    """A ROUTER with an outbox, and clients of it."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.outbox = Outbox(self.router)
        self.address = f"inproc://outbox-{next(NUMBERS)}"
        self.router.bind(self.address)

    def client(self) -> tuple[zmq.Socket[bytes], bytes]:
        """A client, and how the router calls it."""
        socket = self.context.socket(zmq.DEALER)
        socket.rcvhwm = 1
        socket.connect(self.address)
        socket.send(b"hello")
        name, _ = self.router.recv_multipart()
        return socket, name


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.context.destroy(0)


async def emptied(line: Line) -> None:
    async with asyncio.timeout(20):
        while len(line.outbox):  # nothing tells
            line.router.poll(0)  # as the daemon does: who went away is known by reading
            await asyncio.sleep(0.001)


async def read(socket: zmq.Socket[bytes], count: int) -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            try:
                found.append(socket.recv(zmq.NOBLOCK))
            except zmq.Again:
                await asyncio.sleep(0)
    return found


def test_whoever_reads_later_gets_all_of_it_in_order(line: Line) -> None:
    async def test() -> None:
        socket, name = line.client()
        sent = [b"%d" % number for number in range(500)]
        for body in sent:
            line.outbox.send([name, body])
        assert len(line.outbox) > 0
        assert await read(socket, 500) == sent
        await emptied(line)

    asyncio.run(test())


def test_for_whoever_reads_nothing_only_so_much_is_kept_and_the_log_says_so_once(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        unread, silent = line.client()
        reading, name = line.client()
        for _ in range(1_000):
            line.outbox.send([silent, BODY])
        assert len(line.outbox) * len(BODY) <= KEPT_BYTES
        line.outbox.send([name, b"at once"])
        assert await read(reading, 1) == [b"at once"]
        line.outbox.stop()
        unread.close()

    caplog.set_level(logging.WARNING, logger=outbox.__name__)
    asyncio.run(test())
    assert [record.message for record in caplog.records if str(KEPT_BYTES) in record.message] != []
    assert len(caplog.records) == 1


def test_one_reply_is_kept_however_large_it_is(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "KEPT_BYTES", 10)

    async def test() -> None:
        socket, name = line.client()
        count = HANDED_OVER + 2  # with the one that the client's own queue takes
        for _ in range(count):
            line.outbox.send([name, BODY])
        assert len(await read(socket, count)) == count

    asyncio.run(test())


def test_what_waits_for_a_client_that_went_away_is_dropped(line: Line) -> None:
    async def test() -> None:
        socket, name = line.client()
        for _ in range(500):
            line.outbox.send([name, b"x"])
        assert len(line.outbox) > 0
        socket.close(0)
        await emptied(line)

    asyncio.run(test())
