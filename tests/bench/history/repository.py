"""A repository's past: a clone of our own to move about in, beside the one that is only read."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Repository:
    """A working tree that borrows the objects of a local clone and never writes into it.

    Args:
        source: the clone, bare or not.
        root: the folder for the working tree; it must not exist yet.
    """

    def __init__(self, source: Path, root: Path) -> None:
        self.root = root
        # What stands in the tree is what was committed, whatever the user's own settings are.
        settings = ["-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0"]
        command = ["git", "clone", "--quiet", "--shared", "--no-checkout", *settings, str(source), str(root)]
        subprocess.run(command, check=True, capture_output=True)

    def checkout(self, commit: str) -> None:
        """Move the working tree to a commit; a file that the clone lacks (a partial one may) is not there then."""
        self._maybe("checkout", "--quiet", "--force", "--detach", commit)
        if self._git("rev-parse", "HEAD") != commit:
            raise RuntimeError(f"{self.root} cannot be moved to {commit}")
        self._git("clean", "-ffdq")

    def parent(self, commit: str) -> str | None:
        """The first parent of a commit; None where it has none or is not here."""
        return self._maybe("rev-parse", "--verify", "--quiet", f"{commit}^1^{{commit}}")

    def has(self, commit: str) -> bool:
        """Whether the commit is here."""
        return self._maybe("cat-file", "-t", commit) == "commit"

    def content(self, commit: str, path: str) -> bytes | None:
        """A file's bytes as of a commit; None where it is not there."""
        run = subprocess.run(
            ["git", "cat-file", "blob", f"{commit}:{path}"], cwd=self.root, capture_output=True, check=False
        )
        return run.stdout if run.returncode == 0 else None

    def commits(self, *words: str, paths: list[str]) -> list[str]:
        """What `git rev-list` says about files, without merges."""
        return self._git("rev-list", "--no-merges", "--topo-order", *words, "--", *paths).split()

    def in_order(self, commits: list[str]) -> list[str]:
        """The commits, each once, ancestors before descendants."""
        wanted = set(commits)
        if not wanted:
            return []
        return [each for each in self._git("rev-list", "--topo-order", "--reverse", *wanted).split() if each in wanted]

    def _git(self, *words: str) -> str:
        run = subprocess.run(["git", *words], cwd=self.root, check=True, stdout=subprocess.PIPE, text=True)
        return run.stdout.strip()

    def _maybe(self, *words: str) -> str | None:
        run = subprocess.run(["git", *words], cwd=self.root, check=False, capture_output=True, text=True)
        return run.stdout.strip() if run.returncode == 0 else None
