"""Asking a model's endpoint: what is sent, and whatever comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from recalld.config import Config
from recalld.model import Model, ModelError
from tests.inproc.completions import Endpoint, endpoint, says, sends, status


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with endpoint() as made:
        yield made


def ask(server: Endpoint, **settings: Any) -> object:
    model = Model.configured(Config(model_url=server.url, model_name="small", **settings))
    assert model is not None
    return asyncio.run(model.answer("Pick.", "What was said."))


def test_the_question_is_a_chat_completion_and_the_answer_its_json(server: Endpoint) -> None:
    server.answer = says('Of course:\n```json\n{"memories": []}\n```')
    assert ask(server) == {"memories": []}
    ((path, headers, body),) = server.asked
    assert path == "/v1/chat/completions"
    assert "Authorization" not in headers
    assert (body["model"], body["stream"]) == ("small", False)
    assert body["messages"] == [
        {"role": "system", "content": "Pick."},
        {"role": "user", "content": "What was said."},
    ]


def test_a_key_is_taken_from_the_settings_or_a_file(server: Endpoint, tmp_path: Path) -> None:
    server.answer = says("{}")
    (tmp_path / "key").write_text("from-a-file\n")
    ask(server, model_key="from-the-settings")
    ask(server, model_key="x", model_key_file=str(tmp_path / "key"))
    assert [headers["Authorization"] for _, headers, _ in server.asked] == [
        "Bearer from-the-settings",
        "Bearer from-a-file",
    ]


def test_a_proxy_from_the_environment_gets_nothing(server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.answer = says("{}")
    assert ask(server) == {}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (status(500), "it answers with status 500"),
        (status(307, Location="http://127.0.0.1:1/"), "it answers with status 307"),
        (sends(b"<html>"), "its answer is no chat completion"),
        (sends(b"\xff\xfe"), "its answer is no chat completion"),
        (sends(b'{"choices": [{"text": "old"}]}'), "its answer is no chat completion"),
        (sends(b'{"choices": []}'), "its answer is empty"),
        (sends(b'{"choices": [{"message": {"content": null}}]}'), "its answer is no chat completion"),
        (sends(b" " * 1_000_001), "its answer is longer than 1,000,000 bytes"),
        (says("I would keep nothing."), "its answer is no JSON"),
        (says('{"memories": ['), "its answer is no JSON"),
        (says('{"a":' * 100_000), "its answer is no JSON"),
    ],
)
def test_an_answer_that_is_none_says_why(
    server: Endpoint, answer: Callable[[BaseHTTPRequestHandler], None], why: str
) -> None:
    server.answer = answer
    with pytest.raises(ModelError, match=why):
        ask(server)


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_an_answer_is_waited_for_only_so_long(server: Endpoint, how: str) -> None:
    server.answer = getattr(server, how)
    with pytest.raises(ModelError, match=r"no answer within 0\.3 s"):
        ask(server, model_timeout_s=0.3)


def test_an_endpoint_that_is_not_there_says_so_without_what_was_asked() -> None:
    model = Model(Config(model_url="http://127.0.0.1:1/v1", model_name="small"))
    with pytest.raises(ModelError, match=r"^it cannot be asked \(ConnectError\)$"):
        asyncio.run(model.answer("Pick.", "What was said."))


@pytest.mark.parametrize("key", ["ünsent", "two\nlines"])
def test_a_key_that_is_none_is_not_sent(server: Endpoint, tmp_path: Path, key: str) -> None:
    with pytest.raises(ModelError, match="its key"):
        ask(server, model_key=key)
    with pytest.raises(ModelError, match="model_key_file cannot be read"):
        ask(server, model_key_file=str(tmp_path / "none"))
    assert server.asked == []


def test_without_a_setting_there_is_no_model_and_nothing_is_loaded_for_one() -> None:
    assert Model.configured(Config()) is None
    code = "import recalld.app, sys; print('httpx' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
