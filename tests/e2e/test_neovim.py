"""Neovim itself, headless and driven from outside, with the plugin and a real daemon."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from recall import Client
from tests.e2e.running import MODELS, Daemon, wait_until

PLUGIN = Path(__file__).resolve().parents[2] / "client" / "neovim"
FILE = "api/models/memory.py"
LOAD = f"{FILE}::Memory.load"
NVIM = shutil.which("nvim")

pytestmark = pytest.mark.skipif(NVIM is None, reason="Neovim is not installed (Debian's package neovim will do)")

INIT = """
vim.opt.runtimepath:append({plugin})
vim.opt.swapfile = false
vim.opt.shadafile = "NONE"
vim.ui.select = function(items, options, chosen)
  _G.offered = vim.tbl_map(options.format_item or tostring, items)
  for number, text in ipairs(_G.offered) do
    if _G.wanted and text:find(_G.wanted, 1, true) then
      return chosen(items[number], number)
    end
  end
end
require("recall").setup({{ cmd = {command} }})
"""


class Neovim:
    """A headless Neovim that is told what to do over its socket."""

    def __init__(self, daemon: Daemon, folder: Path) -> None:
        # Neovim's own files go elsewhere, so that no settings of the person who runs the tests come in.
        self._home = Path(tempfile.mkdtemp(prefix="recalld-nvim-"))
        self._socket = self._home / "nvim.sock"
        init = self._home / "init.lua"
        command = "{" + ", ".join(json.dumps(word) for word in (sys.executable, "-m", "recall", "lsp")) + "}"
        init.write_text(INIT.format(plugin=json.dumps(str(PLUGIN)), command=command))
        folders = {f"XDG_{name}_HOME": str(self._home) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        environ = daemon.environ | folders
        self.process = subprocess.Popen(
            [str(NVIM), "--headless", "--listen", str(self._socket), "-u", str(init), "-n"],
            cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(self._socket.exists, 10, "Neovim")

    def lua(self, expression: str) -> Any:
        """What a Lua expression is worth."""
        quoted = "'" + expression.replace("'", "''") + "'"
        asking = ["--headless", "--server", str(self._socket), "--remote-expr", f"json_encode(luaeval({quoted}))"]
        run = subprocess.run([str(NVIM), *asking], capture_output=True, text=True, timeout=20, check=True)
        return json.loads(run.stdout or run.stderr)

    def do(self, command: str) -> None:
        """Run one of Neovim's own commands."""
        self.lua(f"vim.cmd({json.dumps(command)})")

    def lenses(self) -> list[tuple[int, str]]:
        """What is shown behind lines by the built-in client's lenses, lines from 0."""
        marks = self.lua(
            "vim.tbl_map(function(m) return { m[2], m[4].virt_text and m[4].virt_text[1][1] or '' } end, (function()"
            " local all = {}"
            " for name, ns in pairs(vim.api.nvim_get_namespaces()) do if name:find('codelens', 1, true) then"
            " vim.list_extend(all, vim.api.nvim_buf_get_extmarks(0, ns, 0, -1, { details = true })) end end"
            " return all end)())"
        )
        return sorted((line, text.strip()) for line, text in marks)

    def floating(self) -> str:
        """The text of the floating windows."""
        return str(
            self.lua(
                "(function() local text = {} for _, w in ipairs(vim.api.nvim_list_wins()) do"
                " if vim.api.nvim_win_get_config(w).relative ~= '' then"
                " vim.list_extend(text, vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(w), 0, -1, false)) end end"
                " return table.concat(text, '\\n') end)()"
            )
        )

    def hints(self) -> list[tuple[int, int, str]]:
        """Line from 0, severity and message of each diagnostic of ours."""
        found = self.lua("vim.diagnostic.get(0)")
        return [(each["lnum"], each["severity"], each["message"]) for each in found if each["source"] == "recalld"]

    def choose(self, text: str) -> None:
        """Have the next choice be the first that has this text."""
        self.lua(f"(function() _G.wanted = {json.dumps(text)} _G.offered = nil end)()")

    def quit(self) -> None:
        """End it, and wait until its server is gone too."""
        servers = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        self.process.wait(10)
        _, left = psutil.wait_procs(servers, timeout=10)
        assert left == []
        shutil.rmtree(self._home, ignore_errors=True)


@pytest.fixture
def client(daemon: Daemon, project: Path) -> Iterator[Client]:
    daemon.start()
    with Client(project) as made:
        made.sync()
        yield made


