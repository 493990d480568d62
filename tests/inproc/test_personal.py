"""Personal memories: what holds in all workspaces is seen in each, marked, and nothing else goes along with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recall import Client, RecallError
from recall.protocol.values import Brief
from tests.e2e.running import commit, git, wait_until
from tests.inproc.conftest import House

FILE = "api/models/memory.py"
STYLE = "functional_style.py"
PREFERENCE = "I prefer functional style with immutable values"


@pytest.fixture
def other(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Another project, and with it another workspace."""
    root = tmp_path_factory.mktemp("other")
    (root / STYLE).write_text("def prefer_functional_style(immutable_values):\n    return tuple(immutable_values)\n")
    git(root, "init", "-q")
    commit(root, f"the first of {root}")
    with Client(root) as made:
        made.sync()
        yield made
        made.close_tree()


def preference(client: Client, **more: object) -> str:
    stored = client.store(title=PREFERENCE, memory_type="preference", personal=True, **more)  # type: ignore[arg-type]
    client.sync()
    return stored.id


def marks(briefs: list[Brief]) -> dict[str, bool]:
    return {brief.id: brief.personal for brief in briefs}


# --- seen everywhere, and marked ------------------------------------------------------------------


def test_what_is_personal_is_seen_in_every_workspace_and_marked_wherever_it_is_shown(
    client: Client, other: Client
) -> None:
    mine = preference(client, importance_score=0.9)
    own = other.store(title="Values are kept in tuples, in functional style", memory_type="convention").id
    other.sync()
    expected = {mine: True, own: False}
    assert marks(other.list().memories) == expected
    assert marks(other.search("functional style of values").results) == expected
    assert marks(other.session_start(task="write in functional style").injected_memories) == expected
    nodes = other.explore("functional style of values").nodes
    assert {node.id: node.personal for node in nodes if node.kind == "memory"} == expected
    assert {each.id: each.personal for each in other.decay(10_000).memories} == expected
    assert other.get(mine).personal
    assert not other.get(own).personal


def test_the_text_that_an_agent_gets_says_what_is_personal(client: Client, other: Client) -> None:
    mine = preference(client, importance_score=1.0)
    assert f"{PREFERENCE} (personal preference, importance 1.00" in other.session_start().text
    context = other.context(STYLE)
    assert marks(context.memories) == {mine: True}
    assert f"{PREFERENCE} (personal preference" in context.text


def test_who_wants_none_of_it_gets_none(client: Client, other: Client) -> None:
    preference(client, importance_score=1.0)
    own = other.store(title="Values are kept in tuples, in functional style", memory_type="convention").id
    other.sync()
    task = "functional style of values"
    assert list(marks(other.list(personal=False).memories)) == [own]
    assert list(marks(other.search(task, personal=False).results)) == [own]
    nodes = other.explore(task, personal=False).nodes
    assert [node.id for node in nodes if node.kind == "memory"] == [own]
    assert [each.id for each in other.decay(10_000, personal=False).memories] == [own]
    started = other.session_start(task=task, personal=False)
    assert list(marks(started.injected_memories)) == [own]
    assert other.session_get_context(started.session_id, task=task, personal=False).injected_memories == []


# --- changed by id alone --------------------------------------------------------------------------


def test_it_is_changed_and_forgotten_by_its_id_alone(house: House, client: Client, other: Client) -> None:
    mine = preference(client)
    house.pass_days(40)
    assert other.forget(containing="functional").ids == []
    assert other.forget(older_than_days=30).ids == []
    assert other.edit(mine, narrative="And pure functions.").personal
    assert other.rate(mine, useful=True).rating_recorded
    assert other.pin(mine).pinned
    assert client.get(mine).pinned
    assert other.forget([mine]).ids == [mine]
    assert client.list(personal=True).total == 0
    assert client.restore(mine).personal


# --- never doubled --------------------------------------------------------------------------------


