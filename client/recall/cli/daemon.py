"""Commands about the daemon itself: down, status, sync. `up` and `reindex` have files of their own."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from recall.cli import status_page
from recall.cli.invocation import Commands, Invocation
from recall.client import Client
from recall.paths import Paths, find_paths
from recall.protocol.errors import RecallError
from recall.protocol.requests import SyncReply
from recall.service import starter

STOP_S = 2.5
"""The daemon's own limit is two seconds; a busy machine gets a little more."""


def register(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add("down", down, "stop the daemon, or stop following one project")
    command.add_argument("path", nargs="?", metavar="PATH", help="follow this project's folder no more; memories stay")
    commands.add("status", status, "say how the daemon and its workspaces are")
    commands.add("sync", sync, "wait until every change made so far is reflected in verdicts and contexts")


def down(invocation: Invocation) -> int:
    """`recall down`."""
    if invocation.options.path is not None:
        return _leave(invocation, invocation.options.path)
    with invocation.client(start=False) as client:
        pid = stop(client)
    if pid is None:
        _told(invocation, {"stopped": False, "pid": None}, "no daemon runs")
    elif starter(find_paths()) is None:
        _told(invocation, {"stopped": True, "pid": pid, "service": False}, f"stopped (process {pid})")
    else:
        later = "its login service starts it again at the next login, or when `recall up` or an agent asks for it; "
        later += "`recall service uninstall` ends that"
        _told(invocation, {"stopped": True, "pid": pid, "service": True}, f"stopped (process {pid}); {later}")
    return 0


def stop(client: Client) -> int | None:
    """Stop the daemon, and return once its process is gone.

    Returns:
        The id of the process that was; None if no daemon ran.

    Raises:
        RecallError: `timeout`, it does not stop.
    """
    try:
        pid = client.hello().pid
        client.shutdown()
    except RecallError as error:
        if error.code == "unreachable":
            return None
        raise
    _await_end(pid, find_paths())
    return pid


@contextmanager
def stopped(invocation: Invocation) -> Iterator[bool]:
    """Keep the daemon stopped meanwhile, and start it again if it ran; gives whether it did.

    Raises:
        RecallError: it does not stop, or does not start again.
    """
    with invocation.client(start=False) as client:
        ran = stop(client) is not None
    try:
        yield ran
    finally:
        if ran:
            from recall.start import start_daemon

            start_daemon(find_paths())


def end(pid: int, paths: Paths) -> None:
    """Stop a daemon that one cannot speak with, because its protocol may be another; return once it is gone.

    Raises:
        RecallError: `timeout`, it does not stop.
    """
    if _is_daemon(pid):
        os.kill(pid, signal.SIGTERM)
        _await_end(pid, paths)


def _await_end(pid: int, paths: Paths) -> None:
    deadline = time.monotonic() + STOP_S
    while _lives(pid):
        if time.monotonic() > deadline:
            raise RecallError(
                "timeout",
                f"the daemon (process {pid}) does not stop: `kill -9 {pid}` ends it; its log is {paths.log}",
                pid=pid,
            )
        time.sleep(0.01)


def status(invocation: Invocation) -> int:
    """`recall status`."""
    with invocation.client(start=False) as client:
        invocation.show(client.status(), status_page.status)
    return 0


def sync(invocation: Invocation) -> int:
    """`recall sync`."""

    def render(reply: SyncReply, _: object) -> str:
        return f"in sync after {reply.waited_ms:.0f} ms"

    with invocation.client() as client:
        invocation.show(client.sync(timeout_s=invocation.options.timeout), render)
    return 0


def _leave(invocation: Invocation, path: str) -> int:
    folder = invocation.place(path)
    with invocation.client(folder, start=False) as client:
        client.close_tree()
    _told(invocation, {"path": folder}, f"{folder} is no longer followed; its memories stay, `recall up` resumes")
    return 0


def _lives(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _is_daemon(pid: int) -> bool:
    import psutil

    try:
        return any("recalld" in word for word in psutil.Process(pid).cmdline())
    except psutil.Error:
        return False


def _told(invocation: Invocation, document: dict[str, object], text: str) -> None:
    if invocation.terminal.json:
        invocation.terminal.document(document)
    else:
        invocation.terminal.say(text)
