"""A tree can be looked at as if its verdicts were others, and stays as it is."""

from __future__ import annotations

from pathlib import Path

from recalld.memory.trees import Tree
from recalld.store.rows import VerdictRow


def said(anchor_id: int, path: str) -> VerdictRow:
    return VerdictRow(anchor_id=anchor_id, verdict="current", reason="", path=path, symbol=None)


def test_a_tree_as_if_shows_other_verdicts_and_the_tree_keeps_its_own() -> None:
    tree = Tree("tree-1", "ws-1", Path("/project"))
    for anchor_id in (1, 2):
        tree.say(anchor_id, said(anchor_id, "a.py"))
    seen = tree.as_if({1: said(1, "b.py"), 3: said(3, "a.py")})
    assert [sorted(each.standing_at(["a.py"])) for each in (tree, seen)] == [[1, 2], [2, 3]]
    assert [each.standing_at(["b.py"]) for each in (tree, seen)] == [[], [1]]
    assert [sorted(each.verdicts) for each in (tree, seen)] == [[1, 2], [1, 2, 3]]
    assert tree.verdicts[1].path == "a.py"
