"""Requests by which memory keeps itself: what fades, what an audit finds and is told."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from recall.protocol.requests.base import MAX_DAYS, MAX_LIMIT, Done, Id, Limit, Reply, Request
from recall.protocol.values import Faded, Finding, FindingKind, ReadyLine


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
    days: Annotated[int, msgspec.Meta(ge=0, le=MAX_DAYS)] = 0
    limit: Limit = 50
    personal: bool = True
    """Whether personal memories are looked at too."""


class AuditAnswer(Request, kw_only=True):
    """Say of a finding that the memory stays as it is: it is not shown again until something about it has changed."""

    method = "audit_answer"
    reply = Done
    id: Id
    """Of the finding's memory; so are the next three the finding's."""
    kind: FindingKind
    about: Annotated[str, msgspec.Meta(max_length=500)] = ""
    state: Annotated[str, msgspec.Meta(max_length=100)]
    answer: Literal["keep", "later"]
    """`later` ones can be shown again, with `put_off`."""


class AuditSettleReply(Reply):
    """What `AuditSettle` is answered with."""

    findings: list[Finding]
    """What was answered, in that order; a memory comes once for each thing that was found of it."""


class AuditSettle(Request, kw_only=True):
    """Say the same to all that an audit finds of some memories, also to what weighs less and comes to light by it."""

    method = "audit_settle"
    reply = AuditSettleReply
    ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_LIMIT)]
    """Of the memories."""
    answer: Literal["keep", "later"]


class ReadyReply(Reply):
    """What `AuditReady` is answered with."""

    ready: bool
    lines: list[ReadyLine]


class AuditReady(Request):
    """Go through the list of what makes a project's memories worth relying on."""

    method = "audit_ready"
    reply = ReadyReply
