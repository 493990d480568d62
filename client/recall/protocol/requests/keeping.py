"""Requests by which memory keeps itself: what fades, what an audit finds and is told."""

from __future__ import annotations

from typing import Annotated

import msgspec

from recall.protocol.requests.base import Limit, Reply, Request
from recall.protocol.values import Faded


class DecayReply(Reply):
    """What `Decay` is answered with."""

    days: int
    threshold: float
    """Below this a memory has faded."""
    memories: list[Faded]
    """What has faded by then, at most `limit`, the most important of now first."""
    checked: int
    """How many memories were looked at."""
    total: int
    """How many of them have faded by then."""


class Decay(Request):
    """What will have faded in so many days of work, if nothing happens to it until then."""

    method = "decay"
    reply = DecayReply
    days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0
    limit: Limit = 50
    personal: bool = True
    """Whether personal memories are looked at too."""
