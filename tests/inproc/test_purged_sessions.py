"""What a purge takes out of sessions: the words of what was purged, whoever said them, and nothing else."""

from __future__ import annotations

from contextlib import suppress

from recall import Client
from tests.inproc.conftest import House
from tests.inproc.test_sessions import done, extracted

SECRET = "xq7-PLOVER-91"
SUMMARY = f"Decided that the staging key is {SECRET} because the old one leaked. Chose Kafka for all events."


def extraction_begun(client: Client, summary: str) -> str:
    return client.session_end(client.session_start().session_id, summary).extraction_job_id


def in_files(house: House, words: str) -> list[str]:
    found = []
    for file in house.paths.home.rglob("*"):
        with suppress(FileNotFoundError):  # the index has files that come and go
            if file.is_file() and words.encode() in file.read_bytes():
                found.append(file.name)
    return found


def test_a_purged_memory_takes_its_words_out_of_the_session_it_was_extracted_from(house: House, client: Client) -> None:
    job = extracted(client, SUMMARY)
    leaked = next(each for each in job.memories if SECRET in each.said)
    client.forget([leaked.id], purge=True)
    assert in_files(house, SECRET) == []
    assert client.session_list().sessions[0].summary == "Chose Kafka for all events."
    assert client.session_start().last_summary == "Chose Kafka for all events."
    (left,) = client.session_job(job.id).memories
    assert client.get(left.id).extracted_from[0].said == "Chose Kafka for all events."


def test_an_edited_memory_takes_along_the_words_that_it_had_once(house: House, client: Client) -> None:
    job = extracted(client, SUMMARY)
    leaked = next(each for each in job.memories if SECRET in each.said)
    client.edit(leaked.id, title="Staging has a key of its own", narrative="Ask the operators for it.")
    client.forget([leaked.id], purge=True)
    assert in_files(house, SECRET) == []


def test_a_memory_stored_by_hand_takes_its_words_out_of_all_sessions(house: House, client: Client) -> None:
    ended = client.session_start(task=f"put {SECRET} in place").session_id
    still_open = client.session_start().session_id
    client.session_end(ended, f"Ran the tests with {SECRET}.")
    client.session_record_observation(still_open, f"tried {SECRET}\nChose NATS for events because it is there")
    client.session_record_observation(still_open, f"401 for {SECRET}", "error")
    stored = client.store(title="The staging key", narrative=f"It is {SECRET}.")
    client.forget([stored.id], purge=True)
    assert in_files(house, SECRET) == []
    job = extracted(client, "", still_open)
    assert [each.said for each in job.memories] == ["Chose NATS for events because it is there"]


def test_words_without_a_sign_go_too_where_they_say_the_same(house: House, client: Client) -> None:
    session = client.session_start().session_id
    client.session_record_observation(session, "Set the staging password to swordfish. Ran the tests.")
    stored = client.store(title="The staging password is swordfish")
    client.forget([stored.id], purge=True)
    assert in_files(house, "swordfish") == []


def test_what_is_purged_while_it_is_extracted_does_not_come_back(house: House, client: Client) -> None:
    for number in range(5):
        key = f"kk-{number}-THRUSH"
        stored = client.store(title=f"Key {number}", narrative=f"It is {key}.")
        job_id = extraction_begun(client, f"Decided that key {number} is {key} because it is new. Chose Kafka for all.")
        client.forget([stored.id], purge=True)
        job = done(client, job_id)
        for each in job.memories:
            if key in each.said:  # it was extracted before
                client.forget([each.id], purge=True)
        assert in_files(house, key) == []
        assert any("Kafka" in each.said for each in job.memories)


def test_what_is_only_forgotten_keeps_its_words(client: Client) -> None:
    job = extracted(client, SUMMARY)
    leaked = next(each for each in job.memories if SECRET in each.said)
    client.forget([leaked.id])
    assert client.session_list().sessions[0].summary == SUMMARY
    assert client.restore(leaked.id).extracted_from[0].said in SUMMARY
    client.forget([leaked.id], purge=True)
    assert SECRET not in client.session_list().sessions[0].summary


def test_a_purge_names_the_memories_that_have_the_same_key(client: Client) -> None:
    job = extracted(client, SUMMARY)
    leaked = next(each for each in job.memories if SECRET in each.said)
    stored = client.store(title="The staging key", narrative=f"It is {SECRET}.")
    (warning,) = client.forget([stored.id], purge=True).warnings
    assert leaked.id in warning
    assert client.forget([leaked.id], purge=True).warnings == []
