"""The login service with systemd: a user unit."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import ClassVar

from recall.paths import Paths
from recall.protocol.errors import RecallError
from recall.runtime import login_folder
from recall.service.definition import (
    COMMAND_S,
    START_S,
    State,
    environment,
    must,
    name_of,
    read_own,
    template,
    told,
    write_own,
)

SINCE = {"RestartSteps": 254, "RestartMaxDelaySec": 254}
"""Settings that older versions of systemd complain of."""
_CONDITION = re.compile(r"^ConditionFileIsExecutable=(.*)$", re.MULTILINE)
_REFUSED = {'"', "'", "\\"}
_WANTS = "default.target.wants"


class Systemd:
    """The login service of one daemon, as a user unit.

    Args:
        paths: of the daemon.
        environ: in which it is to run; `systemctl` finds the user's manager by it.
    """

    manager: ClassVar[str] = "systemd"

    def __init__(self, paths: Paths, environ: Mapping[str, str]) -> None:
        self._paths = paths
        self._environ = reaching_manager(environ)
        self.name = f"{name_of(paths, environ)}.service"
        configured = environ.get("XDG_CONFIG_HOME")
        self.file = (Path(configured) if configured else Path.home() / ".config") / "systemd" / "user" / self.name

    def python(self) -> str | None:
        """The interpreter that the unit names; None where it is not installed."""
        text = read_own(self.file)
        found = _CONDITION.search(text) if text is not None else None
        return found[1].replace("%%", "%") if found else None

    def rendered(self) -> str:
        """The unit, for the interpreter that runs this and for the version of systemd that is here."""
        said = must(["systemctl", "--version"], self._environ)
        found = re.match(r"systemd (\d+)", said)
        known = environment(self._paths, self._environ)
        return render(
            template("systemd/recalld.service"), self.name, sys.executable, known, int(found[1]) if found else 0
        )

    def install(self) -> None:
        """Write the unit, enable it, and start it, or start it anew."""
        text = self.rendered()
        self._tell("show", "--property=Version")  # the user's manager has to be there before anything is written
        write_own(self.file, text)
        self._tell("daemon-reload")
        self._tell("enable", self.name)
        told(self._command("reset-failed", self.name), self._environ)  # refused where it never ran
        try:
            self._tell("restart", self.name, timeout_s=START_S)
        except RecallError as error:
            raise RecallError("service_failed", f"{error.message}{self._last_words()}") from None

    def uninstall(self) -> None:
        """Stop the service, and take back all that `install` did."""
        if read_own(self.file) is None:
            return
        self._tell("disable", "--now", self.name)
        self.file.unlink()
        for folder in (self.file.parent / _WANTS, self.file.parent, self.file.parent.parent):
            with contextlib.suppress(OSError):  # it holds something else
                folder.rmdir()
        self._tell("daemon-reload")
        told(self._command("reset-failed", self.name), self._environ)

    def state(self) -> State:
        """How systemd says it is."""
        wanted = ("UnitFileState", "ActiveState", "SubState", "MainPID")
        said = self._tell("show", self.name, *(f"--property={name}" for name in wanted))
        known = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        pid = known.get("MainPID", "0")
        text = f"{known.get('ActiveState', 'unknown')} ({known.get('SubState', 'unknown')})"
        return State(known.get("UnitFileState") == "enabled", text, int(pid) if pid.isdigit() else 0)

    def start_command(self) -> list[str]:
        """What starts it, and returns once it serves or has failed."""
        return self._command("start", self.name)

    def output_command(self, lines: int, *, follow: bool, json: bool) -> list[str]:
        """The journal's last lines of it."""
        shape = ["--follow"] if follow else []
        return ["journalctl", f"--user-unit={self.name}", f"--lines={lines}", "--no-pager", "--quiet", *shape] + (
            ["--output=json"] if json else []
        )

    def _command(self, *words: str) -> list[str]:
        return ["systemctl", "--user", "--no-pager", *words]

    def _tell(self, *words: str, timeout_s: float = COMMAND_S) -> str:
        try:
            return must(self._command(*words), self._environ, timeout_s=timeout_s)
        except RecallError as error:
            if "bus" not in error.message or "connect" not in error.message:
                raise
            raise RecallError(
                "service_failed",
                "systemd's manager for your user does not run here: log in by ssh or at the screen, not by su, or "
                f"`loginctl enable-linger` for a machine nobody logs in to. It said: {error.message}",
            ) from None

    def _last_words(self) -> str:
        said = told([*self.output_command(5, follow=False, json=False), "--output=cat"], self._environ).stdout
        return f"; it said: {' / '.join(said.strip().splitlines())}" if said.strip() else ""


def reaching_manager(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which `systemctl --user` finds the user's manager, also after su and in cron."""
    given = dict(environ)
    folder = given.get("XDG_RUNTIME_DIR") or login_folder()
    return given | {"XDG_RUNTIME_DIR": folder} if folder else given


def render(text: str, name: str, python: str, known: Mapping[str, str], version: int) -> str:
    """A unit.

    Args:
        text: the template.
        name: of the unit.
        python: the interpreter's path.
        known: the environment, by name.
        version: of systemd.

    Raises:
        RecallError: `service_failed`, a path holds what no unit can.
    """
    for value in (python, *known.values()):
        if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in value):
            raise RecallError("service_failed", f"{value!r} holds a control character, which no unit can have")
    if set(python) & _REFUSED:
        raise RecallError("service_failed", f"systemd runs no program with a quote or backslash in its path: {python}")
    unit = Template(text).substitute(
        name=name,
        condition=python.replace("%", "%%"),
        python=quoted(python),
        environment="\n".join(f"Environment={quoted(f'{key}={value}')}" for key, value in known.items()),
    )
    lines = (line for line in unit.splitlines() if SINCE.get(line.partition("=")[0], 0) <= version)
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A word of a unit's line, in which nothing is taken for a specifier or the end of the word."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
