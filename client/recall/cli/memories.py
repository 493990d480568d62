"""Commands that keep, show and change one memory or several."""

from __future__ import annotations

from argparse import ArgumentParser

from recall.cli import render
from recall.cli.invocation import Commands, Invocation, UsageError, days


def register(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add(
        "store",
        store,
        "keep a memory",
        epilog='example: recall store "Lazy loading strategy" --type decision -c "All relationships are lazy=raise." '
        "--file api/models/memory.py --concept SQLAlchemy --importance 0.95",
    )
    command.add_argument("title", nargs="?", metavar="TITLE", help="absent: the first sentence of the text")
    memory_options(command)
    command.add_argument("--confidence", type=float, default=1.0, metavar="0-1", help="how sure it is (default 1)")
    command.add_argument("--session", metavar="ID", help="the session it was learned in")
    command.add_argument("--evidence", metavar="COMMAND", help="the command that proved it")
    command.add_argument(
        "--supersedes", action="append", default=[], metavar="ID", help="a memory in whose place it stands; repeatable"
    )
    command.add_argument("--personal", action="store_true", help="keep it for all workspaces")
    command.add_argument("--force", action="store_true", help="store it even though the same text is stored already")

    for name, run, purpose in (
        ("show", show, "show a memory, whole"),
        ("history", history, "show the states a memory has had, and where its code has been"),
        ("pin", pin, "keep a memory in every context: importance 1, never decays"),
        ("unpin", unpin, "undo a pin"),
        ("restore", restore, "bring a forgotten memory back"),
    ):
        commands.add(name, run, purpose).add_argument("id", metavar="ID", help="of the memory")

    command = commands.add("rate", rate, "say whether a memory helped")
    command.add_argument("id", metavar="ID", help="of the memory")
    verdict = command.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--useful", action="store_true", dest="useful", help="it did")
    verdict.add_argument("--not-useful", action="store_false", dest="useful", help="it did not")
    command.add_argument("--context", default="", metavar="TEXT", help="what it helped with")
    command.add_argument("--session", metavar="ID", help="the session it was used in")

    command = commands.add("forget", forget, "forget memories; `recall restore` undoes it for 30 days")
    command.add_argument("ids", nargs="*", metavar="ID", help="of the memories")
    command.add_argument("--older-than", type=days, metavar="AGE", help="all that are older: 30d, 12h, 2w, 6m, 1y")
    command.add_argument("--containing", metavar="TEXT", help="all with this in their text")
    command.add_argument("--purge", action="store_true", help="erase for good what ID names; cannot be undone")
    command.add_argument("--dry-run", action="store_true", help="only say what would be forgotten")


def memory_options(command: ArgumentParser) -> None:
    """Add the options for what a memory consists of."""
    command.add_argument("-c", "--content", metavar="TEXT", help="what to remember; - reads it from standard input")
    command.add_argument("--type", metavar="T", help="decision, pattern, convention, architecture, debugging, …")
    command.add_argument(
        "--file", action="append", metavar="PATH", help="a file, folder or lines (a.py:7-9); repeatable"
    )
    command.add_argument("--symbol", action="append", metavar="F::S", help="a symbol it is about; repeatable")
    command.add_argument("--concept", action="append", metavar="C", help="a subject; repeatable")
    command.add_argument("--tag", action="append", metavar="T", help="a label; repeatable")
    command.add_argument("--importance", type=float, metavar="0-1", help="how much it matters (default 0.7)")
    command.add_argument("--unresolved", action="store_true", help="keep symbols that their file does not have (yet)")


def content(invocation: Invocation) -> str | None:
    """The text that `--content` gives or points to."""
    given: str | None = invocation.options.content
    return None if given is None else invocation.text(given)


def store(invocation: Invocation) -> int:
    """`recall store`."""
    options = invocation.options
    if options.title is None and options.content is None:
        raise UsageError('there is nothing to store: recall store "Title" -c "text"')
    with invocation.client() as client:
        reply = client.store(
            title=options.title,
            narrative=content(invocation) or "",
            memory_type=options.type or "general",
            source_files=[invocation.place(path) for path in options.file or ()],
            symbols=[invocation.symbol(symbol) for symbol in options.symbol or ()],
            concepts=options.concept or (),
            tags=options.tag or (),
            importance_score=0.7 if options.importance is None else options.importance,
            confidence=options.confidence,
            session_id=options.session,
            evidence=options.evidence,
            personal=options.personal,
            force=options.force,
            unresolved=options.unresolved,
            supersedes=options.supersedes,
        )
    invocation.show(reply, render.stored)
    return 0


def show(invocation: Invocation) -> int:
    """`recall show`."""
    with invocation.client() as client:
        invocation.show(client.get(invocation.options.id), render.memory)
    return 0


def history(invocation: Invocation) -> int:
    """`recall history`."""
    with invocation.client() as client:
        invocation.show(client.history(invocation.options.id), render.history)
    return 0


def pin(invocation: Invocation) -> int:
    """`recall pin`."""
    with invocation.client() as client:
        invocation.show(client.pin(invocation.options.id), render.changed("pinned"))
    return 0


def unpin(invocation: Invocation) -> int:
    """`recall unpin`."""
    with invocation.client() as client:
        invocation.show(client.unpin(invocation.options.id), render.changed("unpinned"))
    return 0


def restore(invocation: Invocation) -> int:
    """`recall restore`."""
    with invocation.client() as client:
        invocation.show(client.restore(invocation.options.id), render.changed("restored"))
    return 0


def rate(invocation: Invocation) -> int:
    """`recall rate`."""
    options = invocation.options
    with invocation.client() as client:
        reply = client.rate(options.id, options.useful, context=options.context, session_id=options.session)
    invocation.show(reply, render.rated)
    return 0


def forget(invocation: Invocation) -> int:
    """`recall forget`."""
    options = invocation.options
    matching = options.older_than is not None or options.containing is not None
    if bool(options.ids) == matching:
        raise UsageError("say what to forget: either IDs, or --older-than and --containing")
    if options.purge and matching:
        raise UsageError("--purge takes IDs only: `recall forget --containing … --dry-run` lists them")
    with invocation.client() as client:
        reply = client.forget(
            options.ids,
            older_than_days=options.older_than,
            containing=options.containing,
            purge=options.purge,
            dry_run=options.dry_run,
        )
    invocation.show(reply, render.forgotten)
    if not invocation.terminal.json and reply.ids:
        if options.dry_run:
            done = "would be forgotten"
        elif options.purge:
            done = "erased for good"
        else:
            done = "forgotten; `recall restore ID` brings one back"
        invocation.terminal.note(f"{len(reply.ids):,} {done}")
    return 0
