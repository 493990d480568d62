"""The session of an agent, as its hooks see it: begun where it is not, in the project that the agent works in."""

from __future__ import annotations

from recall.hooks.link import Link, RefusedError

TYPE_CHECKING = False  # see `recall.runtime`
if TYPE_CHECKING:
    from typing import Any

NOT_BEGUN = frozenset({"unknown_session", "session_ended"})


class AgentSession:
    """One session of an agent.

    Args:
        id: the agent's own id for it.
        folder: where the agent works, absolute.

    Attributes:
        handed_over: the text that came with its beginning, if it began just now.
    """

    def __init__(self, link: Link, id: str, folder: str) -> None:
        self._link = link
        self._id = id
        self._folder = folder
        self.handed_over = ""

    def begin(self, *, anew: bool = False, token_budget: int | None = None) -> str:
        """Begin the session, or go on with it, and make the project a workspace where it is a repository.

        Args:
            anew: what it was given is gone from the agent's context.
            token_budget: of the text; absent, the daemon's setting.

        Returns:
            What the agent is told.

        Raises:
            RefusedError: also where there is no project.
        """
        params = {"session_id": self._id, "project_path": self._folder, "anew": anew, "token_budget": token_budget}
        try:
            reply = self._link.ask("session_start", params, tree=self._folder)
        except RefusedError as refusal:
            if refusal.code != "unknown_tree":
                raise
            self._link.ask("open_workspace", {"path": self._folder, "plain": False})
            reply = self._link.ask("session_start", params, tree=self._folder)
        self.handed_over = reply["text"]
        return self.handed_over

    def ask(
        self, method: str, params: dict[str, Any], *, place: str = "", begin: bool = True, token_budget: int | None = 0
    ) -> dict[str, Any]:
        """Make a request about the session.

        Args:
            place: the file that it is about, absolute; one in a tree below the folder is that tree's.
            begin: begin the session where it was not, as where the daemon was started after the agent.
            token_budget: of what is handed over then; absent, the daemon's setting.

        Raises:
            RefusedError: as for `begin`.
        """
        params = {"session_id": self._id, **params}
        tree = place if place.startswith(f"{self._folder.rstrip('/')}/") else self._folder
        try:
            return self._link.ask(method, params, tree=tree)
        except RefusedError as refusal:
            lacking = NOT_BEGUN if tree is not self._folder else NOT_BEGUN | {"unknown_tree"}
            if not begin or refusal.code not in lacking:
                raise
        self.begin(token_budget=token_budget)
        return self._link.ask(method, params, tree=tree)

    def sync(self) -> None:
        """Return once all that was told of the session is on the disk.

        Raises:
            RefusedError: as for `begin`.
        """
        self._link.ask("session_list", {"limit": 1}, tree=self._folder)
