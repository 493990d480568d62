"""`recall audit` and `recall affected`: which memories may not be true any more, and which a change touches."""

from __future__ import annotations

from recall.cli import render
from recall.cli.invocation import Commands, Invocation, UsageError, days
from recall.cli.terminal import harmless

STALE = 1
"""Exit code of `recall affected` where a memory no longer agrees with the code."""
_WHAT_TO_DO = "`recall show ID` says what changed. Still true: `recall audit --verify ID`; else edit or forget it"


def register(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add(
        "audit",
        audit,
        "list memories that may not be true any more, because their code has changed or is gone",
        epilog="example: recall audit --about sessions, then recall audit --verify mem-4a9f1c2e",
    )
    command.add_argument("--about", metavar="TEXT", help="only those that a search for this finds")
    command.add_argument("--older-than", type=days, metavar="AGE", help="only those older than 30d, 12h, 2w, 6m, 1y")
    command.add_argument("--limit", type=int, metavar="N", help="at most so many (default 50)")
    command.add_argument("--verify", nargs="+", metavar="ID", help="say instead that these are true of the code of now")

    command = commands.add(
        "affected",
        affected,
        "list the memories that the uncommitted change touches, decisions first",
        epilog="exit code: 0 all of them agree with the code, 1 at least one does not.\n"
        "as .git/hooks/pre-commit:\n\n  #!/bin/sh\n  exec recall affected --quiet",
    )
    command.add_argument("--diff", metavar="REV", help="all that is different from this commit, instead")
    command.add_argument("-q", "--quiet", action="store_true", help="only those that no longer agree with the code")


def audit(invocation: Invocation) -> int:
    """`recall audit`."""
    options = invocation.options
    if options.verify:
        return _verify(invocation)
    with invocation.client() as client:
        client.sync(options.timeout)
        reply = client.audit(
            about=options.about,
            older_than_days=options.older_than,
            limit=50 if options.limit is None else options.limit,
        )
    invocation.show(reply, render.audited)
    if reply.memories and not invocation.terminal.json:
        invocation.terminal.note(_WHAT_TO_DO)
    return 0


def affected(invocation: Invocation) -> int:
    """`recall affected`."""
    options = invocation.options
    with invocation.client() as client:
        client.sync(options.timeout)
        reply = client.affected(options.diff)
    if reply.stale or invocation.terminal.json or not options.quiet:
        invocation.show(reply, render.left_behind if options.quiet else render.affected)
    if not reply.stale:
        return 0
    if not invocation.terminal.json:
        invocation.terminal.note(_WHAT_TO_DO)
    return STALE


def _verify(invocation: Invocation) -> int:
    options, terminal = invocation.options, invocation.terminal
    if (options.about, options.older_than, options.limit) != (None, None, None):
        raise UsageError("--verify takes IDs only: list what is stale first, then verify what you have looked at")
    verified = []
    with invocation.client() as client:
        client.sync(options.timeout)
        for memory_id in options.verify:
            memory = client.verify(memory_id)
            verified.append(memory)
            if not terminal.json:
                terminal.say(render.verified(harmless(memory), terminal.style))
    if terminal.json:
        terminal.document({"memories": verified})
    return 0
