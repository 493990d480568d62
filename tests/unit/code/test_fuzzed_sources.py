"""Whatever a file holds, its outline comes back: in the worst case one worker is lost, and the file is left alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from recalld.code import ParserPool
from recalld.code.languages import LANGUAGES
from recalld.outline import Outline
from tests.unit.code.test_pool import Quarantine, running_pool

log = logging.getLogger(__name__)

SAMPLES = Path(__file__).parent / "samples"
A_TURN = 20
MARKS = st.sampled_from(
    [b"(", b"{", b"[", b"<", b'"', b"'", b"`", b"*", b"- ", b"#", b"\n", b"\t", b"\\", b"/*", b"<<", b"${", b"\xff",
     b"\xef\xbb\xbf", b"\r", b"\x00", "\u2028".encode(), b"class ", b"def ", b"=>", b"::", b"@", b"#if 0\n", b"<?php "]
)  # fmt: skip


def sample(language: str) -> tuple[str, bytes]:
    """A file's name, and what stands in it."""
    file = next(file for file in SAMPLES.glob(f"{language}.*.sample"))
    return file.name.removesuffix(".sample"), file.read_bytes()


@st.composite
def sources(draw: st.DrawFn, seed: bytes) -> bytes:
    """The sample with wounds, marks of it repeated, or bytes of no language."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.binary(max_size=500))
    if kind == 1:
        return draw(st.lists(MARKS, min_size=1, max_size=6).map(b"".join)) * draw(st.integers(1, 2_000))
    source = bytearray(seed)
    for _ in range(draw(st.integers(1, 6))):
        at, length = draw(st.integers(0, max(len(source) - 1, 0))), draw(st.integers(1, 80))
        wound = draw(st.sampled_from(["in", "out", "moved", "repeated"]))
        piece = source[at : at + length]
        if wound == "in":
            source[at:at] = draw(MARKS) * draw(st.integers(1, 50))
        elif wound == "out":
            del source[at : at + length]
        elif wound == "moved":
            del source[at : at + length]
            to = draw(st.integers(0, max(len(source) - 1, 0)))
            source[to:to] = piece
        else:
            source[at:at] = piece * draw(st.integers(1, 50))
    return bytes(source[:200_000])


Parse = Callable[[str, list[bytes]], list[Outline]]


@pytest.fixture(scope="module")
def parse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parse]:
    """A pool on a loop of its own, as the daemon has it."""
    root = tmp_path_factory.mktemp("fuzzed")
    quarantine = Quarantine()
    with asyncio.Runner() as runner:
        context = running_pool(quarantine, timeout_s=3.0)
        pool: ParserPool = runner.run(context.__aenter__())

        async def outlines(name: str, contents: list[bytes]) -> list[Outline]:
            return await asyncio.gather(*(pool.outline(root, name, unsaved=content) for content in contents))

        yield lambda name, contents: runner.run(outlines(name, contents))
        log.info("%d workers were lost, to %s: %s", pool.crashes, quarantine.paths, set(quarantine.reasons.values()))
        runner.run(context.__aexit__(None, None, None))


def sound(outlines: list[Outline], contents: list[bytes]) -> None:
    for outline, content in zip(outlines, contents, strict=True):
        assert outline.status in ("parsed", "partial", "text", "binary", "generated", "quarantined", "oversized")
        lines = content.count(b"\n") + 1
        assert all(1 <= symbol.line <= symbol.end_line <= lines for symbol in outline.symbols)


def batches(language: str) -> st.SearchStrategy[list[bytes]]:
    return st.lists(sources(sample(language)[1]), min_size=A_TURN, max_size=A_TURN)


RELAXED = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("language", [one.name for one in LANGUAGES])
@settings(RELAXED, max_examples=2)
@given(data=st.data())
def test_every_source_gets_an_outline(parse: Parse, language: str, data: st.DataObject) -> None:
    contents = data.draw(batches(language))
    sound(parse(sample(language)[0], contents), contents)


@pytest.mark.long
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("language", [one.name for one in LANGUAGES])
@settings(RELAXED, max_examples=270, phases=[Phase.generate])
@given(data=st.data())
def test_every_one_of_a_hundred_thousand_sources_gets_an_outline(
    parse: Parse, language: str, data: st.DataObject
) -> None:
    contents = data.draw(batches(language))
    sound(parse(sample(language)[0], contents), contents)
