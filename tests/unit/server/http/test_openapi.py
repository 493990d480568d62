from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from recalld.server.http.endpoints import ENDPOINTS, Endpoint
from recalld.server.http.openapi import document
from recalld.server.http.problems import STATUSES

SAID: dict[str, Any] = json.loads(document())
SCHEMAS: dict[str, Any] = SAID["components"]["schemas"]


def operation(each: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = SAID["paths"][each.path][each.verb.lower()]
    return found


def body(each: Endpoint) -> dict[str, Any]:
    name = operation(each)["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    found: dict[str, Any] = SCHEMAS[name]
    return found


def test_all_that_is_answered_is_described_and_nothing_else() -> None:
    described = {(verb.upper(), path) for path, verbs in SAID["paths"].items() for verb in verbs}
    assert described == {(each.verb, each.path) for each in ENDPOINTS} | {("GET", "/health")}


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [each["operationId"] for verbs in SAID["paths"].values() for each in verbs.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("each", ENDPOINTS, ids=lambda each: f"{each.verb} {each.path}")
def test_every_parameter_and_answer_is_described(each: Endpoint) -> None:
    said = operation(each)
    assert said["summary"].endswith(".")
    assert said["description"]
    assert all(parameter["description"] for parameter in said["parameters"])
    if each.has_body:
        assert all(field["description"] for field in body(each)["properties"].values())
    answers = set(said["responses"])
    assert answers == {"200", "431"} | {str(status) for status in STATUSES.values()}


@pytest.mark.parametrize("each", ENDPOINTS, ids=lambda each: f"{each.verb} {each.path}")
def test_what_the_document_offers_is_what_the_request_takes(each: Endpoint) -> None:
    said = operation(each)
    offered = {one["name"] for one in said["parameters"] if one["in"] == "query"}
    if each.has_body:
        offered = set(body(each)["properties"])
    taken = {*each.request.__struct_fields__, "workspace_id", "project_path"}
    assert offered <= taken
    assert taken - offered <= {each.names, *each.fixed, "older_than_days", "containing"}


@pytest.mark.parametrize("each", [each for each in ENDPOINTS if each.example], ids=lambda each: each.path)
def test_an_example_keeps_to_its_schema(each: Endpoint) -> None:
    jsonschema_rs.validate({**body(each), "components": SAID["components"]}, dict(each.example))


def test_every_reference_leads_somewhere() -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            here = [value["$ref"]] if "$ref" in value else []
            return here + [each for inner in value.values() for each in references(inner)]
        return [each for inner in value for each in references(inner)] if isinstance(value, list) else []

    for reference in references(SAID):
        found: Any = SAID
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
