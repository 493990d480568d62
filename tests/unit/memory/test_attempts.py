"""What failed, until it is done."""

from __future__ import annotations

from recalld.memory.attempts import MAX_CHANGED, MAX_FAILED, Attempts, fixed


def test_what_is_done_after_it_failed_is_fixed_by_what_was_changed_in_between() -> None:
    attempts = Attempts()
    attempts.changed(["before.py"])
    attempts.failed("pytest")
    attempts.changed(["a.py"])
    attempts.failed("pytest")
    attempts.changed(["b.py", "a.py"])
    assert attempts.done("pytest") == ["a.py", "b.py"]
    assert attempts.done("pytest") == []


def test_nothing_is_fixed_by_trying_again() -> None:
    attempts = Attempts()
    attempts.failed("curl localhost")
    assert attempts.done("curl localhost") == []
    assert attempts.done("ls") == []


def test_where_much_was_changed_nobody_can_tell_what_fixed_it() -> None:
    attempts = Attempts()
    attempts.failed("pytest")
    attempts.changed(f"{number}.py" for number in range(MAX_CHANGED + 1))
    assert attempts.done("pytest") == []


def test_only_the_latest_failures_are_remembered() -> None:
    attempts = Attempts()
    for number in range(MAX_FAILED + 1):
        attempts.failed(f"make {number}")
    attempts.changed(["a.py"])
    assert attempts.done("make 0") == []
    assert attempts.done("make 1") == ["a.py"]


def test_a_fix_names_what_was_changed_and_what_it_fixed() -> None:
    assert fixed("pytest -q", ["a.py", "b.py"]) == "Changes to a.py, b.py fixed `pytest -q`."
