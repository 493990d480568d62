"""`recall backup`: all memories in one file, and back."""

from __future__ import annotations

import msgspec

from recall import offline
from recall.cli.daemon import stopped
from recall.cli.invocation import Commands, Invocation, UsageError
from recall.cli.render import count
from recall.cli.terminal import Style
from recall.offline import Restored
from recall.protocol.requests import BackupReply


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "backup",
        backup,
        "copy all memories into a file while everything goes on; with --restore, put such a file back",
        epilog="The file holds the memories of all projects, and the personal ones: keep it to yourself.\n"
        "What stood there before a --restore is kept beside it. `recall jobs` shows the daily backup.\n"
        "example: recall backup ~/recalld.db",
    )
    command.add_argument("file", nargs="?", metavar="FILE", help="a new file, an older backup to replace, or a folder")
    command.add_argument("--restore", metavar="FILE", help="put this backup in the place of what is there")


def backup(invocation: Invocation) -> int:
    """`recall backup`."""
    file, restored_from = invocation.options.file, invocation.options.restore
    if (file is None) == (restored_from is None):
        raise UsageError("name the file: `recall backup FILE`, or `recall backup --restore FILE`")
    if restored_from is not None:
        invocation.show(_restore(invocation, invocation.place(restored_from)), _restored)
        return 0
    with invocation.client() as client:
        invocation.show(client.backup(invocation.place(file)), _written)
    return 0


def _restore(invocation: Invocation, file: str) -> Restored:
    """Stop the daemon, put a backup back, and start it again, if it ran."""
    offline.run(msgspec.Struct, "check", file)  # before anything is stopped
    with stopped(invocation) as ran:
        restored = offline.run(Restored, "restore", file)
    restored.daemon = "running again" if ran else "not running: `recall up` starts it"
    return restored


def _written(reply: BackupReply, style: Style) -> str:
    return (
        f"{count(reply.memories, 'memory')} in {style.bold(reply.path)} ({reply.bytes / 1e6:,.1f} MB, looked through)"
    )


def _restored(reply: Restored, style: Style) -> str:
    lines = [f"{count(reply.memories, 'memory')} back; the daemon is {reply.daemon}"]
    if reply.aside:
        lines.append(f"  what was there is kept at {style.bold(reply.aside)}")
    lines.append("  what search needs is made anew by itself: `recall status` says how far it is")
    return "\n".join(lines)
