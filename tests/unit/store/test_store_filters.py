from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from recalld.store import derived, memories
from recalld.store.filters import Criteria, matching, owners
from recalld.store.rows import AnchorRow, FormRow, MemoryRow

MakeMemory = Callable[..., MemoryRow]
MakeForm = Callable[..., FormRow]

PATHS = ["api", "api/", "api/a.py", "api/b/c.py", "apis/a.py", "api0.py", "api-x/a.py", "Api/a.py", "web/ü/a.py", "./"]


@pytest.fixture
def tied(connection: Connection, memory: MakeMemory) -> Connection:
    """A memory for each path, with the path as its id."""
    for path in PATHS:
        kind = "folder" if path.endswith("/") else "file"
        memories.insert(connection, memory(path), [AnchorRow(kind=kind, path=path)])  # type: ignore[arg-type]
    return connection


def at(connection: Connection, *places: str, standing: tuple[int, ...] = ()) -> set[str]:
    return set(matching(connection, Criteria(workspace_ids=("ws-1",), places=places, standing=standing)))


@pytest.mark.parametrize("place", ["api/", "api/b/", "api", "api/a.py", "web/ü/", "web/", "./", "none/"])
def test_a_place_holds_itself_and_what_is_below_it(tied: Connection, place: str) -> None:
    below = {path for path in PATHS if path == place or (place.endswith("/") and path.startswith(place))}
    assert at(tied, place) == (set(PATHS) if place == "./" else below)


def test_any_of_several_places_will_do_and_so_will_code_that_stands_there(tied: Connection) -> None:
    standing = {memory_id: anchor_id for anchor_id, memory_id in owners(tied, ["ws-1"])}
    assert at(tied, "api/b/", "api0.py", standing=(standing["Api/a.py"],)) == {"api/b/c.py", "api0.py", "Api/a.py"}


def test_where_code_has_been_counts_too(connection: Connection, memory: MakeMemory, form: MakeForm) -> None:
    anchor = AnchorRow(kind="file", path="new/a.py", forms=[form("f1", path="old/a.py"), form("f2", path="new/a.py")])
    memories.insert(connection, memory("mem-1"), [anchor])
    assert at(connection, "old/") == at(connection, "new/") == {"mem-1"}


def test_what_is_forgotten_or_of_another_workspace_matches_nothing(connection: Connection, memory: MakeMemory) -> None:
    memories.insert(connection, memory("mem-1"), [])
    memories.insert(connection, memory("mem-2"), [])
    memories.insert(connection, memory("mem-3", workspace_id="ws-2"), [])
    memories.set_forgotten(connection, ["mem-2"], "2026-04-01T00:00:00Z", "forgotten")
    wanted = Criteria(workspace_ids=("ws-1",))
    assert set(matching(connection, wanted)) == {"mem-1"}
    assert matching(connection, wanted, ids=["mem-2", "mem-3"]) == {}
    assert len(matching(connection, Criteria(workspace_ids=("ws-1", "ws-2")), limit=1)) == 1


def test_words_are_found_among_the_named_alone(connection: Connection, memory: MakeMemory) -> None:
    for name in ("mem-1", "mem-2", "mem-3"):
        memories.insert(connection, memory(name, title="Lazy loading"), [])
    seqs = matching(connection, Criteria(workspace_ids=("ws-1",), among=(frozenset({"mem-2", "mem-3"}),)))
    found = derived.holding(connection, ["ws-1"], [["lazy"]], 10, [seqs["mem-2"]])
    assert found == {"lazy": [seqs["mem-2"]]}
    assert derived.holding(connection, ["ws-1"], [["lazy"]], 10, []) == {"lazy": []}
