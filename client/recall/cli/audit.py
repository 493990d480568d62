"""`recall audit` and `recall affected`: which memories somebody should look at, and which a change touches."""

from __future__ import annotations

import sys

from recall.cli import findings, render
from recall.cli.invocation import Commands, Invocation, UsageError, days
from recall.cli.terminal import harmless

STALE = 1
"""Exit code of `recall affected` where a memory no longer agrees with the code."""
_STILL_TRUE = "`recall show ID` says what changed. Still true: `recall audit --verify ID`; else edit or forget it"
_WHAT_TO_DO = "`recall audit` on a terminal goes through them; or take what is proposed, or `recall audit --keep ID`"


def register(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add(
        "audit",
        audit,
        "go through the memories that should be looked at: not true any more, doubled, contradicted, unused, …",
        epilog="On a terminal it asks about one after the other; elsewhere, and with --list, it lists them.\n"
        "examples: recall audit --about database, recall audit --older-than 60d, recall audit --ready",
    )
    command.add_argument("--about", metavar="TEXT", help="list all memories about this, the healthy ones too")
    command.add_argument("--older-than", type=days, metavar="AGE", help="list all older than 30d, 12h, 2w, 6m, 1y")
    command.add_argument("--limit", type=int, metavar="N", help="at most so many (default 50)")
    command.add_argument("--list", action="store_true", help="list them, and ask nothing")
    command.add_argument("--put-off", action="store_true", help="also what was put off for later")
    command.add_argument("--ready", action="store_true", help="go through the list of what makes memories worth it")
    command.add_argument("--verify", nargs="+", metavar="ID", help="say that these are true of the code of now")
    command.add_argument("--keep", nargs="+", metavar="ID", help="say that these stay as they are, until they change")
    command.add_argument("--later", nargs="+", metavar="ID", help="put what is found of these off, until they change")

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
    options, terminal = invocation.options, invocation.terminal
    doing = [name for name in ("ready", "verify", "keep", "later") if getattr(options, name)]
    if doing:
        _alone(invocation, doing)
        return {"ready": _ready, "verify": _verify}.get(doing[0], _answer)(invocation)
    with invocation.client() as client:
        client.sync(options.timeout)
        reply = client.audit(
            about=options.about,
            older_than_days=options.older_than,
            limit=50 if options.limit is None else options.limit,
            put_off=options.put_off,
        )
        narrowed = options.about is not None or options.older_than is not None
        if reply.findings and not (narrowed or options.list or terminal.json) and _somebody_answers():
            return findings.walk(client, reply, terminal, input)
    invocation.show(reply, findings.matched if narrowed else findings.listed)
    if reply.findings and not terminal.json:
        terminal.note(_WHAT_TO_DO)
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
        invocation.terminal.note(_STILL_TRUE)
    return STALE


def _alone(invocation: Invocation, doing: list[str]) -> None:
    options = invocation.options
    narrowed = (options.about, options.older_than, options.limit) != (None, None, None)
    if len(doing) > 1 or narrowed or options.list or options.put_off:
        takes = "nothing else" if doing[0] == "ready" else "IDs only: list what is found first"
        raise UsageError(f"--{doing[0]} takes {takes}")


def _somebody_answers() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ready(invocation: Invocation) -> int:
    with invocation.client() as client:
        invocation.show(client.audit_ready(), findings.ready)
    return 0


def _verify(invocation: Invocation) -> int:
    options, terminal = invocation.options, invocation.terminal
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


def _answer(invocation: Invocation) -> int:
    """Say the same to all that is found of some memories."""
    options, terminal = invocation.options, invocation.terminal
    with invocation.client() as client:
        client.sync(options.timeout)
        if options.keep:
            reply, answer = client.audit_settle(options.keep, "keep"), "keep"
        else:
            reply, answer = client.audit_settle(options.later, "later"), "later"
    if terminal.json:
        terminal.document({"findings": reply.findings})
    else:
        for finding in reply.findings:
            terminal.say(findings.answered(harmless(finding), answer, terminal.style))
    return 0
