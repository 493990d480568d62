from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from recalld.store import StoreConflict, anchors, derived, memories, readings, words
from recalld.store.filters import Criteria
from recalld.store.rows import AnchorRow, FormRow, MemoryRow, RatingRow

MakeMemory = Callable[..., MemoryRow]
MakeForm = Callable[..., FormRow]
MakeAnchor = Callable[..., AnchorRow]

LATER = "2026-04-01T12:00:00Z"
LATEST = "2026-04-02T12:00:00Z"


def search(connection: Connection, query: str, workspace_ids: Sequence[str] = ("ws-1",)) -> list[str]:
    held = derived.holding(connection, workspace_ids, [[word] for word in words.content_words(query)], 10)
    counts = Counter(seq for seqs in held.values() for seq in seqs)
    found = readings.readings(connection, workspace_ids, counts)
    return [found[seq].memory_id for seq, _ in counts.most_common()]


def listed(
    connection: Connection, *, tags: Sequence[str] = (), memory_types: Sequence[str] = (), **options: Any
) -> list[str]:
    wanted = Criteria(workspace_ids=("ws-1",), tags=tuple(tags), memory_types=tuple(memory_types))
    rows, total = memories.list_memories(connection, wanted, **options)
    assert total == len(rows)
    return [row.id for row in rows]


# --- storing -------------------------------------------------------------------------------------


def test_a_memory_comes_back_as_it_was_stored(connection: Connection, memory: MakeMemory) -> None:
    row = memory(
        "mem-1",
        concepts=["SQL", "Größe"],
        tags=["x"],
        evidence="pytest -k load",
        session_id="session-1",
        pinned=True,
        unpinned_importance=0.4,
        last_used_at=LATER,
        useful=2,
    )
    memories.insert(connection, row, [])
    stored = memories.get(connection, "mem-1")
    row.seq = 1
    assert stored == row


def test_an_unknown_id_gives_nothing(connection: Connection) -> None:
    assert memories.get(connection, "mem-none") is None
    assert memories.get_many(connection, ["mem-none"]) == {}
    assert memories.versions(connection, "mem-none") == []


