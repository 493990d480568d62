"""What audits find, what is said to it, and how it is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from recall import Client, RecallError
from recall.protocol.requests import AuditReply
from recall.protocol.values import Finding
from recalld.memory.text import text_hash
from recalld.store import memories
from tests.e2e.running import MODELS, wait_until
from tests.inproc.conftest import House

FILE = "api/models/memory.py"
LOAD = f"{FILE}::Memory.load"
AWS = "AKIA" + "J7Q2ZL4M8XWT3RVB"


def audited(client: Client, **given: object) -> AuditReply:
    client.sync()
    return client.audit(**given)  # type: ignore[arg-type]  # the parameters vary


def found(client: Client, **given: object) -> list[tuple[str, str, str]]:
    return [(each.kind, each.memory.title, each.act) for each in audited(client, **given).findings]


def only(client: Client) -> Finding:
    (finding,) = audited(client).findings
    return finding


def work(house: House, client: Client, days: int) -> None:
    for _ in range(days):
        house.pass_days(1)
        client.list(limit=1)
    house.run(house.app.decay.run())


def rewrite(house: House, memory_id: str, narrative: str) -> None:
    """Give a memory a text as it came in before the door knew secrets."""

    def write(connection: Connection) -> None:
        row = memories.get(connection, memory_id)
        assert row is not None
        row.narrative, row.text_hash = narrative, text_hash(row.title, narrative)
        memories.update(connection, row, "edited", None)

    house.run(house.app._store.truth.write(write))


# --- what is found -------------------------------------------------------------------------------


def test_healthy_memories_give_no_findings(client: Client) -> None:
    client.store(title="Deploys happen on Tuesdays", concepts=["deploys"])
    reply = audited(client)
    assert (reply.findings, reply.findings_total, reply.by_kind, reply.unchecked) == ([], 0, {}, 0)


def test_code_that_changed_is_to_be_verified_and_code_that_is_gone_to_be_edited(client: Client, project: Path) -> None:
    client.store(title="load adds", symbols=[LOAD])
    client.store(title="show renders", symbols=["api/views.py::show"])
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    (project / "api/views.py").unlink()
    assert found(client) == [("code", "show renders", "edit"), ("code", "load adds", "verify")]
    assert all(each.reason for each in audited(client).findings)


def test_a_secret_that_slipped_in_comes_first_and_is_to_be_purged(house: House, client: Client, project: Path) -> None:
    client.store(title="load adds", symbols=[LOAD], importance_score=1.0)
    stored = client.store(title="Deploys", importance_score=0.1)
    rewrite(house, stored.id, f"with {AWS}")
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    first, second = audited(client).findings
    assert (first.kind, first.act, first.how) == ("secret", "purge", f"recall forget --purge {stored.id}")
    assert "AWS Access Key" in first.reason
    assert second.kind == "code"


def test_of_two_that_say_the_same_the_one_worth_less_is_to_be_forgotten(client: Client) -> None:
    kept = client.store(title="Connections are pooled with ten at most", importance_score=0.9)
    client.store(title="Connections are pooled, with ten at most!", importance_score=0.5, force=True)
    client.store(title="Webhooks are signed with a shared key")
    finding = only(client)
    assert (finding.kind, finding.memory.title, finding.act) == (
        "double",
        "Connections are pooled, with ten at most!",
        "forget",
    )
    assert finding.other is not None
    assert finding.other.id == finding.about == kept.id


def test_doubles_are_told_until_one_is_forgotten_or_linked_or_says_something_else(client: Client) -> None:
    kept = client.store(title="Connections are pooled with ten at most", importance_score=0.9)
    again = client.store(title="Connections are pooled, with ten at most!", importance_score=0.5, force=True)
    assert only(client).kind == "double"
    client.link(again.id, "related_to", kept.id)
    assert found(client) == []
    client.link(again.id, "related_to", kept.id, remove=True)
    assert only(client).kind == "double"
    client.forget(again.id)
    assert found(client) == []
    client.restore(again.id)
    client.edit(kept.id, title="Webhooks are signed with a shared key", narrative="")
    assert found(client) == []


def test_what_was_superseded_and_what_is_contradicted_is_told_with_the_other(client: Client) -> None:
    old = client.store(title="Sessions live in Redis")
    new = client.store(title="Sessions live in PostgreSQL since the outage", supersedes=[old.id])
    one = client.store(title="Retries happen in the client")
    other = client.store(title="Retries are the gateway's business")
    client.link(other.id, "contradicts", one.id)
    contradicted, superseded = audited(client).findings
    assert (contradicted.kind, contradicted.memory.id, contradicted.about) == ("contradicted", one.id, other.id)
    assert contradicted.how == f"recall link {other.id} --supersedes {one.id}"
    assert (superseded.kind, superseded.memory.id, superseded.about) == ("superseded", old.id, new.id)
    client.forget(new.id)
    assert [each.kind for each in audited(client).findings] == ["contradicted"]


def test_what_a_session_left_is_told_until_somebody_has_looked_at_it(client: Client) -> None:
    client.session_start(session_id="ses-1")
    summary = (
        "Decided to use keyset pagination for the orders endpoint. "
        "The invoice worker must never retry a charge. "
        "Fixed the flaky webhook test by freezing the clock in the fixture."
    )
    ended = client.session_end("ses-1", summary)
    wait_until(lambda: client.session_job(ended.extraction_job_id).status == "done", 20, "the extraction")
    first, second, third = audited(client).findings
    assert {each.kind for each in (first, second, third)} == {"unrated"}
    client.verify(first.memory.id)
    client.rate(second.memory.id, True)
    client.edit(third.memory.id, tags=["seen"])
    assert found(client) == []


def test_what_no_search_returned_and_what_has_faded_is_told_by_days_of_work(house: House, client: Client) -> None:
    client.store(title="Deploys happen on Tuesdays", importance_score=0.8)
    client.store(title="Ports are above 9000", importance_score=0.12)
    client.store(title="Tenants are isolated", importance_score=1.0)
    client.search("is it above 9000, the ports?")
    house.pass_days(300)
    assert found(client) == []
    work(house, client, 31)
    assert found(client) == [
        ("never_recalled", "Deploys happen on Tuesdays", "forget"),
        ("fading", "Ports are above 9000", "forget"),
    ]


def test_a_concept_of_which_nothing_is_in_force_is_told_once(client: Client) -> None:
    old = client.store(title="Billing runs nightly", concepts=["billing"])
    client.store(title="Nothing runs nightly any more, see the scheduler", supersedes=[old.id], concepts=["scheduler"])
    gone = client.store(title="Faxes are sent by hand", concepts=["fax"])
    client.forget(gone.id)
    lost = {each.about: each.reason for each in audited(client).findings if each.kind == "lost_concept"}
    assert set(lost) == {"fax"} | {key for key in lost if key.startswith("bill")}
    assert len(lost) == 2


# --- what is said to it --------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["keep", "later"])
def test_an_answered_finding_stays_quiet_until_something_changes(client: Client, project: Path, answer: str) -> None:
    client.store(title="load adds", symbols=[LOAD])
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    client.audit_answer(only(client), answer)  # type: ignore[arg-type]
    reply = audited(client)
    assert (reply.findings, reply.quiet) == ([], 1)
    assert reply.total == 1
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key + key"))
    assert only(client).kind == "code"
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    assert found(client) == []


def test_what_was_put_off_can_be_shown_again_and_what_is_kept_not(client: Client) -> None:
    for name in ("one", "two"):
        old = client.store(title=f"The {name} thing is done by hand")
        client.store(title=f"Robots do number {name} as of the summer", supersedes=[old.id])
    one, two = audited(client).findings
    client.audit_answer(one, "later")
    client.audit_answer(two, "keep")
    assert found(client) == []
    assert [each.memory.id for each in audited(client, put_off=True).findings] == [one.memory.id]


def test_a_finding_comes_back_when_the_memory_says_something_else(client: Client) -> None:
    old = client.store(title="Sessions live in Redis")
    client.store(title="PostgreSQL has all of the sessions", supersedes=[old.id])
    client.audit_answer(only(client), "keep")
    client.edit(old.id, narrative="Sessions live in Redis, with a TTL of a day.")
    assert only(client).kind == "superseded"


@pytest.mark.parametrize("answer", ["keep", "later"])
def test_all_that_is_found_of_a_memory_is_settled_at_once(client: Client, project: Path, answer: str) -> None:
    old = client.store(title="load adds", symbols=[LOAD])
    client.store(title="Loading is done by the robots as of the summer", supersedes=[old.id])
    (project / FILE).write_text(MODELS.replace("self.lazy + key", "key"))
    assert found(client) != []
    settled = client.audit_settle([old.id], answer).findings  # type: ignore[arg-type]
    assert {(each.memory.id, each.kind) for each in settled} == {(old.id, "code"), (old.id, "superseded")}
    assert found(client) == []


def test_nothing_is_settled_where_an_audit_finds_nothing_of_one(client: Client) -> None:
    old = client.store(title="Sessions live in Redis")
    new = client.store(title="PostgreSQL has all of the sessions", supersedes=[old.id])
    with pytest.raises(RecallError, match=f"nothing of {new.id}") as refusal:
        client.audit_settle([old.id, new.id], "keep")
    assert refusal.value.code == "invalid_params"
    assert only(client).memory.id == old.id


def test_only_findings_of_this_workspace_can_be_answered(client: Client) -> None:
    old = client.store(title="Sessions live in Redis")
    client.store(title="PostgreSQL has all of the sessions", supersedes=[old.id])
    finding = only(client)
    finding.memory.id = "mem-none"
    with pytest.raises(RecallError) as refusal:
        client.audit_answer(finding, "keep")
    assert refusal.value.code == "unknown_id"


# --- what is asked about -------------------------------------------------------------------------


def test_all_memories_about_something_are_shown_and_the_healthy_ones_are_named(client: Client) -> None:
    old = client.store(title="The database is MySQL")
    new = client.store(title="The database is PostgreSQL 16 on its own host", supersedes=[old.id])
    words = client.store(title="Backups", narrative="Nightly, of the files and of the Database, to another region")
    client.store(title="Webhooks are signed with a shared key")
    reply = audited(client, about="database")
    assert {each.id for each in reply.matching} == {old.id, new.id, words.id}
    assert reply.matching_total == 3
    assert set(reply.healthy) == {new.id, words.id}
    assert [each.memory.id for each in reply.findings] == [old.id]


def test_all_memories_older_than_an_age_are_shown_the_oldest_first(house: House, client: Client) -> None:
    first, second = client.store(title="Sessions expire"), client.store(title="The database is pooled")
    house.pass_days(100)
    client.store(title="The database is sharded")
    old = audited(client, older_than_days=60)
    assert [each.id for each in old.matching] == old.healthy == [first.id, second.id]
    assert [each.id for each in audited(client, older_than_days=60, about="database").matching] == [second.id]


# --- the job -------------------------------------------------------------------------------------


def to_audit(client: Client) -> int:
    (workspace,) = [each for each in client.status().workspaces if each.workspace_id == client.workspace_id]
    return workspace.to_audit


def test_the_job_counts_what_is_to_be_looked_at_until_it_was(house: House, client: Client) -> None:
    olds = [client.store(title=f"Thing {name} is done by hand") for name in ("one", "two", "three")]
    client.store(title="Robots do all of it as of the summer", supersedes=[old.id for old in olds])
    client.sync()
    assert to_audit(client) == 0
    assert house.run(house.app.audit.run()).endswith("to look at")
    assert to_audit(client) == 3
    client.forget(olds[0].id)
    assert to_audit(client) == 2
    client.audit_answer(audited(client).findings[0], "later")
    assert to_audit(client) == 1


def test_a_session_that_starts_is_told_what_is_to_be_looked_at(house: House, client: Client) -> None:
    old = client.store(title="Sessions live in Redis")
    client.store(title="PostgreSQL has all of the sessions", supersedes=[old.id])
    client.sync()
    house.run(house.app.audit.run())
    assert client.session_start().to_audit == 1
    client.forget(old.id)
    assert client.session_start().to_audit == 0


def test_the_job_is_in_the_table(client: Client) -> None:
    assert "audit" in {job.name for job in client.status().jobs}


def test_personal_memories_are_audited_along(house: House, client: Client) -> None:
    stored = client.store(title="I deploy from my laptop", personal=True)
    rewrite(house, stored.id, f"with {AWS}")
    assert only(client).kind == "secret"
    client.forget(stored.id, purge=True)
    assert found(client) == []
