"""How well it is recognised what a memory says of another one: `python -m tests.bench.recall.pairs`.

A real daemon keeps the first text of every pair; then the second is stored, its reply names what says the same, and its
links say what it supersedes or contradicts. Pairs of different kinds share subjects and some texts, so only what is
said of a pair's own partner is counted. Rules are made on two thirds of the pairs. Every third of a kind is held back
and shown with `--held-back` only; `--unseen` shows pairs that were written beforehand and are for measuring alone.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import msgspec

from recall import Client
from tests.bench.ground import ground, settled

PAIRS = Path(__file__).parent / "pairs.json"
UNSEEN = Path(__file__).parent / "pairs_unseen.json"
PARAPHRASE, REPLACED = "paraphrase", "replaced rule"
NOTICED, MISTAKEN = 0.95, 0.02
"""Goals: the least share of paraphrases named, the greatest of other pairs."""


class Pair(msgspec.Struct, frozen=True):
    """Two memories; `kind` says how they are related."""

    kind: str
    one: str
    other: str


class Said(msgspec.Struct, frozen=True):
    """What the daemon said of a pair's second text."""

    same: bool
    links: frozenset[str]
    """The kinds of links that were recognised."""


def main() -> int:
    """Measure and print; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--held-back", action="store_true", help="the pairs that no rule was made on")
    which.add_argument("--unseen", action="store_true", help="the pairs that were written beforehand")
    options = parser.parse_args()
    pairs = msgspec.json.decode((UNSEEN if options.unseen else PAIRS).read_bytes(), type=list[Pair])
    chosen = pairs if options.unseen else _chosen(pairs, held_back=options.held_back)
    said = _said(chosen)
    name = "unseen" if options.unseen else "held back" if options.held_back else "development"
    _print(name, said)
    wrong = [pair for pair, each in said.items() if each.same != (pair.kind == PARAPHRASE)]
    for pair in wrong:
        print(f"wrong, {pair.kind}:\n  {pair.one}\n  {pair.other}")
    for pair, each in said.items():
        if each.links and pair.kind != REPLACED:
            print(f"{' and '.join(each.links)}, {pair.kind}:\n  {pair.one}\n  {pair.other}")
    missed = sum(pair.kind == PARAPHRASE for pair in wrong)
    paraphrases = sum(pair.kind == PARAPHRASE for pair in chosen)
    good = missed <= (1 - NOTICED) * paraphrases
    return 0 if good and len(wrong) - missed <= MISTAKEN * (len(chosen) - paraphrases) else 1


def _print(name: str, said: dict[Pair, Said]) -> None:
    print(f"| {name} | pairs | named as the same | share | superseded | contradicted |\n|---|---|---|---|---|---|")
    for kind in dict.fromkeys(pair.kind for pair in said):
        of_kind = [each for pair, each in said.items() if pair.kind == kind]
        same = sum(each.same for each in of_kind)
        superseded, contradicted = (
            sum(link in each.links for each in of_kind) for link in ("supersedes", "contradicts")
        )
        print(f"| {kind} | {len(of_kind)} | {same} | {same / len(of_kind):.3f} | {superseded} | {contradicted} |")
    print()


def _chosen(pairs: list[Pair], *, held_back: bool) -> list[Pair]:
    kinds: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        kinds[pair.kind].append(pair)
    return [pair for each in kinds.values() for number, pair in enumerate(each) if (number % 3 == 2) == held_back]


def _said(pairs: list[Pair]) -> dict[Pair, Said]:
    """What was said of each pair when its second text was stored."""
    said = {}
    with ground() as made:
        made.start()
        root = made.folder / "project"
        root.mkdir()
        (root / "readme.txt").write_text("A project.\n", "utf-8")
        with Client(root, start=False, timeout_s=60) as client:
            client.open_workspace(root)
            ids = [client.store(narrative=pair.one, force=True).id for pair in pairs]
            settled(client)
            for pair, partner in zip(pairs, ids, strict=True):
                stored = client.store(narrative=pair.other, force=True)
                kinds = {link.kind for link in client.get(stored.id).links if link.id == partner}
                said[pair] = Said(same=any(brief.id == partner for brief in stored.similar), links=frozenset(kinds))
    return said


if __name__ == "__main__":
    raise SystemExit(main())
