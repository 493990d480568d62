from __future__ import annotations

from typing import Any, Literal

import pytest

from recall.cli import render, status_page
from recall.cli.terminal import Style, harmless
from recall.cli.watch import event
from recall.protocol.events import (
    ContextPushed,
    Event,
    Heartbeat,
    MemoryChanged,
    ScanProgress,
    Stopping,
    VerdictChanged,
)
from recall.protocol.requests import (
    AffectedReply,
    ForgetReply,
    HistoryReply,
    ListReply,
    OutlineReply,
    RateReply,
    SearchReply,
    StatusReply,
    StoreReply,
)
from recall.protocol.values import (
    Anchor,
    AnchorTrail,
    Brief,
    Choice,
    Link,
    Memory,
    MemoryVersion,
    SymbolOutline,
    TrailStep,
)
from tests.unit.client.conftest import brief_context, workspace

PLAIN = Style(colour=False)
CREATED = "2026-04-01T09:15:00Z"


def brief(**fields: Any) -> Brief:
    known = {"id": "mem-1", "title": "Lazy loading", "memory_type": "decision", "importance_score": 0.95}
    return Brief(**{**known, **fields})


def memory(**fields: Any) -> Memory:
    known = {
        "id": "mem-1",
        "title": "Lazy loading",
        "narrative": "Always raise.\n\nNever select.",
        "memory_type": "decision",
        "importance_score": 0.95,
        "confidence": 1.0,
        "provenance": "stated",
        "concepts": ["SQLAlchemy", "N+1"],
        "tags": [],
        "source_files": [],
        "symbols": ["a.py::f"],
        "anchors": [],
        "verdict": None,
        "reason": "",
        "created_at": CREATED,
        "updated_at": CREATED,
        "version": 1,
        "workspace_id": "ws-1",
    }
    return Memory(**{**known, **fields})


def version(number: int, cause: str, **fields: Any) -> MemoryVersion:
    known: dict[str, Any] = {"title": "T", "narrative": "N", "memory_type": "decision", "importance_score": 0.95}
    lists: dict[str, Any] = {"concepts": [], "tags": [], "source_files": [], "symbols": []}
    return MemoryVersion(version=number, at=CREATED, cause=cause, **{**known, **lists, **fields})


def test_a_search_shows_score_title_verdict_and_summary() -> None:
    results = [
        brief(score=0.91, verdict="changed", reason="body changed", summary="It raises.", why=["meaning 0.6"]),
        brief(id="mem-2", title="Isolation", memory_type="convention", score=0.4, parts={"words": 0.4}),
    ]
    assert render.found(SearchReply(results=results), PLAIN).splitlines() == [
        "0.91  Lazy loading  decision · changed: body changed  mem-1",
        "      It raises.",
        "      because: meaning 0.6",
        "0.40  Isolation  convention  mem-2",
        "      parts: words 0.400",
    ]


def test_a_search_closes_with_what_matched_what_was_left_out_and_what_is_stale() -> None:
    left_out = {"below_threshold": 7, "limit": 1_200, "token_budget": 1, "from the future": 2}
    reply = SearchReply(results=[brief()], matched=1_211, returned=1, left_out=left_out, stale=1, tokens=30)
    assert render.found(reply, PLAIN).splitlines()[-1] == (
        "1 of 1,211 matched, 7 too far from the question, 1,200 over the limit, 1 over the token budget, "
        "2 from the future, 1 stale, 30 tokens"
    )


def test_a_search_without_results_says_so() -> None:
    assert render.found(SearchReply(results=[]), PLAIN) == "nothing found"
    weak = SearchReply(results=[], matched=3, left_out={"below_threshold": 3})
    assert render.found(weak, PLAIN) == "nothing found (0 of 3 matched, 3 too far from the question, 0 tokens)"


def test_a_list_is_aligned_and_says_how_many_more_there_are() -> None:
    memories = [brief(source_files=["a.py", "b.py"]), brief(id="mem-2", memory_type="general", verdict="missing")]
    assert render.listed(ListReply(memories=memories, total=7), PLAIN).splitlines() == [
        "mem-1  0.95  decision  Lazy loading  a.py +1",
        "mem-2  0.95  general   Lazy loading  missing",
        "2 of 7; --limit and --offset show others",
    ]


def test_an_outline_is_a_tree_with_memories_under_their_symbols() -> None:
    symbols = [
        SymbolOutline(name="Memory", kind="class", line=4, end_line=12),
        SymbolOutline(name="Memory.load", kind="method", line=9, end_line=9, memories=[brief()]),
        SymbolOutline(name="connect", kind="function", line=15, end_line=16),
    ]
    reply = OutlineReply(
        file_path="api/a.py",
        language="python",
        status="parsed",
        memories=[brief(id="mem-2", title="Of the file")],
        symbols=symbols,
        context=brief_context("api/a.py", tokens=1234),
    )
    assert render.outline(reply, PLAIN).splitlines() == [
        "api/a.py  python · 3 symbols · context 0 memories, 1,234 tokens",
        "  • Of the file  decision 0.95  mem-2",
        "  class Memory  4–12",
        "    method Memory.load  9",
        "      • Lazy loading  decision 0.95  mem-1",
        "  function connect  15–16",
    ]


