"""How long the start of a session takes among ten thousand memories."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recall import Client
from tests.bench.figures import Figure
from tests.bench.ground import Ground, p, settled, store_memories
from tests.bench.recall import prose
from tests.bench.recall.bare import BareStore, bare_search

MEMORIES = 10_000
PINNED = 10
FILES, ON_BRANCH, CHANGED = 300, 12, 4
STARTS, WARM_UP = 100, 10
START_MS = 30


def sessions(ground: Ground) -> Iterator[Figure]:
    """The start of a session, where nothing changed since the last one, and where a file did; both with a task."""
    root = project(ground.folder / "sessions")
    sentences = prose.sentences()
    texts = prose.memories(sentences, MEMORIES)
    tasks = prose.queries(sentences, 2 * (STARTS + WARM_UP))
    ground.start()
    with Client(root, timeout_s=120) as client:
        settled(client)
        store_memories(client, tied_memories(texts))
        settled(client)
        with bare_search(texts) as bare:
            commits = BareStore(ground.folder / "bare.db")
            quiet: list[float] = []
            saved: list[float] = []
            floor: list[float] = []
            cpu = 0.0
            for number, task in enumerate(tasks):
                changed = number % 2 == 1
                if changed:
                    _save(root, number)
                    client.sync()
                before = ground.cpu_s()
                started = time.perf_counter()
                session = client.session_start(task=task)
                (saved if changed else quiet).append(time.perf_counter() - started)
                cpu += ground.cpu_s() - before
                assert session.injected_memories
                _end(client, session.session_id)
                started = time.perf_counter()
                client.hello()
                floor.append(time.perf_counter() - started + bare.search(task) + commits.store(task))
            commits.close()
    ground.stop()
    beside = f"{p(0.5, floor[WARM_UP:]):.1f} ms: hello + embed + Chroma + FTS5 + a commit"
    for name, starts in (("nothing changed since the last", quiet), ("a file was saved before each", saved)):
        median = p(0.5, starts[WARM_UP:])
        yield Figure(
            f"session start at {MEMORIES:,} memories, {name}, p50 of {STARTS}",
            f"{median:.1f} ms (p99 {p(0.99, starts[WARM_UP:]):.1f} ms)",
            f"≤ {START_MS} ms",
            beside,
            median <= START_MS,
        )
    spent = f"{cpu / len(tasks) * 1000:.1f} ms"
    yield Figure("processor time of it, in the daemon and its processes", spent, "–")


def _end(client: Client, session_id: str) -> None:
    """End a session, and wait until what becomes of it is done."""
    job = client.session_end(session_id).extraction_job_id
    while client.session_job(job).finished_at is None:
        time.sleep(0.002)


def tied_memories(texts: list[str]) -> list[dict[str, Any]]:
    chance = random.Random(5)
    made = []
    for number, text in enumerate(texts):
        one: dict[str, Any] = {"narrative": text, "importance_score": chance.randrange(30, 95) / 100}
        if number < PINNED:
            one["importance_score"] = 1.0
        if number % 5 == 0:
            one["source_files"] = [file_of(chance.randrange(FILES))]
        made.append(one)
    return made


def file_of(number: int) -> str:
    return f"part{number % 10}/module{number}.py"


def project(root: Path) -> Path:
    """A repository with a branch on which some files were changed, and some more are not committed."""
    for number in range(FILES):
        file = root / file_of(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"def work{number}(x):\n    return x + {number}\n")
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "all")
    _git(root, "checkout", "-q", "-b", "feature")
    for number in range(ON_BRANCH):
        _save(root, number)
    _git(root, "commit", "-qam", "some")
    for number in range(CHANGED):
        _save(root, number)
    return root


def _save(root: Path, number: int) -> None:
    file = root / file_of(number % FILES)
    file.write_text(f"{file.read_text()}\n\ndef more{number}(x):\n    return x * {time.time_ns()}\n")


def _git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=b", "-c", "user.email=b@example.invalid"]
    subprocess.run(["git", *identity, *words], cwd=root, check=True)
