from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from recalld.outline import Outline
from recalld.store import outlines
from recalld.store.rows import FormRow, SightingRow, VerdictRow

MakeOutline = Callable[..., Outline]


def test_an_outline_comes_back_as_it_was_saved(code: Connection, outline: MakeOutline) -> None:
    parsed = outline("a.py", "f", "C", "C.m", lines=40, note="")
    skipped = outline("b.bin", status="binary", language=None, note="has NUL bytes")
    outlines.save(code, "tree-1", [parsed, skipped])
    assert outlines.get(code, "tree-1", "a.py") == parsed
    assert outlines.get_many(code, "tree-1", ["a.py", "b.bin", "none"]) == {"a.py": parsed, "b.bin": skipped}
    assert outlines.get(code, "tree-2", "a.py") is None
    assert outlines.stamps(code, "tree-1") == {"a.py": "1:2:3", "b.bin": "1:2:3"}


def test_saving_again_takes_the_place_of_what_was(code: Connection, outline: MakeOutline) -> None:
    outlines.save(code, "tree-1", [outline("a.py", "old", "kept"), outline("b.py", "other")])
    outlines.save(code, "tree-1", [outline("a.py", "kept", "new", stamp="4:5:6")])
    found = outlines.get(code, "tree-1", "a.py")
    assert found is not None
    assert ([symbol.name for symbol in found.symbols], found.stamp) == (["kept", "new"], "4:5:6")
    assert outlines.with_names(code, "tree-1", {"old": 9}, 9) == []
    assert outlines.with_names(code, "tree-1", {"kept": 9}, 9) == ["a.py"]
    assert outlines.counts(code, "tree-1") == (2, 3, {})


def test_removed_files_and_dropped_trees_leave_nothing(code: Connection, outline: MakeOutline) -> None:
    for tree in ("tree-1", "tree-2"):
        outlines.save(code, tree, [outline("a.py", "f"), outline("b.py", "f")])
        verdict = VerdictRow(anchor_id=1, verdict="current", reason="", path="a.py", symbol="f")
        outlines.save_verdicts(code, tree, [verdict])
    outlines.remove(code, "tree-1", ["a.py", "none"])
    assert list(outlines.stamps(code, "tree-1")) == ["b.py"]
    assert outlines.with_names(code, "tree-1", {"f": 9}, 9) == ["b.py"]
    outlines.drop_tree(code, "tree-1")
    assert outlines.counts(code, "tree-1") == (0, 0, {})
    assert outlines.with_fingerprints(code, "tree-1", ["fp f"], 9) == []
    assert outlines.verdicts(code, "tree-1") == {}
    assert outlines.counts(code, "tree-2") == (2, 2, {})
    assert list(outlines.verdicts(code, "tree-2")) == [1]


def test_files_that_were_left_out_are_counted_by_reason(code: Connection, outline: MakeOutline) -> None:
    outlines.save(
        code,
        "tree-1",
        [
            outline("a.py", "f", "g"),
            outline("b.py", "h", status="partial"),
            outline("c.txt", status="text"),
            outline("d.bin", status="binary"),
            outline("e.bin", status="binary"),
            outline("f.js", status="quarantined"),
        ],
    )
    assert outlines.counts(code, "tree-1") == (3, 3, {"binary": 2, "quarantined": 1})


def test_files_under_a_folder_are_those_below_it_alone(code: Connection, outline: MakeOutline) -> None:
    paths = ["api-x/a.py", "api.py", "api/a.py", "api/deep/b.py", "api0/a.py", "apix/a.py", "ä_%/a.py"]
    outlines.save(code, "tree-1", [outline(path) for path in reversed(paths)])
    assert outlines.files_under(code, "tree-1", "api/") == ["api/a.py", "api/deep/b.py"]
    assert outlines.files_under(code, "tree-1", "ä_%/") == ["ä_%/a.py"]
    assert outlines.files_under(code, "tree-1", "./") == sorted(paths)
    assert outlines.files_under(code, "tree-1", "none/") == []


