"""Rules change: the later one supersedes the earlier by itself, and nothing is lost by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recall import Client, RecallError
from recall.cli.main import main
from recall.protocol.values import Link, Memory
from tests.e2e.running import wait_until

FIRST, SECOND, THIRD = (
    "Always start class names with 'C_'",
    "Use snake_case for class names",
    "End class names with 'X'",
)


def test_a_rule_supersedes_the_one_that_settled_the_same_and_stands_before_it(client: Client) -> None:
    old, new = (client.store(narrative=text) for text in (FIRST, SECOND))
    client.sync()
    shown = client.get(old.id)
    assert shown.superseded_by == new.id
    assert [(link.kind, link.direction, link.id, link.origin) for link in shown.links] == [
        ("supersedes", "incoming", new.id, "recognised")
    ]
    found = client.search("naming of classes").results
    assert [brief.id for brief in found[:2]] == [new.id, old.id]
    assert found[1].superseded_by == new.id


def test_of_three_in_a_row_the_last_is_in_force_also_when_they_come_at_once(client: Client) -> None:
    ids = client.store_many([{"narrative": text} for text in (FIRST, SECOND, THIRD)])
    assert [client.get(each).superseded_by for each in ids] == [ids[1], ids[2], None]


def test_when_the_successor_is_forgotten_the_old_rule_is_in_force_again(client: Client) -> None:
    old, new = (client.store(narrative=text) for text in (FIRST, SECOND))
    client.forget([new.id])
    assert client.get(old.id).superseded_by is None
    client.restore(new.id)
    assert client.get(old.id).superseded_by == new.id


def test_storing_anyway_skips_the_door_and_not_the_recognition(client: Client) -> None:
    old = client.store(narrative=FIRST)
    new = client.store(narrative=SECOND, force=True)
    assert client.get(old.id).superseded_by == new.id


def test_the_same_rule_stored_again_supersedes_nothing(client: Client) -> None:
    old = client.store(narrative=FIRST)
    client.store(narrative=FIRST, force=True)
    assert client.get(old.id).superseded_by is None


def said(memory: Memory) -> list[tuple[str, str, str, str]]:
    return [(link.kind, link.direction, link.id, link.origin) for link in memory.links]


def test_a_rule_for_a_part_contradicts_the_one_for_all_and_both_stay_in_force(client: Client) -> None:
    old = client.store(narrative="Indent everything with spaces.")
    new = client.store(narrative="Use tabs in Makefiles.")
    assert said(client.get(old.id)) == [("contradicts", "both", new.id, "recognised")]
    assert said(client.get(new.id)) == [("contradicts", "both", old.id, "recognised")]
    assert [client.get(each).superseded_by for each in (old.id, new.id)] == [None, None]


@pytest.mark.parametrize(
    ("places", "kind"),
    [(("api/", "web/"), "contradicts"), (("api/", "api/a.py"), "supersedes"), (("api/a.py", "./"), "supersedes")],
)
def test_a_rule_supersedes_one_of_the_same_code_and_contradicts_one_of_other_code(
    client: Client, project: Path, places: tuple[str, str], kind: str
) -> None:
    for folder in ("api", "web"):
        (project / folder).mkdir(exist_ok=True)
        (project / folder / "a.py").write_text("def run():\n    return 1\n")
    client.sync()
    old, new = (
        client.store(narrative=text, source_files=[place])
        for text, place in zip(("Functions are snake_case.", "Functions are camelCase."), places, strict=True)
    )
    assert [(link.kind, link.id) for link in client.get(new.id).links] == [(kind, old.id)]


def test_a_fact_supersedes_the_one_with_another_value_and_an_event_supersedes_nothing(client: Client) -> None:
    old = client.store(narrative="The timeout is 5 s.")
    client.store(narrative="On Monday the timeout was 7 s.")
    client.store(narrative="The timeout is 8 s.", memory_type="debugging")
    assert client.get(old.id).links == []
    new = client.store(narrative="The timeout is 10 s.", memory_type="reference")
    assert client.get(old.id).superseded_by == new.id


def test_of_many_that_say_otherwise_the_newest_three_are_linked(client: Client) -> None:
    olds = [client.store(narrative=f"Use tabs in {name}.").id for name in ("Makefiles", "templates", "TSV", "Go")]
    new = client.store(narrative="Indent everything with spaces.")
    assert {link.id for link in client.get(new.id).links} == set(olds[1:])


def test_a_successor_that_was_stated_is_not_recognised_again(client: Client) -> None:
    old = client.store(narrative="Indent everything with spaces.")
    new = client.store(narrative="Use tabs in Makefiles.", supersedes=[old.id])
    assert said(client.get(new.id)) == [("supersedes", "outgoing", old.id, "stated")]


def test_of_rules_stored_together_those_that_contradict_each_other_are_linked(client: Client) -> None:
    one, two = client.store_many([{"narrative": "Never use print."}, {"narrative": "Use print in scripts."}])
    assert said(client.get(two)) == [("contradicts", "both", one, "recognised")]


# --- what the reply says ---------------------------------------------------------------------------


def named(links: list[Link]) -> list[tuple[str, str, str, str]]:
    return [(link.kind, link.id, link.title, link.origin) for link in links]


def test_the_reply_says_what_was_superseded_and_what_is_contradicted(client: Client) -> None:
    first = client.store(narrative="Never use print.")
    assert (first.superseded, first.contradicts, first.choices) == ([], [], [])
    part = client.store(narrative="Use print in scripts.")
    assert named(part.contradicts) == [("contradicts", first.id, "Never use print", "recognised")]
    other = client.store(narrative="Sessions end at noon.").id
    new = client.store(narrative="Always use print.", supersedes=[other])
    assert named(new.superseded) == [
        ("supersedes", other, "Sessions end at noon", "stated"),
        ("supersedes", first.id, "Never use print", "recognised"),
    ]


def test_a_batch_says_so_of_each(client: Client) -> None:
    ids = client.store_many([{"narrative": text} for text in (FIRST, "Tea is at five.", SECOND)])
    assert {each: [link.id for link in some] for each, some in ids.superseded.items()} == {ids[2]: [ids[0]]}
    assert ids.contradicts == {}


def test_what_says_nearly_the_same_is_stored_with_the_choices(client: Client) -> None:
    text = "Sessions of the web shop expire after half an hour in which nobody uses them"
    old = client.store(narrative=f"{text}.").id
    wait_until(lambda: client.status().vectors == "ready", 20, "the index to catch up")
    reply = client.store(narrative=f"{text} at all.")
    assert [brief.id for brief in reply.similar] == [old]
    assert [(choice.choice, old in choice.how, reply.id in choice.how) for choice in reply.choices] == [
        ("update", True, True),
        ("supersede", True, True),
        ("store_anyway", False, False),
    ]


def test_the_same_words_may_take_the_place_of_what_has_them(client: Client) -> None:
    old = client.store(narrative=FIRST).id
    new = client.store(narrative=FIRST, supersedes=[old], importance_score=0.9)
    assert client.get(old).superseded_by == new.id
    newest = client.store_many([{"narrative": FIRST, "supersedes": [new.id]}])[0]
    assert client.get(new.id).superseded_by == newest


def test_the_words_of_another_memory_are_refused_whatever_else_is_superseded(client: Client) -> None:
    old, other = client.store(narrative=FIRST).id, client.store(narrative="Tea is at five.").id
    with pytest.raises(RecallError) as refused:
        client.store(narrative=FIRST, supersedes=[other])
    assert (refused.value.code, refused.value.details["id"]) == ("duplicate", old)
    assert client.get(other).superseded_by is None


def test_what_was_given_up_is_refused_by_the_name_of_its_successor_and_can_come_back(client: Client) -> None:
    old, new = (client.store(narrative=text).id for text in (FIRST, SECOND))
    with pytest.raises(RecallError, match=f"until {new} superseded it") as refused:
        client.store(narrative=FIRST)
    assert (refused.value.details["id"], refused.value.details["superseded_by"]) == (old, new)
    again = client.store(narrative=FIRST, force=True)
    assert client.get(new).superseded_by == again.id
    with pytest.raises(RecallError) as refused:
        client.store(narrative=FIRST)
    assert refused.value.details["id"] == again.id


def test_the_command_line_says_all_that_too(
    client: Client, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    old = client.store(narrative=FIRST).id
    assert main(["store", FIRST]) == 1
    refused = capsys.readouterr().err
    for command in (f"recall edit {old}", f"recall store … --supersedes {old}", "recall store … --force"):
        assert command in refused
    assert main(["store", SECOND]) == 0
    assert f"supersedes Always start class names with 'C_'  {old}  recognised" in capsys.readouterr().out
    assert main(["store", THIRD, "--json"]) == 0
    assert '"superseded":[{"kind":"supersedes","direction":"outgoing"' in capsys.readouterr().out
