"""How verdicts travel: pushed, shown, kept apart by tree, learned from and not learned from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from recall import Client
from recall.protocol.events import VerdictChanged
from recall.protocol.values import Anchor, TrailStep
from tests.e2e.running import commit, git
from tests.inproc.conftest import House
from tests.inproc.golden.rows import cut, swap
from tests.inproc.golden.symbols import (
    EDIT,
    FILE,
    HELD,
    LOAD,
    LOAD_JSON,
    OTHER,
    READ_JSON,
    SESSION,
    TREE,
)

RENAMED = SESSION.replace("load_json", "read_json")
READ = f"{FILE}::read_json"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, text in TREE.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q")
    commit(root, f"of {tmp_path}")
    return root


def anchor(client: Client, memory_id: str) -> Anchor:
    client.sync()
    return client.get(memory_id).anchors[0]


def said(client: Client, memory_id: str) -> tuple[str | None, str]:
    now = anchor(client, memory_id)
    return now.verdict, f"{now.path}::{now.symbol}"


def steps(client: Client, memory_id: str) -> list[TrailStep]:
    (trail,) = client.history(memory_id).anchors
    return trail.steps


def places(client: Client, memory_id: str) -> list[str]:
    return [f"{step.path}::{step.symbol}" for step in steps(client, memory_id)]


# --- where a verdict shows -----------------------------------------------------------------------


def test_a_move_is_pushed_with_its_trail(client: Client, project: Path) -> None:
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    client.sync()
    with client.events(timeout_s=10) as stream:
        (project / FILE).write_text(RENAMED)
        turned = next(event for event in stream if isinstance(event, VerdictChanged))
    assert (turned.memory_id, turned.anchor) == (stored.id, LOAD)
    assert (turned.previous, turned.verdict, turned.symbol) == ("current", "moved", "read_json")
    assert turned.trail == [LOAD, READ]
    assert "read_json" in turned.reason


def test_a_memory_is_found_at_the_place_that_its_code_moved_to(client: Client, project: Path) -> None:
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    (project / FILE).write_text(cut(SESSION, LOAD_JSON))
    (project / OTHER).write_text(HELD + LOAD_JSON)
    client.sync()
    assert [(brief.id, brief.verdict) for brief in client.by_file(OTHER).memories] == [(stored.id, "moved")]
    (symbol,) = [symbol for symbol in client.outline(OTHER).symbols if symbol.name == "load_json"]
    assert [brief.id for brief in symbol.memories] == [stored.id]
    assert [brief.id for brief in client.by_symbol(f"{OTHER}::load_json").symbol.memories] == [stored.id]
    assert [brief.id for brief in client.context(OTHER).memories] == [stored.id]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (swap(SESSION, *EDIT), "changed"),
        (swap(RENAMED, *EDIT), "moved+changed"),
        (cut(SESSION, LOAD_JSON), "missing"),
    ],
)
def test_a_stale_memory_is_everywhere_and_marked(client: Client, project: Path, text: str, verdict: str) -> None:
    stored = client.store(title="Settings are lower case", narrative="Whatever a file says.", symbols=[LOAD])
    (project / FILE).write_text(text)
    client.sync()
    assert [(brief.id, brief.verdict) for brief in client.by_file(FILE).memories] == [(stored.id, verdict)]
    found = client.search("settings lower case").results
    assert [(brief.id, brief.verdict) for brief in found] == [(stored.id, verdict)]
    assert found[0].reason == client.get(stored.id).reason != ""
    context = client.context(FILE)
    assert ([brief.id for brief in context.memories], context.stale) == ([stored.id], 1)
    assert f"{verdict}: " in context.text
    assert [(brief.id, brief.verdict) for brief in client.list().memories] == [(stored.id, verdict)]


def test_a_stale_memory_ranks_below_its_equal(client: Client, project: Path) -> None:
    anchors = {"load_json": LOAD, "Holder.held": f"{OTHER}::Holder.held"}
    ids = {
        client.store(title="Names are lower case", symbols=[symbol], force=True).id: name
        for name, symbol in anchors.items()
    }
    client.sync()
    first, second = (brief.id for brief in client.search("names lower case").results)
    if ids[first] == "load_json":
        (project / FILE).write_text(swap(SESSION, *EDIT))
    else:
        (project / OTHER).write_text(swap(HELD, "len(self.things)", "sum(self.things)"))
    client.sync()
    assert [brief.id for brief in client.search("names lower case").results] == [second, first]


def test_a_memory_reports_the_worst_of_its_anchors_and_stays_usable_through_the_others(
    client: Client, project: Path
) -> None:
    held = f"{OTHER}::Holder.held"
    stored = client.store(title="All of it", symbols=[held, LOAD, f"{FILE}::Session.rebuild_auth"], source_files=[FILE])
    (project / FILE).write_text(swap(cut(SESSION, LOAD_JSON), "url = request.url", "url = str(request.url)"))
    client.sync()
    memory = client.get(stored.id)
    by_symbol = {each.symbol: each for each in memory.anchors}
    assert {name: each.verdict for name, each in by_symbol.items()} == {
        None: "current",
        "Holder.held": "current",
        "load_json": "missing",
        "Session.rebuild_auth": "changed",
    }
    assert (memory.verdict, memory.reason) == ("missing", by_symbol["load_json"].reason)
    assert "load_json" in memory.reason
    assert [brief.id for brief in client.by_symbol(held).symbol.memories] == [stored.id]
    assert [brief.verdict for brief in client.by_file(OTHER).memories] == ["missing"]


def test_the_code_then_and_now_is_shown_as_a_diff(client: Client, project: Path) -> None:
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    (project / FILE).write_text(swap(SESSION, *EDIT))
    lines = anchor(client, stored.id).diff.splitlines()
    old, new = EDIT
    assert [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")] == [old]
    assert [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")] == [new]


# --- trees ---------------------------------------------------------------------------------------


def by_edit(client: Client, memory_id: str) -> None:
    client.edit(memory_id, narrative="Still true.")


def by_verify(client: Client, memory_id: str) -> None:
    client.verify(memory_id)


@pytest.mark.parametrize("accept", [by_edit, by_verify])
@pytest.mark.parametrize(
    ("text", "verdict", "place"),
    [(swap(SESSION, *EDIT), "changed", LOAD), (RENAMED, "moved", READ), (swap(RENAMED, *EDIT), "moved+changed", READ)],
    ids=["edited", "renamed", "renamed and edited"],
)
def test_still_true_in_one_worktree_takes_nothing_from_another(
    client: Client,
    project: Path,
    tmp_path: Path,
    text: str,
    verdict: str,
    place: str,
    accept: Callable[[Client, str], None],
) -> None:
    git(project, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    with Client(tmp_path / "side") as there:
        there.sync()
        stored = client.store(title="Settings are lower case", symbols=[LOAD])
        (tmp_path / "side" / FILE).write_text(text)
        assert said(there, stored.id) == (verdict, place)
        assert said(client, stored.id) == ("current", LOAD)
        accept(there, stored.id)
        assert said(there, stored.id) == ("current", place)
        assert said(client, stored.id) == ("current", LOAD)
        accepted = [f"{step.path}::{step.symbol}" for step in steps(client, stored.id) if step.source != "followed"]
        assert accepted == [LOAD, place]
        # Each form is one in every tree.
        (tmp_path / "side" / FILE).write_text(SESSION)
        (project / FILE).write_text(text)
        assert said(there, stored.id) == ("current", LOAD)
        assert said(client, stored.id) == ("current", place)
        there.close_tree()


def test_what_changed_while_the_daemon_was_down_is_followed(house: House, client: Client, project: Path) -> None:
    ids = client.store_many(
        [
            {"title": "of a renamed function", "symbols": [LOAD]},
            {"title": "of a moved method", "symbols": [f"{FILE}::Session.rebuild_auth"]},
            {"title": "of an edited method", "symbols": [f"{FILE}::Session.merge_cookies"]},
            {"title": "of a getter in a renamed file", "symbols": [f"{OTHER}::Holder.held"]},
            {"title": "of the renamed file", "source_files": [OTHER]},
            {"title": "of a deleted text", "source_files": ["README.md"]},
        ]
    )
    client.sync()
    house.stop()
    start = SESSION.index("\n    def rebuild_auth")
    rebuild = SESSION[start : SESSION.index("\n    @cached")]
    text = swap(cut(SESSION, rebuild).replace("load_json", "read_json"), "merged.discard(name)", "merged.drop(name)")
    (project / FILE).write_text(text)
    (project / OTHER).rename(project / "web/holding.py")
    (project / "web/auth.py").write_text(f"class Auth:\n{rebuild}")
    (project / "README.md").unlink()
    house.start()
    client.sync()
    found = [client.get(each).anchors[0] for each in ids]
    assert [(each.verdict, each.path, each.symbol) for each in found[:-1]] == [
        ("moved", FILE, "read_json"),
        ("moved", "web/auth.py", "Auth.rebuild_auth"),
        ("changed", FILE, "Session.merge_cookies"),
        ("moved", "web/holding.py", "Holder.held"),
        ("moved", "web/holding.py", None),
    ]
    assert found[-1].verdict == "missing"


def test_a_restart_gives_the_verdicts_that_were(house: House, client: Client, project: Path) -> None:
    ids = [client.store(title=f"of {name}", symbols=[name]).id for name in (LOAD, f"{FILE}::Session.merge_cookies")]
    (project / FILE).write_text(swap(RENAMED, *EDIT))
    client.sync()
    before = [client.get(each).anchors for each in ids]
    house.stop()
    house.start()
    client.sync()
    assert [client.get(each).anchors for each in ids] == before


# --- what is learned, and what is not ------------------------------------------------------------


def test_a_chain_of_renames_is_followed_to_its_end(client: Client, project: Path) -> None:
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    for name in ("read_json", "settings_of"):
        (project / FILE).write_text(SESSION.replace("load_json", name))
        assert said(client, stored.id) == ("moved", f"{FILE}::{name}")
    trail = [LOAD, READ, f"{FILE}::settings_of"]
    assert client.get(stored.id).anchors[0].trail == trail
    assert places(client, stored.id) == trail
    assert [step.source for step in steps(client, stored.id)] == ["stored", "followed", "followed"]
    (project / FILE).write_text(SESSION)
    assert said(client, stored.id) == ("current", LOAD)


def test_many_small_edits_leave_the_next_rename_easy_to_follow(client: Client, project: Path) -> None:
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    text = SESSION
    for old, new in [
        ("    settings = dict(defaults)\n", "    merged = ChainMap({}, defaults)\n"),
        ("    if not path.exists():\n", "    if path.stat().st_size == 0:\n"),
        ('log.info("no settings at %s", path)\n        return settings', 'warn("empty file")\n        return merged'),
        ("    with path.open() as stream:\n", "    with lock(path), path.open('rb') as raw:\n"),
        ("given = json.load(stream)", "document = loads(raw.read(), strict=False)"),
        ("    for key, value in given.items():\n", "    for entry in document['entries']:\n"),
        ("settings[key.lower()] = value\n    return settings", "merged[entry['name']] = entry\n    return merged"),
    ]:
        text = swap(text, old, new)
        (project / FILE).write_text(text)
        assert said(client, stored.id) == ("changed", LOAD)
    text = swap(text.replace("load_json", "read_entries"), "strict=False", "strict=True")
    (project / FILE).write_text(text)
    assert said(client, stored.id) == ("moved+changed", f"{FILE}::read_entries")
    (project / FILE).write_text(SESSION)
    assert said(client, stored.id) == ("current", LOAD)


@pytest.mark.parametrize("looked_at", [True, False], ids=["seen", "unseen"])
@pytest.mark.parametrize(
    "end", ["given = json.loa", "        return settings\n", "def load_json(path, defaults):\n", '"""Sess'], ids=repr
)
def test_a_half_written_save_leaves_no_trace(client: Client, project: Path, end: str, looked_at: bool) -> None:
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    client.sync()
    (project / FILE).write_text(SESSION[: SESSION.index(end) + len(end)])
    if looked_at:
        client.sync()
    (project / FILE).write_text(SESSION)
    now = anchor(client, stored.id)
    assert (now.verdict, now.trail) == ("current", [])
    assert [(step.source, step.symbol) for step in steps(client, stored.id)] == [("stored", "load_json")]


