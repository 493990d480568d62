"""`recall up`: the daemon runs, the project is a workspace, and its first scan is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from recall.cli import status_page
from recall.cli.invocation import Commands, Invocation
from recall.cli.terminal import Style
from recall.client import Client
from recall.connection import listening
from recall.paths import find_paths
from recall.protocol.requests import OpenWorkspaceReply, StatusReply
from recall.protocol.values import Workspace

POLL_S = 0.1
LOAD_S = 10.0
"""How long to wait for the embedding model."""
TELL_S = 5.0
"""How often progress is told where no bar can be drawn."""


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add("up", up, "start the daemon if none runs, and make a project a workspace")
    command.add_argument(
        "path", nargs="?", default=".", metavar="PATH", help="a folder in the project; default: this one"
    )
    command.add_argument(
        "--workspace", metavar="ID", help="use this workspace instead of the one of the folder's identity"
    )


def up(invocation: Invocation) -> int:
    """`recall up`."""
    options, terminal = invocation.options, invocation.terminal
    path = invocation.place(options.path)
    running = listening(find_paths())
    with invocation.client(path) as client:
        reply = client.open_workspace(path, options.workspace)
        states = _scan(client, reply.workspace)
        if terminal.json:
            *_, reply.workspace = states
        elif terminal.interactive:
            reply.workspace = _with_bar(states)
        else:
            reply.workspace = _with_lines(states, terminal.note)
        status = _loaded(client)

    def render(reply: OpenWorkspaceReply, style: Style) -> str:
        return ready(reply, status, "was running already" if running else "started", style)

    invocation.show(reply, render)
    return 0


def ready(reply: OpenWorkspaceReply, status: StatusReply, daemon: str, style: Style) -> str:
    """The last lines: what is ready, and what to type next."""
    workspace = reply.workspace
    kind = "is a workspace now" if reply.created else "is ready"
    return "\n".join(
        [
            f"{style.good('✓')} {style.bold(workspace.name)} {kind}  {style.dim(workspace.path)}",
            *(f"  {line}" for line in status_page.facts(workspace, style)),
            f"  vectors   {status.vectors}",
            f"  daemon    {status.version}, process {status.pid}, {daemon}",
            f"  socket    {status.socket}",
            "",
            "next:",
            f'  {style.accent("recall store")} "What was decided" -c "and why" --type decision --file PATH',
            f'  {style.accent("recall search")} "a question"',
            f"  {style.accent('recall watch')}  {style.dim('and open a file in your editor')}",
        ]
    )


def _scan(client: Client, workspace: Workspace) -> Iterator[Workspace]:
    """The workspace's state again and again, until its scan is over."""
    yield workspace
    while workspace.scanning:
        time.sleep(POLL_S)
        workspace = client.open_workspace(workspace.path).workspace
        yield workspace


def _loaded(client: Client) -> StatusReply:
    """The daemon's state once the model is loaded, or after all the time that one should wait for it."""
    give_up_at = time.monotonic() + LOAD_S
    while (status := client.status()).vectors == "loading" and time.monotonic() < give_up_at:
        time.sleep(POLL_S)
    return status


def _with_bar(states: Iterator[Workspace]) -> Workspace:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    workspace = next(states)
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(workspace.name, total=workspace.to_scan or None)
        for workspace in states:
            progress.update(task, completed=workspace.scanned, total=workspace.to_scan or None)
    return workspace


def _with_lines(states: Iterator[Workspace], tell: Callable[[str], None]) -> Workspace:
    workspace = next(states)
    tell_at = time.monotonic()
    for workspace in states:
        if time.monotonic() >= tell_at:
            of = f"{workspace.scanned:,} of {workspace.to_scan:,} files" if workspace.to_scan else "listing its files"
            tell(f"reading {workspace.name}: {of}")
            tell_at = time.monotonic() + TELL_S
    return workspace
