from __future__ import annotations

from typing import Any

import pytest

from recalld.memory.journal import CHANGED, OPENED
from recalld.memory.usage import heard_of, unused
from recalld.store.rows import MemoryRow, ObservationRow

DAY_BEFORE, NINE, TEN = "2026-03-30T09:00:00Z", "2026-03-31T09:00:00Z", "2026-03-31T10:00:00Z"


def memory(**given: Any) -> MemoryRow:
    values: dict[str, Any] = {
        "id": "mem-1", "workspace_id": "ws-1", "title": "Lazy loading raises", "narrative": "N",
        "memory_type": "decision",
        "importance_score": 0.7, "confidence": 1.0, "provenance": "stated", "concepts": [], "tags": [],
        "session_id": None, "evidence": None, "text_hash": "", "created_at": DAY_BEFORE, "updated_at": DAY_BEFORE,
    }  # fmt: skip
    return MemoryRow(**(values | given))


def observation(kind: str, content: str, **given: Any) -> ObservationRow:
    return ObservationRow(session_seq=1, at=TEN, kind=kind, content=content, **given)


@pytest.mark.parametrize(
    ("row", "said", "used"),
    [
        (memory(), "Fixed the totals.", False),
        (memory(), "Fixed it, because LAZY\n loading raises.", True),
        (memory(), "As mem-1 says.", True),
        (memory(updated_at=TEN), "", True),
        (memory(last_used_at=TEN), "", True),
        (memory(last_used_at=DAY_BEFORE, recalled_at=DAY_BEFORE), "", False),
        (memory(recalled_at="2026-03-31T08:00:00Z"), "", True),
    ],
)
def test_a_memory_is_used_that_was_looked_after_named_or_recalled(row: MemoryRow, said: str, used: bool) -> None:
    assert unused({row.id: row}, set(), said, NINE) == ([] if used else [row.id])
    assert unused({row.id: row}, {row.id}, said, NINE) == []


def test_what_a_session_opened_changed_or_named_is_heard_of_with_its_folders() -> None:
    heard = heard_of(
        "Done.",
        [
            observation(OPENED, "api/a.py"),
            observation(CHANGED, "b.py::C.m"),
            observation("note", "Chose X.", source_files=["docs/c.md"], symbols=["d.py::f"]),
        ],
        ["e.py::g"],
    )
    assert heard.said == "Done.\nChose X."
    assert set(heard.places) == {"api/a.py", "b.py", "docs/c.md", "d.py", "e.py", "api/", "docs/", "./"}


def test_a_session_in_which_nothing_happened_leaves_nothing_to_judge_by() -> None:
    assert heard_of("", [], []) == ("", [])
