"""PROTOCOL.md says all there is, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from recall.protocol import PROTOCOL_VERSION, requests, values
from recall.protocol.codec import MAX_FRAME_BYTES
from recall.protocol.errors import CODES
from recall.protocol.events import HEARTBEAT_S, MAX_HEARTBEAT_TOPICS, AnyEvent, Event
from recall.protocol.requests import METHODS, records

TEXT = (Path(__file__).resolve().parents[2] / "client" / "PROTOCOL.md").read_text("utf-8")


def rows(text: str) -> dict[str, list[str]]:
    """The tables' rows by their first cell."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return {first.strip("`"): rest for first, *rest in cells}


METHOD_ROWS = rows(TEXT.split("## Methods")[1].split("### Values")[0])
VALUE_ROWS = rows(TEXT.split("### Values")[1].split("## Pushes")[0])
EVENT_ROWS = rows(TEXT.split("## Pushes")[1].split("### Missing nothing")[0])
ERROR_ROWS = rows(TEXT.split("## Refusals")[1].split("## Limits")[0])
RECORDS = (
    records.Header,
    records.MemoryRecord,
    records.LinkRecord,
    records.AssociationRecord,
    records.SessionRecord,
)
PARTS = (
    records.ExportedAnchor,
    records.ExportedForm,
    records.ExportedJob,
    records.ExportedExtraction,
)
VALUES = (
    values.Brief,
    values.Faded,
    values.Finding,
    values.ReadyLine,
    values.Memory,
    values.Choice,
    values.Origin,
    values.Session,
    values.ExtractedMemory,
    values.Link,
    values.Anchor,
    values.GraphNode,
    values.GraphEdge,
    values.MemoryVersion,
    values.AnchorTrail,
    values.Rating,
    values.TrailStep,
    values.SymbolOutline,
    values.Context,
    values.Workspace,
    values.JobStatus,
)


def names(cells: list[str]) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", " ".join(cells)))


@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_described_with_its_parameters_and_its_result(method: str) -> None:
    described = names(METHOD_ROWS[method])
    assert set(METHODS[method].__struct_fields__) - described == set()
    reply = METHODS[method].reply
    if reply not in VALUES:
        assert set(reply.__struct_fields__) - described == set()
    else:
        assert reply.__name__ in METHOD_ROWS[method][-1]


def test_no_method_is_described_that_does_not_exist() -> None:
    assert set(METHOD_ROWS) - {"method", "record", *(record.__name__ for record in RECORDS)} == set(METHODS)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_is_described_with_its_fields(value: type[msgspec.Struct]) -> None:
    assert set(value.__struct_fields__) - names(VALUE_ROWS[value.__name__]) == set()


@pytest.mark.parametrize("record", RECORDS)
def test_a_line_of_an_export_is_described_with_its_fields(record: type[msgspec.Struct]) -> None:
    assert set(record.__struct_fields__) - names(METHOD_ROWS[record.__name__]) == set()


def test_the_parts_of_lines_are_described_with_their_fields() -> None:
    described = names([cell for record in RECORDS for cell in METHOD_ROWS[record.__name__]])
    assert {name for part in PARTS for name in part.__struct_fields__} - described == set()


@pytest.mark.parametrize("event", get_args(AnyEvent))
def test_an_event_is_described_with_its_fields(event: type[Event]) -> None:
    own = set(event.__struct_fields__) - set(Event.__struct_fields__)
    described = names(EVENT_ROWS[str(event.__struct_config__.tag)])
    assert own - described == set()
    for field in Event.__struct_fields__:
        assert f"`{field}`" in TEXT


def test_every_error_code_is_described_as_the_registry_has_it() -> None:
    table = {code: cells[0] for code, cells in ERROR_ROWS.items() if code != "code"}
    assert table == CODES


@pytest.mark.parametrize(
    "said",
    [
        f"now {PROTOCOL_VERSION} |",
        f"{MAX_FRAME_BYTES // 1024 // 1024} MiB",
        f"{requests.MAX_TITLE}, {requests.MAX_NARRATIVE:,} characters",
        f"{requests.MAX_LABEL} characters; {requests.MAX_LABELS}",
        f"{requests.MAX_PATH:,} characters; {requests.MAX_PATHS}",
        f"`preview` | {requests.MAX_TEXT:,} characters",
        f"`forget` | {requests.MAX_BATCH:,}",
        f"`search` | {requests.MAX_LIMIT}",
        f"every {HEARTBEAT_S:g} s",
        f"the {MAX_HEARTBEAT_TOPICS} used",
    ],
)
def test_a_limit_is_said_as_it_is(said: str) -> None:
    assert said in TEXT
