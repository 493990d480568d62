"""What the daemon's own jobs cost, and whom they hold up: `python -m tests.bench.jobs [--size N …]`.

Decay and purge run over many memories while one client searches, one stores, and one asks whether the daemon is there.
What the last one waits for longest is the largest gap of the event loop, seen from outside. Above `WITH_VECTORS`
memories search goes by words alone, because to embed so many takes an hour.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import psutil

from recall import Client
from tests.bench.figures import Figure
from tests.bench.ground import Ground, ground, p, settled, store_memories, timed
from tests.bench.recall import prose
from tests.bench.run import machine

WITH_VECTORS = 10_000
TEXTS = 10_000
"""So many different ones there are sentences for; the rest says the same of another case."""
ROUNDS = {1_000: 30, 10_000: 10}
AT_REST = 400
DECAY_S, HELD_UP_MS = 10.0, 20.0
FADE = "UPDATE memory_importance SET present = present * 0.9"
"""So that decay has each of them to write anew."""
FORGET = "UPDATE memories SET forgotten_at = '2020-01-01T00:00:00Z' WHERE seq % 10 = 3"


@dataclass
class Waits:
    """Seconds that requests of each kind took while something else went on."""

    hello: list[float] = field(default_factory=list)
    search: list[float] = field(default_factory=list)
    store: list[float] = field(default_factory=list)


def main() -> int:
    """Measure and print; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.jobs", description=__doc__)
    parser.add_argument("--size", type=int, nargs="*", default=[10_000], help="memories in a workspace")
    sentences = prose.sentences()
    figures: list[Figure] = []
    for size in parser.parse_args().size:
        with ground() as made:
            figures += jobs(made, sentences, size)
    print(f"{machine()}; {len(sentences)} sentences")
    print("\n| figure | measured | goal | beside it | |\n|---|---|---|---|---|")
    for each in figures:
        print(f"| {each.name} | {each.value} | {each.goal} | {each.floor} | {'✓' if each.reached else 'missed'} |")
    return 0 if all(each.reached for each in figures) else 1


def jobs(ground: Ground, sentences: list[str], size: int) -> Iterator[Figure]:
    """Decay and purge at one size."""
    if size > WITH_VECTORS:
        os.environ["RECALLD_CHROMA_URL"] = "http://localhost:1"  # nobody answers there
    ground.start()
    root = ground.folder / "project"
    root.mkdir()
    queries = prose.queries(sentences, AT_REST)
    with Client(root, timeout_s=300) as client:
        texts = prose.memories(sentences, min(size, TEXTS))
        store_memories(client, [{"title": f"Case {n}", "narrative": texts[n % len(texts)]} for n in range(size)])
        if size <= WITH_VECTORS:
            settled(client)
        client.run_job("decay")
        rest = _while(ground, queries, lambda: time.sleep(8))
        daemon = psutil.Process(ground.daemon.pid if ground.daemon else None)
        decay, took, spent = Waits(), list[float](), list[float]()
        for _ in range(ROUNDS.get(size, 2)):
            _change(ground, FADE)
            before = sum(daemon.cpu_times()[:2])
            waits = _while(ground, queries, lambda: took.append(client.run_job("decay").took_s or 0.0))
            spent.append(sum(daemon.cpu_times()[:2]) - before)
            decay.hello += waits.hello
            decay.search += waits.search
            decay.store += waits.store
        _change(ground, FADE)
        (alone,) = timed(lambda: client.run_job("decay"), 1)
        _change(ground, FORGET)
        purge = _while(ground, queries, lambda: client.run_job("purge-forgotten"))
    ground.stop()
    os.environ.pop("RECALLD_CHROMA_URL", None)
    how = "" if size <= WITH_VECTORS else ", words alone"
    yield Figure(f"decay of {size:,}, all changed, nobody else about; beside the clients below", f"{alone:.2f} s; "
                 f"{max(took):.2f} s", f"≤ {DECAY_S:g} s", f"{min(spent):.2f} s of the daemon's processor time",
                 max(took) <= DECAY_S)  # fmt: skip
    for name, waits in (("decay", decay), ("purge", purge)):
        slower = p(0.99, waits.search) / p(0.99, rest.search)
        yield Figure(f"search during {name} of {size:,}{how}, p99 of {len(waits.search)}",
                     f"{p(0.99, waits.search):.1f} ms, {slower:.2f} × (p50 {p(0.5, waits.search):.1f} ms)",
                     "≤ 1.5 ×", f"{p(0.99, rest.search):.1f} ms at rest (p50 {p(0.5, rest.search):.1f} ms)",
                     slower <= 1.5)  # fmt: skip
        held = max(waits.hello) * 1000
        yield Figure(f"longest wait for a hello during {name} of {size:,}, of {len(waits.hello)}",
                     f"{held:.1f} ms (p99 {p(0.99, waits.hello):.1f} ms)", f"≤ {HELD_UP_MS:g} ms",
                     f"{max(rest.hello) * 1000:.1f} ms at rest (p99 {p(0.99, rest.hello):.1f} ms)",
                     held <= HELD_UP_MS + max(rest.hello) * 1000)  # fmt: skip
        yield Figure(f"store during {name} of {size:,}, longest of {len(waits.store)}",
                     f"{max(waits.store) * 1000:.1f} ms (p50 {p(0.5, waits.store):.1f} ms)", "–",
                     f"{max(rest.store) * 1000:.1f} ms at rest (p50 {p(0.5, rest.store):.1f} ms)")  # fmt: skip


def _while(ground: Ground, queries: list[str], work: Callable[[], object]) -> Waits:
    """What others wait for while some work is done."""
    waits, over = Waits(), threading.Event()
    chance = random.Random(time.perf_counter_ns())

    def ask(taken: list[float], call: Callable[[Client], object], pause_s: float) -> None:
        with Client(ground.folder / "project", start=False, timeout_s=60) as client:
            while not over.wait(pause_s):
                started = time.perf_counter()
                call(client)
                taken.append(time.perf_counter() - started)

    numbers = itertools.count(time.perf_counter_ns())
    threads = [
        threading.Thread(target=ask, args=each)
        for each in (
            (waits.hello, lambda client: client.hello(), 0.001),
            (waits.search, lambda client: client.search(chance.choice(queries)), 0.0),
            (waits.store, lambda client: client.store(title=f"note {next(numbers)}"), 0.1),
        )
    ]
    for thread in threads:
        thread.start()
    work()
    over.set()
    for thread in threads:
        thread.join()
    return waits


def _change(ground: Ground, statement: str) -> None:
    with closing(sqlite3.connect(ground.paths.data / "memory.db", timeout=30)) as connection, connection:
        connection.execute(statement)


if __name__ == "__main__":
    sys.exit(main())
