"""A year of work on one project, by a moved clock: what is left of its memories at the end, and what became of each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recall import Client, RecallError
from recall.protocol.requests import SessionJobReply
from recalld.memory.importance import FADED
from tests.e2e.running import commit, git, wait_until
from tests.inproc.conftest import House

SETTINGS: dict[str, Any] = {}
"""A daemon of its own, a year older at the end."""
DAYS = 365
IDLE = range(150, 215)
"""Nobody works then, and for some of it the daemon is off."""
SESSION_EVERY, RATED_EVERY = 14, 14
ORDERS = "shop/orders.py"
TOTAL = f"{ORDERS}::Order.total"
CODE = '''class Order:
    """An order."""

    def total(self, lines: list[int]) -> int:
        """Of all lines."""
        subtotal = sum(lines)
        return round(subtotal * self.rate, 2)

    def weight(self, lines: list[int]) -> int:
        return sum(line * 3 for line in lines)
'''
PINNED = ("Tenants never see each other's rows", "Secrets never go into the log")
# What is asked for, what answers it and proves useful, and what is in its way.
USEFUL = {
    "where do we round the totals of an order": (
        "Totals of an order are rounded once, at the end",
        "Somebody wondered about totals of an order and how they are rounded",
    ),
    "how are webhook signatures checked": (
        "Webhook signatures are checked in constant time",
        "The webhook signatures page of the provider has a new look",
    ),
    "why does the nightly import fail": (
        "The nightly import fails when the disk of the importer is full",
        "The nightly import was slow on the day of the office party",
    ),
}
RULES = (
    "Sessions are stored in memory",
    "Sessions are stored in Redis",
    "Sessions are stored in Postgres",
    "Sessions are stored in SQLite",
)


class Year:
    """The year as it goes by, and a ledger of all that was stored.

    Attributes:
        ids: of what the test itself stored, by title.
        stored: all memories that anybody stored.
        forgotten: on which day each was forgotten that was not brought back.
        worth: of all memories, before the idle months and after them.
    """

    def __init__(self, house: House, client: Client, root: Path) -> None:
        self.house, self.client, self.root = house, client, root
        self.ids: dict[str, str] = {}
        self.stored: set[str] = set()
        self.forgotten: dict[str, int] = {}
        self.worth: list[dict[str, float]] = []
        self.abandoned = ""
        self.events: dict[int, Callable[[], object]] = {
            0: self.begin,
            29: lambda: self.rule(1),
            44: self.rename,
            60: lambda: self.forget(60, "Noise 0", "Noise 1", "Noise 2"),
            85: lambda: self.bring_back("Noise 1"),
            100: self.abandon,
            120: lambda: self.rule(2),
            133: self.change_code,
            140: lambda: self.edit("The build takes nine minutes"),
            IDLE.start - 1: self.weigh,
            IDLE.stop: self.come_back,
            260: lambda: self.rule(3),
            280: lambda: self.edit("The build takes five minutes"),
            350: lambda: self.forget(350, "Noise 3", "Noise 4"),
        }

    def go_by(self) -> None:
        for day in range(DAYS):
            if day not in IDLE and (day % 7 < 5 or day in self.events):
                self.work(day)
            elif day == IDLE.start + 30:
                self.house.stop()
            self.house.pass_days(1)
        closed = {each.session_id: each for each in self.client.session_list(limit=100).sessions}[self.abandoned]
        self.extracted(closed.extraction_job_id or "")

    def work(self, day: int) -> None:
        self.events.get(day, lambda: self.client.list(limit=1))()
        if day % RATED_EVERY == 1:
            self.use()
        if day % SESSION_EVERY == 4:
            self.session(day)
        if day % 7 == 4:
            for job in ("decay", "close-sessions", "purge-forgotten"):
                assert self.client.run_job(job).outcome == "done"

    # --- what happens in it -----------------------------------------------------------------------

    def begin(self) -> None:
        for title in PINNED:
            self.store(title, importance_score=1.0)
        for useful, rival in USEFUL.values():
            self.store(useful, importance_score=0.6)
            self.store(rival, importance_score=0.6)
        for number in range(12):
            self.store(f"Noise {number}", narrative=f"The coffee of week {number} was bitter.", importance_score=0.4)
        self.store("Totals know the rate", symbols=[TOTAL], importance_score=0.9)
        self.store("Weights are in grams", symbols=[f"{ORDERS}::Order.weight"], importance_score=0.9)
        self.store("The build takes ten minutes", importance_score=0.5)
        self.store("I prefer small commits", memory_type="preference", personal=True, importance_score=0.8)
        self.rule(0)
        self.client.sync()

    def store(self, title: str, **more: Any) -> None:
        self.ids[title] = self.client.store(title=title, **more).id
        self.stored.add(self.ids[title])

    def rule(self, number: int) -> None:
        self.store(RULES[number], memory_type="decision")

    def use(self) -> None:
        for question, (useful, rival) in USEFUL.items():
            found = [brief.id for brief in self.client.search(question).results]
            assert self.ids[useful] in found
            self.client.rate(self.ids[useful], useful=True, context=question)
            if self.ids[rival] in found:
                self.client.rate(self.ids[rival], useful=False)

    def session(self, day: int) -> None:
        session = self.client.session_start(task="orders and their totals").session_id
        self.client.session_record_observation(session, f"Chose batches of {day} rows because larger ones time out")
        self.end(session, f"Fixed the double charge of invoice {day} by locking its row. Ran the tests. Had coffee.")

    def end(self, session: str, summary: str) -> None:
        self.extracted(self.client.session_end(session, summary).extraction_job_id)

    def extracted(self, job_id: str) -> None:
        def job() -> SessionJobReply:
            return self.client.session_job(job_id)

        wait_until(lambda: job().status == "done", 20, "the extraction")
        self.stored |= {each.id for each in job().memories if each.action == "stored"}

    def abandon(self) -> None:
        """The agent is killed in the middle of a session."""
        self.abandoned = self.client.session_start().session_id
        self.client.session_record_observation(self.abandoned, "Decided to keep receipts for ten years")

    def rename(self) -> None:
        (self.root / ORDERS).rename(self.root / "shop/order.py")
        commit(self.root, "rename")
        self.client.sync()

    def change_code(self) -> None:
        file = self.root / "shop/order.py"
        file.write_text(file.read_text().replace("sum(line * 3 for line in lines)", "max(lines) + len(lines)"))
        commit(self.root, "weights")
        self.client.sync()

    def edit(self, narrative: str) -> None:
        self.client.edit(self.ids["The build takes ten minutes"], narrative=narrative)

    def forget(self, day: int, *titles: str) -> None:
        ids = [self.ids[title] for title in titles]
        self.client.forget(ids)
        self.forgotten |= dict.fromkeys(ids, day)

    def bring_back(self, title: str) -> None:
        self.client.restore(self.ids[title])
        del self.forgotten[self.ids[title]]

    def weigh(self) -> None:
        self.client.run_job("decay")
        self.worth.append({each: self.present(each) for each in self.stored - self.forgotten.keys()})

    def come_back(self) -> None:
        self.house.start()
        self.client.sync()
        self.weigh()

    def present(self, memory_id: str) -> float:
        return self.client.get(memory_id).present_importance or 0.0


@pytest.fixture(scope="module")
def year(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    root = tmp_path_factory.mktemp("year")
    (root / "shop").mkdir()
    (root / ORDERS).write_text(CODE)
    git(root, "init", "-q")
    commit(root, f"the first of {root}")
    with Client(root) as client:
        client.sync()
        made = Year(house, client, root)
        made.go_by()
        client.sync()
        yield made


# --- at the end of it -----------------------------------------------------------------------------


def test_what_is_pinned_is_worth_all_of_it_and_is_given_first(year: Year) -> None:
    pinned = [year.ids[title] for title in PINNED]
    assert [year.present(each) for each in pinned] == [1.0, 1.0]
    given = [brief.id for brief in year.client.session_start().injected_memories]
    assert set(given[:2]) == set(pinned)


@pytest.mark.parametrize("question", USEFUL)
def test_what_proved_useful_is_found_first_and_given_before_all_noise(year: Year, question: str) -> None:
    useful, rival = (year.ids[title] for title in USEFUL[question])
    assert year.client.search(question).results[0].id == useful
    assert year.present(useful) > 0.8
    given = [brief.id for brief in year.client.session_start(max_memories=20, token_budget=4_000).injected_memories]
    noise = {rival, *(each for title, each in year.ids.items() if title.startswith("Noise"))}
    assert useful in given
    assert all(given.index(useful) < given.index(each) for each in noise & {*given})


def test_noise_has_faded_and_is_found_still(year: Year) -> None:
    noise = [each for title, each in year.ids.items() if title.startswith("Noise") and each not in year.forgotten]
    rivals = [year.ids[rival] for _, rival in USEFUL.values()]
    assert len(noise) == 8
    assert max(year.present(each) for each in noise + rivals) < FADED
    assert {each.id for each in year.client.decay(limit=500).memories} >= {*noise, *rivals}
    assert set(noise) <= {brief.id for brief in year.client.search("bitter coffee of the week", limit=50).results}


def test_the_idle_months_cost_nothing(year: Year) -> None:
    before, after = year.worth
    assert after.keys() >= before.keys()
    assert all(after[each] >= before[each] * 0.97 for each in before)  # the day of coming back is one of work


def test_nothing_is_lost_that_nobody_gave_up(year: Year) -> None:
    listed = {brief.id for brief in year.client.list(limit=500).memories}
    assert listed == year.stored - year.forgotten.keys()
    assert len(listed) > 40
    for memory_id, day in year.forgotten.items():
        if DAYS - day > 30:
            with pytest.raises(RecallError, match="there is no memory"):
                year.client.get(memory_id)
        else:
            assert year.client.restore(memory_id).forgotten_at is None
            year.client.forget([memory_id])


def test_what_was_brought_back_in_time_is_there(year: Year) -> None:
    shown = year.client.history(year.ids["Noise 1"])
    assert [version.cause for version in shown.versions] == ["restored", "forgotten", "stored"]


def test_the_last_rule_is_in_force_and_the_others_say_what_took_their_place(year: Year) -> None:
    ids = [year.ids[title] for title in RULES]
    assert year.client.search("where are sessions stored").results[0].id == ids[-1]
    assert [year.client.get(each).superseded_by for each in ids] == [*ids[1:], None]
    given = {brief.id for brief in year.client.session_start(max_memories=500, token_budget=50_000).injected_memories}
    assert given & {*ids} == {ids[-1]}


def test_memories_went_along_with_their_code_and_say_where_it_changed(year: Year) -> None:
    total, weight = (year.client.get(year.ids[title]) for title in ("Totals know the rate", "Weights are in grams"))
    assert (total.verdict, total.anchors[0].path) == ("moved", "shop/order.py")
    assert (weight.verdict, weight.anchors[0].path) == ("moved+changed", "shop/order.py")


def test_what_was_edited_says_the_last_thing_and_remembers_the_others(year: Year) -> None:
    build = year.ids["The build takes ten minutes"]
    assert year.client.get(build).narrative == "The build takes five minutes"
    assert [version.cause for version in year.client.history(build).versions] == ["edited", "edited", "stored"]


def test_the_session_that_nobody_ended_was_closed_and_kept(year: Year) -> None:
    sessions = {each.session_id: each for each in year.client.session_list(limit=100).sessions}
    assert sessions[year.abandoned].status == "ended"
    found = year.client.search("how long are receipts kept").results[0]
    assert "receipts" in found.title
    assert "coffee" not in " ".join(brief.title.lower() for brief in year.client.list(limit=500).memories)


def test_decay_run_again_changes_nothing(year: Year) -> None:
    year.house.run(year.house.app.decay.write_notes())
    year.client.run_job("decay")
    assert year.client.run_job("decay").result == "0 changed"


def test_what_is_kept_stays_bounded(year: Year) -> None:
    data = year.house.paths.data
    assert (data / "memory.db").stat().st_size < 3_000_000
    with closing(sqlite3.connect(data / "memory.db")) as connection:
        kept = connection.execute("SELECT count(*) FROM memories").fetchone()
        assert connection.execute("SELECT count(*) FROM memory_importance").fetchone() == kept
        for table in ("memory_versions", "ratings", "anchors"):
            gone = connection.execute(f"SELECT count(*) FROM {table} WHERE memory_id = ?", [year.ids["Noise 0"]])
            assert gone.fetchone() == (0,)
    with closing(sqlite3.connect(data / "code.db")) as connection:
        assert connection.execute("SELECT count(*) FROM verdicts").fetchone()[0] <= 4
    assert all(each.failures == 0 for each in year.client.status().jobs)
