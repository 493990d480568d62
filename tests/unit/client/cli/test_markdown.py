"""A memory as a Markdown file."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recall.cli import markdown
from recall.protocol.errors import RecallError
from recall.protocol.requests.records import ExportedAnchor, MemoryRecord

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\x85\u2028\u2029\ufeff"), max_size=60)
one_line = text.map(lambda given: " ".join(given.split())).filter(bool)
labels = st.lists(one_line, max_size=3)
NINE = datetime(2026, 4, 1, 9, tzinfo=UTC)


@settings(deadline=None)
@given(title=one_line, narrative=text, concepts=labels, tags=labels, score=st.floats(0, 1), path=one_line)
def test_what_is_written_is_read_again(
    title: str, narrative: str, concepts: list[str], tags: list[str], score: float, path: str
) -> None:
    anchors = [
        ExportedAnchor(kind="file", path=path),
        ExportedAnchor(kind="lines", path="b.py", lines="3-7"),
        ExportedAnchor(kind="symbol", path="a.py", symbol="A.b"),
    ]
    record = MemoryRecord(
        id="mem-1", title=title, narrative=narrative, memory_type="decision", importance_score=score,
        created_at=NINE, updated_at=NINE, concepts=concepts, tags=tags, anchors=anchors, version=3,
    )  # fmt: skip
    note = markdown.parse(markdown.render(record), "a.md")
    assert (note.id, note.version, note.type, note.personal) == ("mem-1", 3, "decision", False)
    assert (note.title, note.concepts, note.tags, note.importance) == (title, concepts, tags, score)
    assert (note.files, note.symbols) == ([path, "b.py:3-7"], ["a.py::A.b"])
    assert note.text == narrative.strip("\n")


@pytest.mark.parametrize("title", ["a/b\\c: d", "..", "Ünïcode – ja", "x" * 300, "🔑", "CON"])
def test_a_file_has_a_name_that_any_disk_takes(title: str) -> None:
    record = MemoryRecord(
        id="mem-1", title=title, narrative="", memory_type="decision", importance_score=0.5,
        created_at=NINE, updated_at=NINE,
    )  # fmt: skip
    name = markdown.file_name(record)
    assert not set(name) & set('/\\:*?"<>|\0')
    assert not name.startswith(".")
    assert name.endswith(".mem-1.md")
    assert len(name.encode()) < 255


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("---\ntitle: x\n", "add it"),
        ("---\ntitle: [x\n---\n", "a.md: "),
        ("---\nimportance: much\n---\n", "importance"),
        ("---\nconcepts: one\n---\n", "concepts"),
        ("---\n- a list\n---\n", "a.md: "),
    ],
)
def test_what_cannot_be_read_is_said_with_the_file(content: str, said: str) -> None:
    with pytest.raises(RecallError) as refusal:
        markdown.parse(content, "a.md")
    assert said in refusal.value.message
    assert "\n" not in refusal.value.message