def test_many_memories_keep_their_order_and_their_anchors(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    stored = [
        (memory(f"mem-{n}"), [anchor(f"{n}.py"), anchor(f"{n}.py", "f", form(f"fp {n}"), position=1)])
        for n in range(1_200)
    ]
    memories.insert_many(connection, stored)
    ids = [row.id for row, _ in stored]
    assert memories.live_ids(connection, ["ws-1"]) == ids
    bound = anchors.anchors_of(connection, ids)
    assert [[(a.path, a.symbol, [f.fingerprint for f in a.forms]) for a in bound[i]] for i in ids] == [
        [(f"{n}.py", None, []), (f"{n}.py", "f", [f"fp {n}"])] for n in range(1_200)
    ]
    assert len(memories.get_many(connection, ids)) == 1_200


def test_one_that_cannot_be_stored_rejects_all(connection: Connection, memory: MakeMemory) -> None:
    with pytest.raises(IntegrityError), connection.begin_nested():
        memories.insert_many(connection, [(memory("mem-1"), []), (memory("mem-1"), [])])
    assert memories.live_ids(connection, ["ws-1"]) == []
    assert search(connection, "title") == []


def test_the_same_text_is_found_in_its_own_workspace_while_it_is_not_forgotten(
    connection: Connection, memory: MakeMemory
) -> None:
    memories.insert(connection, memory("mem-1", text_hash="same"), [])
    memories.insert(connection, memory("mem-2", text_hash="same"), [])
    assert memories.doubles(connection, ["ws-1"], "same") == ["mem-1", "mem-2"]
    assert memories.doubles(connection, ["ws-2"], "same") == []
    memories.set_forgotten(connection, ["mem-1", "mem-2"], LATER, "forgotten")
    assert memories.doubles(connection, ["ws-1"], "same") == []


# --- versions ------------------------------------------------------------------------------------


def test_each_change_is_a_new_version_newest_first(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor
) -> None:
    row = memory("mem-1", narrative="first", tags=["a"])
    memories.insert(connection, row, [anchor("a.py"), anchor("b.py", "C.m", position=1), anchor("api/", position=2)])
    row.narrative, row.updated_at = "second", LATER
    memories.update(connection, row, "edited", None)
    row.importance_score, row.updated_at = 0.8, LATEST
    memories.update(connection, row, "rated", [anchor("c.py")])
    found = memories.versions(connection, "mem-1")
    assert [(v.version, v.at, v.cause, v.narrative, v.importance_score, v.source_files, v.symbols) for v in found] == [
        (3, LATEST, "rated", "second", 0.8, ["c.py"], []),
        (2, LATER, "edited", "second", 0.7, ["a.py", "api/"], ["b.py::C.m"]),
        (1, "2026-03-31T12:00:00Z", "stored", "first", 0.7, ["a.py", "api/"], ["b.py::C.m"]),
    ]
    now = memories.get(connection, "mem-1")
    assert now is not None
    assert (now.version, now.narrative, now.updated_at) == (row.version, "second", LATEST)
    assert row.version == 3


def test_an_edit_is_found_by_its_new_words_and_labels_only(connection: Connection, memory: MakeMemory) -> None:
    row = memory("mem-1", narrative="about giraffes", tags=["zoo"])
    memories.insert(connection, row, [])
    row.narrative, row.tags = "about elephants", ["park"]
    memories.update(connection, row, "edited", None)
    assert search(connection, "giraffe") == []
    assert search(connection, "elephant") == ["mem-1"]
    assert listed(connection, tags=["zoo"]) == []
    assert listed(connection, tags=["park"]) == ["mem-1"]


def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(
    connection: Connection, memory: MakeMemory
) -> None:
    memories.insert(connection, memory("mem-1"), [])
    mine, theirs = (memories.get(connection, "mem-1") for _ in range(2))
    assert mine is not None
    assert theirs is not None
    theirs.title = "Theirs"
    memories.update(connection, theirs, "edited", None)
    mine.title = "Mine"
    with pytest.raises(StoreConflict):
        memories.update(connection, mine, "edited", None)
    now = memories.get(connection, "mem-1")
    assert now is not None
    assert now.title == "Theirs"
    memories.purge(connection, ["mem-1"])
    with pytest.raises(StoreConflict):
        memories.update(connection, theirs, "edited", None)


# --- forgetting ----------------------------------------------------------------------------------


def test_a_forgotten_memory_is_nowhere_and_comes_back_whole(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor
) -> None:
    memories.insert(connection, memory("mem-1", narrative="about giraffes", tags=["zoo"]), [anchor("a.py")])
    memories.set_forgotten(connection, ["mem-1"], LATER, "forgotten")
    gone = memories.get(connection, "mem-1")
    assert gone is not None
    assert gone.forgotten_at == LATER
    assert search(connection, "giraffe") == []
    assert listed(connection) == []
    assert memories.live_ids(connection, ["ws-1"]) == []
    assert memories.live_texts(connection, 0, 10) == []
    assert memories.matching(connection, "ws-1", containing="giraffe") == []
    assert anchors.workspace_anchors(connection, "ws-1") == []
    assert anchors.anchors_at(connection, ["ws-1"], ["a.py"]) == []
    assert listed(connection, forgotten=True, tags=["zoo"]) == ["mem-1"]

    memories.set_forgotten(connection, ["mem-1"], None, "restored", now=LATEST)
    back = memories.get(connection, "mem-1")
    assert back is not None
    assert back.forgotten_at is None
    assert search(connection, "giraffe") == ["mem-1"]
    assert listed(connection, tags=["zoo"]) == ["mem-1"]
    assert [a.path for a in anchors.workspace_anchors(connection, "ws-1")] == ["a.py"]
    causes = [(v.cause, v.at) for v in memories.versions(connection, "mem-1")]
    assert causes == [("restored", LATEST), ("forgotten", LATER), ("stored", "2026-03-31T12:00:00Z")]


def test_forgetting_twice_keeps_the_first_time(connection: Connection, memory: MakeMemory) -> None:
    memories.insert(connection, memory("mem-1"), [])
    memories.set_forgotten(connection, ["mem-1"], LATER, "forgotten")
    memories.set_forgotten(connection, ["mem-1"], LATEST, "forgotten")
    row = memories.get(connection, "mem-1")
    assert row is not None
    assert (row.forgotten_at, row.version) == (LATER, 2)


def test_only_what_was_forgotten_long_enough_ago_is_erased(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor, form: MakeForm
) -> None:
    for name in ("old", "older", "new", "live"):
        bound = [anchor("a.py", "f", form("fp"))]
        memories.insert(connection, memory(f"mem-{name}"), bound)
        rating = RatingRow(memory_id=f"mem-{name}", at=LATER, useful=True, context="", previous=0.1, updated=0.2)
        memories.add_rating(connection, rating)
    memories.set_forgotten(connection, ["mem-old", "mem-older"], LATER, "forgotten")
    memories.set_forgotten(connection, ["mem-new"], LATEST, "forgotten")
    tied = {each: [bound.id] for each, (bound,) in anchors.anchors_of(connection, ["mem-old", "mem-older"]).items()}
    first = memories.purge_forgotten_before(connection, LATEST, 1)
    assert {**first, **memories.purge_forgotten_before(connection, LATEST, 1)} == tied
    assert memories.purge_forgotten_before(connection, LATEST, 1) == {}
    assert sorted(memories.get_many(connection, ["mem-old", "mem-new", "mem-live"])) == ["mem-live", "mem-new"]
    for table in ("memories", "memory_versions", "ratings", "anchors"):
        column = "id" if table == "memories" else "memory_id"
        query = f"SELECT count(*) FROM {table} WHERE {column} = 'mem-old'"
        assert connection.exec_driver_sql(query).scalar_one() == 0, table
    assert connection.exec_driver_sql("SELECT count(*) FROM anchor_forms").scalar_one() == 2


# --- listing -------------------------------------------------------------------------------------


def test_lists_are_sorted_as_asked(connection: Connection, memory: MakeMemory) -> None:
    memories.insert(connection, memory("mem-1", importance_score=0.5, created_at=LATER), [])
    memories.insert(connection, memory("mem-2", importance_score=0.9, last_used_at=LATER), [])
    memories.insert(connection, memory("mem-3", importance_score=0.9, last_used_at=LATEST), [])
    assert listed(connection, sort="importance") == ["mem-3", "mem-2", "mem-1"]
    assert listed(connection, sort="age") == ["mem-2", "mem-3", "mem-1"]
    assert listed(connection, sort="used") == ["mem-3", "mem-2", "mem-1"]
    memories.mark_used(connection, ["mem-1"], "2027-01-01T00:00:00Z")
    assert listed(connection, sort="used") == ["mem-1", "mem-3", "mem-2"]


def test_lists_are_filtered_as_asked(connection: Connection, memory: MakeMemory, anchor: MakeAnchor) -> None:
    memories.insert(connection, memory("mem-1", memory_type="pattern", tags=["Perf", "DB"]), [anchor("a.py")])
    memories.insert(connection, memory("mem-2", tags=["perf"], concepts=["db"], useful=1), [])
    memories.insert(connection, memory("mem-3", memory_type="security"), [anchor("b/")])
    memories.insert(connection, memory("mem-4", workspace_id="ws-2"), [])
    assert sorted(listed(connection)) == ["mem-1", "mem-2", "mem-3"]
    assert sorted(listed(connection, memory_types=["pattern", "security"])) == ["mem-1", "mem-3"]
    assert sorted(listed(connection, tags=["PERF"])) == ["mem-1", "mem-2"]
    assert listed(connection, tags=["perf", "db"]) == ["mem-1"]
    assert sorted(listed(connection, unrated=True)) == ["mem-1", "mem-3"]
    assert listed(connection, no_files=True) == ["mem-2"]


def test_a_page_of_a_list_tells_how_many_there_are(connection: Connection, memory: MakeMemory) -> None:
    memories.insert_many(connection, [(memory(f"mem-{n}"), []) for n in range(5)])
    rows, total = memories.list_memories(connection, Criteria(workspace_ids=("ws-1",)), limit=2, offset=2)
    assert ([row.id for row in rows], total) == (["mem-2", "mem-1"], 5)


def test_matching_takes_text_as_it_is_whatever_its_case(connection: Connection, memory: MakeMemory) -> None:
    memories.insert(connection, memory("mem-1", narrative="100% sure about ÄRGER_x", created_at=LATER), [])
    memories.insert(connection, memory("mem-2", title="1000 ways, ärgerlich"), [])
    memories.insert(connection, memory("mem-3", workspace_id="ws-2", narrative="100%"), [])
    assert memories.matching(connection, "ws-1", containing="100%") == ["mem-1"]
    assert memories.matching(connection, "ws-1", containing="r_X") == ["mem-1"]
    assert memories.matching(connection, "ws-1", containing="Ärger") == ["mem-1", "mem-2"]
    assert memories.matching(connection, "ws-1", containing="'; DROP") == []
    assert memories.matching(connection, "ws-1", older_than=LATER) == ["mem-2"]
    assert memories.matching(connection, "ws-1", older_than=LATEST, containing="sure") == ["mem-1"]


# --- searching -----------------------------------------------------------------------------------


def test_search_finds_titles_narratives_labels_and_paths(
    connection: Connection, memory: MakeMemory, anchor: MakeAnchor
) -> None:
    memories.insert(connection, memory("mem-1", title="Lazy loading"), [])
    memories.insert(connection, memory("mem-2", narrative="call getRedirectTarget"), [])
    memories.insert(connection, memory("mem-3", concepts=["N+1 queries"], tags=["hot_path"]), [])
    memories.insert(connection, memory("mem-4"), [anchor("api/user_models.py", "Session.resolve_redirects")])
    assert search(connection, "loading lazily") == ["mem-1"]
    assert sorted(search(connection, "redirect")) == ["mem-2", "mem-4"]
    assert search(connection, "query") == ["mem-3"]
    assert search(connection, "hotPath") == ["mem-3"]
    assert search(connection, "api/user_models.py") == ["mem-4"]
    assert search(connection, "resolveRedirects")[0] == "mem-4"


def test_of_the_memories_that_have_a_word_the_newest_are_given(connection: Connection, memory: MakeMemory) -> None:
    memories.insert_many(connection, [(memory(f"mem-{n}", title=f"Number {n}"), []) for n in range(5)])
    found = readings.readings(connection, ["ws-1"], ids=["mem-4", "mem-3"])
    seqs = {each.memory_id: each.seq for each in found.values()}
    assert derived.holding(connection, ["ws-1"], [["number"], ["numbering"], ["4", "3"], ["none"]], 2) == {
        "number": [seqs["mem-4"], seqs["mem-3"]],
        "numbering": [seqs["mem-4"], seqs["mem-3"]],
        "4": [seqs["mem-4"], seqs["mem-3"]],
        "none": [],
    }


def test_what_ranking_reads_of_a_memory_is_taken_apart_when_it_is_stored(
    connection: Connection, memory: MakeMemory
) -> None:
    said = "[1 May 2023] Maya: Should we cache getUser?"
    memories.insert(connection, memory("mem-1", title=said, narrative=said, tags=["api"]), [])
    (one,) = readings.readings(connection, ["ws-1"], [1]).values()
    assert (one.memory_id, one.voice, one.asks, one.in_session, one.narrative) == ("mem-1", "maya", True, False, "")
    assert one.words >= {"maya", "cache", "getuser", "user", "api"}
    assert not one.words & {"2023", "should"}
    assert readings.readings(connection, ["ws-1"], [1], whole=True)[1].narrative == said
    assert readings.readings(connection, ["ws-2"], [1]) == {}
    memories.set_forgotten(connection, ["mem-1"], LATER, "forgotten")
    assert readings.readings(connection, ["ws-1"], [1]) == {}


def test_no_search_sees_another_workspace(connection: Connection, memory: MakeMemory) -> None:
    for n, workspace_id in enumerate(["ws-1", "ws-2", "WS-1", "ws 1", "ws-1ed", "ws-1ing"]):
        if n > 1:
            connection.exec_driver_sql(
                "INSERT INTO workspaces (id, name, created_at) VALUES (?, '', '')", (workspace_id,)
            )
        memories.insert(connection, memory(f"mem-{n}", workspace_id=workspace_id, title="Giraffes"), [])
    for n, workspace_id in enumerate(["ws-1", "ws-2", "WS-1", "ws 1", "ws-1ed", "ws-1ing"]):
        assert search(connection, "giraffes", [workspace_id]) == [f"mem-{n}"]
    assert sorted(search(connection, "giraffes", ["ws-1", "ws-2"])) == ["mem-0", "mem-1"]
    assert search(connection, "giraffes", []) == []
    assert search(connection, 'x" OR scope : ws OR giraffes', ["ws-1"]) == ["mem-0"]


# --- for other indices ---------------------------------------------------------------------------


def test_an_index_catches_up_in_the_order_of_storing(connection: Connection, memory: MakeMemory) -> None:
    memories.insert_many(connection, [(memory(f"mem-{n}", concepts=[f"c{n}"]), []) for n in range(5)])
    first = memories.live_texts(connection, 0, 3)
    assert [memory_id for _, memory_id, _, _ in first] == ["mem-0", "mem-1", "mem-2"]
    rest = memories.live_texts(connection, first[-1][0], 3)
    assert [found[1:] for found in rest] == [
        ("mem-3", "ws-1", "hash of mem-3"),
        ("mem-4", "ws-1", "hash of mem-4"),
    ]
    assert memories.texts(connection, ["mem-4", "mem-none"]) == {"mem-4": ("A title", "What there is to say.", ["c4"])}


def test_the_order_of_storing_goes_on_after_the_newest_was_erased(connection: Connection, memory: MakeMemory) -> None:
    memories.insert(connection, memory("mem-1"), [])
    memories.purge(connection, ["mem-1"])
    memories.insert(connection, memory("mem-2"), [])
    assert [seq for seq, *_ in memories.live_texts(connection, 0, 10)] == [2]


def test_ratings_are_kept_with_their_context(connection: Connection, memory: MakeMemory) -> None:
    memories.insert(connection, memory("mem-1"), [])
    given = [
        RatingRow(memory_id="mem-1", at=LATER, useful=True, context="saved an hour", previous=0.5, updated=0.7),
        RatingRow(memory_id="mem-1", at=LATEST, useful=False, context="", previous=0.7, updated=0.5, session_id="s"),
    ]
    for rating in given:
        memories.add_rating(connection, rating)
    assert memories.ratings(connection, "mem-1") == given


def test_memories_are_found_by_words_that_they_hold_letter_for_letter(
    connection: Connection, memory: MakeMemory
) -> None:
    memories.insert(connection, memory("mem-1", title="Key K-7"), [])
    memories.insert(connection, memory("mem-2", narrative="100% of k-8"), [])
    memories.insert(connection, memory("mem-3", title="Key K-7", workspace_id="ws-2"), [])
    memories.set_forgotten(connection, ["mem-2"], LATER, "forgotten")
    assert memories.holding(connection, ["ws-1"], ["K-7", "% of"], 10) == ["mem-1", "mem-2"]
    assert memories.holding(connection, ["ws-1"], ["K-8"], 10) == memories.holding(connection, ["ws-1"], [], 10) == []


def test_the_foremost_are_worth_most_and_the_newest_were_stored_last(
    connection: Connection, memory: MakeMemory
) -> None:
    for number, worth in enumerate((0.2, 0.9, 0.5)):
        memories.insert(connection, memory(f"mem-{number}", importance_score=worth, present_importance=worth), [])
    memories.insert(connection, memory("mem-other", workspace_id="ws-2"), [])
    memories.insert(connection, memory("mem-gone"), [])
    memories.set_forgotten(connection, ["mem-gone"], LATER, "forgotten")
    every, important = (Criteria(workspace_ids=("ws-1",), min_importance=least) for least in (None, 0.5))
    assert memories.foremost(connection, every, 2) == ["mem-1", "mem-2"]
    assert memories.foremost(connection, important, 9) == ["mem-1", "mem-2"]
    assert memories.newest(connection, ["ws-1"], 2) == ["mem-2", "mem-1"]
    assert memories.newest(connection, ["ws-1", "ws-2"], 9) == ["mem-other", "mem-2", "mem-1", "mem-0"]
