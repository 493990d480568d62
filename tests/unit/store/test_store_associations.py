"""What memories have in common is found from the few that are asked of, however many others there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, event

from recalld.store import associations, links, memories
from recalld.store.associations import MAX_MEMBERS
from recalld.store.rows import AnchorRow, LinkRow, MemoryRow

SCOPE = ["ws-1"]
NOON = "2026-03-31T12:00:00Z"
MOMENT = datetime(2026, 3, 31, 12, tzinfo=UTC)

Put = Callable[..., str]


@pytest.fixture
def put(
    connection: Connection, memory: Callable[..., MemoryRow], anchor: Callable[..., AnchorRow]
) -> Callable[..., str]:
    """Stores a memory tied to these places, `path` or `path::symbol`; its id."""
    count = iter(range(1_000_000))

    def store(*places: str, **given: object) -> str:
        row = memory(f"mem-{next(count)}", **({"title": "…"} | given))
        memories.insert(connection, row, [anchor(*place.split("::")) for place in places])
        return row.id

    return store


def shares(connection: Connection, *ids: str) -> dict[str, dict[str, float]]:
    """What these hang on, as `kind key`, with how firmly each memory does."""
    return {f"{node.kind} {node.key}": node.members for node in associations.nodes_of(connection, SCOPE, ids)}


def test_a_concept_is_shared_however_it_is_spelled_and_less_firmly_by_a_word_of_the_title(
    connection: Connection, put: Put
) -> None:
    one, two = put(concepts=["N+1 queries"]), put(concepts=["n plus one"])
    title = put(title="Retries")
    named = put(concepts=["retry"])
    assert shares(connection, one) == {"concept n+1": {one: 1.0, two: 1.0}}
    assert shares(connection, named) == {"concept retry": {named: 1.0, title: 0.5}}


def test_code_is_shared_by_symbol_and_by_file(connection: Connection, put: Put) -> None:
    one, two, three = put("till.py::total"), put("till.py::total"), put("till.py::Other")
    file = put("till.py")
    assert shares(connection, one) == {
        "symbol till.py::total": {one: 1.0, two: 1.0},
        "file till.py": {one: 1.0, two: 1.0, three: 1.0, file: 1.0},
    }


def test_a_folder_is_shared_with_what_lies_in_it_less_firmly_the_deeper(connection: Connection, put: Put) -> None:
    folder, file, deep = put("src/pay/"), put("src/pay/api.py"), put("src/pay/http/codes.py::Code")
    assert shares(connection, folder) == {"folder src/pay/": {folder: 1.0, file: 0.6, deep: 0.4}}
    assert shares(connection, deep) == {"folder src/pay/": {folder: 1.0, file: 0.6, deep: 0.4}}


def test_files_share_their_own_folder_and_those_above_only_where_something_is_tied_to_them(
    connection: Connection, put: Put
) -> None:
    one, two, cousin = put("src/pay/api.py"), put("src/pay/codes.py"), put("src/mail/send.py")
    assert shares(connection, one) == {"folder src/pay/": {one: 0.6, two: 0.6}}
    assert shares(connection, cousin) == {}
    above = put("src/")
    assert shares(connection, cousin) == {"folder src/": {above: 1.0, one: 0.4, two: 0.4, cousin: 0.4}}


def test_the_root_holds_nothing_but_what_is_tied_to_it(connection: Connection, put: Put) -> None:
    one, two = put("./"), put("./")
    put("setup.py")
    assert shares(connection, put("README.md")) == {}
    assert shares(connection, one) == {"folder ./": {one: 1.0, two: 1.0}}


def test_in_a_folder_that_holds_too_much_only_what_is_tied_to_itself_meets(connection: Connection, put: Put) -> None:
    one, two = put("src/"), put("src/")
    files = [put(f"src/file{number}.py") for number in range(MAX_MEMBERS)]
    assert shares(connection, one) == {"folder src/": {one: 1.0, two: 1.0}}
    assert shares(connection, files[0]) == {}


@pytest.mark.parametrize("given", [{"concepts": ["everything"]}, {"session_id": "s"}], ids=["concept", "session"])
def test_what_too_many_hang_on_is_shared_by_none(connection: Connection, put: Put, given: dict[str, object]) -> None:
    ids = [put(**given) for _ in range(MAX_MEMBERS)]
    assert len(next(iter(shares(connection, ids[0]).values()))) == MAX_MEMBERS
    put(**given)
    assert shares(connection, ids[0]) == {}


def test_nothing_is_shared_with_forgotten_memories_or_other_workspaces(connection: Connection, put: Put) -> None:
    one, gone = put("till.py", session_id="s"), put("till.py", session_id="s")
    put("till.py", session_id="s", workspace_id="ws-2")
    memories.set_forgotten(connection, [gone], NOON, "forgotten")
    assert shares(connection, one) == {}


def test_what_an_edit_ties_to_other_code_is_shared_there(
    connection: Connection, put: Put, anchor: Callable[..., AnchorRow]
) -> None:
    one, two = put("old.py"), put("new.py")
    row = memories.get(connection, one)
    assert row is not None
    memories.update(connection, row, "edited", [anchor("new.py")])
    assert shares(connection, two) == {"file new.py": {one: 1.0, two: 1.0}}


def test_no_question_reads_the_labels_or_memories_of_a_whole_workspace(connection: Connection, put: Put) -> None:
    ids = [put("src/pay/api.py::Api.get", concepts=["payments"], session_id="s") for _ in range(3)]
    links.add(connection, LinkRow(source_id=ids[0], target_id=ids[1], kind="references", origin="stated", at=NOON))
    associations.learn(connection, ids[0], ids[1:], MOMENT, useful=True)
    asked: list[tuple[str, object]] = []
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    assert associations.nodes_of(connection, SCOPE, ids)
    assert associations.learned(connection, SCOPE, ids, MOMENT)
    assert links.links_of(connection, SCOPE, ids)
    plans = [
        step.detail
        for statement, values in list(asked)
        for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
    ]
    assert len(plans) > 10
    assert not [
        step
        for step in plans
        if "(kind=?)" in step or "(workspace_id=?" in step or step.startswith(("SCAN m ", "SCAN l "))
    ]
