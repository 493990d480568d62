from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recall import AsyncClient, Client, RecallError
from recall.paths import Paths
from recall.protocol.requests import ListMemories, ListReply, OpenWorkspace, OpenWorkspaceReply, Store, StoreReply
from tests.unit.client.conftest import Peer, brief_context, workspace

STORED = StoreReply(
    id="mem-1", title="T", memory_type="decision", importance_score=0.7, created_at="2026-01-01T00:00:00Z"
)
NO_TREE = RecallError("unknown_tree", "no workspace is open for that folder")


def open_on_demand(peer: Peer) -> None:
    """Answer as a daemon does that does not know the tree until it was opened."""
    known = False

    def opened(_: OpenWorkspace) -> OpenWorkspaceReply:
        nonlocal known
        known = True
        return OpenWorkspaceReply(workspace=workspace(), created=True)

    def stored(_: Store) -> StoreReply | RecallError:
        return STORED if known else NO_TREE

    peer.answers |= {"open_workspace": opened, "store": stored}


def test_the_usual_call_is_one_request(peer: Peer, tmp_path: Path) -> None:
    peer.answers["store"] = STORED
    with Client(tmp_path) as client:
        assert client.store(title="T", narrative="N", memory_type="decision").id == "mem-1"
        assert (client.workspace_id, client.tree_id) == ("ws-1", "tree-1")
    assert [tree for tree, _ in peer.asked] == [str(tmp_path.resolve())]


def test_an_unknown_tree_is_opened_once_and_the_request_made_again(peer: Peer, tmp_path: Path) -> None:
    open_on_demand(peer)
    with Client(tmp_path) as client:
        client.store(narrative="N")
        client.store(narrative="N")
    assert peer.methods() == ["store", "open_workspace", "store", "store"]


def test_an_unknown_tree_is_left_alone_without_leave_to_start(peer: Peer, tmp_path: Path) -> None:
    open_on_demand(peer)
    with Client(tmp_path, start=False) as client, pytest.raises(RecallError) as caught:
        client.store(narrative="N")
    assert caught.value.code == "unknown_tree"
    assert peer.methods() == ["store"]


def test_a_workspace_that_is_named_is_opened_before_the_first_request(peer: Peer, tmp_path: Path) -> None:
    open_on_demand(peer)
    with Client(tmp_path, workspace_id="ws-mine") as client:
        client.store(narrative="N")
    assert peer.asked[0][1] == OpenWorkspace(path=str(tmp_path.resolve()), workspace_id="ws-mine")
    assert peer.methods() == ["open_workspace", "store"]


def test_a_refusal_carries_its_code_field_and_details(peer: Peer, tmp_path: Path) -> None:
    peer.answers["store"] = RecallError("unknown_symbol", "no such symbol", field="symbols", candidates=["A.b"])
    with Client(tmp_path) as client, pytest.raises(RecallError) as caught:
        client.store(narrative="N")
    error = caught.value
    assert (error.code, error.field, error.details) == ("unknown_symbol", "symbols", {"candidates": ["A.b"]})


def test_requests_about_the_daemon_name_no_tree(peer: Peer, tmp_path: Path) -> None:
    peer.answers["open_workspace"] = OpenWorkspaceReply(workspace=workspace(), created=False)
    with Client(tmp_path) as client:
        client.open_workspace(tmp_path)
    assert peer.asked[0][0] is None


def test_without_leave_to_start_a_missing_daemon_is_unreachable(paths: Paths, tmp_path: Path) -> None:
    with Client(tmp_path, start=False) as client, pytest.raises(RecallError) as caught:
        client.list()
    assert caught.value.code == "unreachable"
    assert not paths.home.exists()


def test_the_asynchronous_client_asks_many_things_at_once(peer: Peer, tmp_path: Path) -> None:
    peer.answers["context"] = lambda request: brief_context(request.file_path)

    async def ask() -> list[str]:
        async with AsyncClient(tmp_path) as client:
            contexts = await asyncio.gather(*(client.context(f"{number}.py") for number in range(50)))
            return [context.file_path for context in contexts]

    assert asyncio.run(ask()) == [f"{number}.py" for number in range(50)]


def test_the_asynchronous_client_opens_an_unknown_tree(peer: Peer, tmp_path: Path) -> None:
    open_on_demand(peer)

    async def ask() -> str:
        async with AsyncClient(tmp_path) as client:
            return (await client.store(narrative="N")).id

    assert asyncio.run(ask()) == "mem-1"
    assert peer.methods() == ["store", "open_workspace", "store"]


def test_one_slow_request_does_not_hold_up_another(peer: Peer, tmp_path: Path) -> None:
    peer.answers |= {"list": None, "context": brief_context("a.py")}

    async def ask() -> tuple[str, str]:
        async with AsyncClient(tmp_path, timeout_s=0.5) as client:
            slow = asyncio.create_task(client.list())
            context = await client.context("a.py")
            with pytest.raises(RecallError) as caught:
                await slow
            return context.file_path, caught.value.code

    assert asyncio.run(ask()) == ("a.py", "timeout")


def test_the_asynchronous_client_notices_a_daemon_that_is_gone(paths: Paths, tmp_path: Path) -> None:
    async def ask() -> str:
        async with AsyncClient(tmp_path, start=False) as client:
            with pytest.raises(RecallError) as caught:
                await client.list()
            return caught.value.code

    assert asyncio.run(ask()) == "unreachable"
    assert not paths.home.exists()


def test_a_listing_asks_for_what_was_given(peer: Peer, tmp_path: Path) -> None:
    peer.answers["list"] = ListReply(memories=[], total=0)
    with Client(tmp_path) as client:
        client.list(memory_types=["decision"], sort="age", limit=5)
    assert peer.asked[0][1] == ListMemories(memory_types=["decision"], sort="age", limit=5)
