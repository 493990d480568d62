"""Measure what search finds: `python -m tests.bench.recall`.

Labelled conversations come from `locomo-turns-dev.json` in the folder that RECALLD_MEASURE names, or from any file of
that form. The daemon is a real one in this process, asked over its socket, so that its weights can be replaced.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from recall import Client
from recalld.memory import ranking
from recalld.memory.ranking import Weights
from tests.bench.ground import BATCH, settled
from tests.bench.recall.baselines import bm25
from tests.bench.recall.figures import Figures, figures
from tests.bench.recall.questions import Conversation, load, nonsense
from tests.inproc.conftest import House

MEASURE = Path(__file__).parents[4] / "shared" / "measure"
REACH = 50
"""Asked for, so that ranks beyond the tenth count for MRR."""


def main() -> int:
    """Measure and print; 2 if there is nothing to measure with."""
    options = _options()
    if not options.data.is_file():
        print(f"{options.data} is not there: set RECALLD_MEASURE to the folder of the labels", file=sys.stderr)
        return 2
    conversations = load(options.data)
    with tempfile.TemporaryDirectory(prefix="recalld-bench-") as folder:
        os.environ["RECALLD_HOME"] = str(Path(folder) / "home")
        house = House()
        house.start()
        try:
            for one in conversations:
                others = [question.text for each in conversations if each is not one for question in each.questions]
                _measure(house, Path(folder) / one.name, one, others)
        finally:
            house.stop()
    return 0


def _measure(house: House, root: Path, conversation: Conversation, others: Sequence[str]) -> None:
    root.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    queries, weights = [one.text for one in conversation.questions], Weights()
    least_evidence, retrieval = ranking.least_evidence, house.app.search.retrieval
    print(f"\n## {conversation.name}: {len(conversation.turns)} turns, {len(queries)} questions\n")
    print("| | recall@10 | 95 % | All@10 | MRR | with nothing |\n|---|---|---|---|---|---|")
    with Client(root, timeout_s=120) as client:
        turns = _store(client, conversation)

        def line(label: str, found: list[list[str]]) -> None:
            print(_row(label, figures(conversation.questions, found)), flush=True)

        def found(texts: Sequence[str]) -> list[list[str]]:
            return [[turns[one.id] for one in client.search(text, limit=REACH).results] for text in texts]

        try:
            line("search", found(queries))
            ranking.least_evidence = lambda count: 0.0 * count  # no answer is held back
            line("nothing held back", found(queries))
            for part in fields(Weights):
                retrieval.weights = replace(weights, **{part.name: 0.0})
                line(f"without {part.name}", found(queries))
            retrieval.weights = Weights(**{part.name: float(part.name == "meaning") for part in fields(Weights)})
            line("vectors alone", found(queries))
            line("BM25 alone", bm25(conversation.turns, queries, REACH))
        finally:
            ranking.least_evidence, retrieval.weights = least_evidence, weights
        for label, texts in (("nonsense", nonsense()), ("questions about other conversations", others)):
            if texts:
                empty = sum(not hits for hits in found(texts)) / len(texts)
                print(f"\n{label}: {empty:.3f} of {len(texts)} answered with nothing", flush=True)
        client.close_tree()


def _store(client: Client, conversation: Conversation) -> dict[str, str]:
    """Store the turns; the turn of each memory, by the memory's id."""
    client.sync(timeout_s=60)
    memories = conversation.memories()
    ids = [
        each for first in range(0, len(memories), BATCH) for each in client.store_many(memories[first : first + BATCH])
    ]
    settled(client)
    return dict(zip(ids, conversation.turns, strict=True))


def _row(label: str, one: Figures) -> str:
    low, high = one.interval
    return f"| {label} | {one.recall:.3f} | {low:.3f}-{high:.3f} | {one.whole:.3f} | {one.mrr:.3f} | {one.empty:.3f} |"


def _options() -> argparse.Namespace:
    measure = Path(os.environ.get("RECALLD_MEASURE", MEASURE))
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recall", description=__doc__)
    parser.add_argument("--data", type=Path, default=measure / "locomo-turns-dev.json", help="the labels")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
