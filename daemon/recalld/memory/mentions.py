"""What a text names: files, folders and symbols, and what it is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recalld.memory.text import stem, unique
from recalld.store.words import content_words

MAX_CONCEPT = 40
"""Characters; what is longer in a text is no name of anything."""

_EXTENSIONS = (
    "py|pyi|js|jsx|ts|tsx|java|kt|go|rs|rb|php|cs|c|h|cc|cpp|hpp|swift|scala|sh|sql|html|css|scss|vue|svelte|lua|ex|exs|"
    "md|rst|txt|toml|ya?ml|json|ini|cfg|conf|env|xml|proto|tf|lock|gradle"
)
_PATH = re.compile(rf"(?<![\w/.@:-])(?:\.?[\w@-][\w@.-]*/)*[\w@.-]*[\w@]\.(?:{_EXTENSIONS})(?![\w/])(?:::[\w.]+)?")
_FOLDER = re.compile(r"(?<![\w/.:-])(?:[\w-][\w.-]*/)+(?=[\s,.;:)`]|$)")
_NAME = re.compile(
    r"`([^`\n]{2,60})`|\b([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)\b(?:\(\))?|\b(\w+)\(\)|\b([A-Z][a-z]+(?:[A-Z]\w*)+)\b"
)
_PROPER = re.compile(r"(?<![.!?]\s)(?<!^)\b([A-Z][A-Za-z0-9+#]*[A-Za-z0-9+#])\b")
_JARGON = re.compile(r"\b([a-z]+(?:_[a-z0-9]+)+|[a-z]{2,}\d\w*|[A-Z]{2,}[a-z]?[A-Z0-9]*s?)\b")
_SUBJECTS: dict[str, str] = {
    "auth": "authentication", "authentic": "authentication", "cach": "caching", "pagin": "pagination",
    "migr": "migrations", "log": "logging", "deploy": "deployment", "databas": "database", "retr": "retries",
    "queu": "queues", "job": "jobs", "worker": "workers", "session": "sessions", "connect": "connections",
    "timeout": "timeouts", "securit": "security", "pars": "parsing", "pay": "payments", "payment": "payments",
    "bill": "billing", "test": "testing", "index": "indexing", "order": "orders", "serial": "serialization",
    "lock": "locking", "event": "events",
}  # fmt: skip
"""Subjects by the stem of a word that stands for them."""
_NOT_PROPER = frozenset(
    {"I", "The", "We", "It", "TODO", "OK", "PR", "A", "An", "This", "That", "Also", "NOT", "AND", "OR"}
)


def places_in(text: str, changed: Sequence[str]) -> tuple[list[str], list[str]]:
    """Files and symbols that a text names; a bare name counts where something of that name changed."""
    files: list[str] = []
    symbols: list[str] = []
    paths = {place.partition("::")[0] for place in changed}
    for found in _PATH.findall(text):
        path, _, name = found.removeprefix("./").rstrip(".").partition("::")
        whole = next((each for each in sorted(paths) if each == path or each.endswith(f"/{path}")), path)
        if name:
            symbols.append(f"{whole}::{name.rstrip('.')}")
        else:
            files.append(whole)
    files += _FOLDER.findall(text)
    names = {next(filter(None, groups)).removesuffix("()") for groups in _NAME.findall(text)}
    for place in changed:
        _, _, symbol = place.partition("::")
        if symbol and any(symbol == name or symbol.endswith(f".{name}") for name in names):
            symbols.append(place)
    return unique(files), unique(symbols)


def concepts_in(text: str) -> list[str]:
    """What a text is about: names of code, proper names, jargon, and subjects that its words stand for."""
    named = [next(filter(None, groups)).removesuffix("()") for groups in _NAME.findall(text)]
    named = [name for name in named if len(name) <= MAX_CONCEPT and "/" not in name and not _PATH.fullmatch(name)]
    proper = [name for name in _PROPER.findall(text) if name not in _NOT_PROPER]
    jargon = [name for name in _JARGON.findall(text) if name not in _NOT_PROPER]
    subjects = [_SUBJECTS[word] for word in map(stem, content_words(text)) if word in _SUBJECTS]
    return unique([*named, *proper, *jargon, *subjects])
