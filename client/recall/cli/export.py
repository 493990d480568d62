"""`recall export`: memories as lines of JSON, whole, or as Markdown files for people."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from recall import __version__
from recall.cli import markdown, progress
from recall.cli.invocation import Commands, Invocation, UsageError
from recall.cli.progress import Step
from recall.cli.render import count
from recall.cli.terminal import Style
from recall.client import Client
from recall.protocol.requests.records import FORMAT, Header, MemoryRecord, Record
from recall.protocol.values import Value

PAGE = 200

_encoder = msgspec.json.Encoder()


class Exported(Value):
    """What was written."""

    memories: int = 0
    others: int = 0
    """Links, associations and sessions."""
    path: str = ""


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "export",
        export,
        "write the project's memories as lines of JSON, whole, or as Markdown files for people",
        epilog="example: recall export memories.jsonl\n         recall export notes --format markdown",
    )
    command.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="default: standard output; of Markdown a folder"
    )
    command.add_argument("--format", choices=["jsonl", "markdown"], default="jsonl", help="default: jsonl")
    command.add_argument("--personal", action="store_true", help="personal memories too")
    command.add_argument("--forgotten", action="store_true", help="what was forgotten and can be restored too")


def export(invocation: Invocation) -> int:
    """`recall export`."""
    options = invocation.options
    if options.format == "markdown" and options.file == "-":
        raise UsageError("Markdown is a file for each memory: name a folder, `recall export FOLDER --format markdown`")
    done = Exported(path="" if options.file == "-" else invocation.place(options.file).rstrip("/"))
    with invocation.client() as client:
        pages = _pages(client, done, personal=options.personal, forgotten=options.forgotten)
        if options.format == "markdown":
            steps = _write_notes(pages, Path(done.path), done)
        elif done.path:
            steps = _write_file(pages, Path(done.path), client, personal=options.personal)
        else:
            steps = _write_lines(pages, sys.stdout.buffer, client, personal=options.personal)
        progress.follow(steps, invocation.terminal)
    if done.path:
        invocation.show(done, _exported)
    return 0


def _pages(client: Client, done: Exported, *, personal: bool, forgotten: bool) -> Iterator[tuple[list[Record], Step]]:
    after = ""
    while True:
        page = client.export_page(after, limit=PAGE, personal=personal, forgotten=forgotten)
        memories = sum(isinstance(record, MemoryRecord) for record in page.records)
        done.memories += memories
        done.others += len(page.records) - memories
        yield page.records, Step("exporting", done.memories, page.total, "memories")
        after = page.after
        if not after:
            return


def _write_lines(
    pages: Iterator[tuple[list[Record], Step]], to: BinaryIO, client: Client, *, personal: bool
) -> Iterator[Step]:
    for number, (records, step) in enumerate(pages):
        if number == 0:
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            header = Header(
                recalld_export=FORMAT,
                version=__version__,
                workspace_id=client.workspace_id or "",
                exported_at=now,
                personal=personal,
            )
            to.write(_encoder.encode(header) + b"\n")
        to.writelines(_encoder.encode(record) + b"\n" for record in records)
        yield step
    to.flush()


def _write_file(
    pages: Iterator[tuple[list[Record], Step]], path: Path, client: Client, *, personal: bool
) -> Iterator[Step]:
    with _replaced(path) as to:
        yield from _write_lines(pages, to, client, personal=personal)


def _write_notes(pages: Iterator[tuple[list[Record], Step]], folder: Path, done: Exported) -> Iterator[Step]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = {file.name.split(".")[-2]: file for file in folder.glob("*.*.md")}
    for records, step in pages:
        for record in records:
            if isinstance(record, MemoryRecord) and record.forgotten_at is None:
                file = folder / markdown.file_name(record)
                with _replaced(file) as to:
                    to.write(markdown.render(record).encode())
                older = there.pop(record.id, file)
                if older != file:
                    older.unlink(missing_ok=True)  # it had another title
        yield step
    done.others = 0


@contextmanager
def _replaced(path: Path) -> Iterator[BinaryIO]:
    """A file that takes this name once all of it is written; readable by its owner alone."""
    descriptor, part = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as to:
            yield to
            to.flush()
            os.fsync(to.fileno())
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)


def _exported(done: Exported, style: Style) -> str:
    return f"{count(done.memories, 'memory')} in {style.bold(done.path)}"
