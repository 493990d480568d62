"""How fast memories are stored and found, at several sizes: `python -m tests.bench.recall.speed [--size N …]`.

A real daemon is asked through `recall.Client`, in turn with the model, Chroma and FTS5 alone in a bare process.
Memories and queries are made of docstrings of the standard library and of installed packages. Processor time stands
beside the time taken, because on a busy machine it says more.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from recall import Client
from tests.bench.figures import Figure
from tests.bench.ground import Ground, ground, p, store_memories
from tests.bench.recall import prose
from tests.bench.recall.bare import BareProcess, BareStore, bare_search
from tests.bench.run import machine

WARM_UP = 20
QUERIES = 400
STORED_ALONE = 100
WORKSPACES = 100
IDLE_S = 35
"""Long enough for idle parse workers to be let go."""
SLOWEST = 5
KINDS = ("decision", "pattern", "convention", "debugging", "reference")


@dataclass(frozen=True)
class Goal:
    """What must be reached at one size."""

    p50_ms: float
    p99_ms: float = float("inf")
    memory_mb: float = float("inf")


GOALS = {10_000: Goal(10), 100_000: Goal(30, 80, 1200)}
NONE = Goal(float("inf"))
STORE_MS = 15
STORE_RATE = 250


@dataclass(frozen=True)
class Asked:
    """What the same queries took, the warm-up left out."""

    ours: list[float]
    floor: list[float]
    daemon_cpu_ms: float
    """Processor time of a query in the daemon itself."""
    workers_cpu_ms: float
    """And in its processes: for model and vectors."""
    floor_cpu_ms: float
    others: float
    """Share of all cores that other processes had meanwhile, 0 to 1."""


def main() -> int:
    """Measure and print; 1 if a goal was missed."""
    options = _options()
    sentences = prose.sentences()
    print(f"{machine()}; {len(sentences)} sentences")
    print("\n| figure | measured | goal | floor beside it | |\n|---|---|---|---|---|", flush=True)
    reached = True
    for size in options.size:
        _say(f"{size} memories")
        with ground() as made:
            reached &= _shown(one_workspace(made, sentences, size))
    if options.workspaces:
        _say(f"{WORKSPACES} workspaces")
        with ground() as made:
            reached &= _shown(many_workspaces(made, sentences))
    return 0 if reached else 1


def _shown(figures: Iterable[Figure]) -> bool:
    """Print figures as soon as there are any, since large sizes take long; whether all goals were reached."""
    reached = True
    for each in figures:
        print(
            f"| {each.name} | {each.value} | {each.goal} | {each.floor} | {'✓' if each.reached else 'missed'} |",
            flush=True,
        )
        reached &= each.reached
    return reached


def one_workspace(ground: Ground, sentences: list[str], size: int) -> Iterator[Figure]:
    """Storing, searching and memory at one size."""
    texts = prose.memories(sentences, size + STORED_ALONE)
    narratives, alone = texts[:size], texts[size:]
    ground.start()
    # Both fill at the same time, each on a core of its own, so that what else goes on meets both.
    with Client(_project(ground, "project"), timeout_s=120) as client, bare_search(narratives) as bare:
        started = time.perf_counter()
        acknowledged = store_memories(client, _memories(narratives))
        _found_by_meaning(client)
        findable = time.perf_counter() - started
        _indexed(client)
        known = time.perf_counter() - started
        filled = bare.filled()
        time.sleep(IDLE_S)
        _say("searches")
        asked = _in_turn(ground, [client], bare, prose.queries(sentences, WARM_UP + QUERIES))
        held, floor_held = ground.memory_mb(), bare.memory_mb()
        stored, commits = _stored_alone(ground, client, alone)
        rebuilding = _while_rebuilding(client, prose.queries(sentences, WARM_UP + QUERIES))
    ground.stop()
    yield from _search_figures(f"{size:,} memories", asked, GOALS.get(size, NONE))
    goal = GOALS.get(size, NONE).memory_mb
    yield Figure(f"memory of daemon and its processes, {size:,} memories", f"{held:.0f} MB", _at_most(goal, "MB"),
                 f"{floor_held:.0f} MB: the bare process", held <= goal)  # fmt: skip
    yield Figure(f"store acknowledged at {size:,} memories, p50 of {len(stored)}",
                 f"{p(0.5, stored):.1f} ms (p99 {p(0.99, stored):.1f} ms)", f"≤ {STORE_MS} ms",
                 f"{p(0.5, commits):.1f} ms (p99 {p(0.99, commits):.1f} ms): a bare commit with full text",
                 p(0.5, stored) <= STORE_MS)  # fmt: skip
    yield Figure(f"store_many of {size:,}, acknowledged", f"{size / acknowledged:.0f} memories/s",
                 f"≥ {STORE_RATE} memories/s", "–", size / acknowledged >= STORE_RATE)  # fmt: skip
    yield Figure(f"store_many of {size:,}, until found by meaning too", f"{size / findable:.0f} memories/s", "–",
                 f"{size / filled:.0f} memories/s: embed + Chroma + FTS5")  # fmt: skip
    yield Figure(f"store_many of {size:,}, until their words are found in other words too",
                 f"{size / known:.0f} memories/s", "–", "the same")  # fmt: skip
    yield Figure(f"search while vectors are rebuilt, {size:,} memories, p50 of {len(rebuilding)}",
                 f"{p(0.5, rebuilding):.1f} ms (p99 {p(0.99, rebuilding):.1f} ms)", "–",
                 f"{p(0.5, asked.ours):.1f} ms: the same at rest")  # fmt: skip


def many_workspaces(ground: Ground, sentences: list[str], each: int = 1000) -> Iterator[Figure]:
    """Search in many workspaces of a thousand memories, now in this one, now in that."""
    texts = prose.memories(sentences, WORKSPACES * each)
    ground.start()
    clients = [Client(_project(ground, f"project-{number}"), timeout_s=120) for number in range(WORKSPACES)]
    for number, client in enumerate(clients):
        store_memories(client, _memories(texts[number * each : (number + 1) * each]))
    for client in clients:
        _indexed(client)
    time.sleep(IDLE_S)
    _say("the floor")
    with bare_search(texts[:each]) as bare:
        bare.filled()
        asked = _in_turn(ground, clients, bare, prose.queries(sentences, WARM_UP + QUERIES))
        floor_held = bare.memory_mb()
    held = ground.memory_mb()
    for client in clients:
        client.close()
    ground.stop()
    name = f"{WORKSPACES} workspaces of {each:,} (floor: one of them alone)"
    yield from _search_figures(name, asked, NONE)
    yield Figure(f"memory, {name}", f"{held:.0f} MB", "–", f"{floor_held:.0f} MB: the bare process")


def _search_figures(name: str, asked: Asked, goal: Goal) -> Iterator[Figure]:
    shares = ((0.5, goal.p50_ms), (0.99, goal.p99_ms))
    for share, most in shares:
        ours, floor = p(share, asked.ours), p(share, asked.floor)
        yield Figure(
            f"search, {name}, p{share * 100:.0f} of {len(asked.ours)}; others had {asked.others:.0%} of the cores",
            f"{ours:.1f} ms, {ours / floor:.2f} ×",
            _at_most(most, "ms"),
            f"{floor:.1f} ms: embed + Chroma + FTS5, in turn with ours",
            ours <= most,
        )
    yield Figure(f"processor time of a search, {name}",
                 f"daemon {asked.daemon_cpu_ms:.1f} ms + its processes {asked.workers_cpu_ms:.1f} ms", "–",
                 f"{asked.floor_cpu_ms:.1f} ms: the bare process")  # fmt: skip


def _in_turn(ground: Ground, clients: list[Client], bare: BareProcess, queries: list[str]) -> Asked:
    """Ask the daemon and the bare process each query in turn, so that neither runs in warmer caches."""
    chance = random.Random(3)
    ours, floor = [], []
    family, asking = ground.family(), psutil.Process()
    groups = (family[:1], family[1:], [bare.process], [asking])
    for number, query in enumerate(queries):
        if number == WARM_UP:
            before, began = _processor_s(groups), time.perf_counter()
        client = chance.choice(clients)
        started = time.perf_counter()
        client.search(query)
        ours.append(time.perf_counter() - started)
        floor.append(bare.search(query))
    taken = time.perf_counter() - began
    busy, *spent = (now - then for now, then in zip(_processor_s(groups), before, strict=True))
    daemon, workers, bare_s, _ = (seconds * 1000 / (len(queries) - WARM_UP) for seconds in spent)
    for seconds, query in sorted(zip(ours, queries, strict=True), reverse=True)[:SLOWEST]:
        _say(f"slow: {seconds * 1000:.1f} ms, {query!r}")
    others = max(busy - sum(spent), 0) / (taken * (os.cpu_count() or 1))
    return Asked(ours[WARM_UP:], floor[WARM_UP:], daemon, workers, bare_s, others)


def _stored_alone(ground: Ground, client: Client, texts: list[str]) -> tuple[list[float], list[float]]:
    """Seconds of each memory stored by itself, and of a bare commit of the same text in turn with it."""
    bare = BareStore(ground.folder / "bare.db")
    ours, floor = [], []
    for one in _memories(texts):
        started = time.perf_counter()
        client.store(**one)
        ours.append(time.perf_counter() - started)
        floor.append(bare.store(one["narrative"]))
    bare.close()
    return ours, floor


def _memories(texts: list[str]) -> list[dict[str, Any]]:
    return [{"narrative": text, "memory_type": kind} for text, kind in zip(texts, itertools.cycle(KINDS), strict=False)]


def _project(ground: Ground, name: str) -> Path:
    root = ground.folder / name
    root.mkdir()
    (root / "main.py").write_text(f"def main():\n    return {name!r}\n")
    return root


def _while_rebuilding(client: Client, queries: list[str]) -> list[float]:
    """Seconds of each search, as many as there is time for while vectors are rebuilt."""
    client.reindex()
    while client.status().workspaces[0].scanning:
        time.sleep(0.2)
    took: list[float] = []
    for query in itertools.cycle(queries):
        started = time.perf_counter()
        client.search(query)
        took.append(time.perf_counter() - started)
        if len(took) == len(queries) or not client.status().rebuilding:
            return took[min(WARM_UP, len(took) - 1) :]
    return took


def _found_by_meaning(client: Client) -> None:
    """Wait until all that was stored is, however long embedding takes."""
    while client.status().vectors.startswith(("loading", "catching up")):
        time.sleep(0.2)


def _indexed(client: Client) -> None:
    """Wait until its words are found in other words too."""
    client.sync(timeout_s=600)
    while (status := client.status()).vectors != "ready" or not status.ready:
        time.sleep(0.2)


def _processor_s(groups: Iterable[list[psutil.Process]]) -> list[float]:
    """Processor time so far: of everything on this machine, and of each group of processes."""
    everything = psutil.cpu_times()
    each = [sum(sum(process.cpu_times()[:2]) for process in group) for group in groups]
    return [everything.user + everything.nice + everything.system, *each]


def _at_most(most: float, unit: str) -> str:
    return "–" if most == float("inf") else f"≤ {most:.0f} {unit}"


def _say(what: str) -> None:
    load = os.getloadavg()[0]
    print(f"… {time.strftime('%H:%M:%S')} {what} (load {load:.1f})", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recall.speed", description=__doc__)
    parser.add_argument("--size", type=int, nargs="*", default=[1000, 10_000, 100_000], help="memories in a workspace")
    parser.add_argument("--workspaces", action="store_true", help=f"{WORKSPACES} workspaces of 1000 memories too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
