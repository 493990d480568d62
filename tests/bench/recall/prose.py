"""Prose that every machine has: the docstrings of the standard library and of what is installed beside it.

Whole sentences are recombined, so that words are as frequent, and stand together as often, as people write them.
"""

from __future__ import annotations

import ast
import importlib.util
import random
import re
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

ENOUGH = 40_000
"""Sentences; more would take longer to read and change little."""
PACKAGES = (
    "sqlalchemy", "numpy", "alembic", "chromadb", "zmq", "rich", "onnxruntime", "apscheduler", "psutil", "pydantic",
    "hypothesis", "mypy", "pip", "setuptools", "pygments",
)  # fmt: skip
"""Dependencies, and what comes with them; what is not installed is left out."""
_QUESTIONS = (
    "how does {} work",
    "why do we need {}",
    "where is {} decided",
    "what happens with {}",
    "what do we know about {}",
    "when should {} be used",
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]+")


def sentences(enough: int = ENOUGH) -> list[str]:
    """Different sentences of 5 to 40 words in the order they stand in the sources, the same at each call."""
    found: dict[str, None] = {}
    for folder in (Path(sysconfig.get_path("stdlib")), *_packages()):
        for sentence in _written_in(folder):
            found.setdefault(sentence)
            if len(found) == enough:
                return list(found)
    return list(found)


def memories(prose: list[str], count: int, seed: int = 1) -> list[str]:
    """Texts of three sentences each, all different: two that follow each other, and one from elsewhere."""
    chance = random.Random(seed)
    texts: dict[str, None] = {}
    while len(texts) < count:
        here, elsewhere = chance.randrange(len(prose) - 1), chance.randrange(len(prose))
        texts.setdefault(f"{prose[here]} {prose[here + 1]} {prose[elsewhere]}")
    return list(texts)


def queries(prose: list[str], count: int, seed: int = 2) -> list[str]:
    """Different queries: 3 to 8 words as they follow each other in a sentence, or a question about 2 to 5 of them."""
    chance = random.Random(seed)
    asked: dict[str, None] = {}
    while len(asked) < count:
        words = _WORD.findall(chance.choice(prose))
        length = chance.randint(3, 8)
        question = len(asked) % 2
        if question:
            length = max(length - 3, 2)
        if len(words) >= length:
            first = chance.randrange(len(words) - length + 1)
            phrase = " ".join(words[first : first + length])
            asked.setdefault(chance.choice(_QUESTIONS).format(phrase) if question else phrase)
    return list(asked)


def _packages() -> Iterator[Path]:
    for name in PACKAGES:
        found = importlib.util.find_spec(name)
        if found is not None and found.origin is not None:
            yield Path(found.origin).parent


def _written_in(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder).parts
        if not {"test", "tests", "site-packages", "idlelib", "lib2to3", "__pycache__"}.intersection(parts):
            for text in _docstrings(file):
                yield from _plain_sentences(text)


def _docstrings(file: Path) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return  # a template or broken: not prose
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield text


def _plain_sentences(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        if ">>>" in paragraph or "::" in paragraph:
            continue
        for sentence in _SENTENCE_END.split(" ".join(paragraph.split())):
            words = sentence.split()
            plain = sum(character.isalpha() or character.isspace() for character in sentence)
            if 5 <= len(words) <= 40 and sentence.endswith(".") and plain > 0.85 * len(sentence):
                yield sentence
