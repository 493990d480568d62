"""A question that comes from a place in the code prefers what is tied to it and to what it imports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recall import Client
from tests.e2e.running import commit

TEXT = "Amounts are rounded to two decimals here"


@pytest.fixture
def shop(client: Client, project: Path) -> Client:
    for path, text in {
        "shop/orders.py": "from shop.money import cents\nimport json\n\n\ndef total(lines):\n    return cents(lines)\n",
        "shop/money.py": "def cents(lines):\n    return sum(lines)\n",
        "shop/far/other.py": "def other():\n    return 1\n",
        "shop/json.py": "def dumps():\n    return 2\n",
    }.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    commit(project)
    client.sync()
    for path in ("shop/far/other.py", "shop/money.py", "shop/orders.py"):
        client.store(f"Rounding in {path}", TEXT, source_files=[path], force=True)
    client.sync()
    return client


def order(client: Client, **where: Any) -> list[str]:
    return [brief.source_files[0] for brief in client.search("how are amounts rounded", **where).results]


def test_what_is_tied_to_the_file_comes_first_then_to_what_it_imports(shop: Client) -> None:
    assert order(shop, file_path="shop/orders.py") == ["shop/orders.py", "shop/money.py", "shop/far/other.py"]
    assert order(shop, file_path="shop/far/other.py")[0] == "shop/far/other.py"


def test_the_reason_says_what_it_is_near_to(shop: Client) -> None:
    first, second, _ = shop.search("how are amounts rounded", file_path="shop/orders.py").results
    assert "near: this file" in first.why
    assert "near: imported shop/money.py" in second.why


def test_a_place_does_not_make_an_answer_of_what_is_none(shop: Client) -> None:
    assert order(shop) != []
    assert shop.search("how tall is the eiffel tower", file_path="shop/orders.py").results == []
