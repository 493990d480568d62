from __future__ import annotations

import pytest

from recalld.memory.likeness import Code, likeness, lines_likeness, name_likeness

PYTHON = """@cached(60)
def load(path, limit: int = 3) -> dict:
    \"\"\"Load it.\"\"\"
    text = path.read_text()  # all of it
    found = parse(text)
    return found[:limit]
"""
JAVASCRIPT = """async function load(path, limit = 3) {
  const text = await read(path);
  return text.slice(0, limit);
}"""


def test_names_comments_and_formatting_are_no_difference_in_likeness() -> None:
    then = Code(PYTHON, "python", "load")
    renamed = PYTHON.replace("def load", "def read").replace("# all of it", "").replace("limit: int = 3", "limit:int=3")
    assert likeness(then, Code(renamed, "python", "read")) == 1.0
    assert likeness(then, Code(PYTHON.replace("Load it.", "Something else entirely."), "python", "load")) == 1.0


def test_likeness_falls_with_what_is_edited_and_other_code_is_not_alike() -> None:
    then = Code(PYTHON, "python", "load")
    edited = likeness(then, Code(PYTHON.replace("parse(text)", "parse(text, strict=True)"), "python", "load"))
    assert 0.8 < edited < 1.0
    assert likeness(then, Code(JAVASCRIPT, "javascript", "load")) < 0.4
    assert likeness(Code("", "python"), Code("", "python")) == 1.0
    assert likeness(then, Code("", "python")) == 0.0


def test_a_comment_mark_inside_a_string_starts_no_comment() -> None:
    with_address = 'const page = () => get("http://x/y");'
    other = 'const page = () => get("http://z");'
    assert likeness(Code(with_address, "javascript"), Code(other, "javascript")) < 1.0


def test_keywords_and_marks_say_nothing_about_code() -> None:
    assert Code("def name(self): return self._name", "python", "name").meaning == {"_name"}
    assert Code("public String getName() { return this.name; }", "java", "getName").meaning == {"name"}
    assert Code("def add(a, b): return a + b", "python", "add").meaning == {"a", "b", "+"}


def test_names_are_alike_whatever_their_case_and_underscores() -> None:
    assert name_likeness("_get_hash", "getHash") == 1.0
    assert name_likeness("is_event", "has_event") >= 0.8
    assert name_likeness("load", "perform") < 0.5


def test_lines_are_counted_without_their_order_and_indentation() -> None:
    assert lines_likeness("a\n  b\n\nc", "c\na\nb") == 1.0
    assert lines_likeness("a\nb\nc\nd", "a\nb\nc\ne") == pytest.approx(3 / 5)
