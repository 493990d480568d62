"""Files of agents: read as they are, kept as they were before the first change, and written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from recall.paths import Paths, make_private


def read(file: Path) -> str | None:
    """A file's text with its line ends and its byte order mark; None where there is none.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is no UTF-8.
    """
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return None


def write(file: Path, text: str) -> None:
    """Put a text in the place of a file's; a symlink stays one, and permissions stay.

    Raises:
        OSError: it cannot be written; then the file is as it was.
    """
    real = Path(os.path.realpath(file))
    real.parent.mkdir(parents=True, exist_ok=True)
    mode = real.stat().st_mode if real.exists() else 0o666 & ~_umask()
    number, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(number, "wb") as made:
            made.write(text.encode())
            made.flush()
            os.fsync(made.fileno())
        Path(name).chmod(mode & 0o7777)
        Path(name).replace(real)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def kept(paths: Paths, file: Path) -> Path:
    """Where a file is kept as it was before the first change."""
    digest = hashlib.sha256(os.fsencode(file.absolute())).hexdigest()[:12]
    return paths.data / "setup" / f"{digest}-{file.name.lstrip('.')}"


def keep(paths: Paths, file: Path) -> Path:
    """Keep a file as it is now; in a folder that is the user's alone, as agents keep secrets in theirs.

    Raises:
        OSError: it cannot be kept.
    """
    copy = kept(paths, file)
    make_private(paths.data)
    make_private(copy.parent)
    shutil.copyfile(file, copy)
    copy.chmod(0o600)
    return copy


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
