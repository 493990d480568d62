"""JSON as a person wrote it, with members put in and taken out."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.setup.jsontext import JsonError, append, find, parse, put, remove

SERVER = {"command": "recall", "args": ["mcp"]}
PATH = ("mcpServers", "recalld")


def test_a_member_is_put_at_the_end_in_the_style_of_the_rest() -> None:
    text = '{\n\t"a": 1, // one\n\t"b": [1, 2]  // two\n}\n'
    assert put(text, ("c",), {"d": [3]}) == (
        '{\n\t"a": 1, // one\n\t"b": [1, 2],  // two\n\t"c": {\n\t\t"d": [\n\t\t\t3\n\t\t]\n\t}\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "with_x"),
    [
        ("{}", '{\n  "x": 1\n}'),
        ('{"a": 1}', '{"a": 1, "x": 1}'),
        ('{"a": 1,}', '{"a": 1, "x": 1,}'),
        ('{\r\n    "a": 1\r\n}', '{\r\n    "a": 1,\r\n    "x": 1\r\n}'),
        ('{\n  "a": 1,\n}', '{\n  "a": 1,\n  "x": 1,\n}'),
        ('\ufeff{"a": 1}', '\ufeff{"a": 1, "x": 1}'),
        ('// top\n{\n  /* in */ "a": 1 /* after */\n  // last\n}', None),
        ("{ /* empty */ }", None),
        ("{ }", None),
        ("{\n}\n", None),
        ('{"a": 1 // one\n}', None),
    ],
)
def test_what_is_put_in_and_taken_out_leaves_the_text_to_the_letter(text: str, with_x: str | None) -> None:
    changed = put(text, ("x",), 1)
    assert with_x is None or changed == with_x
    assert find(parse(changed), ("x",)) is not None
    assert remove(changed, ("x",)) == text


def test_what_leads_to_a_member_is_made_and_what_stands_there_is_replaced() -> None:
    text = put("{}", PATH, SERVER)
    assert json.loads(text) == {"mcpServers": {"recalld": SERVER}}
    assert put(text, PATH, SERVER) == text
    assert json.loads(put(text, (*PATH, "command"), "/bin/recall")) == {
        "mcpServers": {"recalld": {"command": "/bin/recall", "args": ["mcp"]}}
    }
    assert json.loads(put(" \n", PATH, SERVER)) == json.loads(text)


def test_a_comment_does_not_swallow_what_comes_after_what_is_removed() -> None:
    assert parse(remove('{"a": 1, // one\n"x": 2}', ("x",))).value == {"a": 1}
    assert parse(remove('{ // one\n"x": 2, "a": 1}', ("x",))).value == {"a": 1}


def test_items_are_appended_and_removed_by_their_place() -> None:
    text = append('{"hooks": {"Stop": [{"a": 1}]}}', ("hooks", "Stop"), {"b": 2})
    assert text == '{"hooks": {"Stop": [{"a": 1}, {"b": 2}]}}'
    assert remove(text, ("hooks", "Stop", 0)) == '{"hooks": {"Stop": [ {"b": 2}]}}'
    assert remove(text, ("hooks", "Stop", 1)) == '{"hooks": {"Stop": [{"a": 1}]}}'
    assert json.loads(append("{}", ("hooks", "Stop"), 1)) == {"hooks": {"Stop": [1]}}
    assert remove(text, ("hooks", "Stop", 7)) == remove(text, ("none",)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "line 1, column 8: a comma or } is missing"),
        ('{\n  "a" 1}', "line 2, column 7: a colon is missing"),
        ("{a: 1}", "a name in quotes is missing"),
        ('{"a": nope}', "nope is no value"),
        ('{"a": }', "a value is missing"),
        ('{"a": 1} x', "something after the end"),
        ('{"a": "\n"}', "a value is missing"),
        ("[" * 1000, "nested deeper"),
        ("", "a value is missing"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(text: str, message: str) -> None:
    with pytest.raises(JsonError) as caught:
        parse(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "3", '{"mcpServers": []}', '{"mcpServers": "x"}', '{"mcpServers": null}'])
def test_what_is_no_object_takes_no_members(text: str) -> None:
    with pytest.raises(JsonError, match="is no object"):
        put(text, PATH, SERVER)


# --- any document --------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["mcpServers", "hooks", "a", "b"])
SPACES = ("", " ", "\n", "\n  ", "\t", " // c\n", "/* c */", "\r\n")


def written(value: Any) -> st.SearchStrategy[str]:
    """A document as somebody might have written it, with comments and loose commas."""
    return st.randoms(use_true_random=False).map(lambda chance: write(value, chance))


def write(value: Any, chance: random.Random) -> str:
    def space() -> str:
        return chance.choice(SPACES)

    if isinstance(value, dict):
        names = {key: f"{space()}{json.dumps(key)}{space()}:" for key in value}
        inner = [f"{names[key]}{space()}{write(each, chance)}{space()}" for key, each in value.items()]
    elif isinstance(value, list):
        inner = [f"{space()}{write(each, chance)}{space()}" for each in value]
    else:
        return json.dumps(value, ensure_ascii=chance.random() < 0.5)
    end = "," + space() if inner and chance.random() < 0.5 else "" if inner else space()
    body = ",".join(inner) + end
    return f"{{{body}}}" if isinstance(value, dict) else f"[{body}]"


DOCUMENTS = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=4)


@given(DOCUMENTS.flatmap(lambda value: st.tuples(st.just(value), written(value))))
def test_any_document_is_read_as_it_was_meant(pair: tuple[Any, str]) -> None:
    value, text = pair
    assert parse(text).value == value


@given(DOCUMENTS.flatmap(written))
def test_a_member_that_is_put_into_any_document_and_removed_leaves_all_else(text: str) -> None:
    changed = put(text, ("new",), {"x": [1]})
    assert parse(changed).value == {**parse(text).value, "new": {"x": [1]}}
    back = remove(changed, ("new",))
    assert parse(back).value == parse(text).value
    assert [c for c in back if not c.isspace()] == [c for c in text if not c.isspace()]


@given(st.text(max_size=30) | DOCUMENTS.flatmap(written).map(lambda text: text[: len(text) // 2]))
def test_whatever_a_file_holds_it_is_read_or_refused(text: str) -> None:
    try:
        put(text, PATH, SERVER)
        remove(text, PATH)
    except JsonError:
        pass
