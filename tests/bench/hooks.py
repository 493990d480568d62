"""How long an agent waits for its hooks: whole processes, beside a bare interpreter and one that loads ZeroMQ."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recall import Client
from tests.bench.figures import Figure
from tests.bench.ground import Ground, p, settled, store_memories
from tests.bench.recall import prose
from tests.bench.sessions import FILES, MEMORIES, file_of, project, tied_memories

RUNS, WARM_UP = 60, 5
HOOK_MS = 80
HOOK = [sys.executable, "-m", "recall", "hook"]
FLOORS = {"a bare interpreter": "pass", "import zmq": "import zmq"}


def hooks(ground: Ground) -> Iterator[Figure]:
    """Each hook with a warm daemon, in turn with the floors; and one where no daemon runs."""
    root = project(ground.folder / "hooks")
    sentences = prose.sentences()
    prompts = prose.queries(sentences, RUNS + WARM_UP)
    ground.start()
    with Client(root, timeout_s=120) as client:
        settled(client)
        store_memories(client, tied_memories(prose.memories(sentences, MEMORIES)))
        settled(client)
        taken: dict[str, list[Taken]] = {}
        floors: dict[str, list[Taken]] = {}
        before = ground.cpu_s()
        for number, prompt in enumerate(prompts):
            for name, fields in _inputs(root, number, prompt):
                taken.setdefault(name, []).append(_run([*HOOK, name], fields))
            for name, code in FLOORS.items():
                floors.setdefault(name, []).append(_run([sys.executable, "-c", code], {}))
        daemon_s = ground.cpu_s() - before
    ground.stop()
    hooks = [run for runs in taken.values() for run in runs]
    taken["stop without a daemon"] = [_run([*HOOK, "stop"], dict(_inputs(root, 0, ""))["stop"]) for _ in prompts]
    beside = "; ".join(f"{p(0.5, _waits(runs)):.0f} ms ({_cpu(runs):.0f} ms): {name}" for name, runs in floors.items())
    for name, runs in taken.items():
        median = p(0.5, _waits(runs))
        shown = f"{median:.0f} ms (p99 {p(0.99, _waits(runs)):.0f} ms, processor {_cpu(runs):.0f} ms)"
        yield Figure(f"hook {name}, p50 of {RUNS}", shown, f"≤ {HOOK_MS} ms", beside, median <= HOOK_MS)
        beside = "the same"
    spent = f"{daemon_s / len(hooks) * 1000:.1f} ms"
    yield Figure("processor time of a hook in the daemon and its processes", spent, "–")
    yield Figure("hooks that told something", f"{sum(run.told for run in hooks)} of {len(hooks)}", "–")


class Taken:
    """What one process took."""

    def __init__(self, wait_s: float, cpu_s: float, told: bool) -> None:
        self.wait_s = wait_s
        self.cpu_s = cpu_s
        self.told = told


def _inputs(root: Path, number: int, prompt: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What an agent says to its hooks in one turn."""
    common = {"session_id": f"bench-{number}", "cwd": str(root), "transcript_path": "", "permission_mode": "default"}
    file = str(root / file_of(number % FILES))
    bash = {
        "tool_name": "Bash",
        "tool_input": {"command": f"pytest -q part{number}"},
        "tool_response": {"stdout": "ok"},
    }
    edit = {
        "tool_name": "Edit",
        "tool_input": {"file_path": file, "old_string": "return x + ", "new_string": "return "},
    }
    yield "session-start", common | {"source": "startup"}
    yield "user-prompt-submit", common | {"prompt": prompt}
    yield "pre-tool-use", common | edit
    yield "post-tool-use", common | bash
    yield "stop", common | {"last_assistant_message": prompt}
    yield "pre-compact", common | {"trigger": "auto"}
    yield "session-end", common | {"reason": "other"}


def _run(command: list[str], fields: dict[str, Any]) -> Taken:
    body = json.dumps(fields).encode()
    before, started = os.times(), time.perf_counter()
    ran = subprocess.run(command, input=body, capture_output=True, check=True)
    wait_s, after = time.perf_counter() - started, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Taken(wait_s, used, bool(ran.stdout))


def _waits(runs: list[Taken]) -> list[float]:
    return [run.wait_s for run in runs[WARM_UP:]]


def _cpu(runs: list[Taken]) -> float:
    """Processor time of one, in milliseconds; the mean, because the system counts it in steps of ten."""
    return sum(run.cpu_s for run in runs) / len(runs) * 1000
