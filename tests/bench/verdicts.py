"""How soon verdicts come: after a save among thousands of anchors, and after a switch of branches."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import zmq

from recall import Client
from recall.paths import find_paths
from recall.protocol.codec import decode_event
from recall.protocol.events import VerdictChanged
from tests.bench.figures import SETTLE_MS, Figure
from tests.bench.floors import parse_and_query, read_and_parse
from tests.bench.ground import BATCH, Ground, p, settled, timed

ANCHORS = 5_000
MISSING = 50
SAVED_FILES = 12
ROUNDS = 5
SWITCHED, RENAMED, MOVED = 500, 100, 20
SWITCHES = 4
WAIT_MS = 5_000

Lines = list[str]
Change = Callable[["Target", Lines], Lines]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Target:
    """A function that an anchor is tied to; lines count from 0."""

    path: str
    symbol: str
    first: int
    """Decorators included."""
    header: int
    last: int
    """Where its last statement starts."""
    end: int
    """One past its last line."""
    indent: str
    """Of its body."""

    @property
    def reference(self) -> str:
        """What an anchor calls it."""
        return f"{self.path}::{self.symbol}"

    def edited(self, lines: Lines) -> Lines:
        """The file with a statement more in the function."""
        return [*lines[: self.last], f"{self.indent}edited = 1", *lines[self.last :]]

    def reformatted(self, lines: Lines) -> Lines:
        """The file with an empty line and a comment more in the function."""
        return [*lines[: self.last], "", f"{self.indent}# Only said.", *lines[self.last :]]

    def renamed(self, lines: Lines) -> Lines:
        """The file with another name for the function."""
        header = re.sub(r"\bdef (\w+)", r"def \1_renamed", lines[self.header], count=1)
        return [*lines[: self.header], header, *lines[self.header + 1 :]]

    def deleted(self, lines: Lines) -> Lines:
        """The file without the function."""
        return [*lines[: self.first], f"{self.indent[:-4]}pass", *lines[self.end :]]


@dataclass(frozen=True)
class _Grove:
    """A tree and its anchors, by the function that each is tied to."""

    root: Path
    client: Client
    memories: dict[Target, str]

    def change(self, target: Target, how: Change) -> None:
        """Write the target's file anew."""
        file = self.root / target.path
        file.write_text("\n".join(how(target, file.read_text("utf-8").split("\n"))), "utf-8")

    def git(self, *words: str) -> None:
        """Run git in the tree."""
        identity = ["-c", "user.name=b", "-c", "user.email=b@example.invalid"]
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True)


def verdicts(ground: Ground) -> Iterator[Figure]:
    """Verdicts after saves and after a switch of branches, in a large tree with thousands of anchors."""
    root = ground.project("verdicts")
    ground.start()
    with Client(root, timeout_s=120) as client:
        settled(client)
        targets = _spread(list(_targets(root)), ANCHORS)
        grove = _Grove(root, client, dict(zip(targets, _stored(client, targets), strict=True)))
        one_a_file = {target.path: target for target in targets}
        for target in _spread(list(one_a_file.values()), MISSING):
            grove.change(one_a_file.pop(target.path), Target.deleted)
        grove.git("commit", "--quiet", "--all", "--message", "without some")
        settled(client)
        yield from _after_saves(grove, list(one_a_file.values()))
        yield _after_switches(grove, _spread(list(one_a_file.values()), SWITCHED))
    ground.stop()


def _stored(client: Client, targets: list[Target]) -> list[str]:
    titled = [(f"What is to know of {target.reference}", target.reference) for target in targets]
    memories = [{"title": title, "symbols": [reference], "force": True} for title, reference in titled]
    return [one for n in range(0, len(memories), BATCH) for one in client.store_many(memories[n : n + BATCH])]


def _after_saves(grove: _Grove, targets: list[Target]) -> Iterator[Figure]:
    """From the end of a save to the verdict, the settle delay and the parsing of that file taken off."""
    files = grove.client.status().workspaces[0].files
    by_size = sorted(targets, key=lambda target: (grove.root / target.path).stat().st_size)
    taken: defaultdict[str, list[float]] = defaultdict(list)
    floors = []
    saves = 0
    for target in _spread(by_size, SAVED_FILES):
        floors.append(p(0.5, timed(partial(read_and_parse, grove.root / target.path), 20)) / 1000)
        for kind, seconds in _saves(grove, target):
            saves += 1
            if seconds is not None:
                taken[kind].append(seconds - SETTLE_MS / 1000 - floors[-1])
    beyond = [seconds for kind in taken.values() for seconds in kind]
    silent = f", {saves - len(beyond)} of {saves} saves without a verdict" if len(beyond) < saves else ""
    yield Figure(
        f"save → verdict pushed, beyond parsing and the settle delay of {SETTLE_MS} ms, p50 over {SAVED_FILES} files "
        f"of all sizes ({files} files, {ANCHORS} anchors, {MISSING} of them missing)",
        f"{p(0.5, beyond):.1f} ms (p95 {p(0.95, beyond):.1f} ms){silent}",
        "≤ 20 ms",
        f"{statistics.median(floors) * 1000:.1f} ms: read + parse, median of these files",
        p(0.5, beyond) <= 20 and not silent,
    )
    yield Figure(
        "the same by what was saved, p50",
        ", ".join(f"{kind} {p(0.5, seconds):.1f} ms" for kind, seconds in taken.items()),
        "–",
    )


