"""Many switches between branches in a row end with the verdicts that the last branch has by itself."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from recall import Client
from recall.protocol.values import Anchor
from tests.e2e.conftest import a_daemon
from tests.e2e.running import Daemon, commit, git
from tests.inproc.golden.rows import cut, swap
from tests.inproc.golden.symbols import EDIT, FILE, HELD, LOAD, LOAD_JSON, OTHER, SESSION, SPACED, TREE

RENAMED = SESSION.replace("load_json", "read_json").replace("rebuild_auth", "rebuild_credentials")
BRANCHES: dict[str, Mapping[str, str | None]] = {
    "renamed": {FILE: RENAMED},
    "moved": {FILE: cut(SESSION, LOAD_JSON), OTHER: HELD + LOAD_JSON},
    "edited": {FILE: swap(swap(SESSION, *EDIT), "extra: dict", "extra: Mapping")},
    "far": {FILE: cut(SESSION, LOAD_JSON), OTHER: HELD + swap(LOAD_JSON, *EDIT)},
    "deleted": {FILE: cut(SESSION, LOAD_JSON), "README.md": None},
    "tidied": SPACED,
    "shifted": {FILE: None, OTHER: None, "net/session.py": SESSION, "net/other.py": HELD},
}
AUTH, COOKIES, LABEL = (f"{FILE}::Session.{name}" for name in ("rebuild_auth", "merge_cookies", "label"))
STORED = (LOAD, AUTH, COOKIES, LABEL, FILE, "README.md", "web/")
Said = tuple[str | None, str]
TURNED: dict[str, dict[str, Said]] = {
    "main": {},
    "renamed": {LOAD: ("moved", f"{FILE}::read_json"), AUTH: ("moved", f"{FILE}::Session.rebuild_credentials")},
    "moved": {LOAD: ("moved", f"{OTHER}::load_json")},
    "edited": {LOAD: ("changed", LOAD), COOKIES: ("changed", COOKIES)},
    "far": {LOAD: ("moved+changed", f"{OTHER}::load_json")},
    "deleted": {LOAD: ("missing", ""), "README.md": ("missing", "")},
    "tidied": {},
    "shifted": {each: ("moved", each.replace("web/", "net/")) for each in STORED if each.startswith("web/")},
}
"""By branch, what is no longer as it was stored, and where it is."""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with a_daemon() as made:
        made.start()
        yield made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    write(root, TREE)
    commit(root, f"of {tmp_path}")
    for branch, files in BRANCHES.items():
        git(root, "checkout", "-q", "-b", branch, "main")
        write(root, files)
        commit(root, branch)
    git(root, "checkout", "-q", "main")
    return root


def write(root: Path, files: Mapping[str, str | None]) -> None:
    for path, text in files.items():
        if text is None:
            (root / path).unlink()
        else:
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(text)


def store_all(client: Client) -> dict[str, str]:
    memories = [{"title": each, "symbols" if "::" in each else "source_files": [each]} for each in STORED]
    return dict(zip(STORED, client.store_many(memories), strict=True))


def place(now: Anchor) -> str:
    return f"{now.path}::{now.symbol}" if now.symbol else now.path


def verdicts(client: Client, ids: Mapping[str, str]) -> dict[str, Said]:
    client.sync()
    anchors = {stored: client.get(memory_id).anchors[0] for stored, memory_id in ids.items()}
    return {each: (now.verdict, "" if now.verdict == "missing" else place(now)) for each, now in anchors.items()}


def right(branch: str) -> dict[str, Said]:
    return {each: ("current", each) for each in STORED} | TURNED[branch]


def steps(client: Client, memory_id: str) -> list[str]:
    (trail,) = client.history(memory_id).anchors
    return [f"{step.path}::{step.symbol}" if step.symbol else step.path for step in trail.steps]


@pytest.mark.parametrize(
    ("last", "switches"),
    [
        ("main", 50),
        *((each, 15) for each in ("far", "renamed", "shifted")),
        *(pytest.param(each, 50, marks=pytest.mark.long) for each in ("far", "renamed", "shifted")),
    ],
)
def test_a_storm_of_checkouts_ends_with_the_verdicts_of_a_fresh_start(
    daemon: Daemon, project: Path, last: str, switches: int
) -> None:
    with Client(project) as client:
        client.sync()
        ids = store_all(client)
        storm = random.Random(last)
        for _ in range(switches - 1):
            git(project, "checkout", "-q", storm.choice(sorted(TURNED)))
        git(project, "checkout", "-q", last)
        assert verdicts(client, ids) == right(last)
        after_storm = [client.get(each).anchors for each in ids.values()]

        daemon.stop()
        for derived in daemon.paths.data.glob("code.db*"):
            derived.unlink()
        daemon.start()
        assert verdicts(client, ids) == right(last)
        assert [client.get(each).anchors for each in ids.values()] == after_storm

        for branch in [*TURNED, "main"]:
            git(project, "checkout", "-q", branch)
            assert (branch, verdicts(client, ids)) == (branch, right(branch))
        for stored, memory_id in ids.items():
            been = steps(client, memory_id)
            assert been[0] == stored
            assert set(been) <= {right(branch)[stored][1] for branch in TURNED}
        client.close_tree()


def test_what_only_passed_by_in_a_storm_was_not_learned(daemon: Daemon, project: Path) -> None:
    with Client(project) as client:
        client.sync()
        ids = store_all(client)
        mark = project / ".git/rebase-merge"
        mark.mkdir()
        for branch in ["renamed", "moved", "far", "shifted", "main"] * 3:
            git(project, "checkout", "-q", branch)
            assert verdicts(client, ids) == right(branch)
        mark.rmdir()
        assert verdicts(client, ids) == right("main")
        assert {each: steps(client, memory_id) for each, memory_id in ids.items()} == {each: [each] for each in STORED}
        client.close_tree()
