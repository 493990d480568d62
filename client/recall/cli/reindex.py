"""`recall reindex`: what is derived is made anew, in the daemon, while all goes on being found."""

from __future__ import annotations

import time
from collections.abc import Iterator

from recall.cli import progress
from recall.cli.invocation import Commands, Invocation
from recall.cli.progress import Step
from recall.cli.terminal import Style
from recall.client import Client
from recall.protocol.errors import RecallError
from recall.protocol.requests import ReindexReply

POLL_S = 0.25
DOWN_S = 60.0
"""Vectors that are down for so long do not come back by themselves."""


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "reindex",
        reindex,
        "rebuild what is derived from code and memories; search stays up meanwhile",
        epilog="Interrupted, the daemon goes on, also after a restart; `recall reindex` shows it again.",
    )
    command.add_argument("--no-wait", action="store_true", help="return at once; `recall status` says how far it is")


def reindex(invocation: Invocation) -> int:
    """`recall reindex`."""
    wait = not invocation.options.no_wait

    def render(reply: ReindexReply, _: Style) -> str:
        what = f"{reply.files:,} files and {reply.memories:,} memories"
        return f"rebuilt {what}" if wait else f"rebuilding {what}; `recall status` says how far it is"

    with invocation.client() as client:
        reply = client.reindex()
        tree_id = client.tree_id
    if wait:
        # Who waits must not start a daemon that somebody has stopped meanwhile.
        with invocation.client(start=False) as client:
            try:
                progress.follow(_steps(client, tree_id), invocation.terminal)
            except KeyboardInterrupt:
                invocation.terminal.note("the daemon goes on with it; `recall reindex` shows it again")
                raise
    invocation.show(reply, render)
    return 0


def _steps(client: Client, tree_id: str | None) -> Iterator[Step]:
    """How far the daemon is, until all is rebuilt.

    Raises:
        RecallError: `timeout`, vectors are down and do not come back; or the daemon does not answer.
    """
    total, give_up_at = 0, time.monotonic() + DOWN_S
    while True:
        status = client.status()
        scanned = next((one for one in status.workspaces if one.tree_id == tree_id and one.scanning), None)
        total = max(total, status.rebuilding)
        if not status.vectors.startswith("down"):
            give_up_at = time.monotonic() + DOWN_S
        elif time.monotonic() > give_up_at:
            raise RecallError("timeout", f"vectors are {status.vectors}: the rebuild goes on once they are back")
        if scanned is not None:
            yield Step(f"reading {scanned.name}", scanned.scanned, scanned.to_scan, "files")
        elif not status.rebuilding:
            return
        elif status.vectors.startswith(("down", "loading")):
            yield Step(f"vectors are {status.vectors}")
        else:
            yield Step("embedding anew", total - status.rebuilding, total, "memories")
        time.sleep(POLL_S)
