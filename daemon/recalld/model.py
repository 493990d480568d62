"""The only place that asks a language model, and only where one is configured: any OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import json
import logging
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from recalld.config import Config

MAX_ANSWER_BYTES = 1_000_000
"""Of one answer; what is longer is no answer to what was asked."""

log = logging.getLogger(__name__)


class ModelError(Exception):
    """There is no usable answer; the message says why, and has nothing of what was asked or answered."""


class _Message(msgspec.Struct):
    content: str


class _Choice(msgspec.Struct):
    message: _Message


class _Completion(msgspec.Struct):
    choices: list[_Choice]


class Model:
    """Asks for JSON.

    Args:
        config: `model_url`, `model_name`, `model_key`, `model_key_file` and `model_timeout_s` are taken from it.
    """

    def __init__(self, config: Config) -> None:
        self._config = config

    @classmethod
    def configured(cls, config: Config) -> Model | None:
        """The model that the settings name; None where they name none, and then nothing is ever asked."""
        return cls(config) if config.model_url else None

    async def answer(self, instructions: str, text: str) -> object:
        """The JSON value that the model answers with.

        Args:
            instructions: what is to be done with the text.
            text: data, whatever it says.

        Raises:
            ModelError: the endpoint is down, slow or refuses, or its answer is no JSON.
        """
        timeout_s = self._config.model_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                body = await self._post(instructions, text)
        except TimeoutError:
            raise ModelError(f"no answer within {timeout_s:g} s") from None
        try:
            completion = msgspec.json.decode(body, type=_Completion)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ModelError("its answer is no chat completion") from None
        if not completion.choices:
            raise ModelError("its answer is empty")
        return _json_in(completion.choices[0].message.content)

    async def _post(self, instructions: str, text: str) -> bytes:
        # Loaded here, and its certificates beside the event loop: who has no model pays for neither.
        httpx: Any = await asyncio.to_thread(import_module, "httpx")
        headers = await asyncio.to_thread(self._headers)
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": text}]
        question = {"model": self._config.model_name, "messages": messages, "temperature": 0, "stream": False}
        url = f"{self._config.model_url.rstrip('/')}/chat/completions"
        body = bytearray()
        try:
            # Nothing but the settings says where words go: no proxy from the environment, no redirect.
            client = await asyncio.to_thread(httpx.AsyncClient, timeout=None, trust_env=False, follow_redirects=False)
            async with client, client.stream("POST", url, json=question, headers=headers) as response:
                if response.status_code != 200:
                    raise ModelError(f"it answers with status {response.status_code}")
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ModelError(f"its answer is longer than {MAX_ANSWER_BYTES:,} bytes")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelError(f"it cannot be asked ({type(error).__name__})") from None
        return bytes(body)

    def _headers(self) -> dict[str, str]:
        key = self._config.model_key
        if self._config.model_key_file:
            try:
                key = Path(self._config.model_key_file).expanduser().read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise ModelError("model_key_file cannot be read") from None
        if not (key.isascii() and key.isprintable()):
            raise ModelError("its key has characters that no key can have")
        return {"Authorization": f"Bearer {key}"} if key else {}


def _json_in(content: str) -> object:
    """The first JSON object in an answer: models like to put words or a fence around it."""
    start = content.find("{")
    try:
        value: object = json.JSONDecoder().raw_decode(content, start)[0] if start >= 0 else None
    except (ValueError, RecursionError):
        value = None
    if value is None:
        raise ModelError("its answer is no JSON")
    return value
