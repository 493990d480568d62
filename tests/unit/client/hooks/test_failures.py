"""What hooks note of their failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall.hooks import failures
from recall.paths import Paths


def test_a_failure_is_found_again_for_a_day(paths: Paths) -> None:
    assert failures.recent(paths) == []
    failures.note(paths, "stop", "timeout: no answer")
    (found,) = failures.recent(paths)
    assert (found["hook"], found["message"]) == ("stop", "timeout: no answer")
    assert failures.recent(paths, within_s=-1) == []


def test_the_file_stays_small_and_keeps_the_latest(paths: Paths) -> None:
    for number in range(400):
        failures.note(paths, "stop", f"{number} " + "x" * 2_000)
    size = (paths.logs / "hooks.log").stat().st_size
    assert size < failures.MAX_BYTES + 2 * failures.MAX_MESSAGE
    assert failures.recent(paths)[-1]["message"].startswith("399 ")


def test_lines_that_are_none_are_passed_over(paths: Paths) -> None:
    failures.note(paths, "stop", "one")
    with (paths.logs / "hooks.log").open("ab") as file:
        file.write(b'{"at": \xff\n[]\n{"at": "noon"}\n')
    failures.note(paths, "stop", "two")
    assert [each["message"] for each in failures.recent(paths)] == ["one", "two"]


def test_a_file_that_cannot_be_read_is_an_error(paths: Paths) -> None:
    Path(paths.logs / "hooks.log").mkdir(parents=True)
    with pytest.raises(OSError, match=r"hooks\.log"):
        failures.recent(paths)
