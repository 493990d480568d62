"""The figures of retrieval, from what was found for each question."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.recall.questions import Question

DRAWS = 2_000
TOP = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over the questions.

    Attributes:
        recall: share of the evidence in the top ten.
        interval: of the recall, 95 %, by bootstrap over the questions.
        whole: share of the questions with several turns of evidence that have all of them in the top ten.
        mrr: mean of one over the rank of the first evidence, 0 where it is not among those returned.
        empty: share of the questions that were answered with nothing.
    """

    recall: float
    interval: tuple[float, float]
    whole: float
    mrr: float
    empty: float


def figures(questions: Sequence[Question], found: Sequence[Sequence[str]]) -> Figures:
    """The figures of what was found, best first, for each question."""
    pairs = list(zip(questions, found, strict=True))
    recalls = [len(question.evidence & set(turns[:TOP])) / len(question.evidence) for question, turns in pairs]
    several = [recall == 1 for (question, _), recall in zip(pairs, recalls, strict=True) if len(question.evidence) > 1]
    ranks = [next((n for n, turn in enumerate(turns, 1) if turn in one.evidence), 0) for one, turns in pairs]
    return Figures(
        recall=_mean(recalls),
        interval=_interval(recalls),
        whole=_mean(several),
        mrr=_mean([1 / rank if rank else 0.0 for rank in ranks]),
        empty=_mean([not turns for turns in found]),
    )


def _interval(values: Sequence[float]) -> tuple[float, float]:
    chance = random.Random(1)
    means = sorted(_mean(chance.choices(values, k=len(values))) for _ in range(DRAWS))
    return means[int(DRAWS * 0.025)], means[int(DRAWS * 0.975)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(len(values), 1)
