"""Every error a client can meet: one registry of stable codes."""

from __future__ import annotations

from typing import Any

CODES: dict[str, str] = {
    "malformed": "the frame, or the body, is not a JSON object of the request form",
    "too_large": "the frame, the text or the batch is over its limit, which the message names",
    "protocol_mismatch": "client and daemon speak different versions; the message says which to upgrade",
    "unknown_method": "there is no request of that name",
    "invalid_params": "a parameter is missing, of the wrong type or out of range; `field` names it",
    "invalid_text": "text holds a NUL or half a surrogate pair",
    "empty_title": "a title was given but is empty",
    "unknown_id": "no memory has that id in this workspace",
    "unknown_tree": "no workspace is open for that folder or tree",
    "unknown_workspace": "no workspace has that id",
    "unknown_session": "no session of that id was started in this workspace",
    "session_ended": "the session has ended; start it again to go on with it",
    "unknown_job": "no extraction job has that id in this workspace",
    "unknown_symbol": "the file exists and has no such symbol; the message names near ones",
    "outside_workspace": "the path leads out of the workspace's folder",
    "not_a_folder": "the workspace's path is no folder that can be read",
    "too_wide": "the folder is too wide to be one project (a home folder, the root of the disk)",
    "no_repository": "the folder is no git repository, and what is asked for needs one",
    "unknown_revision": "git knows no commit by that name in this repository",
    "git_missing": "git is not installed, and the daemon asks it what a tree contains",
    "secret_found": "the text holds a password, key or token; `field` names where, `details.masked` how it begins",
    "duplicate": "the same text is stored already; `id` names that memory",
    "forgotten": "the memory was forgotten; restore it first",
    "not_a_backup": "the file is no copy of recalld's memories, or something else stands where one was to be written",
    "not_an_export": "the file is no export of recalld's, or one of a newer recalld",
    "newer_schema": "the file was written by a newer recalld; upgrade this one",
    "damaged": "the store is not whole; `recall doctor` says what is wrong, and `--mend` saves what is whole",
    "disk": "the disk is full, or a file cannot be read or written; nothing was changed",
    "busy": "a queue is at its limit; try again in a moment",
    "timeout": "the answer did not come within the deadline",
    "shutting_down": "the daemon is stopping",
    "service_failed": "the login service cannot be set up, asked or taken back; the message says why",
    "unreachable": "no daemon answers, and none could be started",
    "unauthorized": "HTTP: the token is missing or not the daemon's",
    "forbidden": "HTTP: asked for under a foreign name, or by a page from elsewhere",
    "unknown_path": "HTTP: nothing answers at that path",
    "wrong_verb": "HTTP: the path is answered, but not for that method; `details.allowed` says for which",
    "not_json": "HTTP: the body is not declared as `application/json`",
    "too_slow": "HTTP: the request did not arrive whole within its time",
    "ambiguous_workspace": "HTTP: several workspaces could be meant; `details.workspaces` lists them",
    "internal": "a fault of the daemon's own; its log has the trace",
}


class RecallError(Exception):
    """A request was refused or failed.

    Attributes:
        code: one of `CODES`, stable across versions.
        message: what is wrong and what to do, one line.
        field: the parameter at fault, if one is.
        details: more for programs: `candidates`, `id`, `index`, `limit`.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, **details: Any) -> None:
        if code not in CODES:
            raise ValueError(f"no error has the code {code!r}")
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.details = details
