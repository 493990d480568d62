"""A memory cannot break out of what shows it: whatever its text says, it brings no link, picture, heading or HTML."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from recall.lsp.markdown import WIDTH, Links, fenced, hover, inline, page, results
from recall.protocol.values import Anchor, Brief, Memory

LINKS = Links(Path("/srv/a project"))
# What editors render: CommonMark with links made of bare addresses, tables and strikethrough.
RENDERER = MarkdownIt("gfm-like", {"linkify": False, "html": True})
RENDERER.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005  # editors follow links to files
PIECES = re.findall(
    r"\S+",
    "``` ```` ~~~ ` # - > 1. --- === * ** _ __a__ ~~ | \\ [x](command:y) ![i](http://e) <img/src=x> <!-- <script> "
    "&lt; [a]: [^1] http://e.x a@b.c www.x.y word $x$ [/Recalld]",
)
NASTY = st.lists(
    st.sampled_from([*PIECES, "\n", "\n\n", "    ", " ", "\r", "\x1b[31m", "\u202e", "\x00"]), max_size=12
).map("".join)


def memory(title: str, narrative: str, reason: str = "") -> Memory:
    anchor = Anchor(
        kind="symbol", path="a (b)/c_d.py", symbol="x", verdict="changed", reason=reason, line=3, end_line=9
    )
    return Memory(
        id="mem-0123456789ab", title=title, narrative=narrative, memory_type="decision", importance_score=0.5,
        confidence=1.0, provenance="manual", concepts=[narrative[:50]], tags=[], source_files=[], symbols=[],
        anchors=[anchor], verdict="changed", reason=reason, created_at="2030-01-01T00:00:00Z",
        updated_at="2030-01-01T00:00:00Z", version=1, workspace_id="ws-1",
    )  # fmt: skip


def brief(title: str, summary: str) -> Brief:
    return Brief(
        id="mem-0123456789ab", title=title, memory_type="decision", importance_score=0.5, summary=summary,
        verdict="changed",
    )  # fmt: skip


def tokens(text: str) -> list[Token]:
    found = RENDERER.parse(text)
    return [each for token in found for each in (token, *(token.children or []))]


def kinds(text: str) -> list[str]:
    return [token.type for token in tokens(text) if token.type not in ("softbreak", "text", "text_special")]


@given(NASTY, NASTY, NASTY)
def test_a_hover_has_the_same_structure_whatever_a_memory_says(title: str, narrative: str, reason: str) -> None:
    plain = hover([(brief("Title", "text"), memory("Title", "text", "because"))], LINKS)
    shown = hover([(brief(f"T{title}", "x"), memory(f"T{title}", f"n{narrative}", f"r{reason}"))], LINKS)
    assert kinds(shown) == kinds(plain)
    links = [token.attrs["href"] for token in tokens(shown) if token.type == "link_open"]
    assert links == ["file:///srv/a%20project/a%20%28b%29/c_d.py#L3", "recall://memory/mem-0123456789ab"]


@given(NASTY, NASTY)
def test_a_page_has_the_same_structure_whatever_a_memory_says(title: str, narrative: str) -> None:
    plain = page(memory("Title", "text"), LINKS)
    shown = page(memory(f"T{title}", f"n{narrative}"), LINKS)
    assert kinds(shown) == kinds(plain)


@given(NASTY)
def test_a_list_has_the_same_structure_whatever_memories_say(text: str) -> None:
    assert kinds(results(f"q{text}", [brief(f"T{text}", f"s{text}")], LINKS)) == kinds(
        results("q", [brief("T", "s")], LINKS)
    )


@given(st.text(max_size=300))
def test_a_fence_holds_all_of_any_text(text: str) -> None:
    (block,) = RENDERER.parse(fenced(text))
    assert block.type == "fence"
    assert block.info == "text"


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=80))
def test_a_line_shows_just_what_it_was_given(text: str) -> None:
    (paragraph,) = [token for token in RENDERER.parse(f"x {inline(text)}") if token.type == "inline"]
    assert {token.type for token in paragraph.children or []} <= {"text", "text_special"}
    assert "".join(token.content for token in paragraph.children or []) == f"x {text}"


def test_long_lines_are_wrapped_and_code_keeps_its_indentation() -> None:
    text = "    " + "word " * 40 + "\n        x = 1\n"
    lines = fenced(text).splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert lines[1].startswith("    word")
    assert lines[-2] == "        x = 1"


def test_nothing_that_is_invisible_or_turns_text_around_is_shown() -> None:
    instead = "\N{REPLACEMENT CHARACTER}"
    assert inline("a\x1b[31m\u202eb\u200f") == f"a{instead}\\[31m{instead}b{instead}"


def test_links_are_written_as_the_editor_can_follow_them() -> None:
    assert LINKS.to_file("a/ü b.py", 3, 5, "C.m") == "[a/ü b.py:3-5 C.m](file:///srv/a%20project/a/%C3%BC%20b.py#L3)"
    assert LINKS.to_memory("mem-0123456789ab", "T [x]") == r"[T \[x\]](recall://memory/mem-0123456789ab)"
    relative = Links(Path("/srv/a project"), "../{id}", Path("/srv/other"))
    assert relative.to_file("a b.py", 3) == "[a b.py:3](/../a%20project/a%20b.py#L3)"
    assert relative.to_memory("mem-0123456789ab", "T") == "[T](../mem-0123456789ab)"
