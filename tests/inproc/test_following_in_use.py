"""What people ran into: anchors in real use, each with what it once got wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from recall import Client
from recall.protocol.values import Anchor
from tests.e2e.running import commit, git

NOTES = '''"""Notes.

They are kept in files.
"""

import json


def load(path):
    """Load the notes of a file.

    Each has a line of its own.

    >>> load("a")
    []
    """
    # Blank lines are none.
    lines = path.read_text().splitlines()

    return [json.loads(line) for line in lines if line]


def save(path, notes):
    """Save the notes."""
    # Blank lines are none.
    lines = [json.dumps(note) for note in notes]

    path.write_text("\\n".join(lines))
    return len(lines)
'''
TYPES = """package store

// Cabinet keeps things.
type Cabinet struct{ things map[string]int }

// Count counts all of a kind, and those that belong to it.
func (c *Cabinet) Count(kind string) int {
	total := c.things[kind]
	for _, other := range relatives(kind) {
		total += c.things[other]
	}
	return total
}

// Name is its name.
func (c *Cabinet) Name() string { return "cabinet" }
"""
LIST = """package store;

class Cabinet {
  private final java.util.Map<String, Integer> things = new java.util.HashMap<>();

  Cabinet copy() {
    Cabinet made = new Cabinet();
    for (var entry : things.entrySet()) {
      made.things.put(entry.getKey(), entry.getValue());
    }
    return made;
  }

  int size() { return things.size(); }
}
"""
GUIDE = "# Guide\n\n" + "\n\n".join(f"## Part {n}\n\nWhat there is to say of part {n}." for n in range(6)) + "\n"
LICENCE = "Permission is granted.\nNothing is promised.\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    files = {"notes.py": NOTES, "store.go": TYPES, "Cabinet.java": LIST, "GUIDE.md": GUIDE, "LICENSE.txt": LICENCE}
    files |= {"examples/a/LICENSE.txt": LICENCE, "examples/b/LICENSE.txt": LICENCE, "tools/x/one.py": "ONE = 1\n"}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q")
    commit(root, f"of {tmp_path}")
    return root


def anchor(client: Client, memory_id: str) -> Anchor:
    client.sync()
    return client.get(memory_id).anchors[0]


def test_lines_are_current_and_where_they_are_when_they_are_stored(client: Client) -> None:
    chance = random.Random(7)
    length = NOTES.count("\n")
    ranges = [(first, min(length, first + chance.choice([0, 1, 2, 5, 9]))) for first in range(1, length + 1)]
    for first, last in ranges:
        stored = client.store(title=f"lines {first} to {last}", source_files=[f"notes.py:{first}-{last}"], force=True)
        now = client.get(stored.id).anchors[0]
        assert (now.verdict, now.line, now.end_line) == ("current", first, last), (first, last, now.reason)


def test_lines_that_stand_twice_stay_where_they_were_stored(client: Client, project: Path) -> None:
    first = NOTES.splitlines().index("    # Blank lines are none.", 20) + 1
    stored = client.store(title="The second", source_files=[f"notes.py:{first}-{first}"])
    (project / "notes.py").write_text("# New.\n" + NOTES)
    now = anchor(client, stored.id)
    assert (now.verdict, now.line) == ("current", first + 1)


def test_a_file_rewritten_and_deleted_and_brought_back_is_followed_by_what_it_is(client: Client, project: Path) -> None:
    stored = client.store(title="The guide", source_files=["GUIDE.md"])
    (project / "GUIDE.md").write_text("x\n")
    assert anchor(client, stored.id).verdict == "changed"
    (project / "GUIDE.md").unlink()
    assert anchor(client, stored.id).verdict == "missing"
    (project / "GUIDE.md").write_text(GUIDE)
    assert anchor(client, stored.id).verdict == "current"
    git(project, "mv", "GUIDE.md", "MANUAL.md")
    now = anchor(client, stored.id)
    assert (now.verdict, now.path) == ("moved", "MANUAL.md")
    (trail,) = client.history(stored.id).anchors
    assert [step.path for step in trail.steps] == ["GUIDE.md", "MANUAL.md"]


def test_a_renamed_file_is_not_taken_for_its_old_copies(client: Client, project: Path) -> None:
    stored = client.store(title="The licence", source_files=["LICENSE.txt"])
    git(project, "mv", "LICENSE.txt", "LICENSE.md")
    now = anchor(client, stored.id)
    assert (now.verdict, now.path) == ("moved", "LICENSE.md")


@pytest.mark.parametrize("symbol", ["Cabinet.Count", "Cabinet.Name"])
def test_methods_of_a_renamed_go_type_have_moved_and_not_changed(client: Client, project: Path, symbol: str) -> None:
    stored = client.store(title="Counting", symbols=[f"store.go::{symbol}"])
    (project / "store.go").write_text(TYPES.replace("Cabinet", "Cupboard"))
    now = anchor(client, stored.id)
    assert (now.verdict, now.symbol) == ("moved", symbol.replace("Cabinet", "Cupboard")), now.reason


@pytest.mark.parametrize("symbol", ["Cabinet", "Cabinet.copy", "Cabinet.size"])
def test_members_of_a_class_renamed_with_its_file_have_moved_and_not_changed(
    client: Client, project: Path, symbol: str
) -> None:
    stored = client.store(title="Copies are deep", symbols=[f"Cabinet.java::{symbol}"])
    git(project, "mv", "Cabinet.java", "Cupboard.java")
    (project / "Cupboard.java").write_text(LIST.replace("Cabinet", "Cupboard"))
    now = anchor(client, stored.id)
    assert (now.verdict, now.path) == ("moved", "Cupboard.java"), now.reason
    assert now.symbol == symbol.replace("Cabinet", "Cupboard")


def test_files_that_move_inside_a_folder_are_still_in_it(client: Client, project: Path) -> None:
    stored = client.store(title="Tools", source_files=["tools/"])
    git(project, "mv", "tools/x", "tools/y")
    assert anchor(client, stored.id).verdict == "current"


def test_the_members_that_a_class_lost_and_got_are_named(client: Client, project: Path) -> None:
    stored = client.store(title="The cabinet", symbols=["Cabinet.java::Cabinet"])
    (project / "Cabinet.java").write_text(LIST.replace("int size()", "int count()"))
    now = anchor(client, stored.id)
    assert now.verdict == "changed"
    assert now.reason.endswith("size gone; count new")


def test_the_diff_is_from_the_nearest_accepted_form(client: Client, project: Path) -> None:
    stored = client.store(title="Loading", symbols=["notes.py::load"])
    (project / "notes.py").write_text(NOTES.replace("if line]", "if line.strip()]"))
    client.sync()
    client.verify(stored.id)
    (project / "notes.py").write_text("def load(path):\n    return None\n")
    client.sync()
    client.verify(stored.id)
    (project / "notes.py").write_text(NOTES.replace("if line]", "if line.rstrip()]"))
    now = anchor(client, stored.id)
    assert now.verdict == "changed"
    assert [line for line in now.diff.splitlines() if line[:1] in "+-"][2:] == [
        "-    return [json.loads(line) for line in lines if line.strip()]",
        "+    return [json.loads(line) for line in lines if line.rstrip()]",
    ]
