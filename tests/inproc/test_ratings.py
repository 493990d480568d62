"""Feedback: what ratings do to importance, and that what was said with them is kept and found."""

from __future__ import annotations

import pytest

from recall import Client
from tests.inproc.conftest import House

CONTEXT = "Prevented N+1 bug when adding eager loading to the workspace query"
WEBHOOK = "Explained the flaky webhook signature"


def test_a_rating_answers_with_the_importance_before_and_after(client: Client) -> None:
    stored = client.store(title="Lazy loading strategy", importance_score=0.95)
    useful = client.rate(stored.id, True, context=CONTEXT)
    assert (useful.previous_importance, useful.updated_importance, useful.rating_recorded) == (0.95, 0.97, True)
    worse = client.rate(stored.id, False)
    assert worse.previous_importance == 0.97
    assert worse.updated_importance == pytest.approx(0.7275)


def test_ratings_work_on_what_was_stored_and_not_on_what_it_is_worth_now(house: House, client: Client) -> None:
    stored = client.store(title="Lazy loading strategy", importance_score=0.95)
    for _ in range(60):
        house.pass_days(1)
        client.list(limit=1)
    house.run(house.app.decay.run())
    rated = client.rate(stored.id, True)
    assert (rated.previous_importance, rated.updated_importance) == (0.95, 0.97)


def test_what_is_pinned_is_rated_and_stays_as_it_is(client: Client) -> None:
    stored = client.store(title="Tenants are isolated", importance_score=1.0)
    for useful in (False, True, False):
        rated = client.rate(stored.id, useful, context="seen")
        assert (rated.previous_importance, rated.updated_importance, rated.rating_recorded) == (1.0, 1.0, True)
    shown = client.get(stored.id)
    assert (shown.importance_score, shown.present_importance, shown.pinned) == (1.0, 1.0, True)
    assert [rating.useful for rating in client.history(stored.id).ratings] == [False, True, False]


def test_no_rating_pins_or_makes_less_than_nothing(client: Client) -> None:
    high = client.store(title="Lazy loading strategy", importance_score=0.9999)
    low = client.store(title="Coffee is in the kitchen", importance_score=0.0)
    for _ in range(3):
        client.rate(high.id, True)
        client.rate(low.id, False)
    assert client.get(high.id).importance_score < 1
    assert client.get(low.id).importance_score == client.get(low.id).present_importance == 0


def test_contexts_are_kept_and_searched_along_with_the_memory(client: Client) -> None:
    stored = client.store(title="Relationships raise unless they are loaded explicitly")
    client.store(title="Deploys happen on Tuesdays")
    client.sync()
    assert client.search("flaky webhook signature").results == []
    client.rate(stored.id, True, context=WEBHOOK, session_id="ses-1")
    client.sync()
    assert [brief.id for brief in client.search("flaky webhook signature").results] == [stored.id]
    (rating,) = client.history(stored.id).ratings
    assert (rating.context, rating.session_id, rating.useful) == (WEBHOOK, "ses-1", True)
    client.edit(stored.id, tags=["orm"])
    client.sync()
    assert [brief.id for brief in client.search("flaky webhook signature").results] == [stored.id]


def test_contexts_are_found_after_an_upgrade_or_a_rebuild_of_the_indices(client: Client) -> None:
    stored = client.store(title="Relationships raise unless they are loaded explicitly")
    client.rate(stored.id, False, context="Of no help with the flaky webhook tests")
    client.reindex()
    client.sync(timeout_s=60)
    assert stored.id in [brief.id for brief in client.search("flaky webhook tests").results]
