"""The login service with launchd: a user agent."""

from __future__ import annotations

import contextlib
import os
import plistlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any, ClassVar
from xml.parsers.expat import ExpatError

from recall.paths import Paths, make_private
from recall.protocol.errors import RecallError
from recall.runtime import APP
from recall.service.definition import (
    MARKER,
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

_HEAD = "<plist"
_STATE, _PID = re.compile(r"^\tstate = (.+)$", re.MULTILINE), re.compile(r"^\tpid = (\d+)$", re.MULTILINE)


class Launchd:
    """The login service of one daemon, as a user agent.

    Args:
        paths: of the daemon.
        environ: in which it is to run.
    """

    manager: ClassVar[str] = "launchd"

    def __init__(self, paths: Paths, environ: Mapping[str, str]) -> None:
        self._paths = paths
        self._environ = dict(environ)
        self.name = f"dev.recalld.daemon{name_of(paths, environ).removeprefix(APP)}"
        self.file = Path.home() / "Library" / "LaunchAgents" / f"{self.name}.plist"
        self._output = paths.logs / "service.log"
        self._domain = f"gui/{os.getuid()}"
        self._target = f"{self._domain}/{self.name}"

    def python(self) -> str | None:
        """The interpreter that the agent names; None where it is not installed."""
        text = read_own(self.file)
        if text is None:
            return None
        try:
            return str(plistlib.loads(text.encode())["ProgramArguments"][0])
        except (plistlib.InvalidFileException, ExpatError, LookupError, TypeError) as error:
            raise RecallError("service_failed", f"{self.file} is broken ({error}): recall service install") from None

    def rendered(self) -> str:
        """The agent, for the interpreter that runs this."""
        known = environment(self._paths, self._environ)
        return render(template("launchd/dev.recalld.daemon.plist"), self.name, sys.executable, known, self._output)

    def install(self) -> None:
        """Write the agent, and load it, which starts it, or load it anew."""
        text = self.rendered()
        make_private(self._paths.logs)  # launchd makes no folder for the output
        write_own(self.file, text)
        told(["launchctl", "bootout", self._target], self._environ)  # refused where it is not loaded
        must(["launchctl", "enable", self._target], self._environ)
        must(["launchctl", "bootstrap", self._domain, str(self.file)], self._environ, timeout_s=START_S)

    def uninstall(self) -> None:
        """Stop the service, and take back all that `install` did."""
        if read_own(self.file) is None:
            return
        told(["launchctl", "bootout", self._target], self._environ)
        self.file.unlink()
        self._output.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it holds something else
            self.file.parent.rmdir()

    def state(self) -> State:
        """How launchd says it is."""
        said = told(["launchctl", "print", self._target], self._environ)
        if said.returncode:
            return State(enabled=False, text="not loaded", pid=0)
        state, pid = _STATE.search(said.stdout), _PID.search(said.stdout)
        return State(enabled=True, text=state[1] if state else "loaded", pid=int(pid[1]) if pid else 0)

    def start_command(self) -> list[str]:
        """What starts it; it does not wait until it serves."""
        return ["launchctl", "kickstart", self._target]

    def output_command(self, lines: int, *, follow: bool, json: bool) -> list[str]:  # noqa: ARG002  # launchd keeps text
        """The last lines of the file into which launchd writes what it says."""
        return ["tail", "-n", str(lines), *(["-F"] if follow else []), str(self._output)]


def render(text: str, label: str, python: str, known: Mapping[str, str], output: Path) -> str:
    """An agent.

    Args:
        text: the template.
        label: by which launchd knows it.
        python: the interpreter's path.
        known: the environment, by name.
        output: into which launchd writes what it says.
    """
    values = {"label": label, "python": python, "output": str(output)}
    document = _filled(plistlib.loads(text.encode()), values)
    document["EnvironmentVariables"] = dict(known)
    xml = plistlib.dumps(document, sort_keys=False).decode()
    return xml.replace(_HEAD, f"<!-- Put here by {MARKER}, taken back by `recall service uninstall`. -->\n{_HEAD}", 1)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return Template(value).substitute(values)
    if isinstance(value, list):
        return [_filled(each, values) for each in value]
    if isinstance(value, dict):
        return {key: _filled(each, values) for key, each in value.items()}
    return value
