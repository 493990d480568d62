"""What is read of a tree."""

from __future__ import annotations

from pathlib import Path

from recalld.memory.codebase import _read


def test_what_a_link_leads_to_outside_of_the_tree_is_not_read(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root, outside):
        folder.mkdir()
        (folder / "a.py").write_text(f"in {folder.name}")
    (root / "link.py").symlink_to(outside / "a.py")
    (root / "folder").symlink_to(outside)
    (root / "inside.py").symlink_to("a.py")
    read = {name: _read(root, name, 100) for name in ("a.py", "inside.py", "link.py", "folder/a.py", "../outside/a.py")}
    assert {name for name, content in read.items() if content} == {"a.py", "inside.py"}
    assert read["inside.py"] == b"in root"


def test_what_is_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x" * 101)
    assert _read(tmp_path, "a.py", 100) == b""
