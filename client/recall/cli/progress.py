"""How far a long work is, as it goes on: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from recall.cli.terminal import Terminal

TELL_S = 5.0
"""How often progress of one work is told where no bar can be drawn; another work is told of at once."""


class Step(NamedTuple):
    """Where a work stands."""

    what: str
    """What is being done."""
    done: int = 0
    total: int = 0
    """0 while that is not known."""
    unit: str = ""
    """What is counted."""


def follow(steps: Iterable[Step], terminal: Terminal) -> None:
    """Show steps until they end; on stderr, and not at all where results are JSON.

    Args:
        steps: come when there is news, and wait in between.
        terminal: the command's.
    """
    if terminal.json:
        for _ in steps:
            pass
    elif terminal.interactive:
        _draw(steps)
    else:
        _tell(steps, terminal)


def _draw(steps: Iterable[Step]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        shown, task = "", None
        for step in steps:
            if task is None or step.what != shown:
                if task is not None:
                    progress.remove_task(task)
                shown, task = step.what, progress.add_task(escape(step.what), total=step.total or None)
            progress.update(task, completed=step.done, total=step.total or None)


def _tell(steps: Iterable[Step], terminal: Terminal) -> None:
    told, tell_at = "", time.monotonic()
    for step in steps:
        if step.what != told or time.monotonic() >= tell_at:
            terminal.note(f"{step.what}: {step.done:,} of {step.total:,} {step.unit}" if step.total else step.what)
            told, tell_at = step.what, time.monotonic() + TELL_S
