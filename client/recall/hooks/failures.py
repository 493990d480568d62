"""What went wrong in hooks, which themselves stay silent: a short file that `recall doctor` reads."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from recall.paths import Paths, make_private

MAX_BYTES = 64 * 1024
"""Size of the file at which its older half goes."""
MAX_MESSAGE = 500
DAY_S = 86_400


def note(paths: Paths, hook: str, message: str) -> None:
    """Add a failure.

    Raises:
        OSError: the file cannot be written.
    """
    file = _file(paths)
    make_private(paths.logs)
    line = json.dumps({"at": round(time.time(), 3), "hook": hook[:50], "message": message[:MAX_MESSAGE]})
    if file.exists() and file.stat().st_size > MAX_BYTES:
        kept = file.read_bytes()[-MAX_BYTES // 2 :].partition(b"\n")[2]
        file.write_bytes(kept)
    with file.open("a", encoding="utf-8") as log:
        log.write(f"{line}\n")


def recent(paths: Paths, within_s: float = DAY_S) -> list[dict[str, Any]]:
    """The failures of the last day, oldest first, each with `at` (seconds since 1970), `hook` and `message`.

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        lines = _file(paths).read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    since = time.time() - within_s
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # two hooks wrote at once
        if isinstance(entry, dict) and isinstance(entry.get("at"), float) and entry["at"] >= since:
            found.append(entry)
    return found


def _file(paths: Paths) -> Path:
    return paths.logs / "hooks.log"
