"""Commands that look memories up: search, list, file, symbol."""

from __future__ import annotations

from argparse import ArgumentParser

from recall.cli import render
from recall.cli.invocation import Commands, Invocation


def register(commands: Commands) -> None:
    """Declare the commands."""
    command = commands.add(
        "search",
        search,
        "find memories that answer a question",
        epilog='example: recall search "database relationship loading strategy" --type decision --type pattern',
    )
    command.add_argument("query", nargs="+", metavar="QUERY", help="a question or a few words")
    _type_option(command)
    command.add_argument("--limit", type=int, default=10, metavar="N", help="at most so many (default 10)")
    command.add_argument("--explain", action="store_true", help="say what each score is made of")

    command = commands.add("list", list_memories, "list memories")
    _type_option(command)
    command.add_argument("--tag", action="append", default=[], metavar="T", help="only with this tag; repeatable")
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
            " ".join(options.query), memory_types=options.type, limit=options.limit, explain=options.explain
        )
    invocation.show(reply, render.found)
    return 0


def list_memories(invocation: Invocation) -> int:
    """`recall list`."""
    options = invocation.options
    with invocation.client() as client:
        reply = client.list(
            memory_types=options.type,
            tags=options.tag,
            sort=options.sort,
            unrated=options.unrated,
            no_files=options.no_files,
            forgotten=options.forgotten,
            limit=options.limit,
            offset=options.offset,
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


def _type_option(command: ArgumentParser) -> None:
    command.add_argument("--type", action="append", default=[], metavar="T", help="only of this type; repeatable")
