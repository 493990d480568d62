"""Kills at random moments under load: what of that which was acknowledged is lost, or half there, and do indices agree.

    python -m tests.bench.kills [--kills 500] [--seed 7]

Prints a line every 50 kills, and the figures at the end; exit code 1 where anything was lost.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from recall import Client, RecallError
from tests.e2e.conftest import a_daemon
from tests.e2e.running import MODELS, Daemon, commit, git, wait_until

FILE = "api/models/memory.py"
BATCH = 5
LOOKED_AT_ONCE = 50
"""After so many kills all of it is looked through."""


@dataclass
class Told:
    """What the daemon acknowledged."""

    titles: dict[str, str] = field(default_factory=dict)
    """By id; of an edit that was under way, the one before."""
    maybe: dict[str, str] = field(default_factory=dict)
    """By id: the title of an edit that was not acknowledged."""
    forgotten: set[str] = field(default_factory=set)
    maybe_forgotten: set[str] = field(default_factory=set)


@dataclass
class Figures:
    """What was found."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    half_there: int = 0
    disagreeing: int = 0
    longest_start_s: float = 0.0


def project_in(folder: Path) -> Path:
    """A small project."""
    root = folder / "project"
    (root / FILE).parent.mkdir(parents=True)
    (root / FILE).write_text(MODELS)
    git(root, "init", "-q")
    commit(root, f"the root commit is that of {folder} alone")
    return root


