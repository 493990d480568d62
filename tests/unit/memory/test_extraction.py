from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.protocol.requests import MAX_LABEL, MAX_NARRATIVE, MAX_PATH, MAX_TITLE
from recalld.memory.extraction import MAX_DRAFTS, MAX_PLACES, Draft, Said, extract
from tests.unit.memory.sessions_known import KNOWN
from tests.unit.memory.sessions_unseen import UNSEEN
from tests.unit.memory.told import Told, outcome

COOKBOOK = (
    "Added async graph endpoint for topic exploration. Resolved DetachedInstanceError in session factory by "
    "verifying expire_on_commit=False. Discovered and documented pgvector ef_search tuning approach."
)


def one(summary: str, *observed: Said, changed: list[str] | None = None) -> Draft:
    (draft,) = extract(summary, observed, changed or [])
    return draft


# --- the tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize("session", KNOWN, ids=lambda session: session.name)
def test_of_a_session_just_its_facts_are_kept_each_with_its_type(session: Told) -> None:
    drafts = session.drafts()
    for fact in session.facts:
        told = [draft for draft in drafts if fact.is_told_by(draft)]
        assert told, f"{fact.words} was not kept"
        assert told[0].memory_type in fact.types
        drafts.remove(told[0])
    assert [draft.said for draft in drafts] == []


def test_of_sessions_that_the_rules_were_not_made_on_most_facts_are_kept_and_little_else() -> None:
    unseen = outcome(UNSEEN)
    assert unseen.recall >= 0.8
    assert unseen.precision >= 0.8
    assert unseen.typed >= 0.75 * unseen.found


# --- what a draft is -----------------------------------------------------------------------------


def test_the_cookbooks_summary_yields_its_three_facts_apart() -> None:
    drafts = extract(COOKBOOK)
    assert [(draft.memory_type, draft.title) for draft in drafts] == [
        ("architecture", "Added async graph endpoint for topic exploration"),
        ("bug_fix", "Resolved DetachedInstanceError in session factory by verifying expire_on_commit=False"),
        ("learning", "Discovered and documented pgvector ef_search tuning approach"),
    ]
    assert {"DetachedInstanceError", "expire_on_commit", "sessions"} <= set(drafts[1].concepts)
    assert "ef_search" in drafts[2].concepts


def test_a_title_leaves_out_how_it_was_come_by() -> None:
    draft = one("It turned out that the fixture reused a connection.")
    assert (draft.title, draft.narrative) == (
        "The fixture reused a connection",
        "It turned out that the fixture reused a connection.",
    )


def test_a_title_that_opens_with_the_name_of_code_leaves_it_as_it_is_written() -> None:
    draft = one("Discovered that before_request hooks run after the session is opened.")
    assert draft.title == "before_request hooks run after the session is opened"


def test_a_statement_that_goes_on_from_another_brings_it_along() -> None:
    draft = one("Looked into the flaky checkout test. It turned out that the clock was frozen too late.")
    assert draft.narrative.startswith("Looked into the flaky checkout test. It turned out")
    assert draft.said == "It turned out that the clock was frozen too late."


def test_the_very_words_it_comes_from_are_kept() -> None:
    assert [draft.said for draft in extract("Had coffee. Decided to use Redis for caching. Ran tests.")] == [
        "Decided to use Redis for caching."
    ]


def test_reasons_and_rules_weigh_more() -> None:
    plain, reasoned, rule = (
        one(text).importance_score
        for text in (
            "Decided to use Redis for caching.",
            "Decided to use Redis for caching because it expires keys.",
            "Decided that keys must always carry the tenant because they are shared.",
        )
    )
    assert plain < reasoned < rule < 1.0


def test_what_is_told_by_its_words_is_surer_than_what_is_merely_named() -> None:
    assert one("Decided to use Redis for caching.").confidence > one("Retries stay `linear` here.").confidence


def test_closing_tags_become_concepts() -> None:
    assert one("The admin panel uses a separate flow.\nTags: admin, security").concepts[-2:] == ["admin", "security"]


def test_an_error_and_its_fix_are_one_memory() -> None:
    draft = one("", Said("error", "OperationalError: closed"), Said("tool", "pytest"), Said("fix", "Set pool_pre_ping"))
    assert draft.memory_type == "bug_fix"
    assert draft.narrative == "Set pool_pre_ping. It showed as: OperationalError: closed"
    assert draft.said == "Set pool_pre_ping"


def test_an_error_alone_and_the_use_of_a_tool_are_nothing_to_remember() -> None:
    assert extract("", [Said("error", "KeyError: 'x' in `load`"), Said("tool", "Decided: Edit api/views.py")]) == []


