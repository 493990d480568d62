"""How often harmless texts are taken for secrets, and what a look takes: `python -m tests.bench.secrets`.

Looked at are the material of RECALLD_MEASURE, the documents beside it, docstrings, and the sources of this project and
of the standard library line by line. Among sources there may be keys of examples, so what is found is printed.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recalld.memory.secrets import secrets_in, suspicious
from tests.bench.recall import prose
from tests.bench.run import machine

PROJECT = Path(__file__).resolve().parents[2]
MEASURE = Path(os.environ.get("RECALLD_MEASURE", PROJECT.parent / "shared" / "measure"))
SHOWN = 10


def main() -> int:
    """Measure and print; 1 if anything but sources was taken for a secret."""
    secrets_in("-----BEGIN")  # loads the detectors
    failed = 0
    print(f"{machine()}\n\n| texts | taken for secrets | first look | second look, of those that need one |")
    print("|---|---|---|---|")
    for name, texts in _texts():
        looked = time.process_time()
        doubtful = [text for text in texts if suspicious(text)]
        first = time.process_time() - looked
        found = [(text, secrets) for text in doubtful if (secrets := secrets_in(text))]
        second = time.process_time() - looked - first
        print(
            f"| {len(texts):,} {name} | {len(found)} | {first * 1e6 / max(len(texts), 1):.0f} µs "
            f"| {second * 1e6 / max(len(doubtful), 1):.0f} µs, {len(doubtful) / max(len(texts), 1):.0%} of them |"
        )
        failed += len(found) if "lines" not in name else 0
        for text, secrets in found[:SHOWN]:
            print(
                f"  {secrets[0].kind}: {text[max(secrets[0].start - 60, 0) : secrets[0].end + 20]!r}", file=sys.stderr
            )
    return 1 if failed else 0


def _texts() -> Iterator[tuple[str, list[str]]]:
    if MEASURE.is_dir():
        for file in sorted(MEASURE.glob("*.json")):
            yield f"of {file.name}", list(_strings(json.loads(file.read_text("utf-8"))))
        for file in sorted((MEASURE.parent / "seeds").glob("*.txt")):
            yield f"paragraphs of {file.name}", file.read_text("utf-8").split("\n\n")
    else:
        print(f"{MEASURE} is not there: set RECALLD_MEASURE to the folder of the labels", file=sys.stderr)
    yield "memories made of docstrings", prose.memories(prose.sentences(), 10_000)
    for name, folder in (("this project", PROJECT), ("the standard library", Path(sysconfig.get_path("stdlib")))):
        files = [*folder.glob("*.py"), *folder.glob("*.md"), *folder.glob("[a-z]*/**/*.py")]
        sources = [file for file in files if "site-packages" not in file.parts]
        yield f"lines of {name}", [line for file in sources for line in _lines(file)]


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8", "replace").splitlines()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))


if __name__ == "__main__":
    sys.exit(main())
