from __future__ import annotations

import stat
from pathlib import Path

from recall.token import read_token, renew_token


def test_a_token_is_long_new_each_time_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "http.token"
    assert read_token(file) is None
    first = renew_token(file)
    assert len(first) >= 43
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_token(file) == first
    assert renew_token(file) != first
    assert [each.name for each in tmp_path.iterdir()] == ["http.token"]


def test_a_token_that_others_could_read_is_one_no_more(tmp_path: Path) -> None:
    file = tmp_path / "http.token"
    renew_token(file)
    file.chmod(0o640)
    assert read_token(file) is None


def test_an_empty_file_holds_no_token(tmp_path: Path) -> None:
    file = tmp_path / "http.token"
    file.touch(0o600)
    assert read_token(file) is None
