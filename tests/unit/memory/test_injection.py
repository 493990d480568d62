"""What leads to a memory, what a start says of what was given, and what can have room."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.protocol.marking import token_estimate
from recall.protocol.values import Brief
from recalld.memory.giving import may_fit, texts
from recalld.memory.injection import (
    CHANGED,
    FOLDER,
    MAX_FILES,
    ON_BRANCH,
    OPEN,
    PROJECT,
    Wanted,
    _places,
    summed_up,
)
from recalld.memory.working import Work
from recalld.store.rows import MemoryRow

NOON = "2026-03-31T12:00:00Z"


def memory(**given: Any) -> MemoryRow:
    values: dict[str, Any] = {
        "id": "mem-1", "workspace_id": "ws-1", "title": "Lazy loading", "narrative": "Always raise.",
        "memory_type": "decision", "importance_score": 0.7, "confidence": 1.0, "provenance": "stated", "concepts": [],
        "tags": [], "session_id": None, "evidence": None, "text_hash": "", "created_at": NOON, "updated_at": NOON,
    }  # fmt: skip
    return MemoryRow(**(values | given))


def brief(importance: float = 0.7, **given: Any) -> Brief:
    values: dict[str, Any] = {"id": "mem-1", "title": "Lazy loading", "memory_type": "decision", "summary": "S."}
    return Brief(importance_score=importance, **(values | given))


def test_a_file_is_known_by_the_strongest_thing_that_is_done_to_it() -> None:
    work = Work("main", ("open.py", "changed.py"), ("changed.py", "branch.py"))
    places = _places(Wanted(files=["open.py"], work=work))
    assert {path: (reason.weight, reason.why) for path, reason in places.items() if path.endswith(".py")} == {
        "open.py": (OPEN, "open: open.py"),
        "changed.py": (CHANGED, "changed: changed.py"),
        "branch.py": (ON_BRANCH, "on branch main: branch.py"),
    }


def test_folders_count_for_less_the_further_up_and_the_whole_project_always() -> None:
    places = _places(Wanted(files=["a/b/c/d.py"], folder="docs/"))
    weights = [places[folder].weight for folder in ("a/b/c/", "a/b/", "a/", "./")]
    assert weights == sorted(weights, reverse=True)
    assert (weights[0], weights[-1], places["docs/"].weight) == (FOLDER, PROJECT, FOLDER)
    assert places["a/b/c/"].path == "a/b/c/d.py"
    assert set(_places(Wanted())) == {"./"}


def test_of_many_files_only_so_many_lead_to_memories() -> None:
    files = [f"{number}.py" for number in range(MAX_FILES + 5)]
    assert len(_places(Wanted(files=files))) == MAX_FILES + 1


@pytest.mark.parametrize(
    ("importances", "last", "said"),
    [
        ([], None, "No memories injected. This is the first session."),
        ([0.9], None, "1 high-importance memory injected. This is the first session."),
        ([0.9, 0.8], NOON, "2 high-importance memories injected. Last session: 2026-03-31."),
        ([0.9, 0.5], NOON, "2 memories injected, 1 of high importance. Last session: 2026-03-31."),
    ],
)
def test_what_was_given_is_summed_up_in_the_cookbooks_words(
    importances: list[float], last: str | None, said: str
) -> None:
    assert summed_up([brief(each) for each in importances], last) == said


def test_what_is_pinned_may_be_given_by_its_title_alone() -> None:
    row, shown = memory(narrative="Always raise. " * 100), brief(why=["pinned"])
    whole, summary, title = texts(row, shown, "a.py", pinned=True)
    assert whole.count("Always raise.") == 100
    assert "Lazy loading (decision, importance 0.70, pinned)\nS." in summary
    assert title == "[Recalld — retrieved for a.py]\nLazy loading\n[/Recalld]\n"
    assert list(texts(row, shown, "a.py", pinned=False)) == [whole, summary]


@given(st.text(min_size=1, max_size=300), st.text(max_size=300), st.booleans())
def test_what_is_held_to_have_no_room_has_none(title: str, narrative: str, pinned: bool) -> None:
    row = memory(title=title, narrative=narrative)
    least = min(map(token_estimate, texts(row, brief(title=title, summary=narrative), "session", pinned=pinned)))
    assert may_fit(row, least)
