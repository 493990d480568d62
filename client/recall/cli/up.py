"""`recall up`: the daemon runs, the project is a workspace, and its first scan is over."""

from __future__ import annotations

import time
from collections.abc import Iterator

from recall import __version__, versions
from recall.cli import progress, status_page
from recall.cli.daemon import end
from recall.cli.invocation import Commands, Invocation
from recall.cli.progress import Step
from recall.cli.terminal import Style
from recall.client import Client
from recall.paths import Paths, find_paths
from recall.protocol.requests import OpenWorkspaceReply, StatusReply
from recall.service import service_here
from recall.sockets import listening

POLL_S = 0.1
LOAD_S = 10.0
"""How long to wait for the embedding model."""


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
    options = invocation.options
    path = invocation.place(options.path)
    paths = find_paths()
    running = listening(paths)
    if running and not options.no_start:
        running = not replaced(invocation, paths)
    with invocation.client(path) as client:
        reply = client.open_workspace(path, options.workspace)
        progress.follow(_scan(client, reply), invocation.terminal)
        status = _loaded(client)
    _tell_apart(invocation, paths, status.version)

    def render(reply: OpenWorkspaceReply, style: Style) -> str:
        return ready(reply, status, "was running already" if running else "started", style)

    invocation.show(reply, render)
    return 0


def replaced(invocation: Invocation, paths: Paths) -> bool:
    """Stop a daemon that is older than this client, so that the next request starts the installed version; whether so.

    Raises:
        RecallError: `timeout`, it does not stop.
    """
    running = versions.holder(paths)
    if running is None or not versions.older(running.version):
        return False
    said = f"the daemon (process {running.pid}) is version {running.version}, this is {__version__}: it is replaced"
    invocation.terminal.note(said)
    end(running.pid, paths)
    return True


def _tell_apart(invocation: Invocation, paths: Paths, version: str) -> None:
    """Say which side is to be upgraded, where the daemon is of another version."""
    warning = versions.difference(version)
    if versions.older(version) and not invocation.options.no_start:  # it was replaced, and is old again
        service = service_here(paths)
        python = service.python() if service is not None else None
        if python is not None:
            warning = (
                f"the login service runs {python}, which has version {version}, older than this client "
                f"({__version__}): upgrade recalld there, or `recall service install` to run this one"
            )
    if warning:
        invocation.terminal.warn(warning)


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


def _scan(client: Client, reply: OpenWorkspaceReply) -> Iterator[Step]:
    """How far the first scan is, until it is over; the reply's workspace is kept as of now."""
    while True:
        workspace = reply.workspace
        yield Step(f"reading {workspace.name}", workspace.scanned, workspace.to_scan, "files")
        if not workspace.scanning:
            return
        time.sleep(POLL_S)
        reply.workspace = client.open_workspace(workspace.path).workspace


def _loaded(client: Client) -> StatusReply:
    """The daemon's state once the model is loaded, or after all the time that one should wait for it."""
    give_up_at = time.monotonic() + LOAD_S
    while (status := client.status()).vectors == "loading" and time.monotonic() < give_up_at:
        time.sleep(POLL_S)
    return status
