"""Measure neural-memory beside search: `python -m tests.bench.recall.neural [CONVERSATION …]`.

neural-memory comes from PyPI into an environment that is made and removed with the run, and is asked through its MCP
server. recalld is asked over its socket. Both store the same turns one by one, in order, and are then asked the same
questions in turn, so that neither has a quieter machine. Conversations come from `locomo-turns-dev.json` in the
folder that RECALLD_MEASURE names, or from any file of that form.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

from recall import Client
from tests.bench.ground import Ground, ground, p, settled
from tests.bench.recall.figures import TOP, figures
from tests.bench.recall.questions import Conversation, load

MEASURE = Path(__file__).parents[4] / "shared" / "measure"
PROTOCOL = "2024-11-05"
"""Of MCP; what neural-memory answers with."""
TOKENS = 10_000
"""The longest answer that neural-memory gives, so that none of what it found is cut off."""


class ToolError(Exception):
    """A tool of neural-memory failed; the server goes on."""


class Server:
    """neural-memory's MCP server: one JSON-RPC message a line, over its standard streams."""

    def __init__(self, environment: Path, home: Path) -> None:
        home.mkdir()
        # Its own home as well as its own data: at its first start it writes hooks into the user's settings.
        places = {"HOME": str(home), "NEURALMEMORY_DIR": str(home / "data")}
        self._process = subprocess.Popen(
            [environment / "bin" / "nmem-mcp"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=os.environ | places, cwd=home,  # it writes into the folder it is started in, too
        )  # fmt: skip
        self._asked = 0
        hello = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        self.version: str = self._ask("initialize", hello)["serverInfo"]["version"]
        self._send({"method": "notifications/initialized"})

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool returned; `ToolError` if it failed."""
        reply = self._ask("tools/call", {"name": tool, "arguments": arguments})
        returned: dict[str, Any] = json.loads(reply["content"][0]["text"])
        if "error" in returned:
            raise ToolError(f"{tool}: {returned['error']}")
        return returned

    def close(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.communicate()

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            if message.get("id") == self._asked:
                if "error" in message:
                    raise ToolError(f"{method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result
        raise RuntimeError(f"neural-memory ended with {self._process.wait()} while asked for {method}")

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._process.stdin.flush()


@dataclass
class Contender:
    """One that stores turns and is asked for them.

    Attributes:
        name: with its version.
        store: keeps a turn, given its id.
        recall: the ids of the turns found for a question, best first.
        stored: seconds that each store took.
        recalled: seconds that each recall took.
        found: what was found for each question.
        refused: how many turns it failed to store.
    """

    name: str
    store: Callable[[str], None]
    recall: Callable[[str], list[str]]
    stored: list[float] = field(default_factory=list)
    recalled: list[float] = field(default_factory=list)
    found: list[list[str]] = field(default_factory=list)
    refused: int = 0

    def keep(self, turn: str) -> None:
        """Store a turn and note how long it took."""
        started = time.perf_counter()
        try:
            self.store(turn)
        except ToolError as error:
            print(f"{self.name}, {turn}: {error}", file=sys.stderr)
            self.refused += 1
            return
        self.stored.append(time.perf_counter() - started)

    def answer(self, question: str) -> None:
        """Note what is found for a question and how long it took."""
        started = time.perf_counter()
        turns = self.recall(question)
        self.recalled.append(time.perf_counter() - started)
        self.found.append(turns)


def ours(client: Client, conversation: Conversation) -> Contender:
    """recalld: the memories of the conversation as the other measures store them."""
    memories = dict(zip(conversation.turns, conversation.memories(), strict=True))
    turns: dict[str, str] = {}

    def store(turn: str) -> None:
        turns[client.store(**memories[turn]).id] = turn

    def recall(question: str) -> list[str]:
        return [turns[one.id] for one in client.search(question, limit=TOP).results]

    return Contender(f"recalld {version('recalld')}", store, recall)


def theirs(server: Server, turns: Mapping[str, str]) -> Contender:
    """neural-memory with its defaults, but for the length of its answers."""

    beginnings = openings(turns)

    def store(turn: str) -> None:
        server.call("nmem_remember", content=turns[turn])

    def recall(question: str) -> list[str]:
        return quoted(server.call("nmem_recall", query=question, max_tokens=TOKENS).get("answer") or "", beginnings)

    return Contender(f"neural-memory {server.version}", store, recall)


def openings(turns: Mapping[str, str]) -> dict[str, str]:
    """The shortest beginning of each turn, in words, that no other turn shares; all of it where there is none."""
    begun = {turn: list(accumulate(_words(text))) for turn, text in turns.items()}
    shared = Counter(chain.from_iterable(begun.values()))
    return {turn: next((each for each in all_ if shared[each] == 1), all_[-1]) for turn, all_ in begun.items()}


def quoted(answer: str, beginnings: Mapping[str, str]) -> list[str]:
    """The ids of the turns that an answer quotes, in the order in which it does.

    neural-memory answers with one text: memories first, then neurons that belong to them, of which many are turns
    too, whole or cut after some sentences. All of them count. Its list `fibers_matched` names fewer.
    """
    words = " " + "".join(_words(answer))
    places = {turn: words.find(" " + beginning) for turn, beginning in beginnings.items()}
    return sorted((turn for turn, place in places.items() if place >= 0), key=places.__getitem__)


def _words(text: str) -> list[str]:
    return [f"{word} " for word in re.findall(r"\w+", text)]


def main() -> int:
    """Measure and print; 2 if there is nothing to measure with."""
    options = _options()
    if not options.data.is_file():
        print(f"{options.data} is not there: set RECALLD_MEASURE to the folder of the labels", file=sys.stderr)
        return 2
    conversations = [one for one in load(options.data) if not options.names or one.name in options.names]
    with installed() as environment, ground() as made:
        made.start()
        for one in conversations:
            print("\n".join(_report(one, _measure(made, environment, one))), flush=True)
    return 0


@contextmanager
def installed() -> Iterator[Path]:
    """An environment with the newest neural-memory, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="recalld-neural-") as folder:
        environment = Path(folder)
        venv.create(environment, with_pip=True)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "neural-memory"]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        yield environment


