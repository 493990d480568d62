"""What an agent is shown of the tools: little enough for the start of each session, and not changed by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # comes with mcp
from tokenizers import Tokenizer

import recalld.vectors
from recall.mcp.server import INSTRUCTIONS, tools
from recall.mcp.tools import TOOLS
from recall.protocol.marking import token_estimate

GOLDEN = Path(__file__).with_name("tools.json")
MOST_TOKENS = 4_000
NAMES = [
    "memory_store", "memory_search", "memory_by_file", "memory_explore", "memory_rate", "memory_update",
    "memory_forget", "memory_audit", "session_start", "session_get_context", "session_record_observation",
    "session_end",
]  # fmt: skip


def shown() -> dict[str, Any]:
    return {"tools": [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools()]}


def test_the_twelve_tools_have_the_names_that_agents_know() -> None:
    assert list(TOOLS) == NAMES


def test_what_is_shown_of_the_tools_is_as_it_was() -> None:
    """A change is meant: `python -m tests.unit.client.mcp.test_mcp_schemas` writes it down."""
    assert shown() == json.loads(GOLDEN.read_text("utf-8"))


def test_all_that_is_shown_of_the_tools_fits_into_four_thousand_tokens() -> None:
    assert token_estimate(json.dumps(shown(), separators=(",", ":"), ensure_ascii=False)) <= MOST_TOKENS


def test_a_real_tokenizer_counts_no_more() -> None:
    model = Path(recalld.vectors.__file__).parent / "all-MiniLM-L6-v2" / "tokenizer.json"
    tokenizer = Tokenizer.from_str(model.read_text("utf-8"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    text = json.dumps(shown(), separators=(",", ":"), ensure_ascii=False)
    # It knows no JSON: each quote, brace and colon is a token of its own, where those of language models join them.
    for mark in '{}[]":,':
        text = text.replace(mark, " ")
    assert len(tokenizer.encode(text).ids) <= MOST_TOKENS


def test_the_instructions_are_short() -> None:
    assert token_estimate(INSTRUCTIONS) <= 400


@pytest.mark.parametrize("tool", tools(), ids=lambda tool: str(tool.name))
def test_a_tool_says_what_it_takes_gives_and_does(tool: Any) -> None:
    for schema in (tool.input_schema, tool.output_schema):
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert set(schema.get("required", ())) <= schema["properties"].keys()
    assert tool.annotations.title
    assert tool.annotations.open_world_hint is False
    reads = tool.name in {"memory_search", "memory_by_file", "memory_explore"}
    assert tool.annotations.read_only_hint is reads
    assert tool.annotations.destructive_hint == (None if reads else tool.name in {"memory_update", "memory_forget"})


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(shown(), indent=1, ensure_ascii=False) + "\n", "utf-8")
