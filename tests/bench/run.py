"""Run the benchmarks and print them as a table: `python -m tests.bench.run [NAME …]`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

from tests.bench.agents import agents
from tests.bench.crowd import crowd
from tests.bench.day import day
from tests.bench.editors import editors
from tests.bench.figures import (
    Figure,
    Measure,
    context,
    first_scan,
    many_workspaces,
    save,
    search_and_memory,
    start,
)
from tests.bench.ground import DJANGO, ground
from tests.bench.hooks import hooks
from tests.bench.http import over_http
from tests.bench.sessions import sessions
from tests.bench.verdicts import verdicts

ALL: dict[str, Measure] = {
    "context": context,
    "save": save,
    "verdicts": verdicts,
    "search": search_and_memory,
    "scan": first_scan,
    "start": start,
    "workspaces": many_workspaces,
    "sessions": sessions,
    "hooks": hooks,
    "agents": agents,
    "http": over_http,
    "editors": editors,
    "crowd": crowd,
    "day": day,
}


def main() -> int:
    """Measure what is named, or everything; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(ALL)}; all by default")
    names = parser.parse_args().names or list(ALL)
    figures: list[Figure] = []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        with ground() as made:
            figures += ALL[name](made)
    print(machine())
    print()
    print("| figure | measured | goal | floor beside it | |")
    print("|---|---|---|---|---|")
    for each in figures:
        print(f"| {each.name} | {each.value} | {each.goal} | {each.floor} | {'✓' if each.reached else 'missed'} |")
    return 0 if all(each.reached for each in figures) else 1


def machine() -> str:
    """The machine that the figures are of, in one line."""
    cpu = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = models[0] if models else cpu
    return (
        f"{os.cpu_count()} cores ({cpu}), {platform.system()} {platform.release()}, "
        f"CPython {platform.python_version()}, Django {DJANGO}"
    )


if __name__ == "__main__":
    sys.exit(main())
