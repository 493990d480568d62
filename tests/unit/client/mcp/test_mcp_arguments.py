"""Arguments as agents write them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.mcp import arguments
from recall.mcp.arguments import days, moment, read
from recall.mcp.tools import TOOLS
from recall.protocol.errors import RecallError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KNOWN = st.sampled_from(sorted({name for tool in TOOLS.values() for name in tool.arguments.__struct_fields__}))


def refusal(tool: str, **given: Any) -> RecallError:
    with pytest.raises(RecallError) as caught:
        read(TOOLS[tool].arguments, tool, given)
    assert caught.value.code == "invalid_params"
    return caught.value


@pytest.mark.parametrize(
    ("tool", "given", "name", "value"),
    [
        ("memory_store", {"narrative": "n", "source_files": ["a.py"]}, "files", ["a.py"]),
        ("memory_store", {"narrative": "n"}, "content", "n"),
        ("memory_store", {"content": "n", "importance_score": 0.9}, "importance", 0.9),
        ("memory_store", {"content": "n", "type": "decision"}, "memory_type", "decision"),
        ("memory_search", {"query": "q", "memory_type": "decision"}, "memory_types", ["decision"]),
        ("memory_search", {"query": "q", "max_results": 3}, "limit", 3),
        ("memory_rate", {"id": "mem-1", "useful": True}, "memory_id", "mem-1"),
        ("memory_explore", {"id": "mem-1"}, "memory_id", "mem-1"),
        ("memory_by_file", {"path": "a.py"}, "file_path", "a.py"),
        ("memory_forget", {"memory_id": "mem-1"}, "ids", ["mem-1"]),
        ("memory_forget", {"older_than_days": 30, "containing": "x"}, "older_than", "30d"),
        ("session_get_context", {"session_id": "s", "limit": 3}, "max_memories", 3),
        ("session_record_observation", {"session_id": "s", "observation": "o"}, "content", "o"),
    ],
)
def test_the_other_names_of_an_argument_are_understood(tool: str, given: dict[str, Any], name: str, value: Any) -> None:
    assert getattr(read(TOOLS[tool].arguments, tool, given), name) == value


@pytest.mark.parametrize("given", ["a.py", ["a.py"], '["a.py"]', ' [ "a.py" ] '])
def test_a_list_may_come_as_its_only_item_or_as_json(given: Any) -> None:
    assert read(arguments.Store, "memory_store", {"content": "n", "files": given}).files == ["a.py"]


def test_a_text_that_merely_begins_like_a_list_is_an_item() -> None:
    assert read(arguments.Store, "memory_store", {"content": "n", "tags": "[wip"}).tags == ["[wip"]


def test_numbers_and_yes_or_no_may_come_as_text() -> None:
    said = read(arguments.Search, "memory_search", {"query": "q", "limit": "3", "min_importance": "0.5"})
    assert (said.limit, said.min_importance) == (3, 0.5)
    assert read(arguments.Rate, "memory_rate", {"memory_id": "m", "useful": "false"}).useful is False


def test_null_is_as_good_as_nothing() -> None:
    assert read(arguments.Search, "memory_search", {"query": "q", "files": None, "limit": None}).limit == 10


def test_an_argument_that_is_not_there_is_refused_with_those_that_are() -> None:
    error = refusal("memory_search", query="q", memory_typos=["decision"])
    assert error.field == "memory_typos"
    assert "memory_search takes no `memory_typos` (`memory_types`?); it takes" in error.message
    assert "it takes " in refusal("memory_search", query="q", workspace_id="ws-1").message


def test_two_names_of_one_argument_must_agree() -> None:
    assert read(arguments.Store, "memory_store", {"content": "n", "narrative": "n"}).content == "n"
    assert "give one of them" in refusal("memory_store", content="n", narrative="m").message


def test_what_is_missing_or_of_the_wrong_kind_is_named() -> None:
    assert "content" in refusal("memory_store", title="t").message
    assert refusal("memory_search", query="q", limit="many").field == "limit"
    assert refusal("session_record_observation", session_id="s", content="c", kind="rumour").field == "kind"


def test_an_age_that_is_none_says_how_to_write_one() -> None:
    for reading in (days, moment):
        assert reading(None, "older_than") is None
    with pytest.raises(RecallError, match="write 30d") as caught:
        days("last month", "older_than")
    assert caught.value.field == "older_than"
    with pytest.raises(RecallError, match="too long ago"):
        moment("99999y", "since")


@given(st.sampled_from(sorted(TOOLS)), st.dictionaries(KNOWN | st.text(), JSON, max_size=6))
def test_whatever_an_agent_sends_is_read_or_refused_by_name(tool: str, said: dict[str, Any]) -> None:
    with contextlib.suppress(RecallError):  # anything else is a fault
        assert type(read(TOOLS[tool].arguments, tool, said)) is TOOLS[tool].arguments
