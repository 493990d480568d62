"""`recall import`: takes in what `recall export` wrote, and what a person changed in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from recall.cli import markdown, progress
from recall.cli.invocation import Commands, Invocation
from recall.cli.progress import Step
from recall.cli.terminal import Style
from recall.client import Client
from recall.protocol.codec import MAX_FRAME_BYTES
from recall.protocol.errors import RecallError
from recall.protocol.requests.records import FORMAT, Header, Record
from recall.protocol.values import Value

PAGE = 200
PAGE_BYTES = 4 * 1024 * 1024
MAX_REFUSALS_SAID = 20

_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class Imported(Value):
    """What became of the memories of a file."""

    stored: int = 0
    known: int = 0
    edited: int = 0
    tied: int = 0
    left_out: int = 0
    differing: list[str] = msgspec.field(default_factory=list)
    renamed: dict[str, str] = msgspec.field(default_factory=dict)
    refused: list[str] = msgspec.field(default_factory=list)
    warnings: list[str] = msgspec.field(default_factory=list)


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "import",
        import_,
        "take in memories that were exported; what is here already stays as it is",
        epilog="Twice the same file changes nothing. Of Markdown, what a person edited is edited here.\n"
        "example: recall import memories.jsonl",
    )
    command.add_argument("file", metavar="FILE", help="of lines of JSON, or `-`; a Markdown file, or a folder of them")
    command.add_argument("--personal", action="store_true", help="personal memories too")


def import_(invocation: Invocation) -> int:
    """`recall import`."""
    options = invocation.options
    done = Imported()
    with invocation.client() as client:
        if options.file == "-":
            steps = _read_lines(client, sys.stdin.buffer, done, personal=options.personal)
            progress.follow(steps, invocation.terminal)
        else:
            path = Path(invocation.place(options.file))
            if path.is_dir() or path.suffix == ".md":
                files = sorted(path.glob("**/*.md")) if path.is_dir() else [path]
                progress.follow(_read_notes(client, files, done, personal=options.personal), invocation.terminal)
            else:
                with path.open("rb") as lines:
                    steps = _read_lines(client, lines, done, personal=options.personal)
                    progress.follow(steps, invocation.terminal)
    invocation.show(done, _imported)
    for refusal in done.refused[:MAX_REFUSALS_SAID]:
        invocation.terminal.complain(refusal)
    if len(done.refused) > MAX_REFUSALS_SAID:
        invocation.terminal.complain(f"and {len(done.refused) - MAX_REFUSALS_SAID:,} more; --json lists them all")
    return int(bool(done.refused))


def _read_lines(client: Client, lines: BinaryIO, done: Imported, *, personal: bool) -> Iterator[Step]:
    """Send what a file says, a page at a time.

    Raises:
        RecallError: `not_an_export`, it is none, or one of a newer recalld.
    """
    _see_header(lines.readline(MAX_FRAME_BYTES))
    page: list[tuple[int, Record]] = []
    size = 0
    number = 1
    while line := lines.readline(MAX_FRAME_BYTES):
        number += 1
        if not line.strip():
            continue
        try:
            record = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            done.refused.append(f"line {number}: {error}")
            continue
        if page and (len(page) == PAGE or size + len(line) > PAGE_BYTES):
            _send(client, page, done, personal=personal)
            page, size = [], 0
            yield Step(f"importing, line {number:,}")
        page.append((number, record))
        size += len(line)
    if page:
        _send(client, page, done, personal=personal)


def _see_header(line: bytes) -> None:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RecallError(
            "not_an_export", "the file does not begin as an export does: name one that `recall export` wrote"
        ) from None
    if header.recalld_export > FORMAT:
        raise RecallError("not_an_export", f"recalld {header.version} wrote this file: upgrade recalld to read it")


def _send(client: Client, page: list[tuple[int, Record]], done: Imported, *, personal: bool) -> None:
    reply = client.import_page([record for _, record in page], personal=personal)
    done.stored += reply.stored
    done.known += reply.known
    done.tied += reply.tied
    done.left_out += reply.left_out
    done.differing += reply.differing
    done.renamed |= reply.renamed
    done.warnings += reply.warnings
    done.refused += [f"line {page[each.index][0]}: {each.message}" for each in reply.refused]


def _read_notes(client: Client, files: list[Path], done: Imported, *, personal: bool) -> Iterator[Step]:
    for number, file in enumerate(files):
        yield Step("importing", number, len(files), "files")
        try:
            note = markdown.parse(file.read_text("utf-8"), file.name)
            if note.personal and not personal:
                done.left_out += 1
            else:
                _take_in(client, file, note, done)
        except UnicodeDecodeError:
            done.refused.append(f"{file}: it is no UTF-8 text")
        except RecallError as refusal:
            if refusal.code in ("unreachable", "timeout", "shutting_down"):
                raise
            if refusal.code == "duplicate":
                done.known += 1
            else:
                done.refused.append(f"{file.name}: {refusal.message}")


def _take_in(client: Client, file: Path, note: markdown.Note, done: Imported) -> None:
    """Edit the memory that a file is of, by what a person changed in it; store it where it is of none.

    The file is told of the state that this made, or what is changed in it next would count as older.
    """
    memory = None
    if note.id is not None:
        try:
            memory = client.get(note.id)
        except RecallError as refusal:
            if refusal.code != "unknown_id":
                raise
    if memory is None:
        client.store(
            title=note.title,
            narrative=note.text,
            memory_type=note.type or "general",
            source_files=note.files or [],
            symbols=note.symbols or [],
            concepts=note.concepts or [],
            tags=note.tags or [],
            importance_score=0.7 if note.importance is None else note.importance,
            personal=note.personal,
            unresolved=True,
        )
        done.stored += 1
        return
    changes = note.changes(memory)
    if not changes:
        done.known += 1
    elif note.version is not None and note.version < memory.version:
        done.differing.append(memory.id)  # it was changed here since
    else:
        edited = client.edit(memory.id, unresolved=True, **changes)
        file.write_text(markdown.of_version(file.read_text("utf-8"), edited.version), "utf-8")
        done.edited += 1


def _imported(done: Imported, style: Style) -> str:
    counted = [(done.stored, "stored"), (done.edited, "edited"), (done.known, "here already")]
    said = [f"{count:,} {what}" for count, what in counted if count or what == "stored"]
    lines = [f"memories: {', '.join(said)}"]
    if done.tied:
        lines.append(f"  {done.tied:,} links, associations and sessions with them")
    if done.left_out:
        lines.append(f"  {done.left_out:,} left out: personal ones without --personal, or tied to what is not here")
    if done.renamed:
        lines.append(f"  {len(done.renamed):,} got another id: their own belongs to a memory of another project here")
    if done.differing:
        shown = ", ".join(done.differing[:5]) + (", …" if len(done.differing) > 5 else "")
        lines.append(style.warn(f"  {len(done.differing):,} are here in another state, and stay so: {shown}"))
    return "\n".join(lines)
