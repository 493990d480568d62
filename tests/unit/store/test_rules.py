from __future__ import annotations

import pytest

from recalld.store.rules import rule_keys


def settle_the_same(one: str, other: str) -> bool:
    return bool(set(rule_keys("", one)) & set(rule_keys("", other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Always start class names with 'C'.", "Use CamelCase for class names."),
        ("Keep logs for 3 days.", "Always keep logs for 5 days."),
        ("Take a break every 60 minutes", "always take a break every 70 minutes"),
        ("Always use a linter.", "Never use a linter."),
        ("Use Trello as the project management tool", "Use Monday as our project management tool"),
        (
            "Always import the 'os' module even if it is not used",
            "Always import the 'sys' module even if it is not used",
        ),
        ("Add the '@timer' decorator to all functions", "Add the '@retry' decorator to all functions"),
    ],
)
def test_rules_that_cannot_both_be_in_force_settle_the_same(one: str, other: str) -> None:
    assert settle_the_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Start class names with 'C'", "Start method names with 'm'"),
        ("Always use docstrings in functions", "Always use annotations in functions"),
        ("Never import 'os' in views", "Never import 'sys' in views"),
        ("Add the '@timer' decorator to all functions", "Add the '@timer' decorator to all methods"),
        ("Payment calls time out after 5 s", "Search calls time out after 3 s"),
        ("Log 404", "Log 500"),
        ("Use 東京", "Use 大阪"),
    ],
)
def test_rules_about_different_things_do_not(one: str, other: str) -> None:
    assert not settle_the_same(one, other)


@pytest.mark.parametrize("text", ["", "The parser was slow on large files", "x" * 500, "We use React " * 40])
def test_what_is_no_rule_settles_nothing(text: str) -> None:
    assert rule_keys("", text) == []


def test_a_choice_is_the_same_with_another_number_and_not_with_another_name() -> None:
    def keys(text: str, memory_type: str = "convention") -> list[str]:
        return rule_keys("", text, memory_type)

    assert keys("Retry failed payment calls 3 times.") == keys("Retry failed payment calls 5 times.") != []
    assert keys("`create_user` retries 3 times") != keys("`delete_user` retries 5 times")
    assert keys("The parser took 3 seconds on large files", "debugging") == []
