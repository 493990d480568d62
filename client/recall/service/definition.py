"""What a login service is, whoever runs it; and what goes into its file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol

from recall.paths import Paths
from recall.protocol.errors import RecallError
from recall.runtime import APP

COMMAND_S = 30.0
"""How long a word with the service manager may take, but for a start."""
START_S = 130.0
"""How long a start may take; a little more than the service's own limit."""
MARKER = "`recall service install`"
"""Stands in each file that is ours."""
# What tells the daemon where its folders are. All else that it is to know stands in its settings file.
_PLACES = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
_SEARCHED = ("/usr/local/bin", "/usr/bin", "/bin")


class State(NamedTuple):
    """What the service manager says."""

    enabled: bool
    """Whether it starts at the next login."""
    text: str
    """In the manager's words, as `active (running)`."""
    pid: int
    """Of the process that it runs; 0 where it runs none."""


class Service(Protocol):
    """The login service of one daemon, with one service manager."""

    manager: ClassVar[str]
    """Of the service, as people call it."""
    name: str
    """By which the manager knows it."""
    file: Path
    """What it is described in."""

    def python(self) -> str | None:
        """The interpreter that its file names; None where it is not installed.

        Raises:
            OSError: the file cannot be read.
            RecallError: `service_failed`, the file is not ours.
        """

    def rendered(self) -> str:
        """What its file should hold, for the interpreter that runs this."""

    def install(self) -> None:
        """Write the file, enable the service, and start it, or start it anew.

        Raises:
            OSError: the file cannot be written.
            RecallError: `service_failed`, with what the manager says.
        """

    def uninstall(self) -> None:
        """Stop the service and take back all that `install` did."""

    def state(self) -> State:
        """How it is.

        Raises:
            RecallError: `service_failed`, the manager does not answer.
        """

    def start_command(self) -> list[str]:
        """What starts it, and returns once it serves or has failed."""

    def output_command(self, lines: int, *, follow: bool, json: bool) -> list[str]:
        """What shows the last lines of what it wrote outside of the log: why it did not start, or crashed."""


def name_of(paths: Paths, environ: Mapping[str, str]) -> str:
    """`recalld`; a daemon with a `RECALLD_HOME` has a service of its own."""
    if not environ.get("RECALLD_HOME"):
        return APP
    return f"{APP}-{hashlib.sha256(os.fsencode(paths.home)).hexdigest()[:8]}"


def environment(paths: Paths, environ: Mapping[str, str]) -> dict[str, str]:
    """What the daemon needs to know: where git and its folders are."""
    git = shutil.which("git")
    folders = [*([str(Path(git).parent)] if git else []), *_SEARCHED]
    known = {"PATH": os.pathsep.join(dict.fromkeys(folders))}
    if environ.get("RECALLD_HOME"):
        return known | {"RECALLD_HOME": str(paths.home)}
    places = (*_PLACES, "TMPDIR") if sys.platform == "darwin" else _PLACES
    return known | {name: environ[name] for name in places if environ.get(name)}


def template(relative: str) -> str:
    """A template's text, out of the installed package or a clone."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "share", package.parents[1]):
        if (folder / relative).is_file():
            return (folder / relative).read_text("utf-8")
    raise RecallError("service_failed", f"{relative} is missing: pip install --force-reinstall recalld")


def read_own(file: Path) -> str | None:
    """The text of a service's file; None where there is none.

    Raises:
        OSError: it cannot be read.
        RecallError: `service_failed`, it is not ours.
    """
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    if MARKER not in text:
        raise RecallError("service_failed", f"{file} is none of {MARKER}: move it away, then try again")
    return text


def write_own(file: Path, text: str) -> None:
    """Write a service's file, whole or not at all, where there is none or it is ours."""
    read_own(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(file)


def told(
    command: Sequence[str], environ: Mapping[str, str], *, timeout_s: float = COMMAND_S
) -> subprocess.CompletedProcess[str]:
    """Tell the service manager something; whatever it answers.

    Raises:
        RecallError: `service_failed`, it is not there or does not answer.
    """
    try:
        return subprocess.run(
            command, env=dict(environ), capture_output=True, text=True, errors="replace", check=False, timeout=timeout_s
        )
    except FileNotFoundError:
        raise RecallError(
            "service_failed", f"{command[0]} is not on the PATH: there is no login service here"
        ) from None
    except subprocess.TimeoutExpired:
        words = " ".join(command)
        raise RecallError("service_failed", f"`{words}` does not come to an end within {timeout_s:g} s") from None


def must(command: Sequence[str], environ: Mapping[str, str], *, timeout_s: float = COMMAND_S) -> str:
    """Tell the service manager something that it must not refuse; what it answers.

    Raises:
        RecallError: `service_failed`, with its words.
    """
    done = told(command, environ, timeout_s=timeout_s)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise RecallError("service_failed", f"`{' '.join(command)}` failed: {said}")
    return done.stdout
