"""What was superseded stands behind its successor, and links lead from one memory to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall import Client, RecallError
from recall.cli.main import main
from recall.protocol.values import Memory
from tests.e2e.running import wait_until
from tests.inproc.conftest import House

OLD = "Sessions expire after 30 minutes of idleness, as the security review wanted."
NEW = "Idle logins are ended by the proxy since March; sessions expire there."


def said(memory: Memory) -> list[tuple[str, str, str]]:
    return [(link.kind, link.direction, link.id) for link in memory.links]


def test_what_was_superseded_is_found_behind_its_successor_and_says_so(client: Client) -> None:
    old = client.store(narrative=OLD).id
    query = "when do sessions expire after idleness"
    alone = client.search(query).results[0]
    assert (alone.id, alone.superseded_by) == (old, None)
    new = client.store(narrative=NEW, supersedes=[old]).id
    results = client.search(query, explain=True).results
    assert [hit.id for hit in results] == [new, old]
    assert [hit.superseded_by for hit in results] == [None, new]
    assert (results[1].score or 1) <= (alone.score or 0) * 0.55
    assert {brief.id: brief.superseded_by for brief in client.list().memories} == {old: new, new: None}
    assert client.get(old).superseded_by == new
    assert said(client.get(old)) == [("supersedes", "incoming", new)]
    assert said(client.get(new)) == [("supersedes", "outgoing", old)]


def test_what_was_superseded_stands_as_before_when_its_successor_is_forgotten(client: Client) -> None:
    old = client.store(narrative=OLD).id
    new = client.store(narrative=NEW, supersedes=[old]).id
    client.forget([new])
    assert client.get(old).superseded_by is None
    client.restore(new)
    assert client.link(new, "supersedes", old, remove=True).links == []
    assert client.get(old).superseded_by is None


def test_a_context_puts_what_was_superseded_behind_and_says_so(client: Client, project: Path) -> None:
    (project / "till.py").write_text("def total(prices):\n    return sum(prices)\n")
    client.sync()
    old = client.store(title="Round early", narrative="Each.", symbols=["till.py::total"], importance_score=0.99).id
    new = client.store(title="Round late", narrative="Once.", source_files=["till.py"], importance_score=0.1).id
    assert [brief.id for brief in client.context("till.py").memories] == [old, new]
    client.link(new, "supersedes", old)
    client.sync()
    context = client.context("till.py")
    assert [brief.id for brief in context.memories] == [new, old]
    assert f"superseded by {new}" in context.text
    assert [brief.superseded_by for brief in client.by_file("till.py").memories] == [None, new]


def test_what_a_memory_supersedes_is_not_named_as_its_double(client: Client) -> None:
    said = "Sessions of the web shop expire after half an hour in which nobody uses them"
    old = client.store(narrative=f"{said}.").id
    wait_until(lambda: client.status().vectors == "ready", 20, "the index to catch up")
    assert old in {brief.id for brief in client.store(narrative=f"{said} at all.").similar}
    assert old not in {brief.id for brief in client.store(narrative=f"{said} at last.", supersedes=[old]).similar}


def test_of_memories_stored_together_each_supersedes_what_it_names(client: Client) -> None:
    old = client.store(narrative=OLD).id
    one, two = client.store_many([{"narrative": NEW, "supersedes": [old]}, {"narrative": "Tea is at five."}])
    assert client.get(old).superseded_by == one
    assert client.get(two).links == []


@pytest.mark.parametrize("kind", ["contradicts", "related_to"])
def test_a_mutual_link_is_one_from_whichever_end_it_is_stated_and_removed(client: Client, kind: str) -> None:
    one, two = (client.store(narrative=text).id for text in (OLD, NEW))
    assert said(client.link(one, kind, two)) == [(kind, "both", two)]  # type: ignore[arg-type]  # one of the kinds
    assert said(client.link(two, kind, one)) == [(kind, "both", one)]  # type: ignore[arg-type]  # likewise
    assert said(client.link(two, kind, one, remove=True)) == []  # type: ignore[arg-type]  # likewise


def test_a_link_that_cannot_be_is_refused(client: Client) -> None:
    one, two, three = (client.store(narrative=f"Note {n}.").id for n in ("one", "two", "three"))
    client.link(one, "supersedes", two)
    client.link(two, "supersedes", three)
    for source, target, code in (
        (one, one, "invalid_params"),
        (three, one, "invalid_params"),
        (one, "mem-none", "unknown_id"),
        ("mem-none", one, "unknown_id"),
    ):
        with pytest.raises(RecallError) as refused:
            client.link(source, "supersedes", target)
        assert refused.value.code == code
    client.forget([three])
    with pytest.raises(RecallError, match="was forgotten"):
        client.link(one, "references", three)
    with pytest.raises(RecallError, match="no memory mem-none"):
        client.store(narrative="It stands for nothing.", supersedes=["mem-none"])
    assert client.list().total == 2


def test_a_memory_of_another_workspace_cannot_be_linked(client: Client, tmp_path: Path) -> None:
    one = client.store(narrative="Here it is kept.").id
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Client(elsewhere) as stranger:
        foreign = stranger.store(narrative="There it is kept.").id
        with pytest.raises(RecallError, match="no memory"):
            client.link(one, "supersedes", foreign)
        stranger.close_tree()


def test_links_lead_to_memories_that_share_nothing_else(client: Client) -> None:
    one = client.store(title="Walrus", narrative="Tables move in March.").id
    two = client.store(title="Otter", narrative="Disks fill up.").id
    client.link(two, "caused_by", one)
    reply = client.explore(id=one)
    assert [(edge.source, edge.target, edge.kind) for edge in reply.edges] == [(two, one, "caused_by")]
    assert {node.id: node.why for node in reply.nodes} == {one: [], two: ["caused by"]}


def test_exploring_marks_what_was_superseded_and_says_which_way_a_link_leads(client: Client) -> None:
    old = client.store(title="Walrus", narrative="Tables move in March.").id
    new = client.store(title="Otter", narrative="Disks fill up.", supersedes=[old]).id
    reply = client.explore(id=new)
    assert [(edge.source, edge.target, edge.kind) for edge in reply.edges] == [(new, old, "supersedes")]
    assert {node.id: (node.superseded_by, node.why) for node in reply.nodes} == {
        new: (None, []),
        old: (new, ["superseded by"]),
    }
    assert {node.id: node.why for node in client.explore(id=old).nodes} == {old: [], new: ["supersedes"]}


def test_links_are_made_and_shown_on_the_command_line(
    house: House, client: Client, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    old = client.store(title="Old way", narrative=OLD).id
    assert main(["store", "New way", "-c", NEW, "--supersedes", old, "--json"]) == 0
    new = client.get(old).superseded_by
    assert new is not None
    capsys.readouterr()
    assert main(["link", new, "--caused-by", old]) == 0
    assert "caused by Old way" in capsys.readouterr().out
    assert main(["show", old]) == 0
    shown = capsys.readouterr().out
    assert "superseded by New way" in shown
    assert "caused New way" in shown
    assert main(["list"]) == 0
    assert f"superseded by {new}" in capsys.readouterr().out
    assert main(["search", "sessions", "expire"]) == 0
    assert f"superseded by {new}" in capsys.readouterr().out
    assert main(["explore", "--id", new, "--depth", "1"]) == 0
    assert "Old way" in capsys.readouterr().out
    assert main(["link", new, "--supersedes", old, "--remove"]) == 0
    assert client.get(old).superseded_by is None
    assert main(["link", new]) == 2
