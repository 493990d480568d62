"""What a rule is to an older one that settles the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory.recognition import apart, relation
from recalld.store.rows import AnchorRow
from recalld.store.rules import Rule, rules_of

WORDS = st.frozensets(st.sampled_from(["test", "script", "api"]), max_size=2)
RULES = st.builds(Rule, st.just("whether print"), st.sampled_from(["yes", "no"]), WORDS, st.booleans(), st.booleans())


def said_of(new: str, old: str, *, elsewhere: bool = False) -> str | None:
    known = {rule.subject: rule for rule in rules_of("", old)}
    found = {
        relation(each, known[each.subject], elsewhere=elsewhere) for each in rules_of("", new) if each.subject in known
    }
    return "supersedes" if "supersedes" in found else "contradicts" if "contradicts" in found else None


def anchor(place: str) -> AnchorRow:
    path, _, symbol = place.partition("::")
    return AnchorRow(kind="symbol" if symbol else "folder" if path.endswith("/") else "file", path=path, symbol=symbol)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The timeout is 5 s.", "The timeout is 10 s."),
        ("Never sleep in tests.", "Sleep in tests is allowed."),
        ("Indent with 4 spaces.", "Indent with 2 spaces."),
        ("Use single quotes.", "Use double quotes."),
        ("Sessions are stored in Redis.", "Sessions are stored in Postgres since we dropped Redis."),
        ("The main branch is called master.", "The main branch is called main."),
        ("Pull requests need one approval.", "Pull requests need two approvals."),
        ("Use tabs in Makefiles.", "From now on indent everything with spaces."),
    ],
)
def test_what_says_otherwise_of_the_very_same_supersedes_it(old: str, new: str) -> None:
    assert said_of(new, old) == "supersedes"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Use tabs in Makefiles.", "Indent everything with spaces."),
        ("Indent everything with spaces.", "Use tabs in Makefiles."),
        ("Never use print.", "Use print in scripts."),
        ("Never use print.", "From now on use print in scripts."),
        ("Class names start with 'C'.", "Class names in tests start with 'Test'."),
        ("Deploys are allowed on any day.", "Deploys are forbidden on Fridays."),
        ("Log level is INFO.", "In production, log level is WARNING."),
    ],
)
def test_what_says_otherwise_of_a_part_or_of_more_contradicts_it(old: str, new: str) -> None:
    assert said_of(new, old) == "contradicts"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Use tabs in Makefiles.", "Use spaces in Python."),
        ("In staging, the log level is DEBUG.", "In production, the log level is WARNING."),
        ("Never sleep in tests.", "Don't sleep in tests."),
        ("Passwords are hashed with argon2id.", "Passwords are hashed with argon2id and pepper."),
        ("Use snake_case for class names.", "Always use snake_case for all class names."),
        ("Never use print in tests.", "Use print in scripts."),
    ],
)
def test_what_says_the_same_or_is_about_another_place_is_neither(old: str, new: str) -> None:
    assert said_of(new, old) is None


def test_a_rule_of_other_code_contradicts_and_a_fact_of_other_code_is_another_fact() -> None:
    assert said_of("Functions are camelCase.", "Functions are snake_case.", elsewhere=True) == "contradicts"
    assert said_of("The timeout is 10 s.", "The timeout is 5 s.", elsewhere=True) is None


@given(RULES, RULES, st.booleans())
def test_what_is_superseded_says_otherwise_and_nothing_further_reaching_gives_way(
    new: Rule, old: Rule, elsewhere: bool
) -> None:
    said = relation(new, old, elsewhere=elsewhere)
    assert (said is not None) <= (new.says != old.says)
    assert (said == "supersedes") <= (new.scope <= old.scope and not elsewhere)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("api/", "web/", True),
        ("api/", "api/models.py", False),
        ("./", "web/app.py::run", False),
        ("a.py", "a.py::f", False),
        ("a.py::f", "a.py::g", True),
        ("a.py::C", "a.py::C.m", False),
        ("a.py::C", "a.py::Cm", True),
        ("a.py", "b.py", True),
    ],
)
def test_code_is_apart_where_neither_holds_the_other(one: str, other: str, expected: bool) -> None:
    assert apart([anchor(one)], [anchor(other)]) is expected
    assert apart([anchor(other)], [anchor(one)]) is expected
    assert apart([anchor(one)], []) is False
    assert apart([anchor(one), anchor("shared.py")], [anchor(other), anchor("shared.py")]) is False
