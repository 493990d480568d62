"""`recall edit`: change a memory by options, or its text in the editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from recall.cli import render
from recall.cli.invocation import Commands, Invocation, UsageError
from recall.cli.memories import content, memory_options
from recall.protocol.errors import RecallError
from recall.protocol.values import Memory


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add("edit", edit, "change a memory; without options, its title and text in $EDITOR")
    command.add_argument("id", metavar="ID", help="of the memory")
    command.add_argument("--title", metavar="TITLE", help="a new title")
    memory_options(command)


def edit(invocation: Invocation) -> int:
    """`recall edit`."""
    options = invocation.options
    given = (options.title, options.content, options.type, options.file, options.symbol, options.concept, options.tag)
    with invocation.client() as client:
        if any(value is not None for value in (*given, options.importance)):
            reply = client.edit(
                options.id,
                title=options.title,
                narrative=content(invocation),
                memory_type=options.type,
                source_files=None if options.file is None else [invocation.place(path) for path in options.file],
                symbols=None if options.symbol is None else [invocation.symbol(name) for name in options.symbol],
                concepts=options.concept,
                tags=options.tag,
                importance_score=options.importance,
                unresolved=options.unresolved,
            )
        else:
            before = client.get(options.id)
            title, narrative = in_editor(before)
            if (title, narrative) == (before.title, before.narrative.strip()):
                invocation.terminal.note("nothing was changed")
                if invocation.terminal.json:
                    invocation.terminal.document(before)
                return 0
            reply = client.edit(options.id, title=title, narrative=narrative)
    invocation.show(reply, render.changed("edited"))
    return 0


def in_editor(memory: Memory) -> tuple[str, str]:
    """Have a person change the text: the title is the first line, as in a commit message.

    Raises:
        UsageError: there is no terminal, or the editor failed.
        RecallError: `invalid_text`.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if editor is None and not sys.stdin.isatty():
        raise UsageError("there is no terminal to edit in: give options such as --title or -c, or set EDITOR")
    descriptor, name = tempfile.mkstemp(prefix="recall-", suffix=".md")
    file = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as text:
            text.write(f"{memory.title}\n\n{memory.narrative}\n")
        code = subprocess.run([*shlex.split(editor or "vi"), name], check=False).returncode
        if code:
            raise UsageError(f"the editor ended with exit code {code}: nothing was changed")
        title, _, narrative = file.read_text("utf-8").strip().partition("\n")
    except UnicodeDecodeError:
        raise RecallError("invalid_text", "the edited text is not UTF-8: nothing was changed") from None
    finally:
        file.unlink(missing_ok=True)
    return title.strip(), narrative.strip()