def test_a_memory_is_shown_whole_with_where_its_code_is_and_was() -> None:
    anchor = Anchor(
        kind="symbol",
        path="new.py",
        symbol="f",
        verdict="moved",
        reason="renamed file",
        line=3,
        stored_path="old.py",
        stored_symbol="f",
    )
    assert render.memory(memory(anchors=[anchor], pinned=True, version=2), PLAIN).splitlines() == [
        "Lazy loading",
        "mem-1 · decision · importance 0.95 · pinned · version 2 · stored 2026-04-01",
        "",
        "  Always raise.",
        "",
        "  Never select.",
        "",
        "concepts  SQLAlchemy, N+1",
        "symbol    new.py::f:3  moved  renamed file  was old.py::f",
    ]


def test_an_anchor_tells_where_its_code_has_been_or_could_be_and_what_is_different() -> None:
    moved = Anchor(
        kind="symbol",
        path="c.py",
        symbol="g",
        verdict="moved+changed",
        reason="moved from a.py::f, and the code changed (likeness 0.87)",
        line=3,
        stored_path="a.py",
        stored_symbol="f",
        likeness=0.87,
        trail=["a.py::f", "b.py::f", "c.py::g"],
        diff="--- accepted\n+++ now\n@@ -1 +1 @@\n-old\n+new\n",
    )
    lost = Anchor(
        kind="lines",
        path="d.py",
        verdict="ambiguous",
        reason="gone",
        candidates=["x.py::f", "y.py::f"],
        line=7,
        end_line=9,
    )
    lines = render.memory(memory(narrative="", concepts=[], anchors=[moved, lost]), PLAIN).splitlines()
    assert lines[3:] == [
        "symbol    c.py::g:3  moved+changed  moved from a.py::f, and the code changed (likeness 0.87)  was a.py::f",
        "          trail a.py::f → b.py::f → c.py::g",
        "          --- accepted",
        "          +++ now",
        "          @@ -1 +1 @@",
        "          -old",
        "          +new",
        "lines     d.py:7-9  ambiguous  gone",
        "          could be x.py::f",
        "          could be y.py::f",
    ]
    coloured = render.memory(memory(anchors=[moved]), Style(colour=True))
    assert "\x1b[31m-old\x1b[0m" in coloured
    assert "\x1b[32m+new\x1b[0m" in coloured


def test_what_a_change_touches_is_shown_with_why_and_checked_only_where_it_is_stale() -> None:
    memories = [
        brief(verdict="changed", reason="body", why=["symbol f changed", "file a.py changed"], evidence="pytest"),
        brief(id="mem-2", verdict="current", why=["folder api/ (2 files changed)"], evidence="pytest"),
    ]
    reply = AffectedReply(since="HEAD", files=["a.py", "b.py"], memories=memories, stale=1)
    assert render.affected(reply, PLAIN).splitlines() == [
        "• Lazy loading  mem-1",
        "  changed: body · decision · 0.95",
        "  because: symbol f changed, file a.py changed",
        "  check with: pytest",
        "• Lazy loading  mem-2",
        "  current · decision · 0.95",
        "  because: folder api/ (2 files changed)",
        "2 files changed since HEAD: 2 memories touched, 1 no longer agreeing with the code",
    ]


def test_what_could_not_be_verified_is_said() -> None:
    anchors = [
        Anchor(kind="file", path="a.py", verdict="current"),
        Anchor(kind="symbol", path="b.py", symbol="f", verdict="missing", reason="b.py is gone"),
    ]
    assert render.verified(memory(anchors=anchors), PLAIN).splitlines() == [
        "verified Lazy loading  mem-1",
        "  b.py::f  missing  b.py is gone",
    ]


def test_a_forgotten_memory_says_how_to_bring_it_back() -> None:
    assert "`recall restore mem-1`" in render.memory(memory(forgotten_at=CREATED), PLAIN)


def test_a_history_says_what_each_version_changed() -> None:
    versions = [
        version(3, "edited", importance_score=0.97, symbols=["b.py::g"], narrative="other"),
        version(2, "rated", importance_score=0.97, symbols=["a.py::f"]),
        version(1, "stored", symbols=["a.py::f"]),
    ]
    assert render.history(HistoryReply(id="mem-1", versions=versions), PLAIN).splitlines() == [
        "v3  2026-04-01 09:15:00  edited     symbols +b.py::g -a.py::f; narrative",
        "v2  2026-04-01 09:15:00  rated      importance 0.95 → 0.97",
        "v1  2026-04-01 09:15:00  stored     “T”",
    ]


