"""What all commands share: how they are declared, and what each gets when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recall.ages import days_of, moment_of
from recall.cli.terminal import Style, Terminal, harmless
from recall.protocol.values import Value

if TYPE_CHECKING:
    from recall.client import Client

V = TypeVar("V", bound=Value)
Run = Callable[["Invocation"], int]


class UsageError(Exception):
    """Options that do not go together, or a value that cannot be read."""


class Commands:
    """Where a module declares its commands."""

    def __init__(self, subparsers: Any) -> None:
        self._subparsers = subparsers

    def add(self, name: str, run: Run, help: str, *, epilog: str | None = None) -> argparse.ArgumentParser:
        """Declare a command.

        Args:
            name: as it is typed.
            run: does it and returns the exit code.
            help: one line.
            epilog: what `--help` ends with, such as an example.

        Returns:
            The command's own parser, to which its arguments are added.
        """
        parser = self._parser(name, help, epilog)
        parser.set_defaults(run=run)
        return parser

    def group(self, name: str, help: str, *, epilog: str | None = None) -> Commands:
        """Declare a command that has commands of its own, to which they are added.

        Args:
            name: as it is typed.
            help: one line.
            epilog: what `--help` ends with.
        """
        parser = self._parser(name, help, epilog)
        return Commands(parser.add_subparsers(title="commands", metavar="COMMAND", required=True))

    def _parser(self, name: str, help: str, epilog: str | None) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = self._subparsers.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        global_options(parser, default=argparse.SUPPRESS)
        return parser


class Invocation:
    """One run of a command: its options, and how it reaches the daemon and the person."""

    def __init__(self, options: argparse.Namespace, terminal: Terminal) -> None:
        self.options: Any = options
        self.terminal = terminal

    def client(self, path: str | Path = ".", *, start: bool = True) -> Client:
        """A client for the tree that holds a folder.

        Args:
            path: the folder.
            start: whether a daemon may be started and a workspace made; `--no-start` forbids it anyway.
        """
        from recall.client import Client

        return Client(path, start=start and not self.options.no_start, timeout_s=self.options.timeout)

    def place(self, given: str) -> str:
        """The absolute path of a file or folder that was named from the current folder; the file may not exist."""
        path = Path(os.path.normpath(Path.cwd() / given))
        absolute = str(path.parent.resolve() / path.name)
        return f"{absolute}/" if given.endswith("/") and absolute != "/" else absolute

    def symbol(self, given: str) -> str:
        """A symbol's address, its path made absolute."""
        path, separator, name = given.partition("::")
        if not (path and separator and name):
            raise UsageError(f"{given!r} names no symbol: write path/to/file.py::Outer.inner")
        return f"{self.place(path)}::{name}"

    def text(self, given: str) -> str:
        """A text that was given, or standard input where that is `-`."""
        return sys.stdin.read().strip() if given == "-" else given

    def show(self, reply: V, render: Callable[[V, Style], str]) -> None:
        """Show a result, and its warnings: as JSON where that was asked for, else as `render` puts it."""
        if self.terminal.json:
            self.terminal.document(reply)
        else:
            text = render(harmless(reply), self.terminal.style)
            if text:
                self.terminal.say(text)
        for warning in getattr(reply, "warnings", []):
            self.terminal.warn(warning)


def global_options(parser: argparse.ArgumentParser, default: Any = None) -> None:
    """Add the options that stand before or after any command."""

    def default_or(value: Any) -> Any:
        return value if default is None else default

    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "-C", dest="directory", metavar="PATH", default=default_or("."), help="run as if started in this folder"
    )
    group.add_argument("--json", action="store_true", default=default_or(False), help="print the result as JSON")
    group.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        default=default_or(30.0),
        help="seconds to wait for an answer (default 30)",
    )
    group.add_argument(
        "--no-start", action="store_true", default=default_or(False), help="start no daemon and make no workspace"
    )


def seconds(text: str) -> float:
    """A number of seconds over zero, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def days(text: str) -> float:
    """An age such as `30d` in days, for argparse."""
    try:
        return days_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def moment(text: str) -> str:
    """A date or time as it is, and an age such as `30d` as the time that long ago, for argparse."""
    try:
        return moment_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
