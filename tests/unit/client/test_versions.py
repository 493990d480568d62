"""Which side is older, and what it says."""

from __future__ import annotations

import pytest

from recall.paths import Paths, make_private
from recall.versions import difference, holder, older


@pytest.mark.parametrize(
    ("first", "second"), [("0.1.0", "0.2.0"), ("0.9", "0.10"), ("0.2.0rc1", "0.2.0"), ("1.0.dev3", "1.0a1")]
)
def test_versions_are_in_the_order_of_packages(first: str, second: str) -> None:
    assert older(first, second)
    assert not older(second, first)


@pytest.mark.parametrize("odd", ["", "unknown", "v?"])
def test_what_is_no_version_is_neither_older_nor_newer(odd: str) -> None:
    assert not older(odd, "1.0")
    assert not older("1.0", odd)
    assert difference(odd, "1.0") == ""


def test_it_is_the_older_side_that_is_to_be_upgraded() -> None:
    assert "`recall up` replaces it" in difference("0.1.0", "0.2.0")
    assert "upgrade recalld where" in difference("0.3.0", "0.2.0")
    assert difference("0.2.0", "0.2.0") == ""


@pytest.mark.parametrize("text", ["", "\n", "soon 0.1.0\n", None])
def test_a_lock_that_nobody_wrote_himself_into_names_nobody(paths: Paths, text: str | None) -> None:
    make_private(paths.data)
    if text is not None:
        paths.lock.write_text(text)
    assert holder(paths) is None


def test_a_lock_names_its_holder(paths: Paths) -> None:
    make_private(paths.data)
    paths.lock.write_text("71 0.1.0\n")
    assert holder(paths) == (71, "0.1.0")
