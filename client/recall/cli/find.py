"""Commands that look memories up: search, list, file, symbol."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from recall.calls import Filters
from recall.cli import render
from recall.cli.invocation import Commands, Invocation, moment
from recall.protocol.values import VERDICTS_WORST_FIRST


def register(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add(
        "search",
        search,
        "find memories that answer a question",
        epilog='example: recall search "database relationship loading strategy" --type decision --type pattern',
    )
    command.add_argument("query", nargs="+", metavar="QUERY", help="a question or a few words")
    _filter_options(command)
    command.add_argument("--near", metavar="F[::S]", help="where you work: what is tied to it, or near it, comes first")
    command.add_argument("--budget", type=int, metavar="N", help="cut the results to N tokens")
    command.add_argument("--limit", type=int, default=10, metavar="N", help="at most so many (default 10)")
    command.add_argument("--explain", action="store_true", help="say what each score is made of")

    command = commands.add("list", list_memories, "list memories")
    _filter_options(command)
    command.add_argument("--sort", choices=("importance", "age", "used"), default="importance", help="what comes first")
    command.add_argument("--unrated", action="store_true", help="only those that nobody has rated")
    command.add_argument("--no-files", action="store_true", help="only those tied to no code")
    command.add_argument("--forgotten", action="store_true", help="those that can still be restored, instead")
    command.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (default 50)")
    command.add_argument("--offset", type=int, default=0, metavar="N", help="leave out the first N")

    command = commands.add("file", file, "show a file's outline with the memories that belong to it and its symbols")
    command.add_argument("path", metavar="PATH", help="a file, from the current folder")

    command = commands.add("symbol", symbol, "show a symbol with its memories")
    command.add_argument("symbol", metavar="F::S", help="path/to/file.py::Outer.inner")


def search(invocation: Invocation) -> int:
    """`recall search`."""
    options = invocation.options
    with invocation.client() as client:
        reply = client.search(
            " ".join(options.query),
            limit=options.limit,
            token_budget=options.budget,
            file_path=invocation.place(options.near.partition("::")[0]) if options.near else None,
            symbol=invocation.symbol(options.near) if "::" in (options.near or "") else None,
            explain=options.explain,
            **_filters(invocation),
        )
    invocation.show(reply, render.found)
    return 0


def list_memories(invocation: Invocation) -> int:
    """`recall list`."""
    options = invocation.options
    with invocation.client() as client:
        reply = client.list(
            sort=options.sort,
            unrated=options.unrated,
            no_files=options.no_files,
            forgotten=options.forgotten,
            limit=options.limit,
            offset=options.offset,
            **_filters(invocation),
        )
    invocation.show(reply, render.listed)
    return 0


def file(invocation: Invocation) -> int:
    """`recall file`."""
    with invocation.client() as client:
        invocation.show(client.outline(invocation.place(invocation.options.path)), render.outline)
    return 0


def symbol(invocation: Invocation) -> int:
    """`recall symbol`."""
    with invocation.client() as client:
        invocation.show(client.by_symbol(invocation.symbol(invocation.options.symbol)), render.symbol_memories)
    return 0


def _filter_options(command: ArgumentParser) -> None:
    """Add the options for what memories must be to be found."""

    def repeatable(option: str, metavar: str, help: str, **more: Any) -> None:
        command.add_argument(option, action="append", default=[], metavar=metavar, help=f"{help}; repeatable", **more)

    repeatable("--type", "T", "only of this type")
    repeatable("--concept", "C", "only about this")
    repeatable("--tag", "T", "only with this tag")
    repeatable("--file", "PATH", "only tied to code in this file or folder")
    repeatable("--symbol", "F::S", "only tied to this symbol or what is inside")
    repeatable(
        "--verdict", "V", "only with this verdict: " + ", ".join(VERDICTS_WORST_FIRST), choices=VERDICTS_WORST_FIRST
    )
    command.add_argument("--session", metavar="ID", help="only learned in this session")
    command.add_argument("--since", type=moment, metavar="WHEN", help="only stored since: 2026-01-31, or an age as 30d")
    command.add_argument("--until", type=moment, metavar="WHEN", help="only stored until then")
    command.add_argument("--min-importance", type=float, metavar="0-1", help="only at least so important")
    command.add_argument("--title", metavar="TEXT", help="only with this in the title")
    command.add_argument("--personal", action=BooleanOptionalAction, help="only personal memories, or none of them")


def _filters(invocation: Invocation) -> Filters:
    options = invocation.options
    return Filters(
        memory_types=options.type,
        concepts=options.concept,
        tags=options.tag,
        source_files=[invocation.place(path) for path in options.file],
        symbols=[invocation.symbol(symbol) for symbol in options.symbol],
        session_id=options.session,
        since=options.since,
        until=options.until,
        verdicts=options.verdict,
        min_importance=options.min_importance,
        title=options.title,
        personal=options.personal,
    )
