"""Rules change: the later one supersedes the earlier by itself, and nothing is lost by it."""

from __future__ import annotations

from recall import Client

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