def load(project: Path, told: Told, round_: int, seed: int) -> list[threading.Thread]:
    """Store, store in batches, edit and forget, each as fast as it goes, until the daemon is gone."""

    def work(task: Callable[[Client, Told, int, int], None]) -> None:
        with Client(project, start=False, timeout_s=20) as client, contextlib.suppress(RecallError):
            for n in itertools.count():
                task(client, told, round_, n)

    tasks = (store_one, store_batch, partial(change_one, choose=random.Random(seed)))
    threads = [threading.Thread(target=work, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    return threads


def unlike(round_: int, n: int) -> str:
    """A word that nothing else has, so that a search for it finds one memory, or those of one batch."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{round_:04}{n:06}")


def store_one(client: Client, told: Told, round_: int, n: int) -> None:
    """Store a memory that is tied to code."""
    title = f"note {unlike(round_, n)}"
    told.titles[client.store(title=title, symbols=[f"{FILE}::Memory.load"], force=True).id] = title


def store_batch(client: Client, told: Told, round_: int, n: int) -> None:
    """Store some in one transaction."""
    titles = [f"batch {unlike(round_, n)} part {part}" for part in range(BATCH)]
    told.titles.update(zip(client.store_many([{"title": title} for title in titles]), titles, strict=True))


def change_one(client: Client, told: Told, round_: int, n: int, *, choose: random.Random) -> None:
    """Edit one of those that are known, or forget it."""
    known = [each for each in list(told.titles) if each not in told.forgotten | told.maybe_forgotten]
    if not known:
        client.hello()
        return
    chosen = choose.choice(known)
    if n % 4:
        told.maybe[chosen] = f"edited {unlike(round_, n)}"
        client.edit(chosen, title=told.maybe[chosen])
        told.titles[chosen] = told.maybe.pop(chosen)
    else:
        told.maybe_forgotten.add(chosen)
        client.forget([chosen])
        told.forgotten.add(chosen)
        told.maybe_forgotten.discard(chosen)


def look_through(daemon: Daemon, project: Path, told: Told, figures: Figures, folder: Path) -> None:
    """Compare all that was acknowledged with a copy of what is there."""
    copy = folder / "copy.db"
    with Client(project) as client:
        client.sync(timeout_s=120)
        wait_until(lambda: client.status().vectors == "ready", 120, "vectors")
        client.backup(copy)  # vectors that are ready have been compared with all memories, by their texts
    store = sqlite3.connect(copy)
    rows = {row[0]: row[1:] for row in store.execute("SELECT id, title, version, forgotten_at FROM memories")}
    states: dict[str, list[tuple[int, str]]] = {}
    for memory_id, version, snapshot in store.execute(
        "SELECT memory_id, version, snapshot FROM memory_versions ORDER BY memory_id, version"
    ):
        states.setdefault(memory_id, []).append((version, json.loads(snapshot)["title"]))
    anchored = {row[0] for row in store.execute("SELECT memory_id FROM anchors")}
    weighed: int = store.execute("SELECT count(*) FROM memory_importance").fetchone()[0]
    store.close()
    for each, title in told.titles.items():
        if each not in rows:
            figures.lost += 1
            continue
        now, _, forgotten_at = rows[each]
        figures.lost += now not in (title, told.maybe.get(each, title))
        figures.lost += each in told.forgotten and forgotten_at is None
    for each, (title, version, _) in rows.items():
        whole = [n for n, _ in states.get(each, [])] == list(range(1, version + 1)) and states[each][-1][1] == title
        tied = each in anchored or not states.get(each, [(0, "")])[0][1].startswith("note ")
        figures.half_there += not (whole and tied)
    parts = Counter(kept[0][1].rpartition(" part ")[0] for kept in states.values() if kept[0][1].startswith("batch "))
    figures.half_there += sum(count != BATCH for count in parts.values())
    figures.half_there += weighed != len(rows)
    figures.disagreeing += _not_found_by_words(daemon)
    figures.acknowledged = len(told.titles)


def _not_found_by_words(daemon: Daemon) -> int:
    """How many memories full text does not have by the words of their titles, or has though they are forgotten."""
    with contextlib.closing(sqlite3.connect(daemon.paths.data / "memory.db")) as store:
        held: dict[int, str] = {}
        for rowid, words in store.execute("SELECT rowid, title FROM memory_words"):
            held[rowid & ((1 << 40) - 1)] = words
        live = dict(store.execute("SELECT seq, title FROM memories WHERE forgotten_at IS NULL").fetchall())
        found = {
            rowid & ((1 << 40) - 1)
            for seq, title in live.items()
            for (rowid,) in store.execute(
                "SELECT rowid FROM memory_words WHERE memory_words MATCH ?", (f'"{title.split()[1]}"',)
            )
        }
        return len(live.keys() ^ held.keys()) + len(live.keys() - found)


def run(kills: int, seed: int, *, say: bool = True) -> Figures:
    """Kill a daemon so many times, and say what that did."""
    choose, told, figures = random.Random(seed), Told(), Figures()
    with a_daemon() as daemon, tempfile.TemporaryDirectory() as folder:
        project = project_in(Path(folder))
        for round_ in range(kills):
            started = time.monotonic()
            daemon.start(log_level="warning")
            with Client(project) as client:
                client.list(limit=1)
            figures.longest_start_s = max(figures.longest_start_s, time.monotonic() - started)
            threads = load(project, told, round_, seed + round_)
            time.sleep(choose.uniform(0.0, 0.5))  # the moment of the kill
            daemon.kill()
            figures.kills += 1
            for thread in threads:
                thread.join(60)
            if figures.kills % LOOKED_AT_ONCE == 0 or figures.kills == kills:
                daemon.start()
                look_through(daemon, project, told, figures, Path(folder))
                told.maybe.clear()
                told.maybe_forgotten.clear()
                _take_for_now(daemon, told)
                daemon.kill()
                if say:
                    print(figures, flush=True)
    return figures


def _take_for_now(daemon: Daemon, told: Told) -> None:
    """What was under way at a kill may have been done or not: from here on it counts as it is."""
    with contextlib.closing(sqlite3.connect(daemon.paths.data / "memory.db")) as store:
        for memory_id, title, forgotten_at in store.execute("SELECT id, title, forgotten_at FROM memories"):
            if memory_id in told.titles:
                told.titles[memory_id] = title
                if forgotten_at is not None:
                    told.forgotten.add(memory_id)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    figures = run(options.kills, options.seed)
    return int(bool(figures.lost or figures.half_there or figures.disagreeing))


if __name__ == "__main__":
    sys.exit(main())
