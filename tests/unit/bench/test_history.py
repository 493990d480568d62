"""The judge judged: figures from outcomes made by hand, and whether two texts are the same code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tests.bench.history.labels import Label, Place, load
from tests.bench.history.scoring import Outcome, Replay, Said, doubt, score
from tests.bench.history.source import python_functions, same_code

OLD, NEW, OTHER = Place("a.py", "old"), Place("b.py", "new"), Place("b.py", "other")
MOVE = Label("row", "o/n", "python", "c0ffee", ("Rename Method",), OLD, NEW)
EDIT = Label("event", "o/n", "python", "c0ffee", ("body change",), OLD, OLD)
QUIET = Label("quiet", "o/n", "python", "c0ffee", ("quiet",), OLD, OLD)


def _said(label: Label, said: Said, **more: object) -> Outcome:
    return replace(Outcome(label, {"anchors": said}, same_code=None), **more)  # type: ignore[arg-type]  # by name


def test_a_move_is_followed_misattached_or_lost_and_contested_ones_stand_apart() -> None:
    outcomes = [
        _said(MOVE, Said("moved", NEW)),
        _said(MOVE, Said("moved+changed", OTHER)),
        _said(MOVE, Said("current", OLD)),
        _said(MOVE, Said("missing", NEW)),
        _said(MOVE, Said("ambiguous", OLD)),
        _said(MOVE, Said(None)),
        _said(replace(MOVE, contested=True), Said("moved", NEW)),
    ]
    scored = score(outcomes, [], "anchors")
    assert (scored.followed.hits, scored.followed.of) == (1, 6)
    assert scored.misattached.hits == 2
    assert (scored.missing.hits, scored.ambiguous.hits, scored.unanchored.hits) == (1, 1, 1)
    assert (scored.contested_followed.hits, scored.contested_followed.of) == (1, 1)


def test_only_a_flag_counts_as_stale_and_each_flag_needs_a_labelled_change() -> None:
    outcomes = [
        _said(EDIT, Said("changed", OLD)),
        _said(EDIT, Said("moved+changed", NEW)),
        _said(EDIT, Said("missing")),
        _said(EDIT, Said("current", OLD), doubt="the code is the same"),
        _said(QUIET, Said("changed", OLD)),
        _said(QUIET, Said("current", OLD)),
    ]
    scored = score(outcomes, [], "anchors")
    assert (scored.stale_recall.hits, scored.stale_recall.of) == (2, 4)
    assert (scored.stale_recall_undisputed.hits, scored.stale_recall_undisputed.of) == (2, 3)
    assert (scored.stale_precision.hits, scored.stale_precision.of) == (2, 3)
    assert (scored.quiet_flagged.hits, scored.quiet_flagged.of) == (1, 2)


def test_a_replay_counts_by_where_the_anchor_ends() -> None:
    right = Replay("o/n", "python", "one", 3, False, OLD, NEW, Said("changed", NEW))
    wrong = replace(right, said=Said("missing", OLD))
    every = replace(right, every=True, expected=OLD, said=Said("current", OLD))
    ours, by_name = (score([], [right, wrong, every], approach) for approach in ("anchors", "path + name"))
    assert (ours.replayed.hits, ours.replayed.of, ours.replayed_every.hits) == (1, 2, 1)
    assert (by_name.replayed.hits, by_name.replayed_every.hits) == (0, 1)


def test_a_label_is_disputed_when_the_code_says_otherwise() -> None:
    assert doubt(EDIT, same_code=True, stands=True, twice=False)
    assert not doubt(EDIT, same_code=False, stands=False, twice=False)
    assert doubt(replace(EDIT, types=("modifier change",)), same_code=False, stands=False, twice=False)
    assert doubt(MOVE, same_code=True, stands=True, twice=False)
    assert doubt(MOVE, same_code=True, stands=False, twice=True)
    assert not doubt(MOVE, same_code=False, stands=False, twice=False)


def test_parameter_types_count_only_where_both_sides_name_them() -> None:
    bare, bytes_, text = (Place("A.java", f"A.copy{types}") for types in ("", "(byte[],int)", "(String)"))
    assert bare.is_place(bytes_)
    assert bytes_.is_place(bare)
    assert bytes_.is_place(Place("A.java", "A.copy(byte[], int)"))
    assert not bytes_.is_place(text)
    assert not bare.is_place(replace(bare, path="B.java"))


def test_comments_docstrings_formatting_and_the_name_are_no_code() -> None:
    before = '    def load(self, key):\n        """Load."""\n        return self.load( "a",key)  # now\n'
    after = "    def fetch(self, key):\n        return self.fetch(\n            'a', key)\n"
    assert same_code("python", before, "C.load", after, "C.fetch")
    assert not same_code("python", before, "C.load", after.replace("key)\n", "key, 1)\n"), "C.fetch")
    assert not same_code("python", "def f():\n    return 'f'\n", "f", "def g():\n    return 'g'\n", "g")
    java = 'int get(int a) { // "one"\n  return a + "//"; /* two */ }'
    assert same_code("java", java, "A.get", 'int take(int a) {\n return a + "//"; }', "A.take")
    assert not same_code("java", java, "A.get", 'int take(int a) { return a + "/"; }', "A.take")
    old = "def f(x):\n    print x # now\n"  # no Python of today
    assert same_code("python", old, "f", "def f( x ):\n    print x\n", "f")


def test_functions_are_cut_out_with_decorators_under_their_qualified_names() -> None:
    text = "class C:\n    @property\n    def x(self):\n        def y():\n            pass\n        return y\n"
    functions = python_functions(text.encode())
    assert functions is not None
    assert list(functions) == ["C.x", "C.x.y"]
    assert functions["C.x"].startswith("    @property\n")
    assert python_functions(b"print 1") is None


def test_labels_are_read_and_those_without_two_sides_are_named(tmp_path: Path) -> None:
    row = {"repo": "o/n", "commit": "1", "file_before": "A.java", "name_before": "A.f", "file_after": "B.java"}
    history = {
        "id": "h", "repo": "o/m", "lang": "java", "start_commit": "2", "file": "A.java", "symbol": "f",
        "events": [{**row, "types": ["body change"], "name_after": "A.f"}],
    }  # fmt: skip
    rows = [{**row, "type": "Move Method", "name_after": "B.f"}, {**row, "type": "introduced", "name_after": None}]
    file = tmp_path / "labels.json"
    file.write_text(json.dumps({"histories": [history], "java_renames_and_moves": rows}))
    labelled = load(file)
    assert labelled.repositories == ["o/m", "o/n"]
    assert [(label.language, label.moves) for label in labelled.rows] == [("java", True)]
    assert labelled.histories[0].events[0].changes
    assert len(labelled.unusable) == 1