@pytest.mark.parametrize("sign", ["rebase-merge", "rebase-apply", "index.lock"])
def test_what_is_followed_while_git_is_at_work_is_learned_only_afterwards(
    client: Client, project: Path, sign: str
) -> None:
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    mark = project / ".git" / sign
    if sign.endswith(".lock"):
        mark.touch()
    else:
        mark.mkdir()
    (project / FILE).write_text(cut(SESSION, LOAD_JSON))
    (project / OTHER).write_text(HELD + READ_JSON)
    there = f"{OTHER}::read_json"
    assert said(client, stored.id) == ("moved", there)
    assert places(client, stored.id) == [LOAD]
    mark.rmdir() if mark.is_dir() else mark.unlink()
    (project / OTHER).write_text("# After all.\n" + HELD + READ_JSON)
    assert said(client, stored.id) == ("moved", there)
    assert places(client, stored.id) == [LOAD, there]


def test_what_passes_by_during_a_rebase_is_no_step(client: Client, project: Path) -> None:
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    (project / ".git/rebase-merge").mkdir()
    (project / FILE).write_text(RENAMED)
    assert said(client, stored.id) == ("moved", READ)
    (project / FILE).write_text(SESSION)
    (project / ".git/rebase-merge").rmdir()
    assert said(client, stored.id) == ("current", LOAD)
    (project / FILE).write_text("# After all.\n" + SESSION)
    assert said(client, stored.id) == ("current", LOAD)
    assert places(client, stored.id) == [LOAD]


def test_a_near_twin_that_was_there_all_along_is_not_taken_for_what_was_deleted(client: Client, project: Path) -> None:
    twin = LOAD_JSON.replace("json", "yaml")
    (project / FILE).write_text(SESSION + twin)
    client.sync()
    stored = client.store(title="Settings are lower case", symbols=[LOAD])
    (project / FILE).write_text(cut(SESSION, LOAD_JSON) + twin)
    assert anchor(client, stored.id).verdict in ("missing", "ambiguous")
    (project / FILE).write_text(cut(SESSION, LOAD_JSON) + READ_JSON + twin)
    assert said(client, stored.id) == ("moved", READ)
