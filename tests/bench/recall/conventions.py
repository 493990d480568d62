"""Measure conventions that change: `python -m tests.bench.recall.conventions`.

Stores the rules of `memorycode-dev.json` (in the folder that RECALLD_MEASURE names) in the order of their sessions,
among all else that is said, with no hint which older rule one replaces; then asks for each thing that rules are about.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from recall import Client
from tests.inproc.conftest import House

MEASURE = Path(__file__).parents[4] / "shared" / "measure"
LEAK = 5
REACH = 10
BOUNDS = (1, 5, 20, 100)
"""Most sessions of the dialogues that are reported together."""

_NAMES = re.compile(r"(function argument|function|method|class|variable|attribute) names")
_DECORATORS = re.compile(r"decorator.*all (\w+)")
_PARTS = re.compile(r"(docstrings|annotations|try statements|assert statements|comments) (?:in|for) (\w+)")


def main() -> int:
    """Measure and print; 2 if there is nothing to measure with."""
    data = Path(os.environ.get("RECALLD_MEASURE", MEASURE)) / "memorycode-dev.json"
    if not data.is_file():
        print(f"{data} is not there: set RECALLD_MEASURE to the folder of the labels", file=sys.stderr)
        return 2
    dialogues: dict[str, list[dict[str, list[str]]]] = json.loads(data.read_text("utf-8"))
    outcomes: defaultdict[int, list[tuple[bool, bool, bool]]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="recalld-bench-") as folder:
        os.environ["RECALLD_HOME"] = str(Path(folder) / "home")
        house = House()
        house.start()
        try:
            for number, sessions in enumerate(dialogues.values()):
                root = Path(folder) / str(number)
                root.mkdir()
                bound = next(bound for bound in BOUNDS if len(sessions) <= bound)
                outcomes[bound] += _measured(root, sessions)
        finally:
            house.stop()
    print("| sessions | queries | Current@1 | stale leak@5 | burial |\n|---|---|---|---|---|")
    for bound in BOUNDS:
        _print(f"up to {bound}", outcomes[bound])
    _print("all", [each for some in outcomes.values() for each in some])
    return 0


def _measured(root: Path, sessions: list[dict[str, list[str]]]) -> Iterator[tuple[bool, bool, bool]]:
    """For each subject: the rule in force is first; a replaced one stands unmarked in the first five; it is buried."""
    rules: defaultdict[str, list[str]] = defaultdict(list)
    with Client(root) as client:
        for session in sessions:
            for kind, topic in zip(session["type"], session["topic"], strict=True):
                client.store(narrative=topic, force=True)
                if "instruction" in kind and (subject := _subject(topic)):
                    rules[subject].append(topic)
        client.sync()
        for subject, texts in rules.items():
            found = client.search(subject, limit=REACH).results
            shown = [(client.get(brief.id).narrative, brief.superseded_by) for brief in found]
            now, replaced = texts[-1], set(texts) - {texts[-1]}
            leaks = any(text in replaced and successor is None for text, successor in shown[:LEAK])
            yield bool(shown) and shown[0][0] == now, leaks, all(text != now for text, _ in shown)
        client.close_tree()


def _subject(rule: str) -> str | None:
    """What somebody would ask for to hear of a rule."""
    if named := _NAMES.search(rule):
        return f"naming of {named[1]}es" if named[1].endswith("s") else f"naming of {named[1]}s"
    if decorated := _DECORATORS.search(rule):
        return f"decorators of {decorated[1]}"
    if has := _PARTS.search(rule):
        return f"{has[1]} in {has[2]}"
    return "imports" if "import the" in rule else None


def _print(label: str, some: list[tuple[bool, bool, bool]]) -> None:
    if some:
        current, leak, buried = (sum(each) / len(some) for each in zip(*some, strict=True))
        print(f"| {label} | {len(some)} | {current:.3f} | {leak:.3f} | {buried:.3f} |")


if __name__ == "__main__":
    sys.exit(main())
