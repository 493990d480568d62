"""Calls by which memory keeps itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from recall.calls.base import Call
from recall.protocol import requests as wire
from recall.protocol.requests import Done
from recall.protocol.values import Finding


def decay(days: int = 0, *, limit: int = 50, personal: bool = True) -> Call[wire.DecayReply]:
    """What will have faded in so many days of work, if nothing happens to it until then.

    Args:
        days: on which the project is worked in; 0 for what has faded by now.
        limit: at most so many memories.
        personal: whether personal memories are looked at too.
    """
    return Call(wire.Decay(days=days, limit=limit, personal=personal))


def audit_answer(finding: Finding, answer: Literal["keep", "later"]) -> Call[Done]:
    """Say of a finding of `audit` that the memory stays as it is; it stays quiet until something about it changes.

    Args:
        finding: as `audit` gave it.
        answer: `keep`, or `later`, to have it shown again by `audit` with `put_off`.
    """
    return Call(
        wire.AuditAnswer(
            id=finding.memory.id, kind=finding.kind, about=finding.about, state=finding.state, answer=answer
        )
    )


def audit_settle(ids: Iterable[str], answer: Literal["keep", "later"]) -> Call[wire.AuditSettleReply]:
    """Say the same to all that an audit finds of these memories, also to what weighs less and so comes to light by it.

    Args:
        ids: of the memories; where nothing is found of one, all are refused.
        answer: `keep`, or `later`, as for `audit_answer`.
    """
    return Call(wire.AuditSettle(ids=list(ids), answer=answer), work_s=30.0)


def audit_ready() -> Call[wire.ReadyReply]:
    """Go through the list of what makes a project's memories worth relying on."""
    return Call(wire.AuditReady())
