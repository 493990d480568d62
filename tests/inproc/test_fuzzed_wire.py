"""Whatever bytes come in, one answer goes out, it is one of the wire's, and the daemon goes on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from recall import Client
from recall.protocol.codec import decode_reply, result_of
from recall.protocol.errors import CODES, RecallError
from recall.protocol.requests import METHODS
from tests.e2e.running import MODELS, commit, git
from tests.inproc.conftest import House

log = logging.getLogger(__name__)

SETTINGS: dict[str, Any] = {"log_level": "error"}
GOLDEN = json.loads((Path(__file__).parents[1] / "protocol/golden/requests.json").read_text("utf-8"))
NOT_MEANT = {"shutdown", "close_tree", "open_workspace", "reindex", "sync"}
"""Whose calls would change what the others are tried on, or take long; their frames are broken like all others."""
A_TURN = 25
ANSWER_S = 60

WORDS = st.sampled_from(
    ["", ".", "..", "/", "a/../..", "~", "api/views.py", "api/views.py::show", "api/", "::", "a::", "mem-0", "ses-1",
     "%", "' OR 1=1", '"', "*", "NEAR(a b)", "2026-02-30", "2026-04-01", "9999-12-31", "HEAD", "--all", "x" * 300,
     "\u202e", "\ud83d\udd11", "\u0000", "e\u0301", "decision", "current", "Tags: a, b", "[/Recalld]", "a.py:9-1"]
)  # fmt: skip
SCALARS = WORDS | st.text(max_size=40) | st.integers() | st.integers(-2, 3) | st.floats() | st.booleans() | st.none()
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def by_schema(draw: st.DrawFn) -> bytes:
    """A request with some of its fields, each with something of its type, or now and then with anything."""
    method = draw(st.sampled_from([name for name in METHODS if name not in NOT_MEANT]))
    golden = GOLDEN[method]["params"]
    params: dict[str, Any] = {}
    for field in msgspec.structs.fields(METHODS[method]):
        if field.required or draw(st.booleans()):
            params[field.name] = draw(like(golden.get(field.name)) | st.just(golden.get(field.name)) | JSON)
    return as_bytes({"id": draw(st.integers(0, 9) | st.text(max_size=3)), "method": method, "params": params})


def like(value: Any) -> st.SearchStrategy[Any]:
    """Values of the same type."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(0, 500) | st.integers()
    if isinstance(value, float):
        return st.floats(0, 1) | st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(value, list):
        return st.lists(like(value[0]) if value else WORDS, max_size=4)
    if isinstance(value, dict):
        return st.fixed_dictionaries({name: like(inner) for name, inner in value.items()})
    return WORDS | st.text(max_size=60)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A golden frame with one to three wounds: bytes put in, taken out, doubled or changed."""
    frame = bytearray(as_bytes(GOLDEN[draw(st.sampled_from(list(GOLDEN)))]))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(frame) - 1, 0)))
        length = draw(st.integers(1, 12))
        wound = draw(st.sampled_from(["in", "out", "twice", "changed"]))
        if wound == "in":
            frame[at:at] = draw(st.binary(max_size=12) | st.sampled_from([b'"', b"{", b"[[[[", b"\\ud800", b"1e999"]))
        elif wound == "out":
            del frame[at : at + length]
        elif wound == "twice":
            frame[at:at] = frame[at : at + length]
        else:
            frame[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
    return bytes(frame)


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


FRAMES = st.lists(st.binary(max_size=200) | mutated() | by_schema() | by_schema(), min_size=A_TURN, max_size=A_TURN)


class Wire:
    """The daemon's own dispatch, and the clients of a project; counts what it is asked."""

    def __init__(self, house: House, root: Path) -> None:
        self._house = house
        self._root = str(root)
        self.asked = 0

    def ask(self, bodies: list[bytes]) -> list[tuple[bytes, list[bytes]]]:
        """Each body with all that it is answered with."""
        return self._house.run(self._ask([self._at_home(body) for body in bodies]))

    def _at_home(self, body: bytes) -> bytes:
        return body.replace(b"/home/maya/project/api", self._root.encode())

    async def _ask(self, bodies: list[bytes]) -> list[tuple[bytes, list[bytes]]]:
        dispatch = self._house.app._dispatch
        answers: list[tuple[bytes, list[bytes]]] = []
        for body in bodies:
            if any(f'"{method}"'.encode() in body for method in ("shutdown", "close_tree", "reindex")):
                continue  # well-formed by chance, it would end what is tried here
            self.asked += 1
            if self.asked % 5_000 == 0:
                log.info("%d frames so far", self.asked)
            answers.append((body, []))
            dispatch.serve(body, answers[-1][1].append)
        async with asyncio.timeout(ANSWER_S):
            while dispatch._pending:
                await asyncio.wait(list(dispatch._pending))
        return answers


@pytest.fixture(scope="module")
def wire(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    root = tmp_path_factory.mktemp("fuzzed") / "project"
    (root / "api").mkdir(parents=True)
    (root / "api/views.py").write_text(MODELS)
    git(root, "init", "-q")
    commit(root)
    with Client(root) as client:
        client.sync()
        client.store(title="Views are thin", source_files=["api/views.py"])
        made = Wire(house, root)
        yield made
        assert client.hello().ready
        log.info("%d frames", made.asked)


def sound(answers: list[tuple[bytes, list[bytes]]]) -> None:
    """Each body has one answer, which is a result, or a refusal that is nobody's fault but the sender's."""
    for body, told in answers:
        assert len(told) == 1, body
        envelope = decode_reply(told[0])
        if envelope.error is not None:
            assert envelope.error.code in CODES
            assert envelope.error.code != "internal", (envelope.error.message, body)
            assert envelope.error.message
            with pytest.raises(RecallError):
                result_of(envelope, dict)


RELAXED = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@settings(RELAXED, max_examples=20)
@given(bodies=FRAMES)
def test_every_frame_gets_one_answer(wire: Wire, bodies: list[bytes]) -> None:
    sound(wire.ask(bodies))


@pytest.mark.long
@pytest.mark.timeout(7_200)
@settings(RELAXED, max_examples=4_200, phases=[Phase.generate])
@given(bodies=FRAMES)
def test_every_one_of_a_hundred_thousand_frames_gets_one_answer(wire: Wire, bodies: list[bytes]) -> None:
    sound(wire.ask(bodies))
