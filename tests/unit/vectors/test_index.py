from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recalld.vectors.index import ChromaIndex, Item

from .conftest import rows


@pytest.fixture
def index(tmp_path: Path) -> Iterator[ChromaIndex]:
    index = ChromaIndex()
    index.open(tmp_path / "chroma")
    yield index
    index.close()


def reopened(index: ChromaIndex, folder: Path) -> ChromaIndex:
    index.close()
    other = ChromaIndex()
    other.open(folder / "chroma")
    return other


def test_it_answers_with_the_nearest_memory_first_and_the_cosine(index: ChromaIndex) -> None:
    vectors = rows(20)
    index.upsert([Item(f"m{n}", "ws-a", "h", vectors[n : n + 1]) for n in range(20)])
    expected = sorted(((float(vectors[n] @ vectors[3]), f"m{n}") for n in range(20)), reverse=True)[:5]
    found = index.query(vectors[3], ["ws-a"], 5)
    assert [memory_id for memory_id, *_ in found] == [memory_id for _, memory_id in expected]
    assert [near for _, near, _ in found] == pytest.approx([near for near, _ in expected], abs=1e-5)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.99], ids="{:.0%} of all".format)
def test_a_query_finds_all_of_its_workspace_and_none_of_another(index: ChromaIndex, share: float) -> None:
    total, mine = 600, int(600 * share)
    vectors = rows(total)
    items = [Item(f"m{n}", "ws-a" if n < mine else "ws-b", "h", vectors[n : n + 1]) for n in range(total)]
    index.upsert(items)
    # The memories nearest to the query are the other workspace's.
    query = vectors[-1]
    best = sorted(range(mine), key=lambda n: -float(vectors[n] @ query))
    found = index.query(query, ["ws-a"], 3)
    assert [memory_id for memory_id, *_ in found] == [f"m{n}" for n in best[:3]]
    assert [near for _, near, _ in found] == pytest.approx([float(vectors[n] @ query) for n in best[:3]], abs=1e-5)
    assert {memory_id for memory_id, *_ in index.query(query, ["ws-a"], total)} == {f"m{n}" for n in range(mine)}


def test_a_small_workspace_is_compared_whole_and_again_after_each_change(index: ChromaIndex) -> None:
    vectors = rows(60)
    index.upsert([Item(f"mem-{n}", "ws-a" if n < 5 else "ws-b", f"h{n}", vectors[n : n + 1]) for n in range(60)])
    assert index.query(vectors[3], ["ws-a"], 2)[0][0] == "mem-3"
    index.upsert([Item("mem-3", "ws-a", "new", vectors[50:51]), Item("mem-new", "ws-a", "h", vectors[3:4])])
    assert index.query(vectors[3], ["ws-a"], 1)[0][0] == "mem-new"
    index.delete(["mem-new"])
    found = index.query(vectors[50], ["ws-a"], 10)
    assert found[0][0] == "mem-3"
    assert found[0][1] == pytest.approx(1.0, abs=1e-5)
    assert {mem for mem, *_ in found} == {f"mem-{n}" for n in range(5)}


def test_several_workspaces_are_searched_together_and_unknown_ones_are_empty(index: ChromaIndex) -> None:
    vectors = rows(3)
    index.upsert([Item(name, f"ws-{name}", "h", vectors[n : n + 1]) for n, name in enumerate("abc")])
    assert {memory_id for memory_id, *_ in index.query(vectors[0], ["ws-a", "ws-c", "ws-a", "ws-x"], 9)} == {"a", "c"}
    assert index.query(vectors[0], ["ws-x"], 9) == []
    assert index.query(vectors[0], [], 9) == []


def test_a_memory_of_many_pieces_is_found_once_by_its_nearest(index: ChromaIndex) -> None:
    vectors = rows(41)
    index.upsert([Item("long", "ws-a", "h", vectors[:40]), Item("short", "ws-a", "h", vectors[40:])])
    found = index.query(vectors[7], ["ws-a"], 2)
    assert [memory_id for memory_id, *_ in found] == ["long", "short"]
    assert found[0][1] == pytest.approx(1.0, abs=1e-5)