def test_a_history_tells_where_the_code_has_been() -> None:
    steps = [
        TrailStep(at=CREATED, path="a.py", symbol="f", source="stored"),
        TrailStep(at=CREATED, path="b.py", symbol="f", source="followed"),
    ]
    now = Anchor(kind="symbol", path="b.py", symbol="f", verdict="moved", stored_path="a.py", stored_symbol="f")
    trail = AnchorTrail(kind="symbol", path="a.py", symbol="f", steps=steps, now=now)
    reply = HistoryReply(id="mem-1", versions=[version(1, "stored")], anchors=[trail])
    assert render.history(reply, PLAIN).splitlines()[1:] == [
        "",
        "symbol    b.py::f  moved  was a.py::f",
        "    2026-04-01 09:15:00  stored     a.py::f",
        "    2026-04-01 09:15:00  followed   b.py::f",
    ]


def test_a_stored_memory_names_what_says_nearly_the_same() -> None:
    reply = StoreReply(
        id="mem-1",
        title="T",
        memory_type="decision",
        importance_score=0.7,
        created_at=CREATED,
        similar=[brief(id="mem-9")],
        choices=[
            Choice(choice="update", how="recall edit mem-9 -c TEXT"),
            Choice(choice="store_anyway", how="nothing to do"),
        ],
    )
    assert render.stored(reply, PLAIN).splitlines() == [
        "stored T",
        "  mem-1 · decision · importance 0.70",
        "  says nearly the same as",
        "    • Lazy loading  decision 0.95  mem-9",
        "    to update: recall edit mem-9 -c TEXT",
        "    to store anyway: nothing to do",
    ]


def test_a_stored_memory_says_what_it_supersedes_and_contradicts() -> None:
    def link(kind: Literal["supersedes", "contradicts"], other: str, origin: Literal["stated", "recognised"]) -> Link:
        direction: Literal["outgoing", "both"] = "outgoing" if kind == "supersedes" else "both"
        return Link(kind=kind, direction=direction, id=other, title="Old", origin=origin)

    reply = StoreReply(
        id="mem-1",
        title="T",
        memory_type="decision",
        importance_score=0.7,
        created_at=CREATED,
        superseded=[link("supersedes", "mem-2", "stated")],
        contradicts=[link("contradicts", "mem-3", "recognised")],
    )
    assert render.stored(reply, PLAIN).splitlines()[2:] == [
        "  supersedes Old  mem-2",
        "  contradicts Old  mem-3  recognised",
        "    to take that back: recall link mem-1 --contradicts mem-3 --remove",
    ]


def test_a_rating_shows_both_importances() -> None:
    reply = RateReply(memory_id="mem-1", previous_importance=0.95, updated_importance=0.97, rating_recorded=True)
    assert render.rated(reply, PLAIN) == "rated mem-1  importance 0.95 → 0.97"


def test_forgetting_nothing_says_so() -> None:
    assert render.forgotten(ForgetReply(ids=[], titles=[]), PLAIN) == "nothing matches"


def test_a_status_names_what_is_followed_and_what_is_left_alone() -> None:
    reply = StatusReply(
        version="0.1.0",
        pid=7,
        epoch="e",
        ready=False,
        uptime_s=3725,
        socket="/run/s",
        home="/h",
        memory_mb=210.4,
        vectors="loading",
        workspaces=[
            workspace(files=1200, symbols=9000, scanning=True, scanned=5, to_scan=10, skipped={"binary": 2}, to_audit=3)
        ],
        jobs=[],
        queues={"requests": 0, "parsing": 3},
        quarantined=["x.md: crashed"],
        warnings=["vectors are down: no space"],
    )
    text = status_page.status(reply, PLAIN)
    for part in (
        "holds    1 project, 1,200 files, 9,000 symbols, 0 memories",
        "warnings; recall doctor says what to do:\n  vectors are down: no space\n",
        "getting ready  process 7, up 1 h 2 min, 210 MB",
        "queues   parsing 3",
        "1,200 files, 9,000 symbols (reading 5 of 10); left out: 2 binary",
        "  x.md: crashed",
        "memories  0; 3 need a look: recall audit",
    ):
        assert part in text


