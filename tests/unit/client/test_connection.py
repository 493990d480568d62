from __future__ import annotations

import os
import socket
import time

import pytest

from recall.connection import Connection
from recall.paths import Paths, make_private
from recall.protocol.errors import RecallError
from recall.protocol.requests import ContextOf, Done, Hello, Shutdown, Store
from tests.unit.client.conftest import Peer, brief_context


def ask_code(connection: Connection, timeout_s: float = 5.0) -> str:
    with pytest.raises(RecallError) as caught:
        connection.ask(ContextOf(file_path="a.py"), timeout_s=timeout_s)
    return caught.value.code


def test_a_request_gets_its_reply_with_the_ids_of_its_tree(peer: Peer) -> None:
    peer.answers["context"] = brief_context("a.py")
    connection = Connection(peer.paths)
    envelope = connection.ask(ContextOf(file_path="a.py"), tree="/project/src")
    assert (envelope.workspace_id, envelope.tree_id, envelope.error) == ("ws-1", "tree-1", None)
    assert peer.asked[0][0] == "/project/src"
    connection.close()


def test_where_nothing_listens_it_says_so_at_once(paths: Paths) -> None:
    started = time.monotonic()
    assert ask_code(Connection(paths)) == "unreachable"
    assert time.monotonic() - started < 0.5


def test_the_socket_file_of_a_killed_daemon_counts_as_nothing(paths: Paths) -> None:
    make_private(paths.runtime)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(paths.requests))
    assert paths.requests.exists()
    assert ask_code(Connection(paths)) == "unreachable"


def test_a_reply_that_comes_after_its_deadline_is_dropped(peer: Peer) -> None:
    peer.answers["context"] = None
    connection = Connection(peer.paths)
    assert ask_code(connection, timeout_s=0.1) == "timeout"
    peer.send_later.set()  # the late reply arrives first
    peer.answers["context"] = brief_context("right")
    envelope = connection.ask(ContextOf(file_path="right"))
    assert envelope.result is not None
    assert b'"right"' in bytes(envelope.result)
    connection.close()


def test_a_daemon_that_stops_while_it_is_asked_is_noticed_long_before_the_deadline(peer: Peer) -> None:
    def vanish(_: ContextOf) -> None:
        peer.send_later.clear()
        peer._stop.set()

    peer.answers["context"] = vanish
    connection = Connection(peer.paths)
    started = time.monotonic()
    with pytest.raises(RecallError) as caught:
        connection.ask(ContextOf(file_path="a.py"), timeout_s=30)
    assert (caught.value.code, caught.value.details) == ("unreachable", {"sent": True})
    assert time.monotonic() - started < 5


def test_a_restarted_daemon_is_found_by_the_next_request(peer: Peer) -> None:
    peer.answers["shutdown"] = Done()
    connection = Connection(peer.paths)
    connection.ask(Shutdown())
    peer.stop()
    successor = Peer(peer.paths)
    try:
        successor.answers["shutdown"] = Done()
        assert connection.ask(Shutdown(), timeout_s=5).error is None
    finally:
        successor.stop()
        connection.close()


def test_a_closed_connection_opens_again(peer: Peer) -> None:
    peer.answers["shutdown"] = Done()
    connection = Connection(peer.paths)
    for _ in range(2):
        assert connection.ask(Shutdown()).error is None
        connection.close()


def test_a_forked_child_asks_for_itself_and_leaves_its_parent_alone(peer: Peer) -> None:
    peer.answers["shutdown"] = Done()
    connection = Connection(peer.paths)
    connection.ask(Shutdown())
    child = os.fork()
    if child == 0:
        answered = connection.ask(Shutdown(), timeout_s=5).error is None
        connection.close()
        os._exit(0 if answered else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert connection.ask(Shutdown(), timeout_s=5).error is None
    connection.close()


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Store(narrative="half \ud83d"), "invalid_text"),
        (Store(narrative="x" * (17 * 1024 * 1024)), "too_large"),
        (Store(title=object()), "invalid_params"),  # type: ignore[arg-type]  # what a caller without types may do
    ],
)
def test_what_cannot_be_sent_is_refused_before_it_is(peer: Peer, request_: Store, code: str) -> None:
    with pytest.raises(RecallError) as caught:
        Connection(peer.paths).ask(request_)
    assert caught.value.code == code
    assert peer.asked == []


def test_a_peer_that_is_no_recalld_is_called_out(peer: Peer) -> None:
    peer.answers["hello"] = brief_context("not a hello")
    from recall.client import Client

    with Client(start=False) as client, pytest.raises(RecallError) as caught:
        client.hello()
    assert caught.value.code == "protocol_mismatch"
    assert [request for _, request in peer.asked] == [Hello()]