@pytest.fixture
def memory_id(client: Client) -> str:
    return client.store("Loading is lazy", "Explicit loading keeps queries visible.", symbols=[LOAD]).id


@pytest.fixture
def nvim(client: Client, memory_id: str, daemon: Daemon, project: Path) -> Iterator[Neovim]:
    made = Neovim(daemon, project)
    made.do(f"edit {FILE}")
    until(lambda: made.lenses() == [(8, "1 memory")], "the lens")
    yield made
    made.quit()


def until(true: Callable[[], bool], what: str) -> None:
    wait_until(true, 30, what)


def test_a_file_that_is_opened_shows_lenses_and_hovers(nvim: Neovim) -> None:
    nvim.lua("vim.api.nvim_win_set_cursor(0, { 9, 9 })")
    nvim.lua("vim.lsp.buf.hover()")
    until(lambda: "Explicit loading keeps queries visible." in nvim.floating(), "the hover")
    assert "Loading is lazy" in nvim.floating()


def test_a_comment_is_stored_by_code_action_and_its_lens_appears(nvim: Neovim, client: Client) -> None:
    nvim.lua("vim.api.nvim_buf_set_lines(0, 14, 14, false, { '    # Connections are pooled.' })")
    nvim.lua("vim.api.nvim_win_set_cursor(0, { 15, 4 })")
    nvim.choose("Remember as decision about connect")
    nvim.lua("vim.lsp.buf.code_action()")
    until(lambda: client.list().total == 2, "the memory")
    stored = client.list(memory_types=["decision"]).memories[0]
    assert (stored.title, stored.symbols) == ("Connections are pooled", [f"{FILE}::connect"])
    until(lambda: nvim.lenses() == [(8, "1 memory"), (13, "1 memory")], "the second lens")


def test_an_unsaved_edit_shows_a_hint_and_undo_takes_it_away(nvim: Neovim, client: Client, memory_id: str) -> None:
    nvim.lua("vim.api.nvim_buf_set_lines(0, 10, 11, false, { '        return key' })")
    until(lambda: bool(nvim.hints()), "the hint")
    ((line, severity, message),) = nvim.hints()
    assert (line, severity) == (8, 4)
    assert message.startswith("Loading is lazy: the body of Memory.load changed")
    until(lambda: nvim.lenses() == [(8, "1 memory · 1 stale")], "the lens to say so")
    assert client.get(memory_id).verdict == "current"
    nvim.do("undo")
    until(lambda: nvim.hints() == [], "the hint to go")
    until(lambda: nvim.lenses() == [(8, "1 memory")], "the lens to be as before")


def test_lenses_stand_on_their_lines_while_lines_come_before_them(nvim: Neovim) -> None:
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, 0, false, { '', '', '' })")
    until(lambda: nvim.lenses() == [(11, "1 memory")], "the lens three lines further down")


def test_a_memory_is_found_chosen_and_shown(nvim: Neovim) -> None:
    nvim.choose("Loading is lazy")
    nvim.do("Recall search how is loading done")
    until(lambda: "# Loading is lazy" in nvim.floating(), "the page")
    assert nvim.lua("_G.offered") == ["Loading is lazy  [general]"]


def test_a_memory_is_remembered_and_shown_by_command(nvim: Neovim, client: Client) -> None:
    nvim.do("Recall remember pattern Models are frozen")
    until(lambda: client.list().total == 2, "the memory")
    stored = client.list(memory_types=["pattern"]).memories[0]
    assert (stored.title, stored.source_files) == ("Models are frozen", [FILE])
    until(lambda: (0, "1 memory of this file") in nvim.lenses(), "the lens of the file")
    nvim.lua("vim.api.nvim_win_set_cursor(0, { 10, 0 })")
    nvim.do("Recall show")
    until(lambda: "# Loading is lazy" in nvim.floating(), "the page")


def test_what_an_agent_does_appears_by_itself(nvim: Neovim, client: Client, memory_id: str, project: Path) -> None:
    client.store("Keys are strings", symbols=[LOAD])
    until(lambda: nvim.lenses() == [(8, "2 memories")], "the second memory")
    nvim.do("Recall audit")
    client.forget(memory_id)
    until(lambda: nvim.lenses() == [(8, "1 memory")], "the first to go")
    assert (project / FILE).read_text() == MODELS