def test_a_status_of_many_projects_stays_on_one_screen() -> None:
    many = [workspace(f"/p{n}", files=10, memories=2) for n in range(100)]
    for number, one in enumerate(many):
        one.workspace_id = f"ws-{number}"
    reply = StatusReply(
        version="0.1.0",
        pid=7,
        epoch="e",
        ready=True,
        uptime_s=1,
        socket="/run/s",
        home="/h",
        memory_mb=1,
        vectors="ready",
        workspaces=many,
        jobs=[],
        queues={"requests": 1, "parsing": 0},
        quarantined=[f"{n}.md: crashed" for n in range(100)],
        warnings=[f"{n} is odd" for n in range(100)],
    )
    lines = status_page.status(reply, PLAIN).splitlines()
    assert len(lines) < 60
    assert "  holds    100 projects, 1,000 files, 0 symbols, 200 memories" in lines
    assert "  queues   nothing waits" in lines
    assert lines.count("  … and 88 more: --json has all") == 3


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (61, "1 min 1 s"), (90_061, "1 d 1 h"), (86_400, "1 d")])
def test_a_duration_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert status_page.duration(seconds) == said


CONTEXT = brief_context("a.py", tokens=40)
CONTEXT.memories = [brief(verdict="current")]


@pytest.mark.parametrize(
    ("pushed", "said"),
    [
        (
            ContextPushed(file_path="a.py", cause="saved", context=CONTEXT),
            "12:00:00  saved    a.py  1 memory, 40 tokens\n                   Lazy loading  decision  current",
        ),
        (
            VerdictChanged(
                file_path="a.py",
                memory_id="mem-1",
                title="Lazy loading",
                symbol="f",
                previous="current",
                verdict="changed",
                reason="body changed",
            ),
            "12:00:00  verdict  a.py::f  current → changed: body changed\n                   Lazy loading",
        ),
        (
            VerdictChanged(
                file_path="b.py",
                memory_id="mem-1",
                title="Lazy loading",
                symbol="f",
                previous="current",
                verdict="moved",
                reason="",
                trail=["a.py::f", "b.py::f"],
            ),
            "\n".join(
                ["12:00:00  verdict  b.py::f  current → moved", f"{'':19}Lazy loading", f"{'':19}a.py::f → b.py::f"]
            ),
        ),
        (MemoryChanged(memory_id="mem-1", title="T", change="stored"), "12:00:00  memory   stored T  mem-1"),
        (ScanProgress(done=1000, total=2000, finished=False), "12:00:00  scan     reading 1,000 of 2,000 files"),
        (Heartbeat(published=3, topics={}, complete_since=0), "12:00:00  heartbeat 3 pushes so far"),
        (Stopping(), "12:00:00  stopping the daemon is going down; this waits for the next"),
    ],
)
def test_an_event_reads_as_what_happened(pushed: Event, said: str) -> None:
    assert event(pushed, "12:00:00", PLAIN) == said  # type: ignore[arg-type]  # each is one of AnyEvent


def test_colour_is_there_only_where_it_is_wanted() -> None:
    reply = SearchReply(results=[brief(score=0.9, verdict="missing")])
    assert "\x1b[31mmissing\x1b[0m" in render.found(reply, Style(colour=True))
    assert "\x1b" not in render.found(reply, PLAIN)


def test_a_memory_cannot_steer_the_terminal() -> None:
    text = render.memory(harmless(memory(title="\x1b[2Jgone\x9b", narrative="a\tb\nc\x07")), PLAIN)
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "\x07" not in text
    assert "a\tb\n" in text


def test_links_read_from_the_end_that_is_shown() -> None:
    links = [
        Link(kind="supersedes", direction="incoming", id="mem-2", title="Explicit loading"),
        Link(kind="depends_on", direction="outgoing", id="mem-3", title="One session", origin="recognised"),
        Link(kind="related_to", direction="both", id="mem-4", title="Pools"),
    ]
    text = render.memory(memory(superseded_by="mem-2", links=links), PLAIN)
    assert text.splitlines()[-3:] == [
        "superseded by Explicit loading  mem-2",
        "depends on One session  mem-3  recognised",
        "related to Pools  mem-4",
    ]


def test_a_successor_over_a_forgotten_one_is_said_without_a_link() -> None:
    assert render.memory(memory(superseded_by="mem-9"), PLAIN).splitlines()[-1] == "superseded by mem-9"


def test_lists_say_what_was_superseded() -> None:
    old = brief(superseded_by="mem-2", score=0.4)
    assert "superseded by mem-2" in render.listed(ListReply(memories=[old], total=1), PLAIN)
    assert "superseded by mem-2" in render.found(SearchReply(results=[old]), PLAIN)
    assert "superseded by" not in render.found(SearchReply(results=[brief()]), PLAIN)


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [(1, "day", "1 day"), (90, "day", "90 days"), (1, "memory", "1 memory"), (2_000, "memory", "2,000 memories")],
)
def test_a_number_of_things_reads_as_people_say_it(number: int, noun: str, said: str) -> None:
    assert render.count(number, noun) == said
