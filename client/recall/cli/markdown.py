"""A memory as a Markdown file for people: what they may change stands in front of the text."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec

from recall.protocol.errors import RecallError
from recall.protocol.requests.records import ExportedAnchor, MemoryRecord
from recall.protocol.values import Memory, Score

_FENCE = "---"
_NAME = re.compile(r"[^\w]+")
_VERSION = re.compile(r"^version: .*$", re.MULTILINE)
MAX_SLUG = 60


class Note(msgspec.Struct, kw_only=True):
    """What a file says. What it does not say stays as it is."""

    id: str | None = None
    version: int | None = None
    """The state that was exported; a later one here is not overwritten."""
    title: str | None = None
    type: str | None = None
    importance: Score | None = None
    concepts: list[str] | None = None
    tags: list[str] | None = None
    files: list[str] | None = None
    symbols: list[str] | None = None
    personal: bool = False
    text: str = ""

    def changes(self, memory: Memory) -> dict[str, Any]:
        """What of a memory is another in the file, as `edit` takes it."""
        said = {
            "title": self.title,
            "narrative": self.text or None,
            "memory_type": self.type,
            "importance_score": self.importance,
            "concepts": self.concepts,
            "tags": self.tags,
            "source_files": self.files,
            "symbols": self.symbols,
        }
        now = {name: getattr(memory, name) for name in said} | {"narrative": memory.narrative.strip("\n")}
        return {name: value for name, value in said.items() if value not in (None, now[name])}


def file_name(record: MemoryRecord) -> str:
    """What a memory's file is called: by its title for people, and by its id, so that it stays the same file."""
    plain = unicodedata.normalize("NFKC", record.title).casefold()
    slug = _NAME.sub("-", plain)[:MAX_SLUG].strip("-_") or "memory"
    return f"{slug}.{record.id}.md"


def render(record: MemoryRecord) -> str:
    """The file of a memory."""
    import yaml

    front: dict[str, Any] = {
        "id": record.id,
        "title": record.title,
        "type": record.memory_type,
        "importance": record.importance_score,
        "concepts": record.concepts,
        "tags": record.tags,
        "files": [place_of(anchor) for anchor in record.anchors if anchor.kind != "symbol"],
        "symbols": [f"{anchor.path}::{anchor.symbol}" for anchor in record.anchors if anchor.kind == "symbol"],
        "version": record.version,
        "created": f"{record.created_at:%Y-%m-%d}",
    }
    if record.personal:
        front["personal"] = True
    header = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=100)
    return f"{_FENCE}\n{header}{_FENCE}\n\n{record.narrative}\n"


def of_version(text: str, version: int) -> str:
    """The same file, of another state of its memory."""
    return _VERSION.sub(f"version: {version}", text, count=1)


def place_of(anchor: ExportedAnchor) -> str:
    """A file, a folder or lines, as they are named everywhere."""
    return f"{anchor.path}:{anchor.lines}" if anchor.lines else anchor.path


def parse(text: str, name: str) -> Note:
    """What a file says.

    Args:
        name: of the file, for the error.

    Raises:
        RecallError: `invalid_params`, what stands in front of the text cannot be read.
    """
    import yaml

    text = text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\r\n", "\n")
    front: Any = {}
    if text.startswith(f"{_FENCE}\n"):
        header, fence, body = text[len(_FENCE) + 1 :].partition(f"\n{_FENCE}\n")
        if not fence:
            raise RecallError("invalid_params", f"{name}: what begins with {_FENCE} has no second {_FENCE}: add it")
        try:
            # All values as they stand: in YAML proper a title may be a date, and `no` no word.
            front = yaml.load(header, Loader=yaml.BaseLoader)  # noqa: S506  # makes texts, lists and mappings, nothing else
        except yaml.YAMLError as error:
            raise RecallError("invalid_params", f"{name}: {' '.join(str(error).split())}") from None
        text = body
    try:
        note = msgspec.convert(front or {}, Note, strict=False)
    except msgspec.ValidationError as error:
        raise RecallError("invalid_params", f"{name}: {error}") from None
    note.text = text.strip("\n")
    return note
