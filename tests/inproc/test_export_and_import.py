"""Memories taken out and brought in: through the command line, the wire, and the daemon."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from recall import Client
from recall.cli.main import main
from recall.protocol.requests.records import MemoryRecord
from recalld.memory import transfer
from tests.e2e.running import git
from tests.inproc.conftest import House

FILE = "api/models/memory.py"
SETTINGS: dict[str, Any] = {}


def exported(client: Client, **asked: Any) -> list[Any]:
    found: list[Any] = []
    after = ""
    while True:
        page = client.export_page(after, **asked)
        found += page.records
        after = page.after
        if not after:
            return found


def memories(records: list[Any]) -> dict[str, MemoryRecord]:
    return {record.id: record for record in records if isinstance(record, MemoryRecord)}


@pytest.fixture
def other(house: House, tmp_path: Path, project: Path) -> Path:
    """The same code in another project."""
    root = tmp_path / "other"
    (root / "api/models").mkdir(parents=True)
    (root / FILE).write_text((project / FILE).read_text())
    git(root, "init", "-q")
    return root


def test_what_was_purged_comes_back_as_it_was(house: House, client: Client, project: Path, tmp_path: Path) -> None:
    first = client.store(
        title="Sessions live in Redis", narrative="They outlive a restart.", symbols=[f"{FILE}::Memory.load"],
        source_files=[f"{FILE}:1-4", "api/"], concepts=["sessions"], tags=["redis"], session_id="s-1",
    ).id  # fmt: skip
    second = client.store(title="Cookies hold only the id", supersedes=[first]).id
    client.edit(first, narrative="They outlive a restart, and are shared.")
    client.rate(first, useful=True, context="where login state is kept")
    house.pass_days(2)
    before = (client.get(first), client.history(first), exported(client))
    assert main(["-C", str(project), "export", str(tmp_path / "all.jsonl")]) == 0
    assert stat.S_IMODE((tmp_path / "all.jsonl").stat().st_mode) == 0o600
    client.forget([first, second], purge=True)
    assert client.list().total == 0
    assert main(["-C", str(project), "import", str(tmp_path / "all.jsonl")]) == 0
    client.sync()
    after = (client.get(first), client.history(first), exported(client))
    assert after == before
    assert client.get(first).verdict == "current"
    assert client.get(first).superseded_by == second
    assert {brief.id for brief in client.search("where is the login state kept").results} >= {first}


def test_to_bring_the_same_in_twice_changes_nothing_and_what_is_here_stays(
    client: Client, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same, edited = client.store(title="One").id, client.store(title="Two").id
    file = str(tmp_path / "all.jsonl")
    main(["-C", str(project), "export", file])
    client.edit(edited, title="Two, edited")
    records = exported(client)
    capsys.readouterr()
    for _ in range(2):
        assert main(["-C", str(project), "import", file, "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["stored"], said["known"], said["differing"]) == (0, 1, [edited])
        assert exported(client) == records
    assert client.get(same).title == "One"


def test_another_project_gets_them_under_other_ids_judged_by_its_own_code(
    client: Client, other: Path, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stays = client.store(title="Loading is lazy", symbols=[f"{FILE}::Memory.load"]).id
    changed = client.store(title="Connecting returns the url", symbols=[f"{FILE}::connect"], supersedes=[stays]).id
    (other / FILE).write_text((project / FILE).read_text().replace("return url", "return url.strip()"))
    file = str(tmp_path / "all.jsonl")
    main(["-C", str(project), "export", file])
    capsys.readouterr()
    with Client(other) as there:
        there.sync()
        for round_ in range(2):
            assert main(["-C", str(other), "import", file, "--json"]) == 0
            said = json.loads(capsys.readouterr().out)
            assert (said["stored"], set(said["renamed"])) == (0 if round_ else 2, {stays, changed})
        verdicts = {brief.id: brief.verdict for brief in there.list().memories}
        names = said["renamed"]
        assert verdicts == {names[stays]: "current", names[changed]: "changed"}
        assert there.get(names[stays]).superseded_by == names[changed]
        there.close_tree()
    assert {brief.id for brief in client.list().memories} == {stays, changed}


def test_personal_and_forgotten_memories_go_along_only_when_asked_for(client: Client, other: Path) -> None:
    own, forgotten = client.store(title="Ours").id, client.store(title="Gone").id
    mine = client.store(title="I like tabs", personal=True).id
    client.forget([forgotten])
    assert set(memories(exported(client))) == {own}
    assert set(memories(exported(client, personal=True))) == {own, mine}
    everything = exported(client, personal=True, forgotten=True)
    assert set(memories(everything)) == {own, mine, forgotten}
    client.forget([own, mine, forgotten], purge=True)
    reply = client.import_page(everything)
    assert (reply.stored, reply.left_out) == (2, 1)
    assert client.list().total == 1
    assert client.restore(forgotten).title == "Gone"
    assert client.import_page(everything, personal=True).stored == 1
    assert client.get(mine).personal
    client.forget([mine], purge=True)


def test_a_page_holds_so_many_and_all_pages_hold_all(client: Client) -> None:
    stored = set(client.store_many([{"title": f"number {n}"} for n in range(23)]))
    pages: list[int] = []
    after = ""
    while not pages or after:
        page = client.export_page(after, limit=10)
        pages.append(len(memories(page.records)))
        stored -= set(memories(page.records))
        after = page.after
        assert page.total == 23
    assert [size for size in pages if size] == [10, 10, 3]
    assert stored == set()


def test_a_page_that_grows_too_large_is_cut(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "MAX_PAGE_BYTES", 20_000)
    client.store_many([{"title": f"number {n}", "narrative": f"about {n}, " * 200} for n in range(30)])
    page = client.export_page(limit=500)
    assert 1 < len(page.records) < 10
    assert len(memories(exported(client, limit=500))) == 30


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"narrative": "the key is AKIAIOSFODNN7EXAMPLQ"}, "secret_found"),
        ({"anchors": [{"kind": "file", "path": "../../etc/passwd"}]}, "outside_workspace"),
        ({"anchors": [{"kind": "file", "path": "/etc/passwd"}]}, "outside_workspace"),
        ({"anchors": [{"kind": "file", "path": "api/../../x"}]}, "outside_workspace"),
        ({"memory_type": "gossip"}, "invalid_params"),
    ],
)
def test_a_record_that_may_not_come_in_is_named_and_the_others_come(
    client: Client, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], code: str
) -> None:
    good, bad = client.store(title="Good").id, client.store(title="Bad").id
    file = tmp_path / "all.jsonl"
    main(["-C", str(project), "export", str(file)])
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines = [{**line, **change} if line.get("id") == bad else line for line in lines]
    file.write_text("\n".join(map(json.dumps, lines)))
    client.forget([good, bad], purge=True)
    capsys.readouterr()
    assert main(["-C", str(project), "import", str(file)]) == 1
    said = capsys.readouterr()
    assert "1 stored" in said.out
    assert said.err.count("line 3: ") == 1
    assert "AKIAIOSFODNN7EXAMPLQ" not in said.err
    assert [brief.id for brief in client.list().memories] == [good]


def test_a_broken_line_is_named_and_the_others_come_in(
    client: Client, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = client.store(title="Good").id
    file = tmp_path / "all.jsonl"
    main(["-C", str(project), "export", str(file)])
    file.write_text(file.read_text() + '{"record": "memory", "id"\n\n{"record": "poem"}\n')
    client.forget([good], purge=True)
    capsys.readouterr()
    assert main(["-C", str(project), "import", str(file)]) == 1
    said = capsys.readouterr()
    assert "line 3: " in said.err
    assert "line 5: " in said.err
    assert client.get(good).title == "Good"


# --- Markdown ------------------------------------------------------------------------------------


def test_what_a_person_edits_in_the_files_is_edited_here(
    client: Client, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = client.store(
        title="Sessions: in Redis", narrative="They outlive a restart.", symbols=[f"{FILE}::connect"], tags=["no", "1"]
    ).id
    notes = tmp_path / "notes"
    main(["-C", str(project), "export", str(notes), "--format", "markdown"])
    (file,) = notes.iterdir()
    assert file.name == f"sessions-in-redis.{stored}.md"
    before = client.get(stored)
    assert main(["-C", str(project), "import", str(notes)]) == 0
    assert client.get(stored) == before
    for text, word in (("They outlive a restart.", "first"), ("first", "second")):
        file.write_text(file.read_text().replace(text, word).replace("Sessions: in Redis", "Sessions: in Valkey"))
        assert main(["-C", str(project), "import", str(file)]) == 0
        now = client.get(stored)
        assert (now.title, now.narrative, now.tags) == ("Sessions: in Valkey", word, ["no", "1"])
        assert now.symbols == [f"{FILE}::connect"]
    client.edit(stored, title="Edited here")
    file.write_text(file.read_text().replace("second", "third"))
    capsys.readouterr()
    assert main(["-C", str(project), "import", str(file)]) == 0
    assert "are here in another state" in capsys.readouterr().out
    assert client.get(stored).title == "Edited here"
    main(["-C", str(project), "export", str(notes), "--format", "markdown"])
    assert [each.name for each in notes.iterdir()] == [f"edited-here.{stored}.md"]


def test_a_file_that_is_of_no_memory_becomes_one(client: Client, project: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "bare.md").write_text("Retries stop after three.\n\nThe provider bans us otherwise.\n")
    (notes / "full.md").write_text(
        f"---\ntitle: Loading is lazy\ntype: pattern\nfiles: [{FILE}]\nconcepts:\n- loading\n---\nBecause of startup.\n"
    )
    for _ in range(2):  # the second time they are here already
        assert main(["-C", str(project), "import", str(notes)]) == 0
        assert sorted(brief.title for brief in client.list().memories) == [
            "Loading is lazy",
            "Retries stop after three",
        ]
    (lazy,) = client.list(memory_types=["pattern"]).memories
    assert (lazy.source_files, lazy.concepts) == ([FILE], ["loading"])