def _measure(made: Ground, environment: Path, conversation: Conversation) -> list[Contender]:
    root = made.folder / conversation.name
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    server = Server(environment, made.folder / f"neural-{conversation.name}")
    try:
        with Client(root, start=False, timeout_s=120) as client:
            client.open_workspace(root)
            client.sync(timeout_s=60)
            both = [ours(client, conversation), theirs(server, conversation.turns)]
            for one in both:
                for turn in conversation.turns:
                    one.keep(turn)
                settled(client)  # what recalld does after a store must not slow the other down
            for question in conversation.questions:
                for one in both:
                    one.answer(question.text)
            client.close_tree()
    finally:
        server.close()
    return both


def _report(conversation: Conversation, contenders: list[Contender]) -> Iterator[str]:
    yield f"\n## {conversation.name}: {len(conversation.turns)} turns, {len(conversation.questions)} questions\n"
    yield "| | recall@10 | 95 % | All@10 | turns found | not stored | store p50 | recall p50 | recall p99 |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for one in contenders:
        figure = figures(conversation.questions, one.found)
        low, high = figure.interval
        returned = sum(len(turns[:TOP]) for turns in one.found) / len(one.found)
        yield (
            f"| {one.name} | {figure.recall:.3f} | {low:.3f}-{high:.3f} | {figure.whole:.3f} | {returned:.1f} "
            f"| {one.refused} | {p(0.5, one.stored):.1f} ms "
            f"| {p(0.5, one.recalled):.1f} ms | {p(0.99, one.recalled):.1f} ms |"
        )


def _options() -> argparse.Namespace:
    measure = Path(os.environ.get("RECALLD_MEASURE", MEASURE))
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recall.neural", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CONVERSATION", help="only these; all by default")
    parser.add_argument("--data", type=Path, default=measure / "locomo-turns-dev.json", help="the labels")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
