"""What MCP costs an agent: a call over the bare socket's, and the handshake of a process that was just started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import mcp
import psutil

from recall import Client, RecallError
from recall.protocol.codec import encode_request
from recall.protocol.requests import ContextOf, Request, Search, SessionRecordObservation
from tests.bench.figures import Figure
from tests.bench.floors import asking
from tests.bench.ground import Ground, p, settled, store_memories, timed

MEMORIES = 2_000
CALLS, WARM_UP = 200, 20
CALL_MS = 5
STARTS, COLD_STARTS = 10, 5
HANDSHAKE_S = 1.0
FILE = "shop/orders.py"
INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
IMPORT = "import mcp.server.lowlevel, mcp.server.stdio"


class Server:
    """A `recall mcp` that is spoken to in lines, so that no client's time counts."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "recall", "mcp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.ask("initialize", INITIALIZE)
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        assert self.process.stdout is not None
        self._write({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        reply: dict[str, Any] = json.loads(self.process.stdout.readline())["result"]
        return reply

    def close(self) -> None:
        """Close its input, and wait for its end."""
        self.process.communicate(timeout=20)

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()


def agents(ground: Ground) -> Iterator[Figure]:
    """Calls, then handshakes."""
    root = _project(ground.folder / "shop")
    yield from _handshakes(ground, root)
    yield from _calls(ground, root)


def _calls(ground: Ground, root: Path) -> Iterator[Figure]:
    ground.start()
    with Client(root, timeout_s=120) as client:
        store_memories(client, [{"title": f"Rule {n} of orders", "narrative": f"Totals of kind {n} are rounded once."}
                                for n in range(MEMORIES)])  # fmt: skip
        client.store(title="Totals are rounded once", symbols=[f"{FILE}::total"])
        settled(client)
        session = client.session_start().session_id
        question, told = "how are totals rounded", "Ran the tests."
        observed = {"session_id": session, "content": told, "kind": "tool"}
        same: list[tuple[str, dict[str, Any], Request]] = [
            ("memory_by_file", {"file_path": FILE}, ContextOf(file_path=FILE)),
            ("memory_search", {"query": question}, Search(query=question, token_budget=2_000)),
            (
                "session_record_observation",
                observed,
                SessionRecordObservation(session_id=session, content=told, kind="tool"),
            ),
        ]
        server = Server(root)
        with asking(ground.paths.requests_address) as ask:
            for tool, arguments, request in same:
                frame = encode_request(request, id="1", tree=str(root))
                call = partial(server.ask, "tools/call", {"name": tool, "arguments": arguments})
                over, bare = timed(call, CALLS + WARM_UP)[WARM_UP:], timed(partial(ask, frame), CALLS)
                spent = p(0.5, over) - p(0.5, bare)
                yield Figure(
                    f"`{tool}` by MCP over the same by the bare socket, p50 of {CALLS}",
                    f"+{spent:.2f} ms ({p(0.5, over):.2f} ms, p99 {p(0.99, over):.2f} ms)",
                    f"≤ {CALL_MS} ms over it",
                    f"{p(0.5, bare):.2f} ms: the bare socket",
                    spent <= CALL_MS,
                )
        server.close()
    ground.stop()


def _handshakes(ground: Ground, root: Path) -> Iterator[Figure]:
    floor = [_took(lambda: subprocess.run([sys.executable, "-c", IMPORT], check=True)) for _ in range(STARTS)]
    cold_floor = []
    for _ in range(COLD_STARTS):
        _forget_files()
        cold_floor.append(_took(lambda: subprocess.run([sys.executable, "-c", IMPORT], check=True)))
    alone = [_without_a_daemon(root, cold=False) for _ in range(STARTS)]
    cold = [_without_a_daemon(root, cold=True) for _ in range(COLD_STARTS)]
    ground.start()
    warm = [_handshake(root) for _ in range(STARTS)]
    spent = [_processor_time(root) for _ in range(STARTS)]
    ground.stop()
    before = _of_children()
    subprocess.run([sys.executable, "-c", IMPORT], check=True)
    beside = _of_children() - before
    yield Figure(
        f"processor time of a new process until its handshake, p50 of {STARTS}",
        f"{p(0.5, spent):.0f} ms",
        "–",
        f"{beside * 1000:.0f} ms: Python imports the SDK's server",
    )
    for name, taken, imports in (
        ("a daemon that runs", warm, floor),
        ("no daemon", alone, floor),
        ("no daemon, and no file of Python's in memory", cold, cold_floor),
    ):
        median = p(0.5, taken)
        yield Figure(
            f"handshake of a new process with {name}, p50 of {len(taken)}",
            f"{median:.0f} ms (worst {max(taken) * 1000:.0f} ms)",
            f"≤ {HANDSHAKE_S:.0f} s",
            f"{p(0.5, imports):.0f} ms: Python imports the SDK's server",
            median <= HANDSHAKE_S * 1000,
        )


def _handshake(root: Path) -> float:
    made: list[Server] = []
    taken = _took(lambda: made.append(Server(root)))
    made[0].close()
    return taken


def _processor_time(root: Path) -> float:
    """Seconds of the processor's time that a new process takes until its handshake is answered."""
    server = Server(root)
    times = psutil.Process(server.process.pid).cpu_times()
    server.close()
    return times.user + times.system


def _of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _without_a_daemon(root: Path, *, cold: bool) -> float:
    """Seconds until the handshake; the daemon that is started meanwhile is stopped again."""
    if cold:
        _forget_files()
    made: list[Server] = []
    taken = _took(lambda: made.append(Server(root)))
    with Client(root, start=False) as client:
        _until(client, answers=True)  # before the server leaves, which need not wait for it
        made[0].close()
        client.shutdown()
        _until(client, answers=False)
    return taken


def _until(client: Client, *, answers: bool) -> None:
    while True:
        try:
            client.hello()
            there = True
        except RecallError:
            there = False
        if there == answers:
            return
        time.sleep(0.01)


def _forget_files() -> None:
    """Have the system forget what it keeps in memory of Python's files, as after a start of the machine."""
    for folder in {Path(mcp.__file__).parents[1], Path(os.__file__).parent}:
        for file in folder.rglob("*"):
            if file.suffix in (".pyc", ".so", ".py") and file.is_file():
                descriptor = os.open(file, os.O_RDONLY)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)


def _took(do: Callable[[], object]) -> float:
    """Seconds that something takes."""
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def _project(root: Path) -> Path:
    (root / "shop").mkdir(parents=True)
    (root / FILE).write_text("def total(lines):\n    return round(sum(lines), 2)\n")
    return root