def test_an_observed_decision_needs_no_more_words_for_it() -> None:
    assert one("", Said("decision", "Redis for caching, Postgres for the rest")).memory_type == "decision"


# --- the code it is about ------------------------------------------------------------------------


def test_paths_symbols_and_folders_that_are_named_are_tied_to_it() -> None:
    draft = one("Moved limits to middleware/limits.py::Limiter.check and api/conf.toml; see docs/adr/ for why.")
    assert draft.symbols == ["middleware/limits.py::Limiter.check"]
    assert draft.source_files == ["api/conf.toml", "docs/adr/"]


def test_a_bare_name_is_tied_to_what_changed_under_it() -> None:
    changed = ["jobs/scheduler.py::Scheduler.start", "jobs/scheduler.py::stop", "tests/conftest.py"]
    assert one("Fixed the race in `Scheduler.start`.", changed=changed).symbols == changed[:1]
    assert one("Fixed the hang in stop() for good.", changed=changed).symbols == changed[1:2]
    assert one("Fixed the loop that conftest.py sets.", changed=changed).source_files == ["tests/conftest.py"]


def test_what_names_no_code_is_tied_to_the_little_that_changed_beside_it() -> None:
    changed = ["api/pay.py::charge", "api/pay.py", "README.md"]
    fix = one("Fixed the double charge on retry.", changed=changed)
    assert (fix.symbols, fix.source_files) == (["api/pay.py::charge"], ["README.md"])
    assert one("Decided to use Redis for caching.", changed=changed).source_files == []
    assert one("Fixed the double charge on retry.", changed=[f"{n}.py" for n in range(9)]).source_files == []


def test_a_url_or_a_version_is_no_file() -> None:
    draft = one("Upgraded httpx to 0.27.2, see https://example.org/docs/index.html for the changes.")
    assert (draft.source_files, draft.symbols) == ([], [])


# --- saying it once ------------------------------------------------------------------------------


def test_what_is_said_twice_is_kept_once_the_fuller_of_the_two() -> None:
    draft = one(
        "Store money as integer cents, always.", Said("note", "We always store money as integer cents, never floats.")
    )
    assert "never floats" in draft.narrative


def test_rules_that_differ_by_a_number_are_two() -> None:
    assert len(extract("Retries must stop after 3 attempts. Retries must stop after 5 attempts.")) == 2


# --- whatever is said ----------------------------------------------------------------------------

# Words, marks, and what looks like one thing and is another.
WORDS = st.one_of(
    st.sampled_from(
        ["Fixed", "Decided", "the", "cache", "because", "must", "never", "we", "use", "It", "turned", "out"]
    ),
    st.sampled_from(["`load`", "a.py", "api/x.py::C.m", "Redis", "5s", "é", "漢字", "\ud7ff", "\x00", "TODO", "Tags:"]),
    st.sampled_from(
        ["##", "-", "*", "1.", ":", ";", ".", "?", "!", ",", "```", "**", "__", "[x]", "\n", "\n\n", "\u2028"]
    ),
)
TEXTS = st.text(max_size=300) | st.lists(WORDS, max_size=60).map(" ".join)
PLACES = st.sampled_from(["a.py", "a.py::load", "api/x.py::C.m", "é.py", "api/"])
OBSERVED = st.builds(
    Said,
    st.sampled_from(["note", "tool", "error", "fix", "decision", "other"]),
    TEXTS,
    beside=st.lists(PLACES, max_size=6).map(tuple),
)


@given(TEXTS, st.lists(OBSERVED, max_size=6), st.lists(PLACES, max_size=6))
def test_whatever_is_said_memories_are_within_bounds_and_no_two_say_the_same(
    summary: str, observed: list[Said], changed: list[str]
) -> None:
    drafts = extract(summary, observed, changed)
    assert len(drafts) <= MAX_DRAFTS
    for draft in drafts:
        assert draft.title.strip()
        assert len(draft.title) <= MAX_TITLE
        assert draft.narrative.strip()
        assert len(draft.narrative) <= MAX_NARRATIVE
        assert 0 <= draft.importance_score < 1
        assert 0 <= draft.confidence <= 0.9
        assert all(len(concept) <= MAX_LABEL for concept in draft.concepts)
        assert len(draft.source_files) <= MAX_PLACES
        assert all(0 < len(path) <= MAX_PATH for path in [*draft.source_files, *draft.symbols])
    assert len({draft.narrative for draft in drafts}) == len(drafts)


@given(TEXTS)
def test_saying_it_all_again_adds_nothing(text: str) -> None:
    once = extract(text)
    assert len(extract(text, [Said("note", text)])) == len(once)


def test_a_very_long_text_is_cut_and_soon_done_with() -> None:
    assert len(extract("Decided to use thing number one. " * 2_000 + "x" * 50_000)) <= MAX_DRAFTS
