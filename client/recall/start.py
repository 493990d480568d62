"""Starting the daemon, and waiting until it answers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from recall.connection import Connection
from recall.paths import Paths, make_private
from recall.protocol.errors import RecallError
from recall.protocol.requests import Hello
from recall.service import reaching_manager, starter
from recall.sockets import listening

START_S = 15.0
_FIRST_WAIT_S = 0.01
_LONGEST_WAIT_S = 0.05
_MAX_OUTPUT_BYTES = 1_000_000
_DIRECTLY = [sys.executable, "-m", "recalld"]
_OF_OTHER_SERVICES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What an agent or editor that is a service itself would hand down to the daemon."""


def start_daemon(paths: Paths, timeout_s: float = START_S) -> None:
    """Start the daemon in a session of its own, and return once it answers.

    When two clients do this at once, the daemon's own lock lets one of the two live, and both clients find it.

    Args:
        paths: where the daemon is to be found.
        timeout_s: seconds until this gives up.

    Raises:
        RecallError: `unreachable`, with what the daemon last said.
    """
    by_service = starter(paths)
    if by_service is not None:
        try:
            _start(paths, by_service, timeout_s)
            return
        except RecallError:
            pass  # started without it, the daemon serves, or says best itself why it does not
    _start(paths, _DIRECTLY, timeout_s)


def _start(paths: Paths, command: list[str], timeout_s: float) -> None:
    output = paths.logs / "start.log"
    try:
        make_private(paths.logs)
        child, said_before = _run(paths, output, command)
    except OSError as error:
        raise RecallError("unreachable", f"the daemon cannot be started: {error}", sent=False) from None
    answered = False
    try:
        # Exit code 0 is the second of two daemons, which found the first: that one will answer.
        await_answer(paths, timeout_s, lambda: _last_line(output, said_before) if child.poll() else None)
        answered = True
    finally:
        if not answered:
            child.terminate()
        # Reaps it when it ends, should this process live longer.
        threading.Thread(target=child.wait, name="recalld", daemon=True).start()


def await_answer(paths: Paths, timeout_s: float, failed: Callable[[], str | None] = lambda: None) -> None:
    """Return once a daemon answers.

    Args:
        paths: where the daemon is to be found.
        timeout_s: seconds until this gives up.
        failed: why none will, as soon as that is known.

    Raises:
        RecallError: `unreachable`, none does.
    """
    deadline = time.monotonic() + timeout_s
    wait_s = _FIRST_WAIT_S
    while not _answers(paths):
        why = failed()
        if why is not None:
            raise RecallError("unreachable", f"the daemon did not start: {why}", sent=False)
        if time.monotonic() > deadline:
            message = f"the daemon was started but did not answer within {timeout_s:g} s: see {paths.log}"
            raise RecallError("unreachable", message, sent=False)
        time.sleep(wait_s)
        wait_s = min(wait_s * 1.5, _LONGEST_WAIT_S)


def spawn(paths: Paths, output: Path) -> None:
    """Start the daemon, by its login service where one is installed, and do not wait for it.

    Args:
        output: file to which what it says is added.

    Raises:
        OSError: it cannot be started.
    """
    _run(paths, output, starter(paths) or _DIRECTLY)


def _run(paths: Paths, output: Path, command: list[str]) -> tuple[subprocess.Popen[bytes], int]:
    """Run what starts the daemon, in a session of its own.

    Returns:
        Its process, and how much was in the file of what it says before.
    """
    environ = reaching_manager(os.environ)
    for name in _OF_OTHER_SERVICES:
        environ.pop(name, None)
    if "RECALLD_HOME" in environ:
        environ["RECALLD_HOME"] = str(paths.home)  # as it may be relative, and the daemon starts elsewhere
    if output.exists() and output.stat().st_size > _MAX_OUTPUT_BYTES:
        output.unlink()
    with output.open("ab") as log:
        said_before = log.tell()
        # In the root folder, so that no project is kept busy and none of its modules shadows one of ours.
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environ,
            start_new_session=True,
        )
        return child, said_before


def _answers(paths: Paths) -> bool:
    if not listening(paths):
        return False
    connection = Connection(paths)
    try:
        return connection.ask(Hello(), timeout_s=1.0).error is None
    except RecallError:
        return False
    finally:
        connection.close()


def _last_line(output: Path, since: int) -> str:
    with output.open("rb") as log:
        log.seek(since)
        lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"it ended without a word; see {output}"
