"""What is answered over HTTP is what the OpenAPI document says, for whatever schemathesis thinks of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recall import Client
from tests.inproc.asking import Asking, asking
from tests.inproc.conftest import House

SETTINGS = {"http": True, "http_port": 0}
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture
def http(house: House, client: Client) -> Iterator[Asking]:
    for number in range(3):
        client.store(title=f"Note {number}", narrative=f"Rule {number} for parts.", source_files=["api/views.py"])
    with asking(house.paths) as made:
        yield made


def keeps_its_word(http: Asking, folder: Path, *options: str) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"]
    command += [f"{http.url}/openapi.json", "--header", f"Authorization: Token {http.token}", "--no-color"]
    run = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-5_000:]


def test_every_answer_is_what_the_document_says(http: Asking, tmp_path: Path) -> None:
    keeps_its_word(http, tmp_path, "--phases", "examples,fuzzing", "--max-examples", "5", "--seed", "1")
    assert http.ask("GET", "/memories")["total"] >= 0


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_answer_is_what_the_document_says_for_much_more(http: Asking, tmp_path: Path) -> None:
    keeps_its_word(http, tmp_path, "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "20")
