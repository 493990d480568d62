"""Who opened a file: decided from the times of events alone."""

from __future__ import annotations

from recalld.config import Config
from recalld.watch.opens import DELIVERY_S, MAX_REMEMBERED, QUIET_S, REPEAT_S, Opens, OwnReads

CONFIG = Config()
HOLD_S = CONFIG.open_hold_ms / 1000
AFTERWARDS = 1_000.0


def test_a_lone_file_is_told_once_it_was_held() -> None:
    opens = Opens(CONFIG)
    opens.file_opened("a.py", 10.0, siblings=4)
    assert opens.next_due() == 10.0 + HOLD_S
    assert opens.due(10.0 + HOLD_S / 2) == []
    assert opens.due(10.0 + HOLD_S) == ["a.py"]
    assert opens.next_due() is None


def test_opened_again_within_a_second_it_is_told_once() -> None:
    opens = Opens(CONFIG)
    told = []
    for at in (10.0, 10.2, 10.9, 10.0 + REPEAT_S + 0.1):
        opens.file_opened("a.py", at, siblings=4)
        told += opens.due(at + HOLD_S)
    assert told == ["a.py", "a.py"]


def test_a_few_files_opened_at_once_are_all_told() -> None:
    opens = Opens(CONFIG)
    files = [f"{n}.py" for n in range(CONFIG.scan_opens - 1)]
    for file in files:
        opens.file_opened(file, 10.0, siblings=20)
    assert opens.due(AFTERWARDS) == files


def test_many_files_opened_at_once_are_a_search() -> None:
    opens = Opens(CONFIG)
    for n in range(100):
        opens.file_opened(f"{n}.py", 10.0 + n / 100, siblings=99)
    assert opens.due(AFTERWARDS) == []


def test_the_same_file_opened_many_times_is_no_search() -> None:
    opens = Opens(CONFIG)
    for n in range(100):
        opens.file_opened("a.py", 10.0 + n / 10_000, siblings=99)
    assert opens.due(AFTERWARDS) == ["a.py"]


def test_files_opened_one_after_the_other_by_a_person_are_all_told() -> None:
    opens = Opens(CONFIG)
    told = []
    for n in range(50):
        opens.file_opened(f"{n}.py", 10.0 + n / 2, siblings=99)
        told += opens.due(10.0 + n / 2 + HOLD_S)
    assert len(told) == 50


def test_two_files_of_a_folder_that_was_just_listed_are_a_search() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    opens.file_opened("a.py", 10.001, siblings=4)
    opens.file_opened("b.py", 10.002, siblings=4)
    assert opens.due(AFTERWARDS) == []


def test_one_file_of_several_in_a_folder_that_was_just_listed_is_a_persons() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    opens.file_opened("a.py", 10.001, siblings=4)
    assert opens.due(AFTERWARDS) == ["a.py"]


def test_the_only_file_of_a_folder_that_was_just_listed_is_searched() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    opens.file_opened("a.py", 10.001, siblings=0)
    assert opens.due(AFTERWARDS) == []


def test_a_search_through_folders_with_a_file_each_is_one() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    for n in range(5):
        opens.folder_opened(f"d{n}", 10.001 + n / 1000)
        opens.file_opened(f"d{n}/only.py", 10.0015 + n / 1000, siblings=3)
    assert opens.due(AFTERWARDS) == []


def test_a_folder_listed_long_before_says_nothing() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    opens.file_opened("a.py", 11.0, siblings=0)
    opens.file_opened("b.py", 11.0, siblings=0)
    assert opens.due(AFTERWARDS) == ["a.py", "b.py"]


def test_what_was_opened_just_before_a_search_is_told() -> None:
    opens = Opens(CONFIG)
    opens.file_opened("sub/a.py", 10.0, siblings=4)
    opens.folder_opened("", 10.01)
    opens.file_opened("b.py", 10.011, siblings=4)
    opens.file_opened("c.py", 10.012, siblings=4)
    assert opens.due(AFTERWARDS) == ["sub/a.py"]


def test_a_search_lasts_until_it_is_quiet() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    opens.file_opened("a.py", 10.0, siblings=2)
    opens.file_opened("b.py", 10.0, siblings=2)
    at = 10.0
    for name in ("c.py", "d.py", "e.py"):
        at += QUIET_S * 0.9
        opens.file_opened(name, at, siblings=2)
    assert opens.due(AFTERWARDS) == []
    at += QUIET_S * 1.1
    opens.file_opened("f.py", at, siblings=2)
    assert opens.due(AFTERWARDS) == ["f.py"]


def test_a_search_that_spends_long_in_a_folder_that_does_not_count_is_one() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    opens.file_opened("a.py", 10.001, siblings=4)
    opens.folder_opened(".git", 10.002)
    assert opens.due(AFTERWARDS) == []


