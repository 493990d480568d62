"""What an editor waits for, and what typing costs: `python -m tests.bench.run editors`."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from recall import Client
from tests.bench.figures import Figure
from tests.bench.ground import Ground, memory_texts, p, process_times, settled, store_memories
from tests.e2e.editor import Editor

PLUGIN = Path(__file__).resolve().parents[2] / "client" / "neovim"
FILES = 30
KEYS_PER_S = 100
TYPED_S = 20
LONG_LINES = 5_000
BARE = """
import json, sys
out, received = sys.stdout.buffer, sys.stdin.buffer
while head := received.readline():
    length = int(head.split(b":")[1])
    received.readline()
    message = json.loads(received.read(length))
    if "id" not in message or "method" not in message:
        continue
    found = [{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
              "command": {"title": "1 memory", "command": "x"}}]
    capabilities = {"capabilities": {"codeLensProvider": {}, "textDocumentSync": 2}}
    result = {"initialize": capabilities, "textDocument/codeLens": found}.get(message["method"])
    body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
    out.write(b"Content-Length: %d\\r\\n\\r\\n" % len(body) + body)
    out.flush()
"""
"""A language server that knows one lens, and says it at once."""
OPENINGS = """
vim.opt.runtimepath:append({plugin})
vim.opt.swapfile, vim.opt.shadafile = false, "NONE"
local began, taken, files = 0, {{}}, {files}
local display = vim.lsp.codelens.display
vim.lsp.codelens.display = function(lenses, ...)
  display(lenses, ...)
  if lenses and #lenses > 0 and began > 0 then
    table.insert(taken, (vim.loop.hrtime() - began) / 1e9)
    began = 0
  end
end
require("recall").setup({{ cmd = {command} }})
vim.cmd("edit " .. files[1])
vim.defer_fn(function()
  for number = 2, #files do
    vim.wait(150)
    began = vim.loop.hrtime()
    vim.cmd("edit " .. files[number])
    vim.wait(5000, function() return began == 0 end, 1)
  end
  vim.fn.writefile({{ vim.json and vim.json.encode(taken) or vim.fn.json_encode(taken) }}, {result})
  vim.cmd("qa!")
end, 4000)
"""


def editors(ground: Ground) -> Iterator[Figure]:
    """The language server: its start, a file opened in Neovim among 10,000 memories, and a person who types fast."""
    root = ground.project("editors")
    texts = memory_texts(ground.django, 10_000)
    files = [file for file in sorted((root / "django" / "db").rglob("*.py")) if file.stat().st_size > 2_000][:FILES]
    ground.start()
    with Client(root, timeout_s=120) as client:
        settled(client)
        for number, text in enumerate(texts):  # most of them elsewhere, a few in each file that is opened
            text["source_files"] = [str(files[number % FILES])] if number < 3 * FILES else ["docs/"]
        store_memories(client, texts)
        settled(client)
        yield _start(root)
        yield _opening(ground, root, files)
        yield _typing(ground, root)
    ground.stop()


def _start(root: Path) -> Figure:
    taken = []
    for _ in range(7):
        started = time.perf_counter()
        editor = Editor(dict(os.environ))
        editor.initialize(root)
        taken.append(time.perf_counter() - started)
        editor.end()
    ours = statistics.median(taken) * 1000
    floor = process_times([sys.executable, "-c", "import pygls.lsp.server"], 5) * 1000
    return Figure(
        "`recall lsp`, start to the answer to `initialize`",
        f"{ours:.0f} ms",
        "≤ 500 ms",
        f'{floor:.0f} ms: python -c "import pygls.lsp.server"',
        ours <= 500,
    )


def _opening(ground: Ground, root: Path, files: list[Path]) -> Figure:
    if shutil.which("nvim") is None:
        return Figure("open → lens shown in Neovim", "not measured: Neovim is not installed", "≤ 50 ms")
    ours = _open_all(ground, root, files, [sys.executable, "-m", "recall", "lsp"])
    bare = _open_all(ground, root, files, [sys.executable, "-c", BARE])
    return Figure(
        f"open → lens shown in Neovim, 10,000 memories, p50 of {len(ours)} files (p95)",
        f"{p(0.5, ours):.1f} ms ({p(0.95, ours):.1f} ms)",
        "≤ 50 ms",
        f"{p(0.5, bare):.1f} ms: a server that answers at once",
        p(0.5, ours) <= 50,
    )


def _open_all(ground: Ground, root: Path, files: list[Path], command: list[str]) -> list[float]:
    result, script = ground.folder / "openings.json", ground.folder / "openings.lua"
    result.unlink(missing_ok=True)
    words = {"plugin": json.dumps(str(PLUGIN)), "result": json.dumps(str(result))}
    script.write_text(OPENINGS.format(files=_lua(map(str, files)), command=_lua(command), **words))
    subprocess.run(["nvim", "--headless", "-n", "-u", str(script)], cwd=root, check=True, timeout=300)
    taken: list[float] = json.loads(result.read_text())
    return taken


def _typing(ground: Ground, root: Path) -> Figure:
    file = root / "long.py"
    body = "".join(
        f"def function_{n}(value):\n    # counts\n    return value + {n}\n\n\n" for n in range(LONG_LINES // 5)
    )
    file.write_text(body)
    editor = Editor(dict(os.environ))
    editor.initialize(root)
    with Client(root) as client:
        client.sync()
        client.store("Counting goes up", symbols=["long.py::function_900"])
    uri = editor.open(file)
    editor.until(lambda: bool(editor.lenses(uri)), "the lens")
    server = psutil.Process(editor.process.pid)
    before, before_daemon, started = sum(server.cpu_times()[:2]), ground.cpu_s(), time.perf_counter()
    for key in range(KEYS_PER_S * TYPED_S):
        time.sleep(max(0.0, started + key / KEYS_PER_S - time.perf_counter()))
        # A line of 60 characters, and then the next: a few lines come in before the function that has the memory.
        column = key % 60
        editor.edit(uri, key + 2, (1000, column), (1000, column), "x" if column < 59 else "\n")
    seconds = time.perf_counter() - started
    ours = (sum(server.cpu_times()[:2]) - before) / seconds
    daemon = (ground.cpu_s() - before_daemon) / seconds
    editor.end()
    return Figure(
        f"processor of `recall lsp` at {KEYS_PER_S} keystrokes/s in a file of {LONG_LINES:,} lines",
        f"{ours:.1%} of a core (the daemon and its parsers besides: {daemon:.1%})",
        "< 10 %",
        "–",
        ours < 0.10,
    )


def _lua(words: Any) -> str:
    return "{" + ", ".join(json.dumps(word) for word in words) + "}"
