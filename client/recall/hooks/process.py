"""The outer edge of a hook: whatever happens inside, an agent sees exit code 0, and either an answer or nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time

from recall.hooks.events import HOOKS
from recall.hooks.link import Link, RefusedError
from recall.hooks.payload import InputError, Payload
from recall.hooks.session import AgentSession
from recall.runtime import requests_socket

TYPE_CHECKING = False  # see `recall.runtime`
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

LIMIT_S = 0.38
"""All the time a hook takes at most; with the interpreter's start that is below half a second."""
START_S = 0.25
"""Of that, how long is waited for a daemon that was just started."""
POLL_S = 0.02
MAX_INPUT_BYTES = 32 * 1024 * 1024
NO_PROJECT = frozenset(
    {"no_repository", "too_wide", "not_a_folder", "unknown_tree", "outside_workspace", "unknown_session"}
)
"""Refusals that say no more than that here is nothing to remember."""


class TimeUpError(Exception):
    """The limit is over."""


def run(name: str) -> int:
    """Answer one hook: JSON on standard input, and on standard output what the agent is to know, if anything.

    Args:
        name: of the hook, as `pre-tool-use`; of one that is not known nothing is made.

    Returns:
        0, whatever happens. What goes wrong is noted in a file, see `failures`.
    """
    deadline = time.monotonic() + LIMIT_S
    try:
        with _limited(LIMIT_S):
            if name in HOOKS:
                _write(answer(name, _read(), deadline))
    except Exception as error:  # noqa: BLE001  # an outer edge: an agent must not stop because of what we remember
        _note(name, f"{type(error).__name__}: {error}")
    except KeyboardInterrupt:
        pass
    return 0


def answer(name: str, body: bytes, deadline: float) -> bytes:
    """What is written to standard output for what came on standard input; empty where there is nothing to say.

    Args:
        name: one of `HOOKS`.
        deadline: when the daemon's last answer has to be there, as `time.monotonic()` counts.

    Raises:
        InputError: the input is none of an agent's.
        RefusedError: by the daemon, for no reason that has to be expected.
    """
    event, hook = HOOKS[name]
    payload = Payload.parse(body)
    folder, session_id = payload.text("cwd"), payload.text("session_id")
    if not session_id or not folder.startswith("/"):
        raise InputError("standard input names no session_id and cwd")
    link = Link(requests_socket(os.environ), deadline)
    try:
        if not link.reach() and not (name == "session-start" and _started(folder, link, deadline)):
            return b""
        text = hook(payload, AgentSession(link, session_id[:100], folder))
    except RefusedError as refusal:
        if refusal.code not in NO_PROJECT:
            raise
        return b""
    finally:
        link.close()
    said = {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}
    return json.dumps(said).encode() if text else b""


def _started(folder: str, link: Link, deadline: float) -> bool:
    """Start a daemon in the background where there is a repository; whether it serves already."""
    if not _in_repository(folder):
        return False
    from recall.paths import find_paths, make_private  # noqa: PLC0415  # what only a start needs
    from recall.start import spawn  # noqa: PLC0415

    paths = find_paths()
    make_private(paths.logs)
    spawn(paths, paths.logs / "start.log")
    while time.monotonic() < deadline - (LIMIT_S - START_S):
        if link.reach():
            return True
        time.sleep(POLL_S)
    return False


def _in_repository(folder: str) -> bool:
    above = folder
    while True:
        if os.path.lexists(f"{above}/.git"):
            return True
        if above == (above := os.path.dirname(above)):  # noqa: PTH120
            return False


def _read() -> bytes:
    # Closed at the start, it is None, and its number may belong to another file by now. So may that of stdout.
    if sys.stdin is None:
        return b""
    body = bytearray()
    while chunk := os.read(sys.stdin.fileno(), 1 << 20):
        body += chunk
        if len(body) > MAX_INPUT_BYTES:
            raise InputError(f"standard input is longer than {MAX_INPUT_BYTES} bytes")
    return bytes(body)


def _write(said: bytes) -> None:
    if sys.stdout is None:
        return
    with contextlib.suppress(BrokenPipeError):
        while said:
            said = said[os.write(sys.stdout.fileno(), said) :]


def _note(name: str, message: str) -> None:
    from recall.hooks import failures  # noqa: PLC0415  # what only a failure needs
    from recall.paths import find_paths  # noqa: PLC0415

    # Where even that cannot be written there is nobody left to tell.
    with contextlib.suppress(OSError, RuntimeError):
        failures.note(find_paths(), name, message)


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise `TimeUpError` in what takes longer, be it that it waits."""

    def up(_: int, __: FrameType | None) -> None:
        raise TimeUpError(f"not done within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
