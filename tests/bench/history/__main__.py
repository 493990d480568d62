"""Measure anchors on the real history of real projects: `python -m tests.bench.history [REPOSITORY …]`.

Labels come from `symbol-histories-dev.json` in the folder that RECALLD_MEASURE names, or from any file of that form;
repositories from the folder of local clones that RECALLD_REPOSITORIES names. The daemon is a real one, asked over its
socket about a real working tree.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from recall import Client
from tests.bench.ground import Ground, ground
from tests.bench.history.labels import History, Label, Labelled, find_repository, load
from tests.bench.history.parts import formatting, labelled, quiet, replay
from tests.bench.history.report import Results, markdown, reached
from tests.bench.history.repository import Repository
from tests.bench.history.trial import Tree

MEASURE = Path(__file__).parents[4] / "shared" / "measure"
PARTS = ("labels", "quiet", "replay")


def main() -> int:
    """Measure and print; 1 if a goal was missed, 2 if there is nothing to measure with."""
    options = _options()
    if not options.data.is_file():
        print(f"{options.data} is not there: set RECALLD_MEASURE to the folder of the labels", file=sys.stderr)
        return 2
    if options.repositories is None or not options.repositories.is_dir():
        print("set RECALLD_REPOSITORIES, or --repositories, to a folder of local clones", file=sys.stderr)
        return 2
    data, results = load(options.data), Results()
    chosen = [name for name in data.repositories if not options.names or name in options.names]
    with ground() as made:
        made.start()
        for name in chosen:
            source = find_repository(options.repositories, name)
            if source is None:
                results.left_out.append(f"{name}: no clone of it, {len(data.labels(name))} labels")
                continue
            _measure(made, source, name, data, options.part, results)
    report = markdown(data, results)
    print(report)
    if options.output:
        options.output.write_text(report, "utf-8")
    return 0 if reached(results) else 1


def _measure(made: Ground, source: Path, name: str, data: Labelled, parts: list[str], results: Results) -> None:
    started = time.monotonic()
    root = made.folder / name.replace("/", "-")
    repository = Repository(source, root)
    here = [label for label in data.labels(name) if _is_here(repository, label, results)]
    histories = list(_histories(repository, name, data, set(here), results))
    with Client(root, start=False, timeout_s=120) as client:
        tree = Tree(client, repository)
        if "labels" in parts:
            results.outcomes += labelled(tree, here)
        if "quiet" in parts:
            for history in histories:
                results.outcomes += quiet(tree, history)
            results.outcomes += formatting(tree, histories)
        if "replay" in parts:
            for history in histories:
                results.replays += [replay(tree, history, every=every) for every in (False, True)]
        client.close_tree()
    print(f"… {name}: {len(here)} labels, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _histories(
    repository: Repository, name: str, data: Labelled, here: set[Label], results: Results
) -> Iterator[History]:
    for history in data.histories:
        events = [event for event in history.events if event in here]
        if history.repository != name or not events:
            continue
        if repository.has(history.start_commit):
            yield replace(history, events=events)
        else:
            results.left_out.append(f"{history.id}: its start {history.start_commit[:10]} is not in the clone")


def _is_here(repository: Repository, label: Label, results: Results) -> bool:
    if repository.parent(label.commit) is not None:
        return True
    lacks = "has no parent" if repository.has(label.commit) else "is not in the clone"
    results.left_out.append(f"{label.repository} {label.commit[:10]} {label.before}: the commit {lacks}")
    return False


def _options() -> argparse.Namespace:
    environ = os.environ
    measure, clones = Path(environ.get("RECALLD_MEASURE", MEASURE)), environ.get("RECALLD_REPOSITORIES")
    parser = argparse.ArgumentParser(prog="python -m tests.bench.history", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="REPOSITORY", help="owner/name; all by default")
    parser.add_argument("--data", type=Path, default=measure / "symbol-histories-dev.json", help="the labels")
    parser.add_argument("--repositories", type=Path, metavar="FOLDER", default=Path(clones) if clones else None)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; may be repeated")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there too")
    options = parser.parse_args()
    options.part = options.part or list(PARTS)
    return options


if __name__ == "__main__":
    sys.exit(main())
