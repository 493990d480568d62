"""Filters of search and list over the wire, beside a plain filter over what was stored."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recall import Client, RecallError
from recall.protocol.values import Memory
from tests.inproc.conftest import House

SETTINGS: dict[str, Any] = {}
"""A daemon of its own, that stands on its first day."""
FILE = "api/models/memory.py"
VIEWS = "api/views.py"
QUERY = "harbour"

# Each filter with some values of it, and what a memory must be for each value.
CHOICES: dict[str, list[Any]] = {
    "memory_types": [["decision"], ["decision", "insight"]],
    "concepts": [["SHIP"], ["ships", "cranes"]],
    "tags": [["north"], ["north", "South"]],
    "source_files": [["api"], [FILE], ["api/models/", "README.md"], ["./"], [f"{FILE}:3-4"]],
    "symbols": [[f"{FILE}::Memory"], [f"{FILE}::load"], [f"{VIEWS}::show", f"{FILE}::connect"]],
    "session_id": ["session-1"],
    "since": ["2030-01-02", "2030-01-03T00:00:00+00:00"],
    "until": ["2030-01-01", "2030-01-02T00:00:00Z"],
    "verdicts": [["current"], ["changed"], ["missing", "moved"], ["current", "changed"]],
    "min_importance": [0.5, 0.95],
    "title": ["HARBOUR, part 1", "part 0"],
    "personal": [True, False],
}


def placed(memory: Memory) -> set[tuple[str, str]]:
    """Path and symbol of each place an anchor was stored with or is now."""
    found = {(anchor.path, anchor.symbol or "") for anchor in memory.anchors}
    return found | {(anchor.stored_path, anchor.stored_symbol or "") for anchor in memory.anchors}


def in_files(memory: Memory, wanted: list[str]) -> bool:
    def inside(path: str, place: str) -> bool:
        place = place.partition(":")[0].removesuffix("/")
        return place == "." or path.removesuffix("/") == place or path.startswith(f"{place}/")

    return any(inside(path, place) for path, _ in placed(memory) for place in wanted)


def in_symbols(memory: Memory, wanted: list[str]) -> bool:
    def inside(symbol: str, name: str) -> bool:
        return f".{name}." in f".{symbol}."

    return any(
        f"{path}::{name}" == f"{path}::{each.partition('::')[2]}" and path == each.partition("::")[0]
        for path, symbol in placed(memory)
        for each in wanted
        for name in [each.partition("::")[2]]
        if symbol and inside(symbol, name)
    )


def lowered(labels: list[str]) -> set[str]:
    return {label.casefold() for label in labels}


def singular(concepts: list[str]) -> set[str]:
    return {concept.removesuffix("s") for concept in lowered(concepts)}


HOLDS: dict[str, Callable[[Memory, Any], bool]] = {
    "memory_types": lambda memory, wanted: memory.memory_type in [{"insight": "debugging"}.get(w, w) for w in wanted],
    "concepts": lambda memory, wanted: singular(wanted) <= singular(memory.concepts),
    "tags": lambda memory, wanted: lowered(wanted) <= lowered(memory.tags),
    "source_files": in_files,
    "symbols": in_symbols,
    "session_id": lambda memory, wanted: memory.session_id == wanted,
    "since": lambda memory, wanted: memory.created_at[:10] >= wanted[:10],
    "until": lambda memory, wanted: memory.created_at <= wanted or memory.created_at[:10] == wanted,
    "verdicts": lambda memory, wanted: memory.verdict in wanted,
    "min_importance": lambda memory, wanted: memory.importance_score >= wanted,
    "title": lambda memory, wanted: wanted.lower() in memory.title.lower(),
    "personal": lambda memory, wanted: (memory.workspace_id == "ws-personal") == wanted,
}


@pytest.fixture
def harbour(client: Client, house: House, project: Path) -> list[Memory]:
    """Two dozen memories that differ in all that can be filtered by, stored over three days; some have turned stale."""
    ties: list[dict[str, Any]] = [
        {},
        {"source_files": [FILE]},
        {"source_files": ["api"]},
        {"symbols": [f"{FILE}::Memory.load"]},
        {"symbols": [f"{FILE}::connect"]},
        {"symbols": [f"{VIEWS}::show"]},
        {"source_files": ["README.md"], "symbols": [f"{FILE}::Memory"]},
        {"source_files": [f"{FILE}:6-7"]},
    ]
    began = house.now
    ids = []
    for number in range(24):
        if number in (8, 16):
            house.pass_days(1)
        stored = client.store(
            title=f"The harbour, part {number}",
            memory_type=("decision", "pattern", "debugging")[number % 3],
            concepts=[[], ["Ships"], ["ships", "Cranes"]][number // 2 % 3],
            tags=[["north"], [], ["South", "north"]][number // 3 % 3],
            session_id=(None, "session-1", "session-2")[number // 4 % 3],
            importance_score=(0.3, 0.5, 0.96)[number // 5 % 3],
            personal=number % 8 == 0 and number > 0,
            force=True,  # the personal ones stay for the next test
            **ties[number % 8],
        )
        ids.append(stored.id)
    models = project / FILE
    models.write_text(models.read_text().replace("return self.lazy + key", "return key * 3 + self.lazy.upper()"))
    (project / VIEWS).rename(project / "shown.py")
    client.sync()
    seen = [client.get(each) for each in ids]
    assert {memory.verdict for memory in seen} >= {None, "current", "changed", "moved"}
    house.now = began
    return seen


def expected(memories: list[Memory], filters: dict[str, Any]) -> set[str]:
    return {memory.id for memory in memories if all(HOLDS[name](memory, wanted) for name, wanted in filters.items())}


def possible(filters: dict[str, Any]) -> bool:
    """Whether there is any time between its bounds; where there is none, a request is refused."""
    return str(filters.get("since", "")) <= str(filters.get("until", "9"))


def found_by_both(client: Client, filters: dict[str, Any], known: set[str]) -> set[str]:
    searched = {brief.id for brief in client.search(QUERY, limit=500, **filters).results} & known
    listed = {brief.id for brief in client.list(limit=500, **filters).memories} & known
    assert searched == listed
    return searched


def test_each_filter_alone_and_each_two_give_just_what_fulfils_them(client: Client, harbour: list[Memory]) -> None:
    known = {memory.id for memory in harbour}
    some = 0
    singles = [{name: value} for name, values in CHOICES.items() for value in values]
    pairs = [{one: CHOICES[one][0], other: CHOICES[other][-1]} for one, other in itertools.permutations(CHOICES, 2)]
    for filters in [*singles, *filter(possible, pairs)]:
        wanted = expected(harbour, filters)
        assert found_by_both(client, filters, known) == wanted, filters
        some += bool(wanted) and wanted != known
    for filters in singles:
        assert expected(harbour, filters), f"{filters} tries nothing"
    assert some > len(singles)


@pytest.mark.parametrize("few", [2_000, 3], ids=["few are left", "many are left"])
def test_any_combination_of_filters_gives_just_what_fulfils_all(
    client: Client, harbour: list[Memory], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recalld.memory.filters.FEW", few)  # the daemon runs in this process
    known = {memory.id for memory in harbour}

    @settings(max_examples=40, deadline=None, database=None)
    @given(st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in CHOICES.items()}))
    def check(filters: dict[str, Any]) -> None:
        if possible(filters):
            assert found_by_both(client, filters, known) == expected(harbour, filters)

    check()


@pytest.mark.parametrize("few", [2_000, 0], ids=["few are left", "many are left"])
def test_what_a_filter_leaves_is_found_behind_many_better_ones(
    client: Client, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recalld.memory.filters.FEW", few)  # the daemon runs in this process
    client.store_many([{"title": f"Lighthouse lamp {n}", "narrative": "The lighthouse lamp."} for n in range(600)])
    dim = client.store(title="An old building by the sea", narrative="It has a lamp.", session_id="session-9")
    assert client.search("lighthouse lamp", limit=3).results[0].id != dim.id
    client.sync()
    reply = client.search("lighthouse lamp", session_id="session-9")
    assert [brief.id for brief in reply.results] == [dim.id]
    assert (reply.matched, reply.returned, reply.left_out) == (1, 1, {})


def test_a_search_says_what_it_left_out_and_what_is_stale(client: Client, harbour: list[Memory]) -> None:
    whole = client.search(QUERY, limit=500)
    assert whole.returned == len(whole.results) == whole.matched - sum(whole.left_out.values())
    assert whole.stale == sum(brief.verdict not in (None, "current", "moved") for brief in whole.results) > 0
    short = client.search(QUERY, limit=3)
    assert (short.returned, short.left_out["limit"]) == (3, whole.returned - 3)
    assert short.results == whole.results[:3]
    cheap = client.search(QUERY, limit=500, token_budget=short.tokens)
    assert 0 < cheap.tokens <= short.tokens
    assert cheap.returned + cheap.left_out["token_budget"] == whole.returned


@pytest.mark.parametrize(
    ("filters", "field", "code"),
    [
        ({"since": "yesterday"}, "since", "invalid_params"),
        ({"until": "2030-13-01"}, "until", "invalid_params"),
        ({"since": "2030-02-01", "until": "2030-01-01"}, "until", "invalid_params"),
        ({"memory_types": ["opinion"]}, "memory_type", "invalid_params"),
        ({"verdicts": ["fine"]}, "verdicts[0]", "invalid_params"),
        ({"min_importance": 2}, "min_importance", "invalid_params"),
        ({"symbols": ["load"]}, "symbols", "invalid_params"),
        ({"source_files": ["/etc"]}, "source_files", "outside_workspace"),
        ({"symbols": ["../x.py::load"]}, "symbols", "outside_workspace"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_its_name(
    client: Client, filters: dict[str, Any], field: str, code: str
) -> None:
    for ask in (lambda: client.search("x", **filters), lambda: client.list(**filters)):
        with pytest.raises(RecallError) as refusal:
            ask()
        assert (refusal.value.code, refusal.value.field) == (code, field)


# --- near the work -------------------------------------------------------------------------------


def test_what_is_tied_to_where_one_works_ranks_first_and_says_why(client: Client) -> None:
    ties: dict[str, dict[str, list[str]]] = {
        "nothing": {},
        "elsewhere": {"source_files": [VIEWS]},
        "folder": {"source_files": ["api/models/"]},
        "folder above": {"source_files": ["api/"]},
        "other": {"symbols": [f"{FILE}::connect"]},
        "file": {"source_files": [FILE]},
        "symbol": {"symbols": [f"{FILE}::Memory.load"]},
    }
    for name, tied in ties.items():
        client.store(title=f"quay ({name})", narrative="The quay.", **tied)  # type: ignore[arg-type]
    reply = client.search("quay", file_path=FILE, symbol="load", explain=True)
    ranked = [brief.title.removeprefix("quay (").removesuffix(")") for brief in reply.results]
    assert set(ranked[:1]) == {"symbol"}
    assert {each.title: each.why[-1] for each in reply.results if "near: " in each.why[-1]} == {
        "quay (folder)": "near: folder api/models/",
        "quay (folder above)": "near: folder api/",
        "quay (other)": "near: connect in this file",
        "quay (file)": "near: this file",
        "quay (symbol)": "near: symbol Memory.load",
    }
    nearness = [brief.parts["near"] for brief in reply.results if brief.parts]
    assert nearness[:2] == [1.0, 0.8]  # further down, what belongs together counts too
    assert min(nearness[:4]) > max(nearness[4:])
    assert client.search("quay", symbol=f"{FILE}::Memory.load").results[0].title == "quay (symbol)"


def test_nearness_makes_no_answer_of_what_has_nothing_to_do_with_the_query(client: Client) -> None:
    client.store(title="Totals are rounded once", symbols=[f"{FILE}::Memory.load"])
    query = "xylophone zebra quagmire"
    assert client.search(query, file_path=FILE, symbol="load").results == client.search(query).results == []


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ({"symbol": "load"}, "symbol"),
        ({"symbol": f"{VIEWS}::show", "file_path": FILE}, "symbol"),
        ({"file_path": "/etc/passwd"}, "file_path"),
    ],
)
def test_a_place_that_cannot_be_is_refused_by_its_name(client: Client, place: dict[str, Any], field: str) -> None:
    with pytest.raises(RecallError) as refusal:
        client.search("x", **place)
    assert refusal.value.field == field


def test_a_part_of_a_title_is_taken_as_it_stands(client: Client) -> None:
    client.store(title="Discounts of 50% on a_b")
    client.store(title="Discounts of 50 on acb")
    assert [client.list(title=part).total for part in ("50%", "A_B", "DISCOUNTS", "%", "_")] == [1, 1, 2, 1, 1]