def test_an_edited_memory_leaves_none_of_its_former_pieces(index: ChromaIndex, tmp_path: Path) -> None:
    vectors = rows(6)
    index.upsert([Item("m", "ws-a", "old", vectors[:5])])
    index.upsert([Item("m", "ws-a", "new", vectors[5:])])
    for reopen in (False, True):
        each = reopened(index, tmp_path) if reopen else index
        ((memory_id, near, _),) = each.query(vectors[2], ["ws-a"], 9)
        assert memory_id == "m"
        assert near < 0.5
        each.begin_comparison()
        assert each.compare([("m", "ws-a", "new")]) == ([], [])


def test_a_comparison_names_what_is_missing_outdated_moved_and_strange(index: ChromaIndex, tmp_path: Path) -> None:
    vectors = rows(1)
    index.upsert([Item(name, "ws-a", "h", vectors) for name in ("same", "edited", "moved", "strange")])
    for reopen in (False, True):
        each = reopened(index, tmp_path) if reopen else index
        each.begin_comparison()
        wanted = [("same", "ws-a", "h"), ("edited", "ws-a", "h2"), ("moved", "ws-b", "h"), ("missing", "ws-a", "h")]
        assert each.compare(wanted) == (["edited", "moved", "missing"], [])
        assert each.end_comparison() == ["strange"]


def test_deleting_takes_all_pieces_out_and_passes_over_unknown_memories(index: ChromaIndex) -> None:
    vectors = rows(4)
    index.upsert([Item("gone", "ws-a", "h", vectors[:3]), Item("kept", "ws-a", "h", vectors[3:])])
    index.delete(["gone", "never there"])
    assert [memory_id for memory_id, *_ in index.query(vectors[0], ["ws-a"], 9)] == ["kept"]
    index.delete(["kept"])
    assert index.query(vectors[0], ["ws-a"], 9) == []


def test_a_memory_of_which_a_piece_is_lacking_is_taken_out_at_opening(index: ChromaIndex, tmp_path: Path) -> None:
    vectors = rows(3)
    index.upsert([Item("torn", "ws-a", "h", vectors[:2]), Item("whole", "ws-a", "h", vectors[2:])])
    index._pieces.delete(["torn#1"])
    again = reopened(index, tmp_path)
    assert [memory_id for memory_id, *_ in again.query(vectors[0], ["ws-a"], 9)] == ["whole"]
    assert again.compare([("torn", "ws-a", "h"), ("whole", "ws-a", "h")]) == (["torn"], [])


def test_an_index_of_another_model_is_emptied_and_says_so_until_it_is_full_again(
    index: ChromaIndex, tmp_path: Path
) -> None:
    index.upsert([Item("m", "ws-a", "h", rows(1))])
    assert not index.of_new_scheme
    index._pieces._collection.modify(metadata={"scheme": "another"})
    for _ in range(2):
        index = reopened(index, tmp_path)
        assert index.of_new_scheme
        assert index.compare([("m", "ws-a", "h")]) == (["m"], [])
    index.upsert([Item("m", "ws-a", "h", rows(1))])
    assert len(index.query(rows(1)[0], ["ws-a"], 1)) == 1
    index.complete()
    index = reopened(index, tmp_path)
    assert not index.of_new_scheme
    assert len(index.query(rows(1)[0], ["ws-a"], 1)) == 1


