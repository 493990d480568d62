"""Calls by which memory keeps itself."""

from __future__ import annotations

from recall.calls.base import Call
from recall.protocol import requests as wire


def decay(days: int = 0, *, limit: int = 50, personal: bool = True) -> Call[wire.DecayReply]:
    """What will have faded in so many days of work, if nothing happens to it until then.

    Args:
        days: on which the project is worked in; 0 for what has faded by now.
        limit: at most so many memories.
        personal: whether personal memories are looked at too.
    """
    return Call(wire.Decay(days=days, limit=limit, personal=personal))
