"""From one workspace nothing of another can be read or changed: each request, each of its fields, each way to ask.

What is tried comes from the requests' own declarations, so that a request or a field that is added without a thought
for this makes a test fail.
"""

from __future__ import annotations

import json
import sqlite3
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from recall import Client
from recall.connection import Connection
from recall.protocol.requests import METHODS, Done, ListMemories, OpenWorkspace, Request, Store, StoreMany
from tests.e2e.running import commit, git, wait_until
from tests.inproc.conftest import House

GOLDEN = json.loads((Path(__file__).parents[1] / "protocol/golden/requests.json").read_text("utf-8"))

IDS = {"id", "ids", "target_id", "supersedes", "session_id", "agent", "workspace_id"}
PATHS = {"file_path", "source_files", "files", "project_path", "path"}
SYMBOLS = {"symbol", "symbols"}
TEXTS = {
    "title", "narrative", "content", "concepts", "tags", "containing", "query", "about", "task", "summary", "attempt",
    "evidence", "context", "text", "excerpts", "branch", "revision", "state", "memory_types",
}  # fmt: skip
PLAIN = {
    "importance_score", "importance", "confidence", "memory_type", "personal", "force", "unresolved", "older_than_days",
    "purge", "dry_run", "pinned", "kind", "remove", "useful", "since", "until", "verdicts", "min_importance", "sort",
    "unrated", "no_files", "forgotten", "limit", "offset", "token_budget", "explain", "depth", "put_off", "answer",
    "days", "version", "max_memories", "anew", "lines", "retry", "timeout_s", "plain", "name", "memories",
    "after", "records",
}  # fmt: skip
LISTS = {"ids", "supersedes", "source_files", "files", "symbols", "concepts", "tags", "memory_types", "excerpts"}

NOT_SENT = {
    "shutdown",  # takes nothing, tells nothing, and ends the daemon of these tests
    "close_tree",  # the same for its own tree
    "backup",  # copies what all workspaces have into a file of the user's choice, and tells only how much that is
    "open_workspace",  # is how one goes to another workspace, by naming it; tried below
}
WIDE: dict[str, list[dict[str, Any]]] = {
    "forget": [{"older_than_days": 0}, {"containing": "o"}, {"older_than_days": 0, "dry_run": True}],
    "list": [{"limit": 500}, {"forgotten": True}, {"unrated": True}, {"no_files": True}, {"verdicts": ["current"]}],
    "search": [{"query": "how orders are settled", "limit": 500, "explain": True, "min_importance": 0}],
    "explore": [{"query": "how orders are settled", "limit": 500}],
    "decay": [{"days": 36_500, "limit": 500}],
    "audit": [{"limit": 500, "put_off": True}, {"older_than_days": 0}],
    "session_list": [{"limit": 500}],
    "affected": [{"revision": "--output=escaped"}, {"revision": "HEAD:../"}],
}
"""What asks for all there is, besides each field by itself."""

TOLD = ("Quokka", "numbat", "wombat", "bilby", "dingo", "bandicoot", "Wallaby", "potoroo")
"""Words that only A has: of a title, narrative, concept, tag, observation, summary, symbol, and of a file's name."""
A_TITLE = "Quokka orders are settled once"
CODE = "class Shared:\n    def work(self, order):\n        return order.settled()\n"


class There(NamedTuple):
    """A workspace with all that it may hold."""

    client: Client
    root: Path
    ids: dict[str, str]


def repository(root: Path) -> Path:
    root.mkdir(parents=True)
    (root / "shared.py").write_text(CODE)
    git(root, "init", "-q")
    commit(root, f"the first of {root}")
    return root


def filled(client: Client, narrative: str, animal: str, summary: str, **more: Any) -> dict[str, str]:
    """What is in a workspace: a memory, a forgotten one, a session under way, one that ended, and its job."""
    memory = client.store(narrative=narrative, source_files=["shared.py"], symbols=["shared.py::Shared.work"], **more)
    gone = client.store(title=f"{narrative} Formerly.", force=True).id
    client.forget([gone])
    session, ended = client.session_start().session_id, client.session_start().session_id
    client.session_record_observation(session, f"Seen by a {animal}.")
    client.session_record_observation(ended, f"We always feed each {animal} once.", kind="decision")
    job = client.session_end(ended, summary).extraction_job_id
    wait_until(lambda: client.session_job(job).status == "done", 20, "the job")
    return {"memory": memory.id, "gone": gone, "session": session, "ended": ended, "job": job}


