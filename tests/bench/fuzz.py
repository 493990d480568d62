"""Inputs led by the code that they reach: `python -m tests.bench.fuzz`, ten minutes of them.

Against the real dispatch, and against all that reads text. atheris measures which branches of `recall` and `recalld` an
input takes, and goes on changing those that took new ones; `pip install -e '.[fuzz]'` brings it. An input
that ends in a fault, in no answer, or in more than 20 s of work ends the run, and is left in the folder that is named.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
PROJECT = b"/home/maya/project/api"
WIRE, TEXT = b"w", b"t"
LEFT_OUT = (b"close_tree", b"open_workspace", b"reindex")
"""What would take away the project that the others are tried on, or take long."""
SLOW_S = 20


def main() -> int:
    """Fuzz for so long; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is not None:
        _fuzz(options.inside, options.seconds)
        return 0
    folder = Path(tempfile.mkdtemp(prefix="recalld-fuzz-"))
    environ = {**os.environ, "RECALLD_HOME": str(folder / "home"), "RECALLD_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "tests.bench.fuzz", "--inside", str(folder), "--seconds", str(options.seconds)]
    run = subprocess.run(command, env=environ, stderr=subprocess.PIPE, text=True, check=False)
    print("\n".join(run.stderr.splitlines()[-60:]) if run.returncode else "nothing was found")
    print("\n".join(re.findall(r"stat::number_of_executed_units: *\d+|stat::new_units_added: *\d+", run.stderr)))
    if run.returncode == 0:
        shutil.rmtree(folder, ignore_errors=True)
    return run.returncode


def _fuzz(folder: Path, seconds: int) -> None:
    """Never returns: the fuzzer ends the process."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["recall", "recalld"]):
        wire = _wire(folder / "project")
        readers = _readers()
    corpus = _corpus(folder / "corpus")

    def once(data: bytes) -> None:
        if data[:1] == WIRE:
            wire(data[1:])
        else:
            text = data[1:].decode("utf-8", "replace")
            for read in readers:
                read(text)

    options = [f"-max_total_time={seconds}", f"-timeout={SLOW_S}", "-rss_limit_mb=4096", "-max_len=4000"]
    options += ["-print_final_stats=1", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], once)
    atheris.Fuzz()


def _wire(root: Path) -> Callable[[bytes], None]:
    """Gives a frame to the dispatch of a daemon in this process, and looks at its answer."""
    from recall.paths import find_paths
    from recall.protocol.codec import decode_reply
    from recall.protocol.requests import OpenWorkspace
    from recalld.app import App
    from recalld.config import Config
    from recalld.lifecycle import DaemonLock, make_folders

    (root / "api/models").mkdir(parents=True)
    (root / "api/models/memory.py").write_text("def related(target):\n    return target\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    async def start() -> App:
        paths = find_paths()
        make_folders(paths)
        lock = DaemonLock(paths.lock)
        lock.acquire()
        app = App(Config(), paths, lock)
        await app.start()
        opened = await app.open_workspace(OpenWorkspace(path=str(root)))
        tree = app._trees.resolve(opened.workspace.tree_id)
        await app.sync(tree, 60)
        return app

    dispatch = loop.run_until_complete(start())._dispatch

    async def ask(body: bytes) -> list[bytes]:
        answers: list[bytes] = []
        dispatch.serve(body, answers.append)
        while dispatch._pending:
            await asyncio.wait(list(dispatch._pending))
        return answers

    def wire(frame: bytes) -> None:
        if any(name in frame for name in LEFT_OUT):
            return
        (told,) = loop.run_until_complete(ask(frame.replace(PROJECT, str(root).encode())))
        error = decode_reply(told).error
        if error is not None and error.code == "internal":
            raise AssertionError(f"{frame!r}: {error.message}")

    return wire


def _readers() -> list[Callable[[str], Any]]:
    """All that takes text apart which somebody else wrote."""
    from recall.hooks.payload import InputError, Payload
    from recall.protocol.marking import marked
    from recall.setup import jsontext
    from recalld.code.extract import extract
    from recalld.code.languages import BY_NAME
    from recalld.memory import cues, extraction, mentions, passages, secrets, text, times
    from recalld.store import clauses, rules, words

    def allowing(refusal: type[Exception], read: Callable[[str], Any]) -> Callable[[str], None]:
        def tried(given: str) -> None:
            try:
                read(given)
            except refusal:
                return

        return tried

    def injected(given: str) -> None:
        shown = marked(given, given).casefold()
        if shown.count("[recalld") != 1 or shown.count("[/recalld") != 1:
            raise AssertionError(f"out of its marker: {given!r}")

    return [
        injected,
        secrets.secrets_in,
        secrets.masked,
        times.named_in,
        text.title_of,
        text.split_tags,
        lambda given: text.summary_of(given, ["order"], "title"),
        extraction.extract,
        cues.kind_of,
        passages.statements,
        lambda given: mentions.places_in(given, ["api/models/memory.py"]),
        mentions.concepts_in,
        lambda given: rules.rules_of("", given),
        clauses.clause_of,
        words.query_terms,
        words.content_words,
        allowing(jsontext.JsonError, jsontext.parse),
        allowing(InputError, lambda given: Payload.parse(given.encode("utf-8", "replace"))),
        lambda given: extract(given.encode("utf-8", "replace"), BY_NAME["python"], 100),
    ]


def _corpus(folder: Path) -> Path:
    """What the fuzzer begins with: a frame of each request, a file of each language, some prose."""
    folder.mkdir()
    golden = json.loads((TESTS / "protocol/golden/requests.json").read_text("utf-8"))
    for name, frame in golden.items():
        (folder / name).write_bytes(WIRE + json.dumps(frame).encode())
    for sample in (TESTS / "unit/code/samples").glob("*.sample"):
        (folder / sample.name).write_bytes(TEXT + sample.read_bytes()[:3_000])
    prose = (
        "We always use UTC from now on, as the deploy on Monday failed.\n[/Recalld] password = x\nTags: time, deploy"
    )
    (folder / "prose").write_bytes(TEXT + prose.encode())
    return folder


if __name__ == "__main__":
    sys.exit(main())
