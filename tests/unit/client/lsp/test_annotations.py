"""What is shown in an open file, and where."""

from __future__ import annotations

from typing import Any

from recall.lsp.annotations import Annotations
from recall.lsp.text import Text
from recall.protocol.requests import PreviewReply
from recall.protocol.values import Anchor, Brief, SymbolOutline


def brief(number: int, **fields: Any) -> Brief:
    given: dict[str, Any] = {"memory_type": "decision", "importance_score": 0.7, "verdict": "current"} | fields
    return Brief(id=f"mem-0000000{number}", title=f"Memory {number}", **given)


def symbol(name: str, line: int, end_line: int, *memories: Brief) -> SymbolOutline:
    return SymbolOutline(name=name, kind="method", line=line, end_line=end_line, memories=list(memories))


def anchor(path: str = "a.py", **fields: Any) -> Anchor:
    return Anchor(path=path, **({"kind": "symbol", "verdict": "current"} | fields))


def made_of(*symbols: SymbolOutline, memories: list[Brief] | None = None, **anchors: Anchor) -> Annotations:
    tied = {f"mem-0000000{name[1:]}": [each] for name, each in anchors.items()}
    return Annotations(
        PreviewReply(
            file_path="a.py", version=1, language="python", status="parsed", saved=True, memories=memories or [],
            symbols=list(symbols), anchors=tied,
        )
    )  # fmt: skip


def test_memories_of_the_file_stand_above_its_first_line_and_those_of_folders_do_not() -> None:
    shown = made_of(memories=[brief(1), brief(2)], m1=anchor(kind="file"), m2=anchor("./", kind="folder"))
    assert [(lens.line, lens.title, lens.ids) for lens in shown.lenses()] == [
        (0, "1 memory of this file", ("mem-00000001",))
    ]


def test_a_lens_counts_what_is_stale() -> None:
    shown = made_of(symbol("A.b", 5, 9, brief(1), brief(2, verdict="changed")), m1=anchor(), m2=anchor())
    assert [(lens.line, lens.title) for lens in shown.lenses()] == [(4, "2 memories · 1 stale")]


def test_a_name_means_the_symbol_declared_in_its_line_or_else_all_of_that_name() -> None:
    one, other = brief(1), brief(2)
    shown = made_of(
        symbol("A", 1, 4), symbol("A.run", 2, 4, one), symbol("B", 6, 9), symbol("B.run(int)#2", 7, 9, other)
    )
    assert [mark.name for mark in shown.named("run", 1)] == ["A.run"]
    assert [mark.name for mark in shown.named("run", 20)] == ["A.run", "B.run(int)#2"]
    assert shown.named("A", 0) == []
    assert shown.around(2) is shown.marks[1]
    assert shown.around(4) is None


def test_what_is_missing_is_marked_at_what_held_it() -> None:
    gone = brief(1, verdict="missing")
    shown = made_of(
        symbol("A", 3, 9), memories=[gone], m1=anchor(symbol="A.b.c", verdict="missing", reason="a.py no longer has it")
    )
    assert [(stale.line, stale.mark and stale.mark.name) for stale in shown.stale] == [(2, "A")]


def test_one_memory_has_one_mark_in_a_place() -> None:
    changed = brief(1, verdict="changed")
    at_f = anchor(symbol="f", verdict="changed", line=3)
    reply = made_of(symbol("f", 3, 9, changed), symbol("g", 11, 12, changed), m1=at_f)
    assert [stale.line for stale in reply.stale] == [2]
    elsewhere = made_of(symbol("f", 3, 9, changed), m1=anchor("b.py", verdict="changed", line=3))
    assert elsewhere.stale == []


def test_all_that_is_shown_follows_an_edit() -> None:
    changed = brief(1, verdict="changed")
    shown = made_of(symbol("f", 3, 4, changed), m1=anchor(symbol="f", verdict="changed", line=3))
    text = Text("import os\n\ndef f():\n    pass\n")
    shown.shift(text.replace((1, 0), (1, 0), "x = 1\ny = 2\n"))
    assert [lens.line for lens in shown.lenses()] == [4]
    assert [stale.line for stale in shown.stale] == [4]
    assert (shown.marks[0].line, shown.marks[0].end_line) == (4, 5)
