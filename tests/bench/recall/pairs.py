"""How well a memory is recognised that says what another says already: `python -m tests.bench.recall.pairs`.

A real daemon keeps the first text of every pair; then the second is stored, and its reply names what says the same.
Pairs of different kinds share subjects and some texts, so only whether a pair's own partner is named is counted.
Rules are made on two thirds of the pairs. Every third of a kind is held back and shown with `--held-back` only.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import msgspec

from recall import Client
from tests.bench.ground import ground, settled

PAIRS = Path(__file__).parent / "pairs.json"
PARAPHRASE = "paraphrase"
NOTICED, MISTAKEN = 0.95, 0.02
"""Goals: the least share of paraphrases named, the greatest of other pairs."""


class Pair(msgspec.Struct, frozen=True):
    """Two memories; `kind` says how they are related."""

    kind: str
    one: str
    other: str


def main() -> int:
    """Measure and print; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-back", action="store_true", help="the pairs that no rule was made on")
    held_back = parser.parse_args().held_back
    chosen = _chosen(msgspec.json.decode(PAIRS.read_bytes(), type=list[Pair]), held_back=held_back)
    named = _named(chosen)
    print(f"| {'held back' if held_back else 'development'} | pairs | named as the same | share |\n|---|---|---|---|")
    for kind in dict.fromkeys(pair.kind for pair in chosen):
        of_kind = [pair in named for pair in chosen if pair.kind == kind]
        print(f"| {kind} | {len(of_kind)} | {sum(of_kind)} | {sum(of_kind) / len(of_kind):.3f} |")
    print()
    wrong = [pair for pair in chosen if (pair in named) != (pair.kind == PARAPHRASE)]
    for pair in wrong:
        print(f"wrong, {pair.kind}:\n  {pair.one}\n  {pair.other}")
    missed = sum(pair.kind == PARAPHRASE for pair in wrong)
    paraphrases = sum(pair.kind == PARAPHRASE for pair in chosen)
    good = missed <= (1 - NOTICED) * paraphrases
    return 0 if good and len(wrong) - missed <= MISTAKEN * (len(chosen) - paraphrases) else 1


def _chosen(pairs: list[Pair], *, held_back: bool) -> list[Pair]:
    kinds: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        kinds[pair.kind].append(pair)
    return [pair for each in kinds.values() for number, pair in enumerate(each) if (number % 3 == 2) == held_back]


def _named(pairs: list[Pair]) -> set[Pair]:
    """The pairs whose second text was told to say the same as the first."""
    named = set()
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
                similar = client.store(narrative=pair.other, force=True).similar
                if any(brief.id == partner for brief in similar):
                    named.add(pair)
    return named


if __name__ == "__main__":
    raise SystemExit(main())
