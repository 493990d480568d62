"""Kills at random moments under load: nothing acknowledged is lost, nothing is half there, indices agree."""

from __future__ import annotations

import pytest

from tests.bench import kills


@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("count", [10, pytest.param(500, marks=pytest.mark.long)])
def test_kills_at_random_moments_under_load_lose_nothing_acknowledged(count: int) -> None:
    figures = kills.run(count, seed=11, say=False)
    assert figures.acknowledged > count
    assert (figures.kills, figures.lost, figures.half_there, figures.disagreeing) == (count, 0, 0, 0)