def test_a_rebuild_leaves_what_is_of_its_generation_also_after_it_was_opened_anew(
    index: ChromaIndex, tmp_path: Path
) -> None:
    vectors = rows(3)
    wanted = [(name, "ws-a", "h") for name in "abc"]
    index.upsert([Item(name, "ws-a", "h", vectors[n : n + 1]) for n, name in enumerate("abc")])
    index.begin_comparison("one")
    assert index.compare(wanted) == ([], ["a", "b", "c"])
    index.upsert([Item("b", "ws-a", "h", vectors[1:2])])
    index.upsert([Item("new", "ws-a", "h", vectors[1:2])])
    for reopen in (False, True):
        index = reopened(index, tmp_path) if reopen else index
        index.begin_comparison("one")
        assert index.compare([*wanted, ("new", "ws-a", "h")]) == ([], ["a", "c"])
        assert index.end_comparison() == []
        index.begin_comparison()
        assert index.compare([*wanted, ("new", "ws-a", "h")]) == ([], [])


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_rebuild_puts_right_what_is_wrong_and_leaves_what_is_the_same_but_for_rounding(
    index: ChromaIndex, pieces: int
) -> None:
    vectors = rows(2 * pieces + 2)
    right, wrong, beside, other = vectors[:pieces], vectors[pieces:-2], vectors[-2:-1], vectors[-1:]
    index.upsert([Item("stands", "ws-a", "h", right, beside), Item("wrong", "ws-a", "h", wrong, beside)])
    index.begin_comparison("one")
    index.upsert([Item("stands", "ws-a", "h", right + 0.002, beside), Item("wrong", "ws-a", "h", wrong, other)])
    assert index.compare([("stands", "ws-a", "h"), ("wrong", "ws-a", "h")]) == ([], [])
    _, kept = index._pieces.vectors([f"stands#{n}" for n in range(pieces)])
    assert kept == pytest.approx(right, abs=1e-6)
    found = {near.memory_id: near.beside for near in index.query(other[0], ["ws-a"], 9)}
    assert found["wrong"] == pytest.approx(1.0, abs=1e-5)


def test_a_memory_is_near_by_itself_and_with_what_stands_beside_it(index: ChromaIndex, tmp_path: Path) -> None:
    vectors = rows(3)
    index.upsert([Item("m", "ws-a", "h", vectors[:1], vectors[1:2]), Item("alone", "ws-a", "h", vectors[2:])])
    for reopen in (False, True):
        each = reopened(index, tmp_path) if reopen else index
        found = {near.memory_id: near for near in each.query(vectors[1], ["ws-a"], 9)}
        assert found["m"].beside == pytest.approx(1.0, abs=1e-5)
        assert found["m"].cosine == pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-5)
        assert found["alone"].beside == found["alone"].cosine


def test_a_memory_that_stands_alone_again_loses_what_stood_beside_it(index: ChromaIndex) -> None:
    vectors = rows(2)
    index.upsert([Item("m", "ws-a", "h", vectors[:1], vectors[1:])])
    index.upsert([Item("m", "ws-a", "h", vectors[:1])])
    (near,) = index.query(vectors[1], ["ws-a"], 9)
    assert near.beside == near.cosine < 0.5


@pytest.mark.parametrize("others", [0, 4_100], ids=["compared whole", "asked of Chroma"])
def test_around_a_memory_are_those_nearest_to_how_it_begins_without_itself(index: ChromaIndex, others: int) -> None:
    one, near, far, *rest = rows(3 + others)
    near = one + 0.3 * near
    near /= np.linalg.norm(near)
    index.upsert([Item("one", "ws-a", "h", np.stack([one, far])), Item("near", "ws-a", "h", near[None])])
    index.upsert([Item("foreign", "ws-b", "h", one[None]), Item("beside", "ws-a", "h", far[None], one[None])])
    for start in range(0, others, 1_000):
        index.upsert([Item(f"m{n}", "ws-a", "h", rest[n][None]) for n in range(start, min(start + 1_000, others))])
    around = index.around(["one", "never there"], ["ws-a"], 2)
    assert list(around) == ["one"]
    nearest, cosine = around["one"][0]
    assert nearest == "near"
    assert cosine == pytest.approx(float(one @ near), abs=1e-5)
    assert {memory_id for memory_id, _ in around["one"]}.isdisjoint({"one", "foreign"})
    assert index.around(["one"], ["ws-empty"], 2) == {"one": []}
    assert index.around([], ["ws-a"], 2) == {}
