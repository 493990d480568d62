"""`recall logs`: what the daemon wrote down, and what its service manager heard of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from recall.cli.invocation import Commands, Invocation, UsageError
from recall.cli.terminal import Style, harmless
from recall.paths import find_paths
from recall.protocol.errors import RecallError
from recall.service import reaching_manager, service_here

LEVELS = ("debug", "info", "warning", "error", "critical")
POLL_S = 0.2
_KNOWN = {"event", "level", "logger", "timestamp", "exception", "stack"}


class Entry(NamedTuple):
    """One line of the log."""

    raw: str
    fields: dict[str, Any]
    """What it says, by name; of a line that is no JSON object the line itself, as `event`."""

    @classmethod
    def read(cls, line: str) -> Entry:
        """A line as it stands in the file."""
        raw = line.rstrip("\n")
        try:
            fields = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            fields = None
        return cls(raw, fields) if isinstance(fields, dict) else cls(raw, {"event": raw})

    def at_least(self, level: str) -> bool:
        """Whether it is of this level or a graver one; a line that says no level is shown at any."""
        own = self.fields.get("level")
        return own not in LEVELS or LEVELS.index(own) >= LEVELS.index(level)


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "logs", logs, "show the last lines of the daemon's log", epilog="example: recall logs --level warning --follow"
    )
    add = command.add_argument
    add("-n", "--lines", type=count, default=50, metavar="N", help="so many of the last lines (default 50)")
    add("-f", "--follow", action="store_true", help="and what is written from now on, until interrupted")
    add("--level", choices=LEVELS[:-1], default="debug", help="only this level and graver ones")
    add("--service", action="store_true", help="what its login service heard of it: why it did not start, or crashed")


def count(text: str) -> int:
    """A number of lines, for argparse."""
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def logs(invocation: Invocation) -> int:
    """`recall logs`."""
    options, terminal = invocation.options, invocation.terminal
    if options.service:
        return _of_service(invocation)
    file = find_paths().log
    if not file.exists():
        raise RecallError("unreachable", f"there is no log at {file} yet: `recall up` starts the daemon", sent=False)

    def show(entries: Iterator[Entry]) -> None:
        for entry in entries:
            if terminal.json:
                terminal.say(entry.raw if "timestamp" in entry.fields else msgspec.json.encode(entry.fields).decode())
            else:
                terminal.say(shown(harmless(entry.fields), terminal.style))

    if not options.follow:
        show(iter(last(file, options.lines, options.level)))
        return 0
    with Following(file) as following:
        show(iter(last(file, options.lines, options.level)))
        while True:
            show(entry for entry in following.fresh() if entry.at_least(options.level))
            time.sleep(POLL_S)


def last(file: Path, lines: int, level: str) -> list[Entry]:
    """The last lines of a log of some level, also where it has been rotated meanwhile.

    Args:
        file: the log; older parts stand beside it as `.1`, `.2`, ….
        lines: at most so many.
        level: only those of this level and graver ones.
    """
    found: list[Entry] = []
    number = 0
    part = file
    while len(found) < lines and part.exists():
        with part.open(encoding="utf-8", errors="replace") as log:
            wanted = (entry for entry in map(Entry.read, log) if entry.at_least(level))
            found = [*deque(wanted, lines - len(found)), *found]
        number += 1
        part = file.with_name(f"{file.name}.{number}")
    return found


class Following:
    """What is added to a log from now on, across its rotation."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.open("rb")
        self._log.seek(0, 2)
        self._begun = b""

    def fresh(self) -> Iterator[Entry]:
        """The lines that were finished since the last time."""
        yield from self._lines()
        try:
            rotated = self._file.stat().st_ino != self._inode()
        except FileNotFoundError:  # between the two steps of a rotation
            return
        if rotated:
            yield from self._lines()
            self._log.close()
            self._log, self._begun = self._file.open("rb"), b""
            yield from self._lines()

    def _lines(self) -> Iterator[Entry]:
        *whole, self._begun = (self._begun + self._log.read()).split(b"\n")
        for line in whole:
            yield Entry.read(line.decode("utf-8", "replace"))

    def _inode(self) -> int:
        return os.fstat(self._log.fileno()).st_ino

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._log.close()


def shown(fields: dict[str, Any], style: Style) -> str:
    """One line of the log as a person reads it."""
    level = str(fields.get("level", ""))
    colour = {"warning": style.warn, "error": style.bad, "critical": style.bad}.get(level, style.accent)
    when = style.dim(str(fields.get("timestamp", ""))[:19].replace("T", " "))
    head = [when, colour(f"{level:8}"), style.dim(str(fields.get("logger", ""))), str(fields.get("event", ""))]
    more = [f"{name}={value}" for name, value in fields.items() if name not in _KNOWN]
    text = " ".join(part for part in (*head, *more) if part.strip())
    traces = (str(fields[name]) for name in ("exception", "stack") if fields.get(name))
    return "\n".join([text, *(f"    {line}" for trace in traces for line in trace.splitlines())])


def _of_service(invocation: Invocation) -> int:
    options = invocation.options
    if options.level != "debug":
        raise UsageError("--level is for the daemon's log: what the service manager heard has no levels")
    service = service_here(find_paths())
    if service is None or service.python() is None:
        raise RecallError("service_failed", "no login service is installed: `recall service install` sets it up")
    command = service.output_command(options.lines, follow=options.follow, json=invocation.terminal.json)
    try:
        return subprocess.run(command, env=reaching_manager(os.environ), check=False).returncode
    except FileNotFoundError:
        raise RecallError("service_failed", f"{command[0]} is not on the PATH") from None