def _saves(grove: _Grove, target: Target) -> Iterator[tuple[str, float | None]]:
    """Seconds from the end of each save to its verdict; each save turns the verdict."""
    client, file = grove.client, grove.root / target.path
    lines = file.read_text("utf-8").split("\n")
    changes: list[tuple[str, Lines]] = [
        ("edited", target.edited(lines)),
        ("healed and reformatted", target.reformatted(lines)),
        ("renamed", target.renamed(lines)),
        ("healed", lines),
    ]
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    pushes = context.socket(zmq.SUB)
    pushes.connect(find_paths().events_address)
    pushes.subscribe(f"{client.workspace_id}/{client.tree_id}/{target.path}")
    client.opened(target.path)
    while not pushes.poll(50):
        client.opened(target.path)  # until the subscription has arrived
    for kind, changed in changes * ROUNDS:
        client.sync()
        while pushes.poll(20):
            pushes.recv_multipart()
        file.write_text("\n".join(changed), "utf-8")
        saved = time.perf_counter()
        yield kind, _verdict_at(pushes, grove.memories[target], saved)
    context.destroy(0)


def _verdict_at(pushes: zmq.Socket[bytes], memory: str, saved: float) -> float | None:
    """Seconds from the save to the verdict on a memory; None if there is none in time."""
    while pushes.poll(WAIT_MS):
        event = decode_event(pushes.recv_multipart()[1])
        if isinstance(event, VerdictChanged) and event.memory_id == memory:
            return time.perf_counter() - saved
    return None


def _after_switches(grove: _Grove, targets: list[Target]) -> Figure:
    """From `git checkout` to the end of `sync`: to a branch that the daemon never saw, then back and forth."""
    moved, renamed = targets[:MOVED], targets[MOVED : MOVED + RENAMED]
    _make_branch(grove, targets, moved, renamed)
    whole, after = [], []
    for branch in ("other", *["-"] * SWITCHES):
        grove.client.sync()
        started = time.perf_counter()
        grove.git("checkout", "--quiet", branch)
        switched = time.perf_counter()
        grove.client.sync(timeout_s=120)
        whole.append(time.perf_counter() - started)
        after.append(time.perf_counter() - switched)
    said = [grove.client.get(grove.memories[target]).verdict for target in (*moved, *renamed)]
    followed = sum(verdict in ("moved", "moved+changed") for verdict in said)
    floor = statistics.median(parse_and_query(grove.root / _other(each, moved) for each in targets) for _ in range(3))
    first, later = whole[0] / floor, statistics.median(whole[1:]) / floor
    return Figure(
        f"switch of branches, {SWITCHED} files changed, of them {MOVED} moved, {RENAMED} with a renamed function: "
        "`git checkout` and `sync`",
        f"{whole[0]:.2f} s, {first:.2f} × ({after[0]:.2f} s after git); back and forth {later:.2f} ×; "
        f"{followed} of {MOVED + RENAMED} followed",
        "≤ 3 × floor",
        f"{floor:.2f} s: one process reads, parses, queries these files",
        first <= 3 and later <= 3,
    )


def _make_branch(grove: _Grove, targets: list[Target], moved: list[Target], renamed: list[Target]) -> None:
    """Commit the branch in a tree of its own, so that the daemon knows nothing of it."""
    apart = replace(grove, root=grove.root.with_name("apart"))
    grove.git("worktree", "add", "--quiet", "-b", "other", str(apart.root))
    for target in targets:
        apart.change(target, Target.renamed if target in renamed else Target.edited)
    for target in moved:
        apart.git("mv", target.path, _other(target, moved))
    apart.git("commit", "--quiet", "--all", "--message", "other")
    grove.git("worktree", "remove", str(apart.root))


def _other(target: Target, moved: list[Target]) -> str:
    """Where the target's file is on the other branch."""
    return f"{target.path.removesuffix('.py')}_moved.py" if target in moved else target.path


def _targets(root: Path) -> Iterator[Target]:
    """Functions of several statements, of the module or of a class, whose name is the only one in their file."""
    for file in sorted(root.rglob("*.py")):
        try:
            text = file.read_text("utf-8")
            module = ast.parse(text)
        except (SyntaxError, UnicodeDecodeError):
            continue  # Django tests what broken files do
        path, lines = file.relative_to(root).as_posix(), text.split("\n")
        names = Counter(node.name for node in ast.walk(module) if isinstance(node, ast.FunctionDef))
        for node in module.body:
            inside = node.body if isinstance(node, ast.ClassDef) else [node]
            for function in inside:
                if not isinstance(function, ast.FunctionDef) or names[function.name] > 1:
                    continue
                last = function.body[-1]
                if last.lineno <= function.body[0].lineno:
                    continue
                yield Target(
                    path=path,
                    symbol=f"{node.name}.{function.name}" if isinstance(node, ast.ClassDef) else function.name,
                    first=min([function.lineno, *(each.lineno for each in function.decorator_list)]) - 1,
                    header=function.lineno - 1,
                    last=min([last.lineno, *(each.lineno for each in getattr(last, "decorator_list", []))]) - 1,
                    end=function.end_lineno or last.lineno,
                    indent=lines[last.lineno - 1][: last.col_offset],
                )


def _spread(items: list[Item], count: int) -> list[Item]:
    """So many of them, evenly spread."""
    return [items[position * len(items) // count] for position in range(count)]