def test_a_search_that_comes_upon_gits_index_is_one() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    opens.file_opened("a.py", 10.001, siblings=4)
    opens.git_ran(10.002)
    opens.file_opened("b.py", 10.003, siblings=4)
    assert opens.due(AFTERWARDS) == []


def test_a_search_that_is_over_does_not_make_a_crowd_with_what_comes_next() -> None:
    opens = Opens(CONFIG)
    for n in range(CONFIG.scan_opens):
        opens.file_opened(f"{n}.py", 10.0, siblings=99)
    opens.file_opened("a.py", 10.0 + QUIET_S * 1.1, siblings=99)
    assert opens.due(AFTERWARDS) == ["a.py"]


def test_listing_goes_on_with_a_search() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("", 10.0)
    opens.file_opened("a.py", 10.0, siblings=0)
    opens.folder_opened("wide", 10.0 + QUIET_S * 0.9)
    opens.file_opened("wide/b.py", 10.0 + QUIET_S * 1.5, siblings=5)
    assert opens.due(AFTERWARDS) == []


def test_what_git_opens_after_its_index_is_not_told() -> None:
    opens = Opens(CONFIG)
    opens.git_ran(10.0)
    opens.file_opened("a.py", 10.002, siblings=4)
    opens.file_opened("b.py", 10.3, siblings=4)
    assert opens.due(AFTERWARDS) == []


def test_git_alone_hides_nothing_that_comes_later() -> None:
    opens = Opens(CONFIG)
    opens.git_ran(10.0)
    opens.file_opened("a.py", 10.2, siblings=4)
    assert opens.due(AFTERWARDS) == ["a.py"]


def test_a_written_file_was_not_opened_to_be_read() -> None:
    opens = Opens(CONFIG)
    opens.file_opened("a.py", 10.0, siblings=4)
    opens.file_written("a.py", 10.001)
    assert opens.due(AFTERWARDS) == []


def test_a_swap_file_says_which_file_is_edited() -> None:
    opens = Opens(CONFIG)
    opens.folder_opened("src", 10.0)
    opens.file_opened("src/a.py", 10.001, siblings=0)
    opens.file_written("src/.a.py.swp", 10.002)
    assert opens.due(AFTERWARDS) == ["src/a.py"]


def test_what_tools_read_on_their_way_is_not_told() -> None:
    opens = Opens(CONFIG)
    opens.file_opened(".editorconfig", 10.0, siblings=4)
    opens.file_opened("src/.gitignore", 10.0, siblings=4)
    assert opens.due(AFTERWARDS) == []


def test_memory_of_a_storm_is_bounded() -> None:
    opens = Opens(CONFIG)
    for n in range(3 * MAX_REMEMBERED):
        opens.folder_opened(f"d{n}", 10.0)
    assert len(opens._listed) == MAX_REMEMBERED


def test_an_open_told_during_our_own_read_is_ours() -> None:
    reads = OwnReads()
    assert not reads.explain("/p/a.py", 10.0)
    reads.before("/p/a.py")
    assert reads.explain("/p/a.py", 10.0)
    assert not reads.explain("/p/b.py", 10.0)
    reads.after("/p/a.py", 10.1)
    assert reads.explain("/p/a.py", 10.05), "told during the read, and looked at only now"


def test_an_open_told_late_is_ours_if_none_was_told_before() -> None:
    reads = OwnReads()
    reads.before("/p/a.py")
    reads.after("/p/a.py", 10.1)
    assert reads.explain("/p/a.py", 10.1 + DELIVERY_S)
    assert not reads.explain("/p/a.py", 10.1 + DELIVERY_S), "this is somebody else's"


def test_somebody_elses_open_right_after_our_own_read_is_theirs() -> None:
    reads = OwnReads()
    reads.before("/p/a.py")
    assert reads.explain("/p/a.py", 10.0)
    reads.after("/p/a.py", 10.001)
    assert not reads.explain("/p/a.py", 10.002)


def test_an_open_long_after_our_own_read_is_somebody_elses() -> None:
    reads = OwnReads()
    reads.before("/p/a.py")
    reads.after("/p/a.py", 10.0)
    assert not reads.explain("/p/a.py", 10.01 + DELIVERY_S)


def test_a_file_read_twice_at_once_is_being_read_until_both_are_done() -> None:
    reads = OwnReads()
    reads.before("/p/a.py")
    reads.before("/p/a.py")
    reads.after("/p/a.py", 10.0)
    assert reads.explain("/p/a.py", 20.0)
    assert reads.explain("/p/a.py", 20.0)
    reads.after("/p/a.py", 20.0)
    assert not reads.explain("/p/a.py", 20.1)


def test_own_reads_are_forgotten() -> None:
    reads = OwnReads()
    reads.before("/p/stuck")
    for n in range(1000):
        reads.before(f"/p/{n}")
        reads.after(f"/p/{n}", float(n))
    assert len(reads._ended) < 10
    assert list(reads._under_way) == ["/p/stuck"]
