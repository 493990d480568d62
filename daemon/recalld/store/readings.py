"""What ranking reads of a memory: its words and whose they are, taken apart when it is stored."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from recalld.store.rows import MemoryRow
from recalld.store.words import content_words

_STAMP = re.compile(r"\s*\[[^\[\]\n]{1,60}\]\s*(?=\S)")
_VOICE = re.compile(r"\s*(?:\[[^\[\]\n]{1,60}\]\s*)?([^\W\d_]\w{1,30}):\s")

# The order of joins is said, because SQLite would begin with all memories of the workspace.
_READ = text("""
    WITH asked AS (
        SELECT value AS seq FROM json_each(:seqs)
        UNION SELECT known.seq FROM json_each(:ids) AS named CROSS JOIN memories AS known ON known.id = named.value
    )
    SELECT m.seq, m.id, i.present, m.created_at, m.session_id IS NOT NULL, r.voice, r.asks, r.words,
        CASE WHEN :whole THEN m.narrative ELSE '' END
    FROM asked CROSS JOIN memory_readings AS r ON r.memory_seq = asked.seq
    CROSS JOIN memories AS m ON m.seq = r.memory_seq
    CROSS JOIN memory_importance AS i ON i.memory_seq = m.seq
    WHERE m.workspace_id IN (SELECT value FROM json_each(:workspace_ids))
""")


class Reading(NamedTuple):
    """A memory as ranking sees it."""

    seq: int
    memory_id: str
    importance: float
    """What it is worth now."""
    created_at: str
    in_session: bool
    voice: str | None
    """Whose words it is, in lower case, where it begins with that, as in `Maya: …`."""
    asks: bool
    """It ends with a question."""
    words: frozenset[str]
    """The telling words of its text and labels, in lower case."""
    narrative: str = ""
    """Where it was asked for."""


def whole_text(title: str, narrative: str) -> str:
    """Title and narrative as one text, nothing said twice, without a time in brackets that the narrative opens with."""
    body = _STAMP.sub("", narrative)
    begin = _STAMP.sub("", title).rstrip("…").rstrip()
    return body if body.startswith(begin) else f"{begin}\n{body}".rstrip()


def taken_apart(row: MemoryRow, contexts: Sequence[str] = ()) -> dict[str, object]:
    """A memory's row of the table of readings.

    Args:
        contexts: what it was rated for.
    """
    whole = whole_text(row.title, row.narrative)
    labels = " ".join([row.memory_type, *row.concepts, *row.tags, *contexts])
    voice = _VOICE.match(whole)
    return {
        "memory_seq": row.seq,
        "voice": voice[1].casefold() if voice else None,
        "asks": whole.rstrip().endswith("?"),
        "words": " ".join(content_words(f"{whole}\n{labels}")),
    }


def readings(
    connection: Connection,
    workspace_ids: Sequence[str],
    seqs: Collection[int] = (),
    ids: Collection[str] = (),
    *,
    whole: bool = False,
) -> dict[int, Reading]:
    """Those of these memories that are in these workspaces and not forgotten, by `seq`.

    Args:
        seqs: of some.
        ids: of others.
        whole: with their narratives.
    """
    if not seqs and not ids:
        return {}
    asked = {"workspace_ids": workspace_ids, "seqs": seqs, "ids": ids}
    given = {name: json.dumps(list(values)) for name, values in asked.items()}
    return {
        seq: Reading(seq, memory_id, importance, at, bool(session), voice, bool(asks), frozenset(words.split()), said)
        for seq, memory_id, importance, at, session, voice, asks, words, said in connection.execute(
            _READ, {**given, "whole": whole}
        )
    }
