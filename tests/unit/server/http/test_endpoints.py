from __future__ import annotations

import re
from typing import Any

import pytest

from recall.protocol import requests as wire
from recall.protocol.errors import RecallError
from recalld.memory.addressing import Address
from recalld.server.http.endpoints import ENDPOINTS, Endpoint, paths


def endpoint(verb: str, path: str) -> Endpoint:
    return paths()[f"/api/v1{path}"][verb]


@pytest.mark.parametrize("each", ENDPOINTS, ids=lambda each: f"{each.verb} {each.path}")
def test_a_parameter_in_the_path_is_a_field_of_the_request_and_leads_to_a_tree(each: Endpoint) -> None:
    in_path = re.findall(r"\{(\w+)\}", each.path)
    assert bool(in_path) == bool(each.names) == bool(each.address)
    if in_path:
        assert each.names in each.request.__struct_fields__
        assert each.address in Address.__struct_fields__
    assert set(each.fixed) <= set(each.request.__struct_fields__)


@pytest.mark.parametrize("each", [each for each in ENDPOINTS if each.example], ids=lambda each: each.path)
def test_an_example_is_understood(each: Endpoint) -> None:
    each.asked(dict(each.example), "mem-1" if each.names else None)


def test_a_fixed_path_comes_before_one_with_a_parameter() -> None:
    order = [each.path for each in ENDPOINTS]
    assert order.index("/api/v1/memories/by-file") < order.index("/api/v1/memories/{id}")


def test_a_query_is_text_and_becomes_what_the_request_takes() -> None:
    context = endpoint("GET", "/sessions/{session_id}/context")
    values = context.query([("max_memories", "10"), ("files", "a.py"), ("files", "b.py"), ("personal", "false")])
    request, address = context.asked(values, "ses-1")
    assert request == wire.SessionGetContext(
        session_id="ses-1", max_memories=10, files=["a.py", "b.py"], personal=False
    )
    assert address == Address(session_id="ses-1")


@pytest.mark.parametrize(("name", "value"), [("max_memories", "ten"), ("max_memories", "0"), ("personal", "perhaps")])
def test_a_query_that_cannot_be_read_names_the_parameter(name: str, value: str) -> None:
    context = endpoint("GET", "/sessions/{session_id}/context")
    with pytest.raises(RecallError) as caught:
        context.asked(context.query([(name, value)]), "ses-1")
    assert (caught.value.code, caught.value.field) == ("invalid_params", name)


def test_what_is_no_list_is_given_once() -> None:
    with pytest.raises(RecallError, match="task is given twice"):
        endpoint("GET", "/sessions/{session_id}/context").query([("task", "a"), ("task", "b")])


def test_a_body_is_taken_by_its_types_and_not_by_what_could_be_read_from_them() -> None:
    with pytest.raises(RecallError) as caught:
        endpoint("POST", "/memories/search").asked({"query": "a", "limit": "10"}, None)
    assert (caught.value.code, caught.value.field) == ("invalid_params", "limit")


def test_the_path_wins_over_the_body_and_nobody_decides_what_http_decides() -> None:
    rate, address = endpoint("POST", "/memories/{id}/feedback").asked({"useful": True, "id": "mem-2"}, "mem-1")
    assert (rate, address.memory_id) == (wire.Rate(id="mem-1", useful=True), "mem-1")
    store, _ = endpoint("POST", "/memories/store").asked({"title": "a", "force": False}, None)
    assert store == wire.Store(title="a", force=True)
    forget, _ = endpoint("DELETE", "/memories/{id}").asked({"ids": ["mem-2"]}, "mem-1")
    assert forget == wire.Forget(ids=["mem-1"])


@pytest.mark.parametrize("name", ["workspace_id", "project_path"])
def test_an_empty_address_is_none_as_of_a_variable_that_nobody_set(name: str) -> None:
    _, address = endpoint("POST", "/memories/search").asked({"query": "a", name: ""}, None)
    assert address == Address()


@pytest.mark.parametrize("value", [5, True, ["ws-1"], {"a": 1}, "ws\0"])
def test_an_address_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(RecallError) as caught:
        endpoint("POST", "/memories/search").asked({"query": "a", "workspace_id": value}, None)
    assert caught.value.code in {"invalid_params", "invalid_text"}
    assert caught.value.field == "workspace_id"
