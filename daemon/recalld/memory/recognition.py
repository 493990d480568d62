"""What a memory that is stored is to those before it: it supersedes one, contradicts one, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from sqlalchemy import Connection

from recall.protocol.values import Link
from recalld.memory import linking
from recalld.store import anchors, links
from recalld.store.rows import AnchorRow, MemoryRow
from recalld.store.rules import Rule, rules_of

MOST = 3
"""Links of each kind that are recognised when a memory is stored."""

Relation = Literal["supersedes", "contradicts"]


def recognise(connection: Connection, row: MemoryRow, bound: Sequence[AnchorRow]) -> list[Link]:
    """Link a memory that was just stored to those in force that settle the same and say otherwise, the newest first.

    Args:
        bound: its anchors.
    """
    rivals = links.rivals(connection, row.id)
    if not rivals:
        return []
    rules = {rule.subject: rule for rule in rules_of(row.title, row.narrative, row.memory_type)}
    places = anchors.anchors_of(connection, [rival.id for rival in rivals])
    left = dict.fromkeys(get_args(Relation), MOST)
    found = []
    for rival in rivals:
        elsewhere = apart(bound, places.get(rival.id, []))
        theirs = rules_of(rival.title, rival.narrative, rival.memory_type)
        said = {relation(rules[old.subject], old, elsewhere=elsewhere) for old in theirs if old.subject in rules}
        kind = next((each for each in left if each in said), None)
        if kind is not None and left[kind]:
            left[kind] -= 1
            found.append(linking.add_between(connection, row, rival, kind, "recognised"))
    return found


def relation(new: Rule, old: Rule, *, elsewhere: bool) -> Relation | None:
    """What a rule is to an older one on the same subject. Pure.

    Only what says otherwise of the very same is clear to take its place.

    Args:
        elsewhere: they are tied to different code.
    """
    words, theirs = set(new.says.split()), set(old.says.split())
    if words <= theirs or theirs <= words:
        return None  # the same, or the same more exactly
    if not (new.scope <= old.scope or old.scope <= new.scope):
        return None  # each holds in a place of its own
    if elsewhere:
        return None if new.fact else "contradicts"
    if new.scope == old.scope or (new.scope < old.scope and new.replaces):
        return "supersedes"
    return "contradicts"


def apart(some: Sequence[AnchorRow], others: Sequence[AnchorRow]) -> bool:
    """Whether two memories are tied to different code: both to some, and none of it holds any of the other's. Pure."""
    if not some or not others:
        return False
    return not any(_holds(one, other) or _holds(other, one) for one in some for other in others)


def _holds(whole: AnchorRow, part: AnchorRow) -> bool:
    if whole.kind == "folder":
        return whole.path == "./" or part.path.startswith(whole.path)
    if whole.path != part.path or not whole.symbol:
        return whole.path == part.path
    return f"{part.symbol or ''}.".startswith(f"{whole.symbol}.")
