"""The sockets, seen by others on the machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recall.paths import Paths, find_paths
from recalld.config import Config
from recalld.lifecycle import make_folders
from recalld.server.sockets import Sockets

NOBODY = 65_534


def knock(file: Path, user: int) -> bytes:
    """What a process of that user hears first: a peer that is let in is greeted at once, any other hung up on."""
    reading, writing = os.pipe()
    child = os.fork()  # another user may not even read where Python is installed
    if child == 0:
        heard = b"nothing"
        try:
            os.setuid(user)
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(10)
                link.connect(str(file))
                heard = link.recv(1)
        finally:
            os.write(writing, heard)
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with open(reading, "rb") as pipe:  # noqa: PTH123  # a descriptor
        return pipe.read()


@pytest.fixture
def paths() -> Iterator[Paths]:
    """Folders of a daemon, made by somebody who lets everybody do everything."""
    home = Path(tempfile.mkdtemp(prefix="recalld-test-"))
    before = os.umask(0)
    made = find_paths({"RECALLD_HOME": str(home)})
    make_folders(made)
    yield made
    os.umask(before)
    shutil.rmtree(home)


async def knocked(paths: Paths, *, user: int) -> list[bytes]:
    """What a process of that user hears on each of the two sockets."""
    sockets = Sockets(Config(), paths, serve=lambda *_: None, greet=lambda: None)
    sockets.start()
    try:
        return [await asyncio.to_thread(knock, file, user) for file in (paths.requests, paths.events)]
    finally:
        sockets.stop()


async def modes(paths: Paths) -> list[int]:
    sockets = Sockets(Config(), paths, serve=lambda *_: None, greet=lambda: None)
    sockets.start()
    found = [stat.S_IMODE(path.stat().st_mode) for path in (paths.runtime, paths.data, paths.requests, paths.events)]
    sockets.stop()
    return found


def test_folders_and_sockets_are_private_even_where_new_files_are_not(paths: Paths) -> None:
    assert asyncio.run(modes(paths)) == [0o700, 0o700, 0o600, 0o600]


def test_their_owner_is_let_in(paths: Paths) -> None:
    assert asyncio.run(knocked(paths, user=os.getuid())) == [b"\xff"] * 2


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a process of another user")
@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not tell whose a process is")
def test_another_user_is_hung_up_on_even_where_the_files_let_everybody_in(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (paths.home, paths.runtime):
        folder.chmod(0o755)
    monkeypatch.setattr(os, "umask", lambda _: 0)  # so that the sockets let everybody in, too
    assert asyncio.run(knocked(paths, user=NOBODY)) == [b""] * 2
