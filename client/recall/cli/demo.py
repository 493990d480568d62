"""`recall demo`: the story of one decision, played on a sample project against a daemon of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from recall.cli import demo_project
from recall.cli.daemon import stop
from recall.cli.invocation import Commands, Invocation, UsageError
from recall.cli.terminal import Terminal
from recall.cli.watch import event as render_event
from recall.client import Client
from recall.protocol.errors import RecallError
from recall.protocol.events import AnyEvent, ContextPushed, VerdictChanged
from recall.protocol.values import Verdict
from recall.stream import EventStream

PUSH_S = 15.0
"""How long a step waits for the push that it is about."""
SILENCE_S = 0.5


class StepError(Exception):
    """What the story promises did not happen."""


def register(commands: Commands) -> None:
    """Declare the command."""
    commands.add("demo", demo, "play the whole story on a sample project; leaves nothing behind")


def demo(invocation: Invocation) -> int:
    """`recall demo`."""
    terminal = invocation.terminal
    if terminal.json:
        raise UsageError("the demo is a story to be read: it has no --json")
    with _stage() as project, Client(project) as client:
        try:
            Demo(terminal, project, client).play()
        except StepError as failure:
            terminal.complain(f"the demo failed: {failure}")
            return 1
    terminal.say("\nThe daemon of this demo is stopped and its folder is gone. In a project of yours: recall up")
    return 0


class Demo:
    """The steps, each printing what is typed and what comes back.

    Args:
        terminal: where it is told.
        project: the sample project's folder, which is the current one.
        client: on that project.
    """

    def __init__(self, terminal: Terminal, project: Path, client: Client) -> None:
        self._terminal = terminal
        self._project = project
        self._client = client

    def play(self) -> None:
        """The whole story."""
        self._tell("A project becomes a workspace, with one command")
        self._type("up")
        self._tell("Three things worth knowing are kept, each tied to its code")
        for arguments in demo_project.MEMORIES:
            self._type("store", *shlex.split(arguments))
        self._tell("Weeks later: a question in other words")
        self._type("search", demo_project.QUESTION, "--type", "decision", "--type", "pattern", "--type", "convention")
        self._type("file", demo_project.MODEL)
        decision = self._client.search(demo_project.QUESTION).results[0]
        if decision.title != demo_project.DECISION:
            raise StepError(f"the search found “{decision.title}” first")
        with self._client.events([demo_project.MODEL], timeout_s=SILENCE_S) as events:
            self._tell("Nobody asks: the file is opened, and what matters about it is there")
            self._open(events)
            self._tell("It helped, so it counts for more")
            self._type("rate", decision.id, "--useful", "--context", "Prevented an N+1 query")
            self._tell("The code moves on, and the memory that describes it says so as the file is saved")
            self._save(events, demo_project.MODEL_CODE.replace('lazy="raise"', 'lazy="select"'), "changed")
            self._type("show", decision.id)
            self._tell("The change is taken back, and the memory holds again")
            self._save(events, demo_project.MODEL_CODE, "current")
            self._tell("The function gets another name and moves to the end of its file: the memory goes along")
            self._save(events, demo_project.RENAMED_CODE, "moved")
            self._type("show", decision.id)

    def _tell(self, what: str) -> None:
        self._terminal.say(f"\n{self._terminal.style.bold('— ' + what)}")

    def _type(self, *arguments: str) -> None:
        from recall.cli.main import INTERRUPTED, main

        self._prompt(f"recall {shlex.join(arguments)}")
        code = main(arguments)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if code:
            raise StepError(f"`recall {arguments[0]}` ended with exit code {code}")

    def _prompt(self, command: str) -> None:
        self._terminal.say(f"{self._terminal.style.dim('$')} {self._terminal.style.accent(command)}")

    def _open(self, events: EventStream) -> None:
        def act() -> None:
            (self._project / demo_project.MODEL).read_bytes()
            if sys.platform != "linux":
                self._client.opened(demo_project.MODEL)  # where the system does not tell, editors do

        self._prompt(f"$EDITOR {demo_project.MODEL}")
        self._until(events, act, "the context of the opened file", _is_context)

    def _save(self, events: EventStream, code: str, verdict: Verdict) -> None:
        def act() -> None:
            (self._project / demo_project.MODEL).write_text(code, encoding="utf-8")

        def turned(pushed: AnyEvent) -> bool:
            return isinstance(pushed, VerdictChanged) and pushed.verdict == verdict

        self._prompt(f"$EDITOR {demo_project.MODEL}   # {demo_project.EDITS[verdict]}")
        self._until(events, act, f"the verdict {verdict}", turned)

    def _until(
        self, events: EventStream, act: Callable[[], None], what: str, wanted: Callable[[AnyEvent], bool]
    ) -> None:
        """Do something, again after each silence, until what it should lead to is pushed."""
        give_up_at = time.monotonic() + PUSH_S
        while time.monotonic() < give_up_at:
            # More than once, as an open that follows a read of the daemon's own at once counts as one of those.
            act()
            for pushed in events:
                if wanted(pushed):
                    self._terminal.say(render_event(pushed, "pushed", self._terminal.style))
                    return
        raise StepError(f"{what} was not pushed within {PUSH_S:.0f} s")


def _is_context(pushed: AnyEvent) -> bool:
    return isinstance(pushed, ContextPushed) and bool(pushed.context.memories)


@contextmanager
def _stage() -> Iterator[Path]:
    """A sample project in a temporary folder, which is the current one, with a daemon of its own; all goes after."""
    folder = Path(tempfile.mkdtemp(prefix="recall-demo-")).resolve()
    before, home = Path.cwd(), os.environ.get("RECALLD_HOME")
    interrupt, terminate = signal.getsignal(signal.SIGINT), signal.signal(signal.SIGTERM, _interrupt)
    try:
        os.environ["RECALLD_HOME"] = str(folder / "home")
        project = folder / "sample"
        _write(project)
        os.chdir(project)
        yield project
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows is not to be cut short
        _stop_daemon()
        os.chdir(before)
        if home is None:
            del os.environ["RECALLD_HOME"]
        else:
            os.environ["RECALLD_HOME"] = home
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, terminate)
        signal.signal(signal.SIGINT, interrupt)


def _write(project: Path) -> None:
    for name, text in demo_project.FILES.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    if shutil.which("git"):
        subprocess.run(["git", "init", "--quiet", str(project)], check=False, capture_output=True)


def _stop_daemon() -> None:
    with Client(start=False) as client:
        try:
            stop(client)
        except RecallError as error:
            if (pid := error.details.get("pid")) is not None:
                os.kill(pid, signal.SIGKILL)


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
