from __future__ import annotations

from recalld.vectors.due import Due


def test_what_was_touched_first_comes_first_and_once() -> None:
    due = Due()
    due.touch(["a", "b"])
    due.touch(["c", "a"])
    assert due.take(2) == ["a", "b"]
    due.touch(["b"])  # changed while it is in hand
    assert due.take(9) == ["c", "b"]


def test_a_touch_is_reflected_once_all_up_to_it_were_let_go() -> None:
    due = Due()
    assert due.reflects(due.touches)
    due.touch(["a", "b"])
    due.touch(["c"])
    due.take(2)
    assert not due.reflects(1)
    due.let_go(learned=True)
    assert due.reflects(1)
    assert not due.reflects(2)
    assert due.behind == 1


def test_what_was_in_hand_when_it_came_to_nothing_waits_again_before_the_rest() -> None:
    due = Due()
    due.touch(["a"])
    due.take(1)
    due.touch(["b"])
    due.drop()
    assert due.take(9) == ["a", "b"]


def test_words_that_were_not_learned_along_are_waited_for_only_where_that_is_asked() -> None:
    due = Due()
    due.touch(["a", "b"])
    due.take(9)
    due.let_go(learned=False)
    assert due.reflects(1)
    assert not due.reflects(1, learned=True)
    assert due.next_unlearned(1) == ["a"]
    due.learned(["a", "b"])
    assert due.reflects(1, learned=True)


def test_what_a_comparison_found_stays_until_it_is_done_whoever_did_it() -> None:
    due = Due()
    due.compared(lacking=["a", "b"], older=["c", "d"])
    assert (due.behind, due.lacking, due.older) == (2, 2, 2)
    assert due.next_lacking(1) == due.next_lacking(1) == ["a"]
    due.done(["a", "c", "unknown"])
    assert (due.next_lacking(9), due.next_older(9)) == (["b"], ["d"])
    due.compared(lacking=[], older=["e"])
    assert (due.next_lacking(9), due.next_older(9)) == ([], ["e"])
