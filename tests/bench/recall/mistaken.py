"""How much is taken for a change of mind that is none: `python -m tests.bench.recall.mistaken`.

Each sentence of docstrings is read as a memory and compared with all before it. Hardly any of them replaces another
one, so whatever would be linked is printed, to be judged by who reads it.
"""

from __future__ import annotations

import time
from collections import defaultdict

from recalld.memory.recognition import relation
from recalld.store.rules import Rule, rules_of
from tests.bench.recall import prose

SHOWN = 30


def main() -> int:
    """Measure and print."""
    sentences = prose.sentences()
    started = time.process_time()
    read = [rules_of("", sentence) for sentence in sentences]
    spent = time.process_time() - started
    by_subject: defaultdict[str, list[tuple[str, Rule]]] = defaultdict(list)
    linked = []
    for sentence, rules in zip(sentences, read, strict=True):
        for rule in rules:
            for other, older in by_subject[rule.subject]:
                if kind := relation(rule, older, elsewhere=False):
                    linked.append((kind, other, sentence))
            by_subject[rule.subject].append((sentence, rule))
    print("| sentences | that settle something | that would be linked | processor time for one |\n|---|---|---|---|")
    later = {sentence for _, _, sentence in linked}
    print(f"| {len(sentences):,} | {sum(map(bool, read)):,} | {len(later)} | {spent / len(sentences) * 1e6:.0f} µs |\n")
    for kind, other, sentence in linked[:SHOWN]:
        print(f"{kind}:\n  {sentence}\n  {other}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
