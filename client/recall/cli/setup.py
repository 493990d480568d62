"""`recall setup AGENT`: register with an agent, and take that back."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import NamedTuple

from recall.cli.invocation import Commands, Invocation
from recall.cli.terminal import Terminal
from recall.hooks import registration as registered
from recall.paths import find_paths
from recall.protocol.errors import RecallError
from recall.setup import agents, files
from recall.setup.agents import Target
from recall.setup.changes import Hooks, Server, taken_back
from recall.setup.jsontext import JsonError


class Change(NamedTuple):
    """What becomes of one file."""

    file: Path
    before: str | None
    """Its text; None where there is no file."""
    after: str | None
    first: bool
    """Whether nothing of ours is in it yet."""

    @property
    def action(self) -> str:
        """In one word."""
        if self.before == self.after:
            return "unchanged"
        return "created" if self.before is None else "removed" if self.after is None else "changed"


def register(commands: Commands) -> None:
    """Declare the command."""
    command = commands.add(
        "setup",
        setup,
        "register with an agent: Claude Code and Cursor are written to, for others it says what to put where",
        epilog="example:\n  recall setup claude-code --user --dry-run\n  recall setup cursor\n  recall setup codex",
    )
    add = command.add_argument
    add(
        "agent", metavar="AGENT", help="claude-code, cursor; codex, gemini, opencode, vscode, windsurf, zed, or another"
    )
    where = command.add_mutually_exclusive_group()
    where.add_argument("--project", action="store_true", help="in the files of this project (default)")
    where.add_argument("--user", action="store_true", help="in the files that hold for all your projects")
    add("--dry-run", action="store_true", help="only show what would be changed")
    add("--remove", action="store_true", help="take back what was put in, and nothing else")


def setup(invocation: Invocation) -> int:
    """`recall setup`."""
    options, terminal = invocation.options, invocation.terminal
    if options.agent not in agents.WRITTEN:
        return _advise(options.agent, terminal)
    root = None if options.user else _project(Path.cwd())
    changes = [_change(target, remove=options.remove) for target in agents.targets(options.agent, root)]
    shown = []
    for change in changes:
        copy = None if options.dry_run else _carry_out(change)
        shown.append({"path": str(change.file), "action": change.action, "kept_as": str(copy) if copy else None})
        if not terminal.json:
            _tell(change, copy, terminal, dry_run=options.dry_run)
    if terminal.json:
        terminal.document({"agent": options.agent, "dry_run": options.dry_run, "files": shown})
    elif options.agent == "claude-code" and not options.remove:
        _tell_of_plugin(terminal)
    return 0


def _project(folder: Path) -> Path:
    """The root of the repository that holds a folder, or the folder itself."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def _change(target: Target, *, remove: bool) -> Change:
    """What becomes of a file.

    Raises:
        RecallError: `invalid_params`, with what to paste, where the file is none that can be changed.
    """
    words = agents.program()
    registration = Hooks(registered.hooks(agents.shell(words))) if target.hooks else Server(agents.server(words))
    try:
        text = files.read(target.file)
        first = text is None or registration.found(text) is None
        if not remove:
            return Change(target.file, text, registration.put(text or ""), first)
        before = files.read(files.kept(find_paths(), target.file))
        return Change(target.file, text, text and taken_back(registration, text, before), first)
    except (JsonError, UnicodeDecodeError) as error:
        todo = "take what names recall out of it" if remove else f"paste {json.dumps(registration.document)} into it"
        message = f"{target.file} is left as it is: {error}. Mend it, or {todo}"
        raise RecallError("invalid_params", message, entry=registration.document) from None


def _carry_out(change: Change) -> Path | None:
    """Write what is changed; where the file is kept as it was, if it was there and nothing of ours in it."""
    if change.before == change.after:
        return None
    paths, copy = find_paths(), None
    if change.after is None:
        change.file.unlink()
        return None
    if change.first:
        files.kept(paths, change.file).unlink(missing_ok=True)
        copy = files.keep(paths, change.file) if change.before is not None else None
    files.write(change.file, change.after)
    return copy


def _tell(change: Change, copy: Path | None, terminal: Terminal, *, dry_run: bool) -> None:
    style = terminal.style
    would = "would be " if dry_run and change.action != "unchanged" else ""
    terminal.say(f"{style.good('✓')} {would}{change.action}  {change.file}")
    if copy is not None:
        terminal.say(style.dim(f"  as it was: {copy}"))
    if dry_run:
        before, after = ((text or "").splitlines() for text in (change.before, change.after))
        for line in difflib.unified_diff(before, after, "now", "then", lineterm=""):
            terminal.say(f"  {line}")


def _tell_of_plugin(terminal: Terminal) -> None:
    terminal.say("start Claude Code anew, so that it reads them")
    folder = agents.marketplace()
    if folder is not None:
        terminal.say("the plugin does the same and adds skills; take one of the two. In Claude Code:")
        terminal.say(f"  {terminal.style.accent(f'/plugin marketplace add {folder}')}")
        terminal.say(f"  {terminal.style.accent('/plugin install recalld@recalld')}")


def _advise(agent: str, terminal: Terminal) -> int:
    advice = agents.advice(agent, agents.program())
    if terminal.json:
        terminal.document({"agent": agent, "file": advice.file, "entry": advice.entry})
        return 0
    terminal.say(f"put this into {advice.file}:\n")
    terminal.say(advice.entry)
    return 0
