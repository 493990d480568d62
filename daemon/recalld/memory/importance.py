"""What a memory's importance is worth now. Pure.

Time is counted in days on which the workspace was worked in: a project that lies idle forgets nothing. The present
value is computed from what is kept, never from itself, so computing it twice changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

HALF_LIFE = 60.0
"""Days of work after which half of a memory's importance is left, where nothing speaks for it."""
USEFUL_SHARE = 0.5
"""What each useful rating adds to the half-life, of what it was at first."""
RECALLED_SHARE = 0.05
"""The same of each day on which a search returned it."""
MOST_COUNTED = 20
"""More useful ratings, or days recalled, add nothing more."""
CURRENT_FACTOR = 2.0
"""How much slower it goes while code that the memory is tied to is as it was."""
UNUSED_FACTOR = 0.98
"""What is left of it each time it was handed over and not used, until it is confirmed again."""
FADED = 0.1
"""Below this a memory has faded: it is found still, but hardly ranks."""
DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the present importance of a memory is computed from."""

    base: float
    """As it was stored or rated, 0 to 1."""
    pinned: bool = False
    idle_days: int = 0
    """Days of work since it was stored, edited, verified or rated useful."""
    useful: int = 0
    """How often it was rated so."""
    recalls: int = 0
    """On how many days a search returned it."""
    unused: int = 0
    """How often it was handed over and not used since it was confirmed last."""
    current: bool = False
    """Whether code that it is tied to is as it was."""


def half_life(standing: Standing) -> float:
    """In days of work."""
    useful, recalls = min(standing.useful, MOST_COUNTED), min(standing.recalls, MOST_COUNTED)
    lengthened = HALF_LIFE * (1 + USEFUL_SHARE * useful + RECALLED_SHARE * recalls)
    return lengthened * CURRENT_FACTOR if standing.current else lengthened


def present(standing: Standing) -> float:
    """The importance by which a memory ranks now, 0 to its base; what is pinned never decays."""
    if standing.pinned:
        return standing.base
    halvings = max(standing.idle_days, 0) / half_life(standing)
    left = math.pow(0.5, halvings) * math.pow(UNUSED_FACTOR, max(standing.unused, 0))
    return min(round(standing.base * left, DIGITS), standing.base)


def explained(standing: Standing) -> str:
    """In one line, why the present importance is what it is."""
    if standing.pinned:
        return f"{standing.base:.2f}: pinned, it never decays"
    why = [f"{_days(standing.idle_days)} since it was confirmed, of which {half_life(standing):.0f} halve it"]
    if standing.useful:
        why.append(f"rated useful {_times(standing.useful)}")
    if standing.recalls:
        why.append(f"recalled on {_days(standing.recalls)}")
    if standing.current:
        why.append("its code is as it was")
    if standing.unused:
        why.append(f"handed over and not used {_times(standing.unused)}")
    return f"{present(standing):.2f} of {standing.base:.2f}: {', '.join(why)}"


def _days(count: int) -> str:
    return "1 day of work" if count == 1 else f"{count} days of work"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
