"""One golden outline for each language: `samples/<language>.<ext>.sample` declares what `<language>.outline` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from recalld.code.extract import Extracted, extract
from recalld.code.languages import BY_NAME, LANGUAGES, language_of

SAMPLES = Path(__file__).with_name("samples")


def sample_of(language: str) -> Path:
    return SAMPLES / f"{language}{BY_NAME[language].extensions[0]}.sample"


def listing(extracted: Extracted) -> list[str]:
    """A line a symbol: what is inside another is indented below it, or says whose it is."""
    lines = []
    depths: list[int] = []
    for i, symbol in enumerate(extracted.symbols):
        parent = symbol.parent
        follows = parent >= 0 and extracted.symbols[parent].start <= symbol.start < extracted.symbols[parent].end
        depths.append(depths[parent] + 1 if follows else 0)
        owner = f" of {extracted.symbols[parent].name}" if parent >= 0 and not follows else ""
        place = f"{'    ' * depths[i]}{symbol.line}-{symbol.end_line}"
        lines.append(f"{place} {symbol.kind} {symbol.name}{owner} | {symbol.signature}")
    return lines


@pytest.mark.parametrize("language", [language.name for language in LANGUAGES])
def test_a_file_has_the_outline_a_reader_would_give_it(language: str) -> None:
    sample = sample_of(language)
    extracted = extract(sample.read_bytes(), BY_NAME[language], 1_000)
    assert listing(extracted) == (SAMPLES / f"{language}.outline").read_text("utf-8").splitlines()
    assert not extracted.partial


@pytest.mark.parametrize("language", [language.name for language in LANGUAGES])
def test_names_are_unique_and_spans_nest(language: str) -> None:
    source = sample_of(language).read_bytes()
    symbols = extract(source, BY_NAME[language], 1_000).symbols
    assert len({symbol.name for symbol in symbols}) == len(symbols)
    for symbol in symbols:
        assert source[: symbol.start].count(b"\n") + 1 == symbol.line
        assert symbol.end <= len(source)
        assert len(symbol.signature) <= 200


@pytest.mark.parametrize("language", [language.name for language in LANGUAGES])
def test_a_sample_is_recognised_by_its_name(language: str) -> None:
    found = language_of(sample_of(language).stem, b"")
    assert found is not None
    assert found.name == language


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("bin/deploy", b"#!/usr/bin/env -S python3 -u\n", "python"),
        ("bin/deploy", b"#!/bin/sh\n", "bash"),
        ("bin/deploy", b"no line\n", None),
        ("Rakefile", b"", "ruby"),
        ("a/list.h", b"struct list { int n; };\n", "c"),
        ("a/list.h", b"namespace a {\nclass List {\n", "cpp"),
        ("notes.txt", b"", None),
        ("App.TSX", b"", "tsx"),
        (".bashrc", b"", "bash"),
    ],
)
def test_a_language_is_found_by_name_or_first_line(path: str, source: bytes, expected: str | None) -> None:
    found = language_of(path, source)
    assert (found.name if found else None) == expected