@pytest.mark.parametrize(
    ("qualified", "own"),
    [
        ("load", "load"),
        ("Outer.Inner.load", "load"),
        ("CopyUtils.copy(byte[],java.io.OutputStream)", "copy"),
        ("Outer.load#2", "load"),
    ],
)
def test_a_symbol_is_found_by_its_own_name(code: Connection, outline: MakeOutline, qualified: str, own: str) -> None:
    outlines.save(code, "tree-1", [outline("a.py", "first", qualified), outline("b.py", "first")])
    assert outlines.with_names(code, "tree-1", {own: 9}, 9) == ["a.py"]


def test_files_come_in_the_order_of_how_near_their_symbol_of_that_name_is(
    code: Connection, outline: MakeOutline
) -> None:
    outlines.save(
        code, "tree-1", [outline("a.py", "Other._get_hash"), outline("b.py", "getHash"), outline("c.py", "x")]
    )
    assert outlines.with_names(code, "tree-1", {"get_hash": 9}, 9) == ["a.py", "b.py"]
    assert outlines.with_names(code, "tree-1", {"getHash": 9}, 9) == ["b.py", "a.py"]
    assert outlines.with_names(code, "tree-1", {"getHash": 9}, 1) == ["b.py"]


def test_files_are_found_by_their_code_wherever_it_is(code: Connection, outline: MakeOutline) -> None:
    outlines.save(code, "tree-1", [outline(f"{n}.py", "x", "same") for n in range(4)])
    outlines.save(code, "tree-2", [outline("other.py", "same")])
    assert sorted(outlines.with_fingerprints(code, "tree-1", ["fp same"], 9)) == [f"{n}.py" for n in range(4)]
    assert len(outlines.with_fingerprints(code, "tree-1", ["fp same"], 3)) == 3


def test_files_are_found_by_their_bytes_and_by_their_name(code: Connection, outline: MakeOutline) -> None:
    outlines.save(code, "tree-1", [outline("a/x.py", content_hash="1"), outline("b/x.py", content_hash="2")])
    assert outlines.with_content(code, "tree-1", ["2", "3"]) == ["b/x.py"]
    assert outlines.called(code, "tree-1", {"x.py"}) == ["a/x.py", "b/x.py"]
    assert outlines.called(code, "tree-1", {"a"}) == []


def test_what_was_sighted_is_kept_for_each_tree_until_it_is_gone(
    code: Connection, form: Callable[..., FormRow]
) -> None:
    rows = [SightingRow(anchor_id=n, settled=n == 1, followed=False, form=form(f"fp {n}")) for n in (1, 2, 3)]
    outlines.save_sightings(code, "tree-1", rows, [])
    outlines.save_sightings(code, "tree-2", rows[:1], [])
    outlines.save_sightings(code, "tree-1", [], [2])
    assert outlines.sightings(code, "tree-1") == {1: rows[0], 3: rows[2]}
    outlines.drop_verdicts(code, [1])
    assert outlines.sightings(code, "tree-2") == {}


def test_verdicts_are_kept_for_each_tree(code: Connection) -> None:
    current = VerdictRow(anchor_id=1, verdict="current", reason="", path="a.py", symbol="f", line=3, end_line=9)
    missing = VerdictRow(anchor_id=2, verdict="missing", reason="b.py does not exist", path="b.py", symbol=None)
    outlines.save_verdicts(code, "tree-1", [current, missing])
    outlines.save_verdicts(code, "tree-2", [current])
    changed = VerdictRow(anchor_id=1, verdict="changed", reason="its body", path="a.py", symbol="f")
    outlines.save_verdicts(code, "tree-1", [changed])
    assert outlines.verdicts(code, "tree-1") == {1: changed, 2: missing}
    assert outlines.verdicts(code, "tree-2") == {1: current}
    outlines.drop_verdicts(code, [1])
    assert outlines.verdicts(code, "tree-1") == {2: missing}
    assert outlines.verdicts(code, "tree-2") == {}


def test_quarantine_keeps_the_last_reason_for_a_content(code: Connection) -> None:
    outlines.quarantine(code, "hash-1", "a.md", "crashed its parser", "2026-01-01T00:00:00Z")
    outlines.quarantine(code, "hash-2", "b.js", "took over 3 s", "2026-01-02T00:00:00Z")
    outlines.quarantine(code, "hash-1", "moved/a.md", "took over 3 s", "2026-01-03T00:00:00Z")
    assert outlines.quarantined(code) == {
        "hash-2": ("b.js", "took over 3 s"),
        "hash-1": ("moved/a.md", "took over 3 s"),
    }
