"""Secrets are refused, and what a session is told is kept without them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recall import Client, RecallError
from tests.e2e.running import wait_until
from tests.inproc.conftest import House

SETTINGS: dict[str, object] = {}
"""A daemon of its own: its files are searched for a secret that other modules have it keep."""
AWS = "AKIA" + "J7Q2ZL4M8XWT3RVB"


def refused(call: object, **given: object) -> RecallError:
    with pytest.raises(RecallError) as refusal:
        call(**given)  # type: ignore[operator]
    assert refusal.value.code == "secret_found"
    assert AWS[4:] not in str(refusal.value) + json.dumps(refusal.value.details)
    return refusal.value


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("title", {"title": f"The key is {AWS}"}),
        ("narrative", {"title": "Deploys", "narrative": f"First:\nuse {AWS}"}),
        ("tags", {"title": "Deploys", "tags": [AWS]}),
        ("concepts", {"title": "Deploys", "concepts": [AWS]}),
        ("evidence", {"title": "Deploys", "evidence": f"AWS_KEY={AWS} aws s3 ls"}),
    ],
)
def test_a_memory_with_a_secret_is_refused_and_nothing_is_kept(
    client: Client, field: str, given: dict[str, object]
) -> None:
    refusal = refused(client.store, force=True, **given)
    assert (refusal.field, refusal.details["kind"], refusal.details["masked"]) == (field, "AWS Access Key", "AKIA****")
    assert client.list(limit=500).total == 0


def test_of_many_the_one_with_a_secret_is_named_and_none_is_kept(client: Client) -> None:
    refusal = refused(client.store_many, memories=[{"title": "Fine"}, {"title": f"Not {AWS}"}])
    assert refusal.details["index"] == 1
    assert client.list(limit=500).total == 0


def test_a_memory_cannot_be_edited_or_rated_into_holding_a_secret(client: Client) -> None:
    stored = client.store(title="Deploys are on Tuesdays")
    assert refused(client.edit, id=stored.id, narrative=f"with {AWS}").field == "narrative"
    assert refused(client.rate, id=stored.id, useful=True, context=f"found {AWS}").field == "context"
    assert client.get(stored.id).version == 1


def test_what_only_speaks_of_secrets_is_stored(client: Client) -> None:
    for text in (
        "Payment service API key is in environment variable PAYMENT_API_KEY",
        "The password is stored in Vault; keys look like sk-...",
        "Commit 5d3613d2b0c1f44f4964e6c998dee827110c0000 broke request 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    ):
        assert client.store(title=text).id


def test_a_session_is_kept_with_its_secrets_masked(house: House, client: Client, project: Path) -> None:
    begun = client.session_start(session_id="ses-masked", task=f"rotate {AWS}")
    told = client.session_record_observation(
        "ses-masked", f"Decided to read the uploads bucket with the key {AWS} until the role exists", kind="decision"
    )
    ended = client.session_end("ses-masked", f"The deploy job needs {AWS} because the role is missing.")
    for reply in (begun, told, ended):
        assert [warning for warning in reply.warnings if "AWS Access Key" in warning]
    wait_until(lambda: client.session_job(ended.extraction_job_id).status == "done", 20, "the extraction")
    made = client.session_job(ended.extraction_job_id).memories
    assert made
    assert all("AKIA****" in each.said for each in made)
    for file in house.paths.data.glob("memory.db*"):
        assert AWS.encode() not in file.read_bytes()


def test_observations_without_secrets_are_answered_without_warnings(client: Client) -> None:
    client.session_start(session_id="ses-plain")
    told = client.session_record_observation("ses-plain", "The token is read from API_TOKEN, see config/settings.py")
    assert (told.recorded, told.warnings) == (True, [])
    assert client.session_end("ses-plain").warnings == []
