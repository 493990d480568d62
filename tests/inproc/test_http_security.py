"""What comes in over HTTP and should not: without the token, under foreign names, too large, too slow, broken."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from recall import Client
from recall.token import renew_token
from tests.e2e.running import wait_until
from tests.inproc.asking import Asking, asking
from tests.inproc.conftest import House, a_house, at_home

BODY_BYTES, TIMEOUT_S, CONNECTIONS = 20_000, 0.3, 8
SETTINGS = {
    "http": True,
    "http_port": 0,
    "http_body_bytes": BODY_BYTES,
    "http_timeout_s": TIMEOUT_S,
    "http_connections": CONNECTIONS,
}
JSON = {"content-type": "application/json"}


@pytest.fixture
def http(house: House, client: Client) -> Iterator[Asking]:
    with asking(house.paths) as made:
        yield made


@contextmanager
def connected(http: Asking) -> Iterator[socket.socket]:
    address = urlsplit(http.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as made:
        yield made


def all_of(connection: socket.socket) -> bytes:
    """All that is sent until the other side hangs up."""
    received = b""
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


def head(http: Asking, verb: str = "POST", path: str = "/api/v1/memories/search", **headers: str) -> bytes:
    lines = [f"{verb} {path} HTTP/1.1", f"host: {urlsplit(http.url).netloc}", f"authorization: Token {http.token}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def said(response: bytes) -> tuple[int, Any]:
    """The status, and the problem that is told."""
    top, _, body = response.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(body)


# --- who asks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/memories", "/api/v1/memories/mem-1", "/openapi.json", "/nothing", "/"])
def test_without_the_token_nothing_is_told_not_even_what_there_is(http: Asking, path: str) -> None:
    response = http.raw.get(path, headers={"authorization": "Token wrong"})
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == 'Bearer realm="recalld"'


def test_a_token_in_the_query_or_a_cookie_is_none(http: Asking) -> None:
    bare = {"authorization": ""}
    assert http.raw.get("/api/v1/memories", params={"token": http.token}, headers=bare).status_code == 401
    assert http.raw.get("/api/v1/memories", headers={**bare, "cookie": f"token={http.token}"}).status_code == 401


def test_a_name_that_was_led_here_is_refused_and_so_is_a_page_of_it(http: Asking) -> None:
    rebound = http.raw.get("/api/v1/memories", headers={"host": "evil.example:7411"})
    assert (rebound.status_code, rebound.json()["code"]) == (403, "forbidden")
    page = http.raw.get("/api/v1/memories", headers={"origin": "http://evil.example"})
    assert (page.status_code, page.json()["code"]) == (403, "forbidden")
    before = http.raw.options(
        "/api/v1/memories/store", headers={"origin": "http://evil.example", "access-control-request-method": "POST"}
    )
    assert before.status_code == 403
    for response in (rebound, page, before, http.raw.get("/api/v1/memories")):
        assert not [name for name in response.headers if name.startswith("access-control")]


def test_a_forwarded_host_counts_for_nothing(http: Asking) -> None:
    headers = {"host": "evil.example", "x-forwarded-host": urlsplit(http.url).netloc, "x-forwarded-for": "127.0.0.1"}
    assert http.raw.get("/api/v1/memories", headers=headers).status_code == 403


def test_the_token_comes_into_no_log(http: Asking, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    http.ask("GET", "/memories")
    http.raw.get(f"/api/v1/{http.token}", headers={"authorization": f"Basic {http.token}"})
    with connected(http) as connection:
        connection.sendall(b"no HTTP \xff\r\n" + head(http))
        all_of(connection)
    of_the_daemon = [each for each in caplog.records if not each.name.startswith("http")]  # the test's own client
    assert http.token not in "".join(each.getMessage() for each in of_the_daemon)


def test_an_old_token_is_refused_once_there_is_a_new_one(house: House, http: Asking, client: Client) -> None:
    renew_token(house.paths.http_token)
    house.restart()
    with asking(house.paths) as anew:
        assert anew.token != http.token
        assert anew.ask("GET", "/memories", project_path=str(client.path))["total"] == 0
        assert anew.raw.get("/api/v1/memories", headers={"authorization": f"Token {http.token}"}).status_code == 401


# --- what is asked for -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../../etc/passwd", "outside_workspace"),
        ("api/../../outside.py", "outside_workspace"),
        ("/etc/passwd", "unknown_tree"),
        ("//etc/passwd", "unknown_tree"),
        ("api/models/memory.py\0.txt", "invalid_text"),
        ("api/models/memory.py::Memory", "invalid_params"),
        ("", "invalid_params"),
        ("a" * 5000, "invalid_params"),
        ("a" * 300, "invalid_params"),
        ("ä" * 200 + "/b.py", "invalid_params"),
        ("a/" * 2040, "invalid_params"),
        ("/" + "a" * 300, "unknown_tree"),
    ],
)
@pytest.mark.parametrize("where", ["/memories/by-file", "/context"])
def test_no_path_leads_out_of_the_tree(http: Asking, where: str, path: str, code: str) -> None:
    refused = http.refused(404 if code == "unknown_tree" else 422, code, "GET", where, None, file_path=path)
    assert "root:" not in str(refused)


@pytest.mark.parametrize(
    "path", ["..%2f..%2fetc", "．．/．．/etc/passwd", "‥/etc", "api\\..\\..\\x", "\u202e../x", "a\u0301.py", "~root/x"]
)
def test_an_odd_path_is_a_file_that_is_not_there(http: Asking, path: str) -> None:
    assert http.ask("GET", "/memories/by-file", file_path=path)["memories"] == []


def test_a_link_out_of_the_tree_is_not_followed(http: Asking, client: Client, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("def secret():\n    return 'do not tell'\n")
    (client.path / "link.py").symlink_to(tmp_path / "secret.py")
    client.sync()
    assert "do not tell" not in str(http.ask("GET", "/context", file_path="link.py"))
    http.refused(404, "unknown_tree", "GET", "/context", None, file_path=str(tmp_path / "secret.py"))


def test_two_texts_for_one_memory_do_not_confuse(http: Asking) -> None:
    http.refused(404, "unknown_path", "GET", "/memories//etc")
    http.refused(404, "unknown_path", "GET", "/memories/a/b/c")
    for verb in ("PUT", "TRACE", "HEAD", "OPTIONS"):
        response = http.raw.request(verb, "/api/v1/memories/mem-1")
        assert (response.status_code, response.headers["allow"]) == (405, "DELETE, GET, PATCH")


# --- how it is asked ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "invalid_params"),
        (b"{", 400, "malformed"),
        (b"[]", 400, "malformed"),
        (b"null", 400, "malformed"),
        (b'"query"', 400, "malformed"),
        (b'{"query": "a"} x', 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b"[" * 9_000, 400, "malformed"),
        (b'{"query": ' + b"[" * 9_000, 400, "malformed"),
        (b'{"query": ' + b'{"a":' * 2_000 + b"1" + b"}" * 2_000 + b"}", 400, "malformed"),
        (b'{"query": "a", "more": ' + b"[" * 400 + b"]" * 400 + b"}", 200, ""),
        (b'{"query": "\\ud800"}', 422, "invalid_text"),
        (b'{"query": "a\\u0000"}', 422, "invalid_text"),
        (b'{"query": ""}', 422, "invalid_params"),
        (b'{"query": "a", "limit": 1e400}', 400, "malformed"),
        (b'{"query": "a", "limit": 99999999999999999999999}', 422, "invalid_params"),
        (b'{"query": "a", "limit": NaN}', 400, "malformed"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_and_says_why(http: Asking, body: bytes, status: int, code: str) -> None:
    response = http.raw.post("/api/v1/memories/search", content=body, headers=JSON)
    assert (response.status_code, response.json().get("code", "")) == (status, code)


@pytest.mark.parametrize("declared", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_kind_is_refused(http: Asking, declared: str) -> None:
    headers = {"content-type": declared} if declared else {}
    response = http.raw.post("/api/v1/memories/search", content=b'{"query": "a"}', headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "not_json")


@pytest.mark.parametrize("declared", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_json_in_whatever_case(http: Asking, declared: str) -> None:
    response = http.raw.post("/api/v1/memories/search", content=b'{"query": "a"}', headers={"content-type": declared})
    assert response.status_code == 200


def test_a_body_too_large_is_refused_whether_it_says_so_or_not(http: Asking) -> None:
    large = b'{"query": "' + b"a" * 3_000_000 + b'"}'
    for content in (large, iter([large[:1_000_000], large[1_000_000:]])):
        response = http.raw.post("/api/v1/memories/search", content=content, headers=JSON)
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert http.ask("POST", "/memories/search", {"query": "a"})["results"] == []
    with connected(http) as connection:  # which waits until it may send it
        connection.sendall(head(http, content_type="application/json", content_length="3000000", expect="100-continue"))
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("flood", [b"x: " + b"y" * 100_000 + b"\r\n", b"x: y\r\n" * 20_000])
def test_a_flood_of_headers_is_refused(http: Asking, flood: bytes) -> None:
    with connected(http) as connection:
        connection.sendall(head(http).removesuffix(b"\r\n") + flood)
        status, problem = said(all_of(connection))
    assert (status, problem["code"]) == (431, "too_large")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_the_same_form(http: Asking, garbage: bytes) -> None:
    with connected(http) as connection:
        connection.sendall(garbage)
        status, problem = said(all_of(connection))
    assert (status, problem["code"]) == (400, "malformed")


@pytest.mark.parametrize("start", [b"", b"POST /api", b"POST / HTTP/1.1\r\nhost: a\r\n"])
def test_who_sends_no_whole_head_in_time_is_hung_up_on(http: Asking, start: bytes) -> None:
    with connected(http) as connection:
        connection.sendall(start)
        assert all_of(connection) == b""


def test_who_sends_no_whole_body_in_time_is_told(http: Asking) -> None:
    with connected(http) as connection:
        connection.sendall(head(http, content_type="application/json", content_length="100") + b'{"query"')
        status, problem = said(all_of(connection))
    assert (status, problem["code"]) == (408, "too_slow")


def test_who_takes_no_answer_is_hung_up_on_and_others_are_answered(house: House, http: Asking) -> None:
    side = house.app._http
    assert side is not None
    http.raw.close()
    wait_until(lambda: not side._state.connections, 10, "the others to be gone")
    with connected(http) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(head(http, "GET", "/openapi.json") * 100)
        wait_until(lambda: bool(side._state.connections), 10, "it to be heard")
        with connected(http) as other:
            other.sendall(head(http, "GET", "/health", connection="close"))
            assert all_of(other).startswith(b"HTTP/1.1 200")
        wait_until(lambda: not side._state.connections, 10, "the slow one to be hung up on")


def test_more_connections_than_there_may_be_are_closed_and_later_ones_are_answered(http: Asking) -> None:
    http.raw.close()
    made = [
        socket.create_connection((urlsplit(http.url).hostname, urlsplit(http.url).port)) for _ in range(CONNECTIONS)
    ]
    with connected(http) as one_more:
        assert all_of(one_more) == b""
    for each in made:
        assert all_of(each) == b""  # none of them asked for anything in time
        each.close()
    with connected(http) as later:
        later.sendall(head(http, "GET", "/health", connection="close"))
        assert all_of(later).startswith(b"HTTP/1.1 200")


def test_a_connection_serves_many_requests_one_after_the_other(http: Asking) -> None:
    with connected(http) as connection:
        connection.sendall(head(http, "GET", "/health") * 3 + head(http, "GET", "/health", connection="close"))
        assert all_of(connection).count(b'{"status":"ok"}') == 4


# --- the port ----------------------------------------------------------------------------------------


def test_where_the_port_is_taken_the_daemon_goes_on_without_http_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with a_house(http=True, http_port=port) as house, at_home(house.paths.home), Client(start=False) as client:
            status = client.status()
    assert status.http == "down"
    (warning,) = [each for each in status.warnings if each.startswith("HTTP")]
    assert f"127.0.0.1:{port}" in warning
    assert "http_port" in warning


def test_the_other_loopback_address_will_do() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 here")
    with (
        a_house(http=True, http_port=0, http_host="::1") as house,
        at_home(house.paths.home),
        asking(house.paths) as http,
    ):
        assert http.url.startswith("http://[::1]:")
        assert http.raw.get("/health").json() == {"status": "ok"}
