from __future__ import annotations

import inspect
from pathlib import Path

import msgspec
import pytest

from recall import AsyncClient, Client, calls
from recall.calls import StoredIds
from recall.protocol.errors import RecallError
from recall.protocol.requests import (
    METHODS,
    Affected,
    Audit,
    Edit,
    ListMemories,
    Pin,
    Search,
    Store,
    StoreMany,
    StoreManyReply,
)

NAMES_IN_CALLS = {"list": "list_memories"}


@pytest.mark.parametrize("method", METHODS)
def test_every_request_is_a_method_of_both_clients(method: str) -> None:
    for client in (Client, AsyncClient):
        assert inspect.getdoc(getattr(client, method)) == inspect.getdoc(
            getattr(calls, NAMES_IN_CALLS.get(method, method))
        )


@pytest.mark.parametrize("request_type", [Store, Edit, ListMemories, Search, Audit, Affected])
def test_a_call_that_gives_nothing_asks_what_the_protocol_has_as_its_defaults(
    request_type: type[msgspec.Struct],
) -> None:
    required = {field.name: "x" for field in msgspec.structs.fields(request_type) if field.required}
    build = getattr(calls, NAMES_IN_CALLS.get(METHODS_BY_TYPE[request_type], METHODS_BY_TYPE[request_type]))
    assert build(**required).request == request_type(**required)
    taken = set(inspect.signature(build).parameters)
    if "filters" in taken:
        taken = taken - {"filters"} | set(calls.Filters.__annotations__)
    assert taken == set(request_type.__struct_fields__)


METHODS_BY_TYPE: dict[type[msgspec.Struct], str] = {request: name for name, request in METHODS.items()}


def test_paths_may_be_path_objects() -> None:
    request = calls.store(narrative="x", source_files=[Path("a/b.py")]).request
    assert isinstance(request, Store)
    assert request.source_files == ["a/b.py"]


def test_a_folder_to_open_is_sent_as_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert getattr(calls.open_workspace(".").request, "path") == str(tmp_path.resolve())  # noqa: B009  # a union of requests


def test_many_memories_are_given_as_what_store_takes() -> None:
    request = calls.store_many([{"title": "A", "files": [Path("a.py")]}, {"content": "B", "importance": 0.9}]).request
    assert isinstance(request, StoreMany)
    assert [(one.title, one.files, one.content, one.importance) for one in request.memories] == [
        ("A", ["a.py"], None, None),
        (None, None, "B", 0.9),
    ]


def test_a_memory_among_many_that_cannot_be_read_is_refused_with_its_index() -> None:
    with pytest.raises(RecallError) as caught:
        calls.store_many([{"title": "A"}, {"importance_score": 2}])
    assert (caught.value.code, caught.value.details["index"]) == ("invalid_params", 1)


def test_what_store_many_gives_back_is_the_list_of_ids() -> None:
    ids = StoredIds(StoreManyReply(ids=["mem-1", "mem-2"], warnings=["w"]))
    assert (list(ids), ids.warnings) == (["mem-1", "mem-2"], ["w"])


def test_one_id_can_be_forgotten_without_a_list() -> None:
    assert getattr(calls.forget("mem-1").request, "ids") == ["mem-1"]  # noqa: B009  # a union of requests


def test_pinning_and_unpinning_are_one_request() -> None:
    assert (calls.pin("m").request, calls.unpin("m").request) == (Pin(id="m", pinned=True), Pin(id="m", pinned=False))


def test_a_method_shows_its_parameters_in_help() -> None:
    shown = list(inspect.signature(Client.search).parameters)
    assert (shown[:3], shown[-1]) == (["self", "query", "limit"], "filters")


def test_a_filter_that_does_not_exist_is_refused_as_any_parameter_is() -> None:
    with pytest.raises(TypeError, match="colour"):
        calls.search("x", colour="red")  # type: ignore[call-arg]  # this is the mistake