def test_the_same_words_are_not_stored_beside_it(client: Client, other: Client) -> None:
    mine = preference(client)
    for personal in (True, False):
        with pytest.raises(RecallError) as refusal:
            other.store(title=PREFERENCE, personal=personal)
        assert (refusal.value.code, refusal.value.details["id"]) == ("duplicate", mine)
    with pytest.raises(RecallError) as refusal:
        other.store_many([{"title": "One more"}, {"title": PREFERENCE}])
    assert (refusal.value.code, refusal.value.details["index"]) == ("duplicate", 1)
    assert list(marks(other.list().memories)) == [mine]


def test_what_says_nearly_the_same_is_named_wherever_it_is_stored(client: Client, other: Client) -> None:
    mine = preference(client)
    similar = other.store(title="I prefer a functional style with immutable values").similar
    assert [(brief.id, brief.personal) for brief in similar] == [(mine, True)]


def test_what_a_project_knows_becomes_personal_by_being_superseded(client: Client, other: Client) -> None:
    own = client.store(title=PREFERENCE).id
    with pytest.raises(RecallError) as refusal:
        client.store(title=PREFERENCE, personal=True)
    assert (refusal.value.code, refusal.value.details["id"]) == ("duplicate", own)
    mine = client.store(title=PREFERENCE, personal=True, supersedes=[own]).id
    assert client.get(own).superseded_by == mine
    assert list(marks(other.list().memories)) == [mine]


def test_what_a_session_says_again_confirms_it_and_makes_no_other(client: Client, other: Client) -> None:
    mine = client.store(title="We always store money as integer cents", personal=True).id
    client.sync()
    session = other.session_start().session_id
    job_id = other.session_end(session, "We always store money as integer cents.").extraction_job_id
    wait_until(lambda: other.session_job(job_id).status == "done", 20, "the job")
    assert [(each.id, each.action) for each in other.session_job(job_id).memories] == [(mine, "confirmed")]
    assert other.list().total == 1
    assert [origin.session_id for origin in other.get(mine).extracted_from] == [session]
    assert client.get(mine).extracted_from == []  # what was said there is nobody else's business


# --- nothing else goes along ----------------------------------------------------------------------


def test_what_it_is_linked_with_and_was_recalled_with_stays_in_its_own_workspace(client: Client, other: Client) -> None:
    mine = preference(client)
    secret = client.store(title="Values of the harbour project are immutable", concepts=["harbour"]).id
    client.link(mine, "related_to", secret)
    client.sync()
    ids = {brief.id for brief in client.search("immutable values").results}
    assert ids == {mine, secret}
    client.rate(mine, useful=True)
    assert [link.id for link in client.get(mine).links] == [secret]
    assert other.get(mine).links == []
    reached = other.explore(id=mine)
    assert [node.id for node in reached.nodes] == [mine]
    assert [brief.id for brief in other.search("immutable values of the harbour").results] == [mine]
    for ask in (other.get, other.history, other.pin, other.verify, other.restore):
        with pytest.raises(RecallError) as refusal:
            ask(secret)
        assert refusal.value.code == "unknown_id"


def test_it_belongs_to_no_code_and_no_file_of_the_project_where_it_was_stored(
    client: Client, other: Client, project: Path
) -> None:
    stored = client.store(title=PREFERENCE, personal=True, source_files=[FILE], symbols=[f"{FILE}::Memory.load"])
    assert "belongs to no project" in stored.warnings[0]
    seen = other.get(stored.id)
    assert (seen.source_files, seen.symbols, seen.anchors, seen.verdict) == ([], [], [], None)
    client.edit(stored.id, source_files=[FILE])
    assert client.get(stored.id).anchors == []
    assert str(project) not in repr(other.history(stored.id))


def test_what_one_workspace_stores_supersedes_it_there_alone(client: Client, other: Client) -> None:
    mine = preference(client)
    own = client.store(title="Here values are mutable", supersedes=[mine]).id
    assert client.get(mine).superseded_by == own
    assert other.get(mine).superseded_by is None
    assert [brief.superseded_by for brief in other.list().memories] == [None]
    assert marks(other.session_start().injected_memories) == {mine: True}
