"""What an audit takes among many memories, and searches meanwhile: `python -m tests.bench.audits [--size N …]`.

A real daemon is asked through `recall.Client`. Processor time stands beside the time taken, because on a busy machine
it says more. Memories are made of docstrings, see `tests.bench.recall.prose`.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from recall import Client
from recall.protocol.requests import AuditReply
from tests.bench.figures import Figure
from tests.bench.ground import Ground, ground, p, settled, store_memories
from tests.bench.recall import prose
from tests.bench.run import machine

T = TypeVar("T")

QUERIES = 300
AUDIT_S = 10
"""The most that an audit of 100,000 memories may take."""
LIFTED = 1.5
"""By which it may lift the 99th percentile of searches."""
ROUNDS = 6


def main() -> int:
    """Measure and print; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.audits", description=__doc__)
    parser.add_argument("--size", type=int, nargs="*", default=[10_000], help="memories in a workspace")
    figures: list[Figure] = []
    for size in parser.parse_args().size:
        with ground() as made:
            figures += audits(made, size)
    print(f"{machine()}\n\n| figure | measured | goal | floor beside it | |\n|---|---|---|---|---|")
    for each in figures:
        print(f"| {each.name} | {each.value} | {each.goal} | {each.floor} | {'✓' if each.reached else 'missed'} |")
    return 0 if all(each.reached for each in figures) else 1


def audits(ground: Ground, size: int) -> Iterator[Figure]:
    """The first audit, those that go on with its looks, and one that finds all looked at, each beside searches."""
    sentences = prose.sentences()
    queries = itertools.cycle(prose.queries(sentences, QUERIES))
    root = ground.folder / "project"
    root.mkdir()
    (root / "main.py").write_text("def main():\n    return 1\n")
    ground.start()
    with Client(root, timeout_s=120) as client:
        store_memories(client, [{"narrative": text, "force": True} for text in prose.memories(sentences, size)])
        settled(client)
        yield from _beside(f"the first audit, {size:,} memories", ground, client, queries, rounds=1, searches=0)
        left, before = client.audit(limit=1).unchecked, ground.cpu_s()
        while client.audit(limit=1).unchecked:
            pass
        spent = (ground.cpu_s() - before) * 1000 / max(left, 1)
        yield Figure(f"processor time of long looks, {size:,} memories", f"{spent:.1f} ms a memory", "–")
        name = f"an audit with all looked at, {size:,} memories"
        yield from _beside(name, ground, client, queries, rounds=ROUNDS, searches=QUERIES // ROUNDS)
    ground.stop()


def _beside(
    name: str, ground: Ground, client: Client, queries: Iterator[str], *, rounds: int, searches: int
) -> Iterator[Figure]:
    """Searches at rest and beside audits, in turn, because what else the machine does changes from minute to minute.

    Args:
        searches: in each round, at least so many beside audits, which follow each other without a pause.
    """
    at_rest: list[float] = []
    searched: list[float] = []
    audited: list[tuple[float, AuditReply]] = []
    spent = 0.0
    for _ in range(rounds):
        before = ground.cpu_s()
        at_rest += (rest := [_timed(client, next(queries)) for _ in range(QUERIES // rounds)])
        of_a_search = (ground.cpu_s() - before) / len(rest)
        before, done = ground.cpu_s(), len(searched)
        with _searching(client.path, queries, searched):
            audited.append(_took(lambda: client.audit(limit=1)))
            while len(searched) < done + searches:
                audited.append(_took(lambda: client.audit(limit=1)))
        spent += ground.cpu_s() - before - of_a_search * (len(searched) - done)
    slowest, reply = max(seconds for seconds, _ in audited), audited[-1][1]
    yield Figure(
        name,
        f"{slowest:.2f} s, {max(spent, 0) / len(audited):.2f} s of processor time; {reply.findings_total:,} findings, "
        f"{reply.unchecked:,} not compared yet",
        f"≤ {AUDIT_S} s",
        reached=slowest <= AUDIT_S,
    )
    ours, rested = p(0.99, searched), p(0.99, at_rest)
    yield Figure(
        f"search during {name}, p99 of {len(searched)}",
        f"{ours:.1f} ms, {ours / rested:.2f} × (p50 {p(0.5, searched):.1f} ms)",
        f"≤ {LIFTED} ×",
        f"{rested:.1f} ms at rest (p50 {p(0.5, at_rest):.1f} ms), in turn with it",
        reached=ours <= rested * LIFTED,
    )


@contextmanager
def _searching(root: Path, queries: Iterator[str], took: list[float]) -> Iterator[None]:
    """Somebody else who goes on searching meanwhile."""
    over = threading.Event()

    def search() -> None:
        with Client(root, timeout_s=120) as other:
            while not over.is_set():
                took.append(_timed(other, next(queries)))

    searching = threading.Thread(target=search)
    searching.start()
    try:
        yield
    finally:
        over.set()
        searching.join()


def _timed(client: Client, query: str) -> float:
    return _took(lambda: client.search(query))[0]


def _took(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    sys.exit(main())
