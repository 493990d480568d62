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
from pathlib import Path
from typing import TypeVar

from recall import Client
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
    queries = prose.queries(sentences, QUERIES)
    root = ground.folder / "project"
    root.mkdir()
    (root / "main.py").write_text("def main():\n    return 1\n")
    ground.start()
    with Client(root, timeout_s=120) as client:
        store_memories(client, [{"narrative": text, "force": True} for text in prose.memories(sentences, size)])
        settled(client)
        at_rest = [_timed(client, query) for query in queries]
        bare_cpu = ground.cpu_s()
        for query in queries:
            client.search(query)
        of_searches = (ground.cpu_s() - bare_cpu) / len(queries)
        yield from _beside("the first audit", size, ground, root, queries, at_rest, of_searches, 0)
        left, before = client.audit(limit=1).unchecked, ground.cpu_s()
        while client.audit(limit=1).unchecked:
            pass
        spent = (ground.cpu_s() - before) * 1000 / max(left, 1)
        yield Figure(f"processor time of long looks, {size:,} memories", f"{spent:.1f} ms a memory", "–")
        yield from _beside("an audit with all looked at", size, ground, root, queries, at_rest, of_searches, QUERIES)
    ground.stop()


def _beside(
    name: str,
    size: int,
    ground: Ground,
    root: Path,
    queries: list[str],
    at_rest: list[float],
    of_a_search: float,
    searches: int,
) -> Iterator[Figure]:
    """Audits, one after the other, while somebody else goes on searching, until there were so many searches."""
    searched: list[float] = []
    over = threading.Event()

    def search() -> None:
        with Client(root, timeout_s=120) as other:
            for query in itertools.cycle(queries):
                if over.is_set():
                    return
                searched.append(_timed(other, query))

    before = ground.cpu_s()
    searching = threading.Thread(target=search)
    with Client(root, timeout_s=120) as client:
        client.hello()
        searching.start()
        taken = [_took(lambda: client.audit(limit=1))]
        while len(searched) < searches:
            taken.append(_took(lambda: client.audit(limit=1)))
    over.set()
    searching.join()
    spent = (ground.cpu_s() - before - of_a_search * len(searched)) / len(taken)
    slowest = max(seconds for seconds, _ in taken)
    reply = taken[-1][1]
    yield Figure(
        f"{name}, {size:,} memories",
        f"{slowest:.2f} s, {max(spent, 0):.2f} s of processor time; {reply.findings_total:,} findings, "
        f"{reply.unchecked:,} not compared yet",
        f"≤ {AUDIT_S} s",
        reached=slowest <= AUDIT_S,
    )
    ours, rest = p(0.99, searched), p(0.99, at_rest)
    yield Figure(
        f"search during {name}, {size:,} memories, p99 of {len(searched)}",
        f"{ours:.1f} ms, {ours / rest:.2f} × (p50 {p(0.5, searched):.1f} ms)",
        f"≤ {LIFTED} ×",
        f"{rest:.1f} ms at rest (p50 {p(0.5, at_rest):.1f} ms)",
        reached=ours <= rest * LIFTED,
    )


def _timed(client: Client, query: str) -> float:
    return _took(lambda: client.search(query))[0]


def _took(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    sys.exit(main())
