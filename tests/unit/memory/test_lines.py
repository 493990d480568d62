from __future__ import annotations

import pytest

from recalld.memory.lines import follow

CODE = """def save(path, rows):
    \"\"\"Write the rows.

    One a line.
    \"\"\"
    lines = []
    for row in rows:
        lines.append(str(row))

    for row in rows:
        count(row)
    # All at once.
    path.write_text(lines)
    return len(lines)
"""
NAMES = ("save", "save")


@pytest.mark.parametrize("first", range(13))
@pytest.mark.parametrize("length", [1, 2, 5])
def test_lines_of_a_text_that_did_not_change_are_where_they_were(first: int, length: int) -> None:
    last = min(first + length - 1, 13)
    assert follow(CODE, first, last, CODE, "python", NAMES) == (first, last, True)


def test_lines_shift_with_what_is_put_before_them() -> None:
    shifted = CODE.replace("    lines = []\n", "    check(path)\n    log(rows)\n    lines = []\n")
    assert follow(CODE, 9, 10, shifted, "python", NAMES) == (11, 12, True)
    assert follow(CODE, 1, 4, shifted, "python", NAMES) == (1, 4, True)


def test_formatting_and_comments_do_not_change_lines() -> None:
    now = CODE.replace("path.write_text(lines)", "path.write_text(\n        lines,\n    )").replace(
        "# All at once.", ""
    )
    assert follow(CODE, 11, 13, now, "python", NAMES).same
    assert follow(CODE, 12, 12, now, "python", NAMES) == (12, 14, True)


def test_edited_lines_are_shown_where_their_neighbours_are() -> None:
    now = "# new\n" + CODE.replace("count(row)", "count(row, 2)")
    assert follow(CODE, 9, 10, now, "python", NAMES) == (10, 11, False)
    gone = CODE.replace("    for row in rows:\n        count(row)\n", "")
    assert not follow(CODE, 9, 10, gone, "python", NAMES).same


def test_comments_are_compared_by_their_words_where_there_is_nothing_else() -> None:
    assert follow(CODE, 11, 11, CODE, "python", NAMES) == (11, 11, True)
    assert not follow(CODE, 11, 11, CODE.replace("All at once", "One by one"), "python", NAMES).same
    assert not follow(CODE, 1, 4, CODE.replace("One a line", "Two a line"), "python", NAMES).same


def test_lines_that_moved_are_found_and_of_two_places_the_nearest_counts() -> None:
    moved = CODE.replace("    path.write_text(lines)\n", "").replace(
        "    lines = []\n", "    path.write_text(lines)\n    lines = []\n"
    )
    assert follow(CODE, 12, 12, moved, "python", NAMES) == (5, 5, True)
    again = CODE + "\n" * 9 + "    path.write_text(lines)\n"
    assert follow(CODE, 12, 12, again, "python", NAMES) == (12, 12, True)


def test_the_own_name_is_no_difference() -> None:
    assert follow(CODE, 0, 0, CODE.replace("save", "store"), "python", ("save", "store")) == (0, 0, True)
