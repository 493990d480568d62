"""What a memory settles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.store.rules import rule_keys, rules_of


def settle_the_same(one: str, other: str) -> bool:
    return bool(set(rule_keys("", one)) & set(rule_keys("", other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Always start class names with 'C'.", "Use CamelCase for class names."),
        ("Functions are snake_case.", "Start function names with 'f_'."),
        ("Test files are named `test_*.py`.", "Test files are named `*_test.py`."),
        ("Keep logs for 3 days.", "Always keep logs for 5 days."),
        ("Keep logs for 3 days.", "Keep logs for 2 weeks."),
        ("Take a break every 60 minutes", "always take a break every 70 minutes"),
        ("Always use a linter.", "Never use a linter."),
        ("Feature flags may be read in views.", "Feature flags must not be read in views."),
        ("Deploys are allowed on any day.", "Deploys are forbidden on Fridays."),
        ("Never use print in tests", "In scripts, use print"),
        ("Use tabs in Makefiles", "Indent everything with spaces"),
        ("Use Trello as the project management tool", "Use Monday as our project management tool"),
        ("We use Celery for background jobs", "Use Dramatiq for background jobs"),
        ("Sessions are stored in Redis.", "Sessions must be stored in Postgres."),
        ("The database host is db1.example.com.", "The database host is db2.example.com."),
        ("The timeout is 5 s.", "The timeout is 500 ms."),
        ("Staging runs Postgres 14.", "Staging runs Postgres 15."),
        (
            "Always import the 'os' module even if it is not used",
            "Always import the 'sys' module even if it is not used",
        ),
        ("Add the '@timer' decorator to all functions", "Add the '@retry' decorator to all functions"),
    ],
)
def test_what_cannot_both_be_in_force_settles_the_same(one: str, other: str) -> None:
    assert settle_the_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Start class names with 'C'", "Start method names with 'm'"),
        ("Functions are snake_case.", "Test functions are named `test_*`."),
        ("Never log user names", "Start user names with 'u'"),
        ("Add the table name to each error message", "Add the table name to metrics"),
        ("Always use docstrings in functions", "Always use annotations in functions"),
        ("Never import 'os' in views", "Never import 'sys' in views"),
        ("Run `make lint` before each commit", "Run `make test` before each commit"),
        ("Call `open()` before `read()`", "Call `lock()` before `write()`"),
        ("Set `timeout` to 5", "Set `retries` to 3"),
        ("Add the '@timer' decorator to all functions", "Add the '@timer' decorator to all methods"),
        ("Use annotations for methods", "Use docstrings for methods"),
        ("CI uses Docker for builds", "Staging uses Podman for builds"),
        ("Payment calls time out after 5 s", "Search calls time out after 3 s"),
        ("`create_user` retries 3 times", "`delete_user` retries 5 times"),
        ("Version 2 is supported", "Version 3 is supported"),
        ("The API is REST.", "The API is JSON."),
        ("It is 5 s", "It is 10 s"),
        ("This function must take 5 s", "This function must take 10 s"),
        ("`open_file` may be used as a decorator", "`lock_file` may be used as a decorator"),
        ("Argument can be an integer", "No argument."),
        ("Add filters from a list of names", "Add handlers to a logger from a list of names"),
        ("Log 404", "Log 500"),
        ("Use 東京", "Use 大阪"),
    ],
)
def test_what_is_about_different_things_does_not(one: str, other: str) -> None:
    assert not settle_the_same(one, other)


@pytest.mark.parametrize(
    "text",
    ["", "The parser was slow on large files", "On Monday the timeout was 5 s", "x" * 500, "We use React " * 40],
)
def test_what_is_neither_rule_nor_fact_settles_nothing(text: str) -> None:
    assert rule_keys("", text) == []


def test_what_was_found_while_debugging_settles_nothing() -> None:
    assert rule_keys("", "The timeout is 5 s") != []
    assert rule_keys("", "The timeout is 5 s", "debugging") == []
    assert rule_keys("", "Always use a linter", "bug_fix") == []


def test_a_choice_is_the_same_with_another_number_and_not_with_another_name() -> None:
    def numbers(text: str, memory_type: str = "convention") -> set[str]:
        return {key for key in rule_keys("", text, memory_type) if key.startswith("how")}

    assert numbers("Retry failed payment calls 3 times.") == numbers("Retry failed payment calls 5 times.") != set()
    assert numbers("Backoff of payment calls: 3 seconds") == set()
    assert numbers("`create_user` retries 3 times") != numbers("`delete_user` retries 5 times")
    assert numbers("The parser took 3 seconds on large files") == set()


def test_the_title_settles_what_the_text_explains() -> None:
    assert rule_keys("Use httpx for HTTP calls", "It is async.") == rule_keys("", "Use httpx for HTTP calls.")


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(["general", "decision", "debugging"]))
def test_any_text_is_read_and_settles_each_subject_once(title: str, narrative: str, memory_type: str) -> None:
    subjects = [rule.subject for rule in rules_of(title, narrative, memory_type)]
    assert len(subjects) == len(set(subjects))
