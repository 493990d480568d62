"""Memories over the wire: stored, changed, forgotten, listed, as time goes by."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recall import Client, RecallError
from tests.e2e.running import MODELS, wait_until
from tests.inproc.conftest import House

FILE = "api/models/memory.py"


def code_of(refusal: pytest.ExceptionInfo[RecallError]) -> str:
    return refusal.value.code


# --- storing -------------------------------------------------------------------------------------


def test_what_is_stored_comes_back_whole(client: Client) -> None:
    stored = client.store(
        title="Lazy loading",
        narrative="All relationships use lazy='raise'.",
        memory_type="decision",
        source_files=[FILE, "api"],
        symbols=[f"{FILE}::load"],
        concepts=["SQLAlchemy", "sqlalchemy"],
        tags=["orm"],
        importance_score=0.95,
        session_id="session-7",
        evidence="pytest -k lazy",
    )
    got = client.get(stored.id)
    assert (got.title, got.memory_type, got.importance_score, got.version) == ("Lazy loading", "decision", 0.95, 1)
    assert (got.concepts, got.tags, got.session_id, got.evidence) == (
        ["SQLAlchemy"],
        ["orm"],
        "session-7",
        "pytest -k lazy",
    )
    assert [(a.kind, a.path, a.symbol, a.verdict) for a in got.anchors] == [
        ("file", FILE, None, "current"),
        ("folder", "api/", None, "current"),
        ("symbol", FILE, "Memory.load", "current"),
    ]
    assert (got.verdict, got.workspace_id) == ("current", client.workspace_id)


def test_the_other_names_of_fields_and_types_are_taken(client: Client) -> None:
    stored = client.store(content="Beware of N+1.", files=[FILE], importance=0.4, memory_type="insight")
    got = client.get(stored.id)
    assert (got.narrative, got.source_files, got.importance_score, got.memory_type) == (
        "Beware of N+1.",
        [FILE],
        0.4,
        "debugging",
    )


def test_an_absent_title_is_the_first_sentence_and_a_closing_tags_line_becomes_tags(client: Client) -> None:
    stored = client.store(narrative="Sessions live in Redis. They last a day.\n\nTags: redis, sessions", tags=["auth"])
    got = client.get(stored.id)
    assert got.title == "Sessions live in Redis"
    assert got.narrative == "Sessions live in Redis. They last a day."
    assert got.tags == ["auth", "redis", "sessions"]


def test_the_same_text_is_refused_unless_forced(client: Client) -> None:
    first = client.store(title="Use UTC", narrative="Everywhere.")
    with pytest.raises(RecallError) as refusal:
        client.store(title="use utc", narrative="everywhere")
    assert (code_of(refusal), refusal.value.details["id"]) == ("duplicate", first.id)
    assert refusal.value.details["superseded_by"] is None
    assert refusal.value.details["choices"] == [
        {"choice": "update", "how": f"recall edit {first.id} -c TEXT"},
        {"choice": "supersede", "how": f"recall store … --supersedes {first.id}"},
        {"choice": "store_anyway", "how": "recall store … --force"},
    ]
    assert all(choice["how"] in refusal.value.message for choice in refusal.value.details["choices"])
    assert client.store(title="Use UTC", narrative="Everywhere.", force=True).id != first.id


def test_a_title_alone_is_recognised_again_after_an_edit(client: Client) -> None:
    first = client.store(title="Use UTC everywhere")
    client.edit(first.id, tags=["time"])
    with pytest.raises(RecallError) as refusal:
        client.store(title="Use UTC everywhere")
    assert refusal.value.details["id"] == first.id


def test_the_same_text_stored_by_ten_at_once_is_stored_once(client: Client, project: Path) -> None:
    def store(_: int) -> str:
        with Client(project) as one:
            try:
                return one.store(title="Only one of us", narrative="The same to the letter.").id
            except RecallError as refusal:
                return refusal.code

    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(store, range(10)))
    assert outcomes.count("duplicate") == 9
    assert client.list().total == 1


def test_near_doubles_are_stored_and_named(house: House, client: Client) -> None:
    text = "All relationships of the ORM models are loaded lazily and raise when they are touched unloaded"
    first = client.store(title="Lazy loading strategy", narrative=text)
    wait_until(lambda: client.status().vectors == "ready", 20, "the index to catch up")
    second = client.store(title="Lazy loading strategy", narrative=text + " in production")
    assert [brief.id for brief in second.similar] == [first.id]
    assert 0.85 <= (second.similar[0].similarity or 0) < 1


def test_a_rule_that_replaces_another_is_not_taken_for_it_nor_is_a_forgotten_one(client: Client) -> None:
    first = client.store(narrative="Access tokens expire after 15 minutes, then the client asks for new ones.")
    wait_until(lambda: client.status().vectors == "ready", 20, "the index to catch up")
    again = "After 15 minutes access tokens expire, and the client then asks for new ones."
    assert (
        client.store(narrative="Access tokens expire after 60 minutes, then the client asks for new ones.").similar
        == []
    )
    assert [brief.id for brief in client.store(narrative=again).similar] == [first.id]
    client.forget([first.id])
    assert first.id not in [brief.id for brief in client.store(narrative=again, force=True).similar]


def test_a_missing_file_is_kept_with_a_warning_and_a_missing_symbol_refused_with_near_names(client: Client) -> None:
    stored = client.store(title="not yet", source_files=["api/none.py", "nowhere/"])
    assert len(stored.warnings) == 2
    assert [anchor.verdict for anchor in client.get(stored.id).anchors] == ["missing", "missing"]
    with pytest.raises(RecallError) as refusal:
        client.store(title="typo", symbols=[f"{FILE}::Memory.laod"])
    assert code_of(refusal) == "unknown_symbol"
    assert refusal.value.details["candidates"] == ["Memory.load"]
    kept = client.store(title="typo", symbols=[f"{FILE}::Memory.laod"], unresolved=True)
    assert client.get(kept.id).verdict == "missing"


def test_a_missing_file_is_kept_with_the_names_of_files_that_look_like_it(client: Client) -> None:
    missing = "api/models/memry.py"
    of_a_symbol = client.store(title="a typo", symbols=[f"{missing}::Memory"])
    of_a_file = client.store(title="the same typo", source_files=[missing])
    assert of_a_symbol.warnings == [
        f"{missing} does not exist here: the memory waits for Memory in it; did you mean {FILE}?"
    ]
    assert of_a_file.warnings == [f"{missing} does not exist here: the memory waits for it; did you mean {FILE}?"]
    [warning] = client.store(title="nowhere", symbols=["nowhere/memory.py::Memory"]).warnings
    assert warning == "nowhere/memory.py does not exist here: the memory waits for Memory in it"


def test_a_symbol_or_lines_of_a_folder_are_refused(client: Client) -> None:
    for folder in ("api/models", "api/models/"):
        with pytest.raises(RecallError, match="is a folder: name the file that has load") as refusal:
            client.store(title="of a folder", symbols=[f"{folder}::load"], unresolved=True)
        assert (code_of(refusal), refusal.value.field) == ("invalid_params", "symbols")
    with pytest.raises(RecallError, match="is a folder"):
        client.store(title="of a folder", source_files=["api/models:3-5"])


def test_one_line_of_a_file_is_named_by_its_number(client: Client) -> None:
    [anchor] = client.get(client.store(title="one line", source_files=[f"{FILE}:7"]).id).anchors
    assert (anchor.kind, anchor.path, anchor.line, anchor.end_line) == ("lines", FILE, 7, 7)


@pytest.mark.parametrize("lines", ["0", "0-5", "5-2", "a-b", "7:3", "7-", "L7"])
def test_what_names_no_lines_of_an_existing_file_is_refused(client: Client, project: Path, lines: str) -> None:
    with pytest.raises(RecallError, match="write lines as path:120-140") as refusal:
        client.store(title="no lines", source_files=[f"{FILE}:{lines}"])
    assert (code_of(refusal), refusal.value.field) == ("invalid_params", "source_files")
    (project / f"{FILE}:{lines}").write_text("a file of that very name\n")
    [anchor] = client.get(client.store(title="no lines", source_files=[f"{FILE}:{lines}"]).id).anchors
    assert (anchor.kind, anchor.path) == ("file", f"{FILE}:{lines}")


def test_a_batch_is_stored_in_order(client: Client) -> None:
    ids = client.store_many([{"title": f"number {n}", "tags": [f"t{n}"]} for n in range(30)])
    assert [client.get(each).title for each in ids] == [f"number {n}" for n in range(30)]


def test_a_batch_over_the_limit_is_refused_whole(client: Client) -> None:
    with pytest.raises(RecallError) as refusal:
        client.store_many([{"title": f"number {n}"} for n in range(2001)])
    assert code_of(refusal) in {"invalid_params", "too_large"}
    assert client.list().total == 0


def test_a_batch_with_a_double_inside_is_refused_and_the_double_named(client: Client) -> None:
    with pytest.raises(RecallError) as refusal:
        client.store_many([{"title": "one"}, {"title": "two"}, {"title": "One"}])
    assert (code_of(refusal), refusal.value.details["index"]) == ("duplicate", 2)
    assert client.list().total == 0


# --- changing ------------------------------------------------------------------------------------


def test_an_edit_changes_what_is_given_and_makes_a_version(house: House, client: Client) -> None:
    stored = client.store(title="Old", narrative="Old text.", tags=["a"], concepts=["c"])
    house.pass_days(1)
    edited = client.edit(stored.id, title="New", narrative="New text.\nTags: b")
    assert (edited.title, edited.narrative, edited.version) == ("New", "New text.", 2)
    assert (edited.tags, edited.concepts) == (["a", "b"], ["c"])
    assert edited.updated_at > edited.created_at
    assert [(v.version, v.cause, v.title) for v in client.history(stored.id).versions] == [
        (2, "edited", "New"),
        (1, "stored", "Old"),
    ]


def test_an_edit_accepts_the_code_of_now(client: Client, project: Path) -> None:
    stored = client.store(title="load adds", symbols=[f"{FILE}::Memory.load"])
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    assert client.edit(stored.id, narrative="load gives the key back").verdict == "current"
    client.sync()
    assert client.get(stored.id).verdict == "current"
    (project / FILE).write_text(MODELS)
    client.sync()
    assert client.get(stored.id).verdict == "current"  # the first form is still true


@pytest.mark.parametrize("change", [{"title": " "}, {"memory_type": "opinion"}, {"source_files": ["../x"]}])
def test_a_refused_edit_changes_nothing(client: Client, change: dict[str, object]) -> None:
    stored = client.store(title="Stays", source_files=[FILE])
    with pytest.raises(RecallError):
        client.edit(stored.id, **change)  # type: ignore[arg-type]  # the parameters vary
    assert (client.get(stored.id).version, client.get(stored.id).title) == (1, "Stays")


def test_pinning_is_undone_to_what_it_was(client: Client) -> None:
    stored = client.store(title="Pin me", importance_score=0.3)
    assert (client.pin(stored.id).importance_score, client.pin(stored.id).version) == (1.0, 2)
    assert client.rate(stored.id, useful=False).updated_importance == 1.0
    assert client.unpin(stored.id).importance_score == 0.3
    client.edit(stored.id, importance_score=1.0)
    assert client.get(stored.id).pinned
    assert client.unpin(stored.id).importance_score == 0.3


def test_ratings_move_the_importance_as_the_cookbook_shows(client: Client) -> None:
    stored = client.store(title="Rate me", importance_score=0.95)
    rated = client.rate(stored.id, useful=True, context="found the bug")
    assert (rated.previous_importance, rated.updated_importance, rated.rating_recorded) == (0.95, 0.97, True)
    assert client.rate(stored.id, useful=False).updated_importance == pytest.approx(0.7275)
    for _ in range(40):
        client.rate(stored.id, useful=True)
    assert not client.get(stored.id).pinned
    assert client.get(stored.id).importance_score < 1


# --- forgetting ----------------------------------------------------------------------------------


def test_forgotten_is_nowhere_until_it_is_restored(client: Client) -> None:
    stored = client.store(title="Ephemeral thing", source_files=[FILE])
    client.forget([stored.id])
    assert client.list().total == 0
    assert client.search("ephemeral thing").results == []
    assert client.by_file(FILE).memories == []
    assert [brief.id for brief in client.list(forgotten=True).memories] == [stored.id]
    changes: list[Callable[[], object]] = [lambda: client.edit(stored.id, title="x"), lambda: client.pin(stored.id)]
    for change in changes:
        with pytest.raises(RecallError) as refusal:
            change()
        assert code_of(refusal) == "forgotten"
    assert client.restore(stored.id).verdict == "current"
    assert [brief.id for brief in client.search("ephemeral thing").results] == [stored.id]
    assert [v.cause for v in client.history(stored.id).versions] == ["restored", "forgotten", "stored"]


def test_forgetting_by_age_and_text_does_what_the_dry_run_said(house: House, client: Client) -> None:
    old = [client.store(title=f"old Straße {n}").id for n in range(3)]
    house.pass_days(31)
    client.store(title="new STRASSE")
    client.store(title="something else")
    told = client.forget(older_than_days=30, containing="strasse", dry_run=True)
    assert (told.ids, client.list().total) == (old, 5)
    assert client.forget(older_than_days=30, containing="strasse").ids == told.ids
    assert sorted(brief.title for brief in client.list().memories) == ["new STRASSE", "something else"]
    assert client.forget(older_than_days=30).ids == []


def test_what_was_forgotten_thirty_days_ago_is_gone_for_good(house: House, client: Client) -> None:
    early, late = client.store(title="early one").id, client.store(title="late one").id
    client.forget([early])
    house.pass_days(29)
    client.forget([late])
    house.restart()  # makes up for the runs of jobs that were missed
    assert {brief.id for brief in client.list(forgotten=True).memories} == {early, late}
    house.pass_days(2)
    house.restart()
    with pytest.raises(RecallError) as refusal:
        client.restore(early)
    assert code_of(refusal) == "unknown_id"
    assert client.restore(late).id == late


def test_what_is_purged_is_in_no_file(house: House, client: Client) -> None:
    secret = "zyxwvutsecret"
    stored = client.store(title="A secret", narrative=f"The password is {secret}.", concepts=[secret], tags=[secret])
    client.edit(stored.id, narrative=f"It was {secret}, once.")
    client.search(secret)
    client.forget([stored.id], purge=True)
    client.search("password")
    found = [file for file in house.paths.data.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
    assert found == []
    with pytest.raises(RecallError) as refusal:
        client.get(stored.id)
    assert code_of(refusal) == "unknown_id"


def test_what_is_purged_is_not_read_together_with_its_neighbours_any_more(client: Client) -> None:
    secret = client.store(narrative="The walrus colony swims to the northern harbour.", session_id="s")
    other = client.store(narrative="Invoices are numbered per year.", session_id="s")

    def parts() -> dict[str, float]:
        client.sync()
        found = client.search("northern walrus colony, invoices per year", explain=True).results
        return next(brief.parts or {} for brief in found if brief.id == other.id)

    assert parts()["beside"] > parts()["meaning"]
    client.forget([secret.id], purge=True)
    assert parts()["beside"] == parts()["meaning"]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"ids": ["mem-1"], "containing": "x"}, {"containing": "x", "purge": True}, {"ids": ["mem-000000000000"]}],
)
def test_a_request_to_forget_that_is_unclear_forgets_nothing(client: Client, wrong: dict[str, object]) -> None:
    client.store(title="x")
    with pytest.raises(RecallError):
        client.forget(**wrong)  # type: ignore[arg-type]  # the parameters vary
    assert client.list().total == 1


# --- listing -------------------------------------------------------------------------------------


def test_lists_are_filtered_and_sorted(house: House, client: Client) -> None:
    def titles(**filters: object) -> list[str]:
        return [brief.title for brief in client.list(**filters).memories]  # type: ignore[arg-type]  # they vary

    ids = client.store_many(
        [
            {"title": "a", "memory_type": "decision", "tags": ["X", "y"], "importance_score": 0.2},
            {"title": "b", "memory_type": "pattern", "tags": ["x"], "importance_score": 0.9, "source_files": [FILE]},
            {"title": "c", "memory_type": "decision", "tags": ["z"], "importance_score": 0.5},
        ]
    )
    house.pass_days(1)
    client.rate(ids[2], useful=True)
    client.rate(ids[0], useful=False)
    assert titles() == ["b", "c", "a"]
    assert titles(sort="age") == ["a", "b", "c"]
    assert titles(sort="used")[0] == "c"
    assert titles(memory_types=["decision"]) == ["c", "a"]
    assert titles(memory_types=["decision", "pattern"]) == ["b", "c", "a"]
    assert titles(tags=["x"]) == ["b", "a"]
    assert titles(tags=["x", "y"]) == ["a"]
    assert titles(unrated=True) == ["b"]
    assert titles(no_files=True) == ["c", "a"]
    assert (titles(limit=1, offset=1), client.list(limit=1, offset=1).total) == (["c"], 3)


# --- personal ------------------------------------------------------------------------------------


def test_personal_memories_are_read_everywhere_and_changed_by_id_alone(
    client: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other_project = tmp_path_factory.mktemp("other")
    mine = client.store(title="I like short functions zebra", personal=True, source_files=[FILE])
    assert mine.warnings
    with Client(other_project) as other:
        assert mine.id in {brief.id for brief in other.list().memories}
        assert [brief.id for brief in other.search("short functions zebra").results] == [mine.id]
        assert other.forget(containing="zebra").ids == []
        assert other.edit(mine.id, title="I like small functions zebra").workspace_id == "ws-personal"
        assert other.forget([mine.id]).ids == [mine.id]
        other.close_tree()
    assert client.list().total == 0
