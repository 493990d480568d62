"""`recall service`: the daemon as a login service, set up, looked at and taken back."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import msgspec

from recall import __version__
from recall.cli.invocation import Commands, Invocation
from recall.cli.terminal import Style
from recall.connection import Connection
from recall.paths import Paths, find_paths
from recall.protocol.codec import result_of
from recall.protocol.errors import RecallError
from recall.protocol.requests import Hello, HelloReply
from recall.service import Service, service_here
from recall.start import await_answer

SERVES_S = 15.0
"""How long the daemon may take from the start of its service to its first answer."""
_KNOWN_ANYWAY = {"RECALLD_HOME"}


class Condition(msgspec.Struct):
    """How the login service is."""

    manager: str
    name: str
    file: str
    installed: bool
    enabled: bool = False
    """Whether it starts at the next login."""
    state: str = "not installed"
    """In the manager's words."""
    python: str = ""
    """The interpreter that it runs."""
    pid: int = 0
    """Of the daemon that it runs; 0 where it runs none."""
    daemon_pid: int = 0
    """Of the daemon that answers, whoever started it; 0 where none does."""
    version: str = ""
    """Of that daemon."""
    problems: list[str] = []  # msgspec gives each struct a list of its own
    """What is wrong, and what to do about it."""


def register(commands: Commands) -> None:
    """Declare the commands."""
    group = commands.group("service", "let the daemon start when you log in, and start it anew should it fail")
    group.add("install", install, "set it up, start it, and wait until it answers; once more after the program moved")
    group.add("uninstall", uninstall, "stop it, and take back all that `install` did; memories stay")
    group.add("status", status, "say whether it is set up, runs and answers, and what to do if not")


def install(invocation: Invocation) -> int:
    """`recall service install`."""
    paths = find_paths()
    service = _service(paths)
    before = service.python()
    try:
        service.install()
        await_answer(paths, SERVES_S)
    except RecallError:
        if before is None:
            service.uninstall()
        raise
    condition = look(service, paths)
    _show(invocation, condition)
    for warning in _doubts():
        invocation.terminal.warn(warning)
    return int(bool(condition.problems))


def uninstall(invocation: Invocation) -> int:
    """`recall service uninstall`."""
    service = _service(find_paths())
    installed = service.python() is not None
    service.uninstall()
    if invocation.terminal.json:
        invocation.terminal.document({"uninstalled": installed, "file": str(service.file)})
    elif installed:
        invocation.terminal.say(f"{service.file} is gone and its daemon stopped; memories stay, `recall up` starts one")
    else:
        invocation.terminal.say("no login service is installed")
    return 0


def status(invocation: Invocation) -> int:
    """`recall service status`."""
    paths = find_paths()
    condition = look(_service(paths), paths)
    _show(invocation, condition)
    return int(bool(condition.problems) or not condition.installed)


def look(service: Service, paths: Paths) -> Condition:
    """How the service is, and what is wrong with it.

    Raises:
        RecallError: `service_failed`, its manager does not answer, or its file is not ours.
    """
    python = service.python()
    condition = Condition(service.manager, service.name, str(service.file), installed=python is not None)
    hello = _hello(paths)
    if hello is not None:
        condition.daemon_pid, condition.version = hello.pid, hello.version
    if python is None:
        return condition
    condition.python = python
    condition.enabled, condition.state, condition.pid = service.state()
    condition.problems = list(_problems(service, condition))
    return condition


def _problems(service: Service, condition: Condition) -> list[str]:
    problems = []
    again = "`recall service install` sets it up anew"
    if not os.access(condition.python, os.X_OK):
        problems.append(f"{condition.python} is no longer there, so it cannot start: {again}, from where recall is now")
    elif condition.python == sys.executable and service.file.read_text("utf-8") != service.rendered():
        problems.append(f"its file is not what this version would write: {again}")
    if not condition.enabled:
        problems.append(f"it does not start at the next login: {again}")
    if not condition.pid:
        problems.append(f"it is {condition.state}: `recall up` starts it, `recall logs --service` says what went wrong")
    if condition.daemon_pid not in (0, condition.pid):
        problems.append(
            f"the daemon that answers (process {condition.daemon_pid}) was started by hand: recall down, then recall up"
        )
    elif condition.pid and not condition.daemon_pid:
        problems.append(f"process {condition.pid} runs and does not answer: `recall logs` says what it does")
    return problems


def _doubts() -> list[str]:
    """What may be surprising later on."""
    doubts = []
    for name in sorted(os.environ):
        if name.startswith("RECALLD_") and name not in _KNOWN_ANYWAY:
            setting = name.removeprefix("RECALLD_").lower()
            doubts.append(
                f"{name} holds for this shell, not for the service: put {setting} into {find_paths().config_file}"
            )
    doubts += [
        f"{sys.executable} is below {passing}, which may be emptied: better install recalld for good"
        for passing in (Path.home() / ".cache", Path(tempfile.gettempdir()))
        if Path(sys.executable).is_relative_to(passing)
    ]
    return doubts


def _service(paths: Paths) -> Service:
    service = service_here(paths)
    if service is None:
        raise RecallError(
            "service_failed", f"there is no login service for {sys.platform}: `recall up` starts the daemon"
        )
    return service


def _hello(paths: Paths) -> HelloReply | None:
    connection = Connection(paths)
    try:
        reply: HelloReply = result_of(connection.ask(Hello(), timeout_s=2.0), HelloReply)
    except RecallError:
        return None
    finally:
        connection.close()
    return reply


def _show(invocation: Invocation, condition: Condition) -> None:
    if invocation.terminal.json:
        invocation.terminal.document(condition)
    else:
        invocation.terminal.say(shown(condition, invocation.terminal.style))


def shown(condition: Condition, style: Style) -> str:
    """What a person sees of it."""
    if not condition.installed:
        by_hand = f"; the daemon (process {condition.daemon_pid}) was started by hand" if condition.daemon_pid else ""
        return f"no login service is installed{by_hand}: {style.accent('recall service install')} sets it up"
    mark = style.bad("✗") if condition.problems else style.good("✓")
    login = "starts at login" if condition.enabled else "does not start at login"
    lines = [
        f"{mark} {style.bold(condition.name)} ({condition.manager})  {condition.state}, {login}",
        f"  file      {condition.file}",
        f"  python    {condition.python}",
    ]
    if condition.daemon_pid:
        other = "" if condition.version == __version__ else f" (this client is {__version__})"
        lines.append(f"  daemon    {condition.version}{other}, process {condition.daemon_pid}, answers")
    lines += [f"  {style.accent('→')} {problem}" for problem in condition.problems]
    return "\n".join(lines)
