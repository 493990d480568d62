"""What a service manager hears of the daemon."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from recalld.supervisor import Supervisor


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A manager's end of the socket, and its address as it stands in the environment."""
    if request.param == "abstract" and not os.uname().sysname.startswith("Linux"):
        pytest.skip("abstract sockets are Linux's")
    address = str(tmp_path / "notify") if request.param == "path" else f"@recalld-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address.replace("@", "\0", 1))
        heard.settimeout(5)
        yield heard, address


def test_it_hears_that_the_daemon_serves_that_it_lives_and_that_it_stops(manager: tuple[socket.socket, str]) -> None:
    heard, address = manager
    heard.setblocking(False)

    async def daemon() -> list[bytes]:
        loop = asyncio.get_running_loop()
        supervisor = Supervisor(address, watchdog_s=0.03)
        supervisor.ready()
        said = [await asyncio.wait_for(loop.sock_recv(heard, 100), 5) for _ in range(3)]
        supervisor.stopping()
        while said[-1] != b"STOPPING=1":
            said.append(await asyncio.wait_for(loop.sock_recv(heard, 100), 5))
        return said

    said = asyncio.run(daemon())
    assert (said[0], said[-1]) == (b"READY=1", b"STOPPING=1")
    assert set(said[1:-1]) == {b"WATCHDOG=1"}


def test_nothing_is_said_of_life_where_no_watchdog_asks(manager: tuple[socket.socket, str]) -> None:
    heard, address = manager

    async def daemon() -> None:
        supervisor = Supervisor(address)
        supervisor.ready()
        assert supervisor._task is not None
        await supervisor._task
        supervisor.stopping()

    asyncio.run(daemon())
    assert [heard.recv(100), heard.recv(100)] == [b"READY=1", b"STOPPING=1"]


def test_a_manager_that_has_no_time_hears_that_it_serves_once_it_has(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")

    async def daemon(heard: socket.socket) -> int:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as others:
            others.setblocking(False)
            waiting = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    others.sendto(b"other", address)
                    waiting += 1
        supervisor = Supervisor(address)
        supervisor.ready()
        await asyncio.sleep(0)
        assert supervisor._task is not None
        assert not supervisor._task.done()
        for _ in range(waiting):
            assert heard.recv(100) == b"other"
        await supervisor._task
        supervisor.stopping()
        return waiting

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address)
        heard.settimeout(5)
        assert asyncio.run(daemon(heard)) > 0
        assert heard.recv(100) == b"READY=1"


def test_a_manager_that_is_gone_is_no_reason_to_stop(tmp_path: Path) -> None:
    async def daemon() -> None:
        supervisor = Supervisor(str(tmp_path / "gone"), watchdog_s=0.01)
        supervisor.ready()
        await asyncio.sleep(0)
        supervisor.stopping()

    asyncio.run(daemon())


def test_children_inherit_nothing_of_it() -> None:
    environ = {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid()), "HOME": "/h"}
    assert Supervisor.of(environ)._watchdog_s == 30
    assert environ == {"HOME": "/h"}


@pytest.mark.parametrize("environ", [{}, {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}])
def test_a_watchdog_that_is_meant_for_another_process_is_none(environ: dict[str, str]) -> None:
    assert Supervisor.of(environ)._watchdog_s == 0
