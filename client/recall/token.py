"""The token that HTTP asks for: one line in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

TOKEN_BYTES = 32


def read_token(file: Path) -> str | None:
    """The token, or None where there is none, or where others can read the file and so may know it.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        if file.stat().st_mode & 0o077:
            return None
        return file.read_text("ascii", "replace").strip() or None
    except FileNotFoundError:
        return None


def renew_token(file: Path) -> str:
    """Make a new token in place of the one that is there, if one is.

    Raises:
        OSError: the file cannot be written.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as written:
        written.write(f"{token}\n")
    fresh.replace(file)
    return token
