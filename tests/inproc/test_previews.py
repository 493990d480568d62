"""What is said of a file as an editor has it and the disk has not."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall import Client, RecallError
from recall.protocol.requests import PreviewReply
from recall.protocol.values import Brief
from tests.e2e.running import MODELS

FILE = "api/models/memory.py"
LOAD = f"{FILE}::Memory.load"
CHANGED = MODELS.replace("return self.lazy + key", "return key")


def of(reply: PreviewReply, symbol: str) -> list[Brief]:
    return next(each.memories for each in reply.symbols if each.name == symbol)


@pytest.fixture
def memory_id(client: Client) -> str:
    return client.store("Loading is lazy", symbols=[LOAD]).id


def test_text_that_is_what_the_disk_has_is_said_to_be_saved(client: Client, memory_id: str) -> None:
    reply = client.preview(FILE, MODELS, version=3)
    assert (reply.saved, reply.version, reply.status) == (True, 3, "parsed")
    assert [brief.id for brief in of(reply, "Memory.load")] == [memory_id]
    assert [anchor.line for anchor in reply.anchors[memory_id]] == [9]


def test_symbols_stand_where_they_are_in_the_unsaved_text(client: Client, memory_id: str) -> None:
    reply = client.preview(FILE, "\n\n\n" + MODELS)
    assert not reply.saved
    assert next(each.line for each in reply.symbols if each.name == "Memory.load") == 12
    assert [brief.verdict for brief in of(reply, "Memory.load")] == ["current"]
    assert [anchor.line for anchor in reply.anchors[memory_id]] == [12]


def test_an_unsaved_change_is_judged_and_nothing_of_it_is_kept(client: Client, memory_id: str) -> None:
    (brief,) = of(client.preview(FILE, CHANGED), "Memory.load")
    assert (brief.verdict, "body" in brief.reason) == ("changed", True)
    assert client.get(memory_id).verdict == "current"
    (after,) = of(client.preview(FILE, MODELS), "Memory.load")
    assert after.verdict == "current"


def test_a_memory_goes_along_with_an_unsaved_renaming(client: Client, memory_id: str) -> None:
    reply = client.preview(FILE, MODELS.replace("def load", "def fetch"))
    assert [(brief.id, brief.verdict) for brief in of(reply, "Memory.fetch")] == [(memory_id, "moved")]


def test_a_memory_of_code_that_the_text_lacks_is_missing_from_it(client: Client, memory_id: str) -> None:
    reply = client.preview(FILE, "def connect(url: str) -> str:\n    return url\n")
    assert [(brief.id, brief.verdict) for brief in reply.memories] == [(memory_id, "missing")]


def test_text_that_is_half_written_is_not_judged(client: Client, memory_id: str) -> None:
    reply = client.preview(FILE, MODELS.replace("return self.lazy + key", "return (self."))
    assert reply.status == "partial"
    assert {brief.verdict for brief in reply.memories + of(reply, "Memory.load")} == {"current"}


def test_a_file_that_is_not_there_yet_has_an_outline_of_its_text(client: Client) -> None:
    reply = client.preview("api/new.py", "def fresh() -> None: ...\n")
    assert [each.name for each in reply.symbols] == ["fresh"]
    assert client.by_file("api/new.py").warnings == ["api/new.py does not exist"]


def test_text_that_no_file_may_have_is_refused_or_left_alone(client: Client, project: Path) -> None:
    assert client.preview(FILE, "x = 1\n" * 200_000).status == "oversized"
    for text, path, code in (("x\0", FILE, "invalid_text"), ("x" * 2_000_001, FILE, "invalid_params"),
                             ("x", "../outside.py", "outside_workspace"), ("x", "api", "invalid_params")):  # fmt: skip
        with pytest.raises(RecallError) as refused:
            client.preview(path, text)
        assert refused.value.code == code