@pytest.fixture(scope="module")
def a(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[There]:
    """The workspace that is to be kept from B."""
    root = repository(tmp_path_factory.mktemp("both") / "a")
    (root / "potoroo.py").write_text("class Wallaby:\n    def hop(self):\n        return 'numbat'\n")
    with Client(root) as client:
        client.sync()
        ids = filled(
            client,
            "A numbat settles orders.",
            "dingo",
            "A bandicoot was here.",
            title=A_TITLE,
            concepts=["wombat"],
            tags=["bilby"],
        )
        wild = client.store(title="Hop only when settled", symbols=["potoroo.py::Wallaby.hop"])
        client.sync()
        workspace = next(one for one in client.status().workspaces if one.path == str(root))
        ids |= {"wild": wild.id, "workspace": workspace.workspace_id, "tree": workspace.tree_id}
        yield There(client, root, ids)
        client.close_tree()


@pytest.fixture
def b(a: There, request: pytest.FixtureRequest) -> Iterator[There]:
    """A workspace beside it, with links that lead there."""
    root = repository(a.root.parent / f"b-{zlib.crc32(request.node.name.encode()):x}")
    (root / "link").symlink_to(a.root)
    (root / "linked.py").symlink_to(a.root / "potoroo.py")
    with Client(root) as client:
        client.sync()
        yield There(client, root, filled(client, "Orders are settled at night.", "cat", "Slept."))
        client.close_tree()


def hostile_paths(a: There) -> list[str]:
    name = a.root.name
    return [
        str(a.root / "potoroo.py"),
        f"../{name}/potoroo.py",
        f"nothing/../../{name}/potoroo.py",
        f"./.././{name}//potoroo.py",
        "link/potoroo.py",
        "link",
        "link/",
        "linked.py",
        f"link/../../{name}/potoroo.py",
        f"/proc/self/root{a.root}/potoroo.py",
        f"/proc/self/cwd/../../..{a.root}/potoroo.py",
        f"..\\{name}\\potoroo.py",
        f"%2e%2e/{name}/potoroo.py",
        f"\uff0e\uff0e/{name}/potoroo.py",
        f"\u2025/{name}/potoroo.py",
        f"..\u200b/{name}/potoroo.py",
        unicodedata.normalize("NFD", "café/../../") + f"{name}/potoroo.py",
        unicodedata.normalize("NFC", "café/../../") + f"{name}/potoroo.py",
        f"\u202e/../../{name}/potoroo.py",
        f"../{name}/potoroo.py\0",
        "potoroo.py",
        f"~/../{name}/potoroo.py",
        f"file://{a.root}/potoroo.py",
        f"{a.root}/potoroo.py:1-3",
        "../" * 500 + str(a.root).lstrip("/") + "/potoroo.py",
        "x/" * 2_000,
        "x" * 4_000,
        "\u00e9" * 4_000,
    ]


def hostile(field: str, a: There) -> Iterable[str]:
    """What is tried in a field."""
    if field in IDS:
        return [*a.ids.values(), f"{a.ids['memory']}' OR '1'='1", f"{a.ids['memory']}%", "%", "*"]
    if field in PATHS:
        return hostile_paths(a)
    if field in SYMBOLS:
        return ["Wallaby.hop", *(f"{path}::Wallaby.hop" for path in hostile_paths(a)[::3])]
    if field in TEXTS:
        return [A_TITLE, a.ids["memory"], a.ids["session"], "%", "' OR 1=1 --", '"*" OR Quokka']
    return []


def attempts(method: str, a: There, b: There) -> Iterator[dict[str, Any]]:
    """The parameters to try a request with; those that say least of A come first."""
    own = _own(method, b)
    yield own
    yield from ({**own, **more} for more in WIDE.get(method, []))
    names = [field.name for field in msgspec.structs.fields(METHODS[method])]
    for kind in (IDS, SYMBOLS, PATHS, TEXTS):
        for name in names:
            if name in kind:
                for value in hostile(name, a):
                    yield {**own, name: [value] if name in LISTS else value}


def _own(method: str, b: There) -> dict[str, Any]:
    """The parameters that a request must have, all B's own."""
    known = {"ids": [b.ids["memory"]], "target_id": b.ids["ended"], "session_id": b.ids["session"]}
    known |= {"id": b.ids["job" if method == "session_job" else "memory"], "file_path": "shared.py"}
    known |= {"symbol": "shared.py::Shared.work", "path": str(b.root), "project_path": str(b.root)}
    required = [field.name for field in msgspec.structs.fields(METHODS[method]) if field.required]
    if method == "explore":
        return {"query": "orders"}
    return {name: known.get(name, GOLDEN[method]["params"].get(name)) for name in required}


OWNED = {
    "workspace_id": "SELECT :workspace",
    "memory_id": "SELECT id FROM memories WHERE workspace_id = :workspace",
    "memory_seq": "SELECT seq FROM memories WHERE workspace_id = :workspace",
    "anchor_id": "SELECT id FROM anchors WHERE memory_id IN (SELECT id FROM memories WHERE workspace_id = :workspace)",
    "session_seq": "SELECT seq FROM sessions WHERE workspace_id = :workspace",
}
"""Whose a row is: by which columns, and what stands in them."""


def rows(house: House, a: There) -> list[str]:
    """All that the disk has of a workspace."""
    found = []
    with sqlite3.connect(f"file:{house.paths.data / 'memory.db'}?mode=ro", uri=True) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
            for column in columns & OWNED.keys():
                query = f"SELECT * FROM {table} WHERE {column} IN ({OWNED[column]})"
                owned = database.execute(query, {"workspace": a.ids["workspace"]}).fetchall()
                found += [f"{table} {row!r}" for row in owned]
    database.close()
    return sorted(found)


def files(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of each file; to read them would be noticed."""
    found = ((path, path.stat()) for path in sorted(root.rglob("*")) if ".git" not in path.parts)
    return {str(path): (state.st_size, state.st_mtime_ns) for path, state in found}


class Probe:
    """Asks from B, and holds what is told against what only A knows."""

    def __init__(self, house: House, a: There, b: There) -> None:
        self._connection = Connection(house.paths)
        self._root = str(b.root)
        self._marks = {*TOLD, *a.ids.values()}
        self._named = {a.ids["workspace"], a.ids["tree"]}
        self._said = ""
        self.leaks: list[str] = []
        self.asked = 0

    def ask(self, request: Request, tree: str | None = None) -> None:
        self.asked += 1
        self._said += json.dumps(msgspec.to_builtins(request))
        envelope = self._connection.ask(request, tree=tree or self._root)
        told = bytes(envelope.result).decode() if envelope.error is None else repr(envelope.error)
        # Which workspaces there are is no secret of theirs.
        marks = self._marks - self._named if request.method == "status" else self._marks
        leaked = [mark for mark in marks if mark in told and mark not in self._said]
        if envelope.error is not None and envelope.error.code == "internal":
            leaked.append(f"a fault: {envelope.error.message}")
        if leaked:
            self.leaks.append(f"{leaked} in {told[:300]}, asked by {request!r}"[:900])

    def close(self) -> None:
        self._connection.close()


# --- nothing is left out --------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_field_of_every_request_was_thought_of(method: str) -> None:
    kinds = (IDS, PATHS, SYMBOLS, TEXTS, PLAIN)
    fields = [field.name for field in msgspec.structs.fields(METHODS[method])]
    assert [name for name in fields if sum(name in kind for kind in kinds) != 1] == []


def test_what_is_not_sent_tells_nothing() -> None:
    for method in NOT_SENT - {"open_workspace", "backup"}:
        assert msgspec.structs.fields(METHODS[method]) == ()
        assert METHODS[method].reply is Done


# --- message by message ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", [name for name in METHODS if name not in NOT_SENT])
def test_nothing_of_another_workspace_is_told_or_changed(method: str, house: House, a: There, b: There) -> None:
    before, seen_before = rows(house, a), files(a.root)
    probe = Probe(house, a, b)
    for params in attempts("store" if method == "store_many" else method, a, b):
        probe.ask(StoreMany(memories=[Store(**params)]) if method == "store_many" else METHODS[method](**params))
    probe.close()
    assert probe.leaks == []
    assert probe.asked > 0
    assert rows(house, a) == before, "what is A's was changed"
    assert files(a.root) == seen_before
    assert {brief.id for brief in a.client.list().memories} >= {a.ids["memory"], a.ids["wild"]}
    assert not list(b.root.rglob("escaped"))


# --- the folder that a request comes from ---------------------------------------------------------


@pytest.mark.parametrize("inside", ["", "linked.py", "./linked.py", "linked.py/", "nothing"])
def test_a_link_to_a_file_of_another_workspace_is_a_place_in_its_own(
    inside: str, house: House, a: There, b: There
) -> None:
    connection = Connection(house.paths)
    envelope = connection.ask(ListMemories(limit=500), tree=f"{b.root}/{inside}")
    connection.close()
    assert envelope.workspace_id not in (None, a.ids["workspace"])
    told = bytes(envelope.result).decode()
    assert b.ids["memory"] in told
    assert [mark for mark in TOLD if mark in told] == []


@pytest.mark.parametrize("workspace_id", ["%", "ws-", "ws-personal' --", "*", "../a"])
def test_no_pattern_names_a_workspace(workspace_id: str, b: There, house: House) -> None:
    connection = Connection(house.paths)
    envelope = connection.ask(OpenWorkspace(path=str(b.root), workspace_id=workspace_id))
    connection.close()
    assert envelope.error is not None
    assert envelope.error.code == "unknown_workspace"
