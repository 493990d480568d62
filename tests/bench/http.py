"""What a call over HTTP costs over the same call on the socket, and what having HTTP costs."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit

from recall import Client
from recall.token import read_token
from tests.bench.figures import Figure
from tests.bench.ground import Ground, p, settled

CALLS, WARM_UP = 500, 50
OVERHEAD_MS = 1.0
MEMORY_MB = 25
FILE = "module.py"


def over_http(ground: Ground) -> Iterator[Figure]:
    """The context of a file, and a search, by both ways in turn; the floor is the least that HTTP can do."""
    root = ground.folder / "small"
    root.mkdir()
    (root / FILE).write_text("def work(x):\n    return x\n")
    without_mb = _memory(ground, on=False)
    os.environ |= {"RECALLD_HTTP": "true", "RECALLD_HTTP_PORT": "0"}
    try:
        with_mb = _memory(ground, on=True)
        ground.start()
        with Client(root) as client:
            client.store(title="Work", narrative="Work returns what it is given.", source_files=[FILE])
            settled(client)
            yield from _calls(ground, client)
        ground.stop()
    finally:
        del os.environ["RECALLD_HTTP"], os.environ["RECALLD_HTTP_PORT"]
    cost = with_mb - without_mb
    yield Figure(
        "memory that having HTTP on costs, after 200 calls",
        f"{cost:.1f} MB",
        f"≤ {MEMORY_MB} MB",
        f"{without_mb:.0f} MB without it",
        cost <= MEMORY_MB,
    )


def _calls(ground: Ground, client: Client) -> Iterator[Figure]:
    url, token = client.status().http, read_token(ground.paths.http_token)
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {"authorization": f"Token {token}", "content-type": "application/json"}

    def ask(verb: str, path: str, body: str | None = None) -> None:
        connection.request(verb, path, body, headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, path

    where = f"/api/v1/context?file_path={quote(str(client.path / FILE))}"
    ways: dict[str, Callable[[], object]] = {
        "context by socket": lambda: client.context(FILE),
        "context by HTTP": lambda: ask("GET", where),
        "search by socket": lambda: client.search("what work returns"),
        "search by HTTP": lambda: ask("POST", "/api/v1/memories/search", '{"query": "what work returns"}'),
        "health": lambda: ask("GET", "/health"),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    spent = dict.fromkeys(ways, 0.0)
    for name, call in ways.items():
        before = ground.cpu_s()
        for _ in range(CALLS + WARM_UP):
            started = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - started)
        spent[name] = (ground.cpu_s() - before) / (CALLS + WARM_UP) * 1000
    connection.close()
    floor = p(0.5, taken["health"][WARM_UP:])
    for what in ("context", "search"):
        bare, ours = (p(0.5, taken[f"{what} by {way}"][WARM_UP:]) for way in ("socket", "HTTP"))
        yield Figure(
            f"{what} over HTTP, more than on the socket, p50 of {CALLS:,}",
            f"{ours - bare:.2f} ms ({ours:.2f} against {bare:.2f})",
            f"≤ {OVERHEAD_MS} ms",
            f"{floor:.2f} ms: the trivial route in the same process",
            ours - bare <= OVERHEAD_MS,
        )
        daemon = spent[f"{what} by HTTP"] - spent[f"{what} by socket"]
        yield Figure(
            f"processor time of it in the daemon, {what}", f"{daemon:.2f} ms more", "–", f"{spent['health']:.2f} ms"
        )


def _memory(ground: Ground, *, on: bool) -> float:
    """What a daemon holds that has nothing to do, and with HTTP on was asked 200 times."""
    ground.start()
    with Client(ground.folder / "small") as client:
        settled(client)
        if on:
            connection = http.client.HTTPConnection(urlsplit(client.status().http).netloc)
            headers = {"authorization": f"Token {read_token(ground.paths.http_token)}"}
            for _ in range(200):
                connection.request("GET", "/api/v1/memories", headers=headers)
                connection.getresponse().read()
            connection.close()
    held = ground.memory_mb()
    ground.stop()
    return held
