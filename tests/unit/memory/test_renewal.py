"""What becomes of a form when its code is read anew, and which forms can be."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from recalld.code import ParserPool
from recalld.memory.forms import MAX_CHARACTERS, form_of_file, form_of_folder
from recalld.memory.renewal import Renewal, cut_out, is_parsed, renew
from recalld.outline import FINGERPRINT_VERSION, CutOut, Outline, Status, Symbol
from recalld.store import Store, anchors, memories, workspaces
from recalld.store.rows import AnchorRow, FormRow, MemoryRow, WorkspaceRow

NOON = "2026-03-31T12:00:00Z"


def symbol(name: str, fingerprint: str) -> Symbol:
    return Symbol(name, "function", 1, 2, 0, 9, f"{name}()", fingerprint, "new header", 33, -1, (7, 8))


def outline(*symbols: Symbol, content_hash: str = "content", status: Status = "parsed") -> Outline:
    return Outline("api/models.py", status, "python", content_hash, symbols=list(symbols))


def form(**given: Any) -> FormRow:
    values: dict[str, Any] = {
        "path": "api/models.py",
        "symbol": "Memory.load",
        "kind": "method",
        "fingerprint": "old",
        "header": "old header",
        "fingerprint_version": FINGERPRINT_VERSION - 1,
        "size": 12,
        "language": "python",
        "code": "def load(self): ...",
        "source": "stored",
        "accepted_at": NOON,
        "content_hash": "content",
        "beside": "class Memory aa\nmethod Memory.load old",
    }
    return FormRow(**(values | given))


def of_file(*symbols: Symbol) -> FormRow:
    made = form_of_file(outline(*symbols), b"def f(): ...", NOON)
    made.fingerprint_version = FINGERPRINT_VERSION - 1
    return made


def test_the_form_of_a_symbol_gets_what_its_code_says_and_keeps_the_rest() -> None:
    old = form()
    assert renew(old, outline(symbol("load", "new"), content_hash="of the code")) == form(
        fingerprint="new", header="new header", size=33, marks=(7, 8), fingerprint_version=FINGERPRINT_VERSION
    )
    assert old == form()


@pytest.mark.parametrize("given", [None, outline(), outline(status="quarantined")])
def test_the_form_of_a_symbol_whose_code_says_nothing_cannot_be_renewed(given: Outline | None) -> None:
    assert renew(form(), given) is None


def test_the_form_of_a_file_gets_what_it_declares() -> None:
    names = [f"f{n:03}" for n in range(600)]
    old = of_file(*(symbol(name, "old") for name in names))
    now = outline(*(symbol(name, "new") for name in names))
    renewed = renew(old, now)
    assert renewed == form_of_file(now, b"def f(): ...", NOON)
    assert old.beside != renewed.beside


@pytest.mark.parametrize(
    "given",
    [None, outline(symbol("f", "new"), content_hash="other"), outline(status="quarantined")],
    ids=["was not parsed", "of other bytes", "breaks the parser"],
)
def test_the_form_of_a_file_that_cannot_be_read_as_it_was_cannot_be_renewed(given: Outline | None) -> None:
    assert renew(of_file(symbol("f", "old")), given) is None


def test_forms_that_rest_on_no_code_have_the_fingerprints_they_need() -> None:
    for made in (of_file(), form_of_folder("api/", ["api/models.py"], NOON)):
        now = structs.replace(made, fingerprint_version=FINGERPRINT_VERSION)
        assert renew(structs.replace(made, fingerprint_version=FINGERPRINT_VERSION - 1), None) == now


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, True),
        ({"symbol": None, "kind": "file"}, True),
        ({"code": ""}, False),
        ({"language": None}, False),
        ({"code": "x" * MAX_CHARACTERS}, False),
        ({"code": "a = '\ufffd'"}, False),
    ],
    ids=["a symbol", "a file", "no code", "no language", "perhaps not all", "not as it was"],
)
def test_only_code_that_is_all_there_is_parsed(given: dict[str, Any], expected: bool) -> None:
    assert is_parsed(form(**given)) is expected


@pytest.mark.parametrize(
    ("beside", "in_code"),
    [
        ("class A aa\nmethod A.make aa\nclass A.make.Made aa", True),
        ("class A aa\nmethod A.make(int) aa\nclass A.make.Made aa", True),
        ("class A aa\nclass A.make aa\nclass A.make.Made aa", False),
        ("class A aa\nmethod A.mak aa\nfunction A.make.Made.f aa", False),
        ("", False),
    ],
)
def test_what_stood_beside_code_tells_whether_a_function_was_around_it(beside: str, in_code: bool) -> None:
    made = form(symbol="A.make.Made", kind="class", beside=beside)
    assert cut_out(made) == CutOut("python", "class", in_code)
    assert cut_out(form(symbol=None, kind="file")) is None


class NoQuarantine:
    def reason(self, content_hash: str) -> None: ...

    def add(self, content_hash: str, path: str, reason: str) -> None: ...

    def hashes(self) -> list[str]:
        return []


def memory(memory_id: str) -> MemoryRow:
    return MemoryRow(
        id=memory_id,
        workspace_id="ws-1",
        title="A title",
        narrative="",
        memory_type="decision",
        importance_score=0.7,
        confidence=1.0,
        provenance="stated",
        concepts=[],
        tags=[],
        session_id=None,
        evidence=None,
        text_hash="",
        created_at=NOON,
        updated_at=NOON,
    )


def test_without_a_parser_all_waits_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        store = Store(tmp_path / "data")
        await store.open()
        workspace = WorkspaceRow(id="ws-1", name="one", created_at=NOON)
        await store.truth.write(workspaces.add_workspace, workspace, [])
        anchor = AnchorRow(kind="symbol", path="api/models.py", symbol="Memory.load", forms=[form()])
        await store.truth.write(memories.insert, memory("mem-1"), [anchor])
        pool = ParserPool(
            workers=1,
            timeout_s=10,
            idle_s=10,
            max_file_bytes=100_000,
            max_symbols=100,
            memory_mb=1_024,
            quarantine=NoQuarantine(),
            before_read=lambda _: None,
            after_read=lambda _: None,
        )
        try:
            with monkeypatch.context() as patch:
                patch.setattr("sys.executable", str(tmp_path / "no_such_python"))
                await Renewal(store, pool).run()
            assert "wait for the next start" in caplog.text
            (waiting,) = await store.truth.read(anchors.outdated_forms, 0, 9)
            assert structs.replace(waiting, id=0, marks=()) == form()
            await Renewal(store, pool).run()
            assert await store.truth.read(anchors.outdated_forms, 0, 9) == []
            renewed = (await store.truth.read(anchors.anchors_of, ["mem-1"]))["mem-1"][0].forms[0]
            assert (renewed.fingerprint_version, len(renewed.fingerprint)) == (FINGERPRINT_VERSION, 32)
        finally:
            await pool.stop()
            await store.close()

    asyncio.run(test())
