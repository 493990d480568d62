from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recall.protocol.marking import token_estimate
from recall.protocol.values import Brief
from recalld.memory.answers import answer


def brief(name: str, score: float, summary: str = "", **given: str) -> Brief:
    return Brief(
        id=name,
        title=name,
        memory_type="general",
        importance_score=0.7,
        summary=summary,
        score=score,
        verdict=given.get("verdict"),  # type: ignore[arg-type]  # tests give what there is
    )


def test_what_is_not_shown_is_counted_by_the_reason() -> None:
    ranked = [brief("a", 0.9), brief("b", 0.8), brief("c", 0.5)]
    reply = answer(ranked, count=len(ranked), limit=2, left_out={"limit": 3, "below_threshold": 4})
    assert [each.id for each in reply.results] == ["a", "b"]
    assert (reply.matched, reply.returned, reply.left_out) == (10, 2, {"limit": 4, "below_threshold": 4})


def test_what_is_over_the_budget_gives_way_to_the_next_that_fits() -> None:
    ranked = [brief("a", 0.9, "short"), brief("b", 0.8, "long " * 40), brief("c", 0.7, "short")]
    reply = answer(ranked, count=len(ranked), limit=10, token_budget=10)
    assert ([each.id for each in reply.results], reply.left_out) == (["a", "c"], {"token_budget": 1})
    assert reply.tokens == 2 * token_estimate("a\nshort")


def test_only_what_does_not_agree_with_the_code_is_stale() -> None:
    verdicts = ["current", "moved", "changed", "moved+changed", "ambiguous", "missing"]
    reply = answer([brief(each, 0.5, verdict=each) for each in verdicts], count=6, limit=10)
    assert reply.stale == 4


@given(
    st.lists(st.tuples(st.floats(0, 1), st.text(max_size=80)), max_size=20),
    st.integers(1, 10),
    st.none() | st.integers(0, 100),
)
def test_all_that_matched_is_either_shown_or_counted(
    found: list[tuple[float, str]], limit: int, budget: int | None
) -> None:
    ranked = [brief(str(n), score, text) for n, (score, text) in enumerate(found)]
    reply = answer(ranked, count=len(ranked), limit=limit, token_budget=budget)
    assert reply.matched == len(found) == reply.returned + sum(reply.left_out.values())
    assert len(reply.results) == reply.returned <= limit
    assert budget is None or reply.tokens <= budget
