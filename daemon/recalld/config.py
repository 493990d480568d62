"""Every setting and every limit, in one place, read once at the start.

A setting is taken from the first of: command line flag, `RECALLD_<NAME>` in the environment, the TOML
file, the default below. A setting that cannot be read stops the start, with its name and what it takes.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=60_000)]


class ConfigError(Exception):
    """A setting that cannot be used; the message names it and says what it takes."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The daemon's settings. Each comment is what `README.md` says of it."""

    log_level: str = "info"
    """debug, info, warning or error."""
    log_max_bytes: Positive = 5_000_000
    """Size at which the log is rotated."""
    log_backups: Positive = 3
    """Rotated logs that are kept."""

    settle_delay_ms: Milliseconds = 30
    """Quiet time after which a burst of changes counts as over."""
    settle_ceiling_ms: Milliseconds = 500
    """Longest time a burst is waited for."""
    open_hold_ms: Milliseconds = 60
    """How long an opened file is held back until it is clear that no search runs over the tree."""
    scan_opens: Positive = 8
    """So many different files opened within a second are a search over the tree, not a person."""
    poll_interval_s: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 5.0
    """How often folders are looked at for which the system has no watches left."""
    watch_opens: bool = True
    """Push the context of a file when any program opens it (Linux)."""

    parse_workers: Annotated[int, msgspec.Meta(ge=1, le=8)] = 2
    """Worker processes that parse."""
    parse_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 3.0
    """Time a file may take to parse; then its worker is killed and the file is left alone until it changes."""
    parse_idle_s: Annotated[float, msgspec.Meta(ge=1)] = 30.0
    """Idle time after which workers are let go."""
    max_file_bytes: Positive = 1_000_000
    """Files larger than this are counted and not read."""
    max_symbols_per_file: Positive = 5_000
    """Symbols kept of one file."""
    worker_memory_mb: Positive = 1_024
    """Memory a worker may take for one file."""

    context_tokens: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 1_200
    """Budget of a file's context."""
    context_cache: Positive = 512
    """Prepared contexts kept in memory."""
    session_tokens: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 2_000
    """Budget of what a session is given at a time, where it names none."""
    session_observations: Positive = 2_000
    """Observations kept of one session; more are dropped."""
    session_bytes: Positive = 1_000_000
    """Bytes of observations kept of one session; more are dropped."""
    session_quiet_minutes: Annotated[float, msgspec.Meta(ge=1)] = 120.0
    """Time without a sign of life after which a session is ended and extracted."""
    model_url: str = ""
    """Base URL of an OpenAI-compatible endpoint that drafts memories of sessions, as `http://localhost:11434/v1`."""
    model_name: str = ""
    """The model to ask for there."""
    model_key: str = ""
    """API key for it; better given as `RECALLD_MODEL_KEY` or in a file."""
    model_key_file: str = ""
    """File with the API key, in place of `model_key`."""
    model_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 60.0
    """How long an answer of the model is waited for; then the built-in rules do it."""
    bulk_files: Positive = 50
    """When more files than this change at once, only the contexts of those that are open are pushed."""

    chroma_url: str = ""
    """Address of a Chroma server to use in place of the built-in index, as `http://localhost:8000`."""
    embed_threads: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1
    """Threads the embedding model may use."""
    search_index_wait_ms: Milliseconds = 150
    """How long a search waits for memories that were stored just now to be indexed by meaning."""

    http: bool = False
    """Answer over HTTP too, at this machine's loopback address and with a token: `recall http enable`."""
    http_host: str = "127.0.0.1"
    """Where HTTP listens: `127.0.0.1` or `::1`."""
    http_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 7411
    """Port of HTTP; 0 takes any that is free, `recall http status` says which."""
    http_timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 10.0
    """How long a request by HTTP may take to arrive, and an answer to be taken."""
    http_body_bytes: Positive = 1_000_000
    """Size of a request's body by HTTP; larger ones are refused."""
    http_connections: Positive = 64
    """Connections by HTTP at once; more are closed."""

    max_pending_requests: Positive = 1_000
    """Requests under way at once; more are answered with `busy`."""
    push_high_water: Positive = 10_000
    """Pushes kept for a slow subscriber before it misses some."""
    forget_days: Positive = 30
    """Days for which what was forgotten can be restored."""

    backup_folder: str = ""
    """Where the daily backup goes; by default `backups` in the data folder. Better on another disk."""
    backup_keep: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 7
    """Daily backups that are kept; 0 makes none."""


def load_config(config_file: Path, environ: Mapping[str, str], flags: Mapping[str, str] | None = None) -> Config:
    """The settings that hold.

    Args:
        config_file: the TOML file; it need not exist.
        environ: the environment, of which `RECALLD_<NAME>` is read.
        flags: settings from the command line, by name.

    Raises:
        ConfigError: a setting is unknown, of the wrong type or out of range.
    """
    values: dict[str, object] = {}
    try:
        values.update(tomllib.loads(config_file.read_text("utf-8")))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{config_file}: {error}") from None
    names = Config.__struct_fields__
    for name in names:
        if f"RECALLD_{name.upper()}" in environ:
            values[name] = environ[f"RECALLD_{name.upper()}"]
    values.update(flags or {})
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise ConfigError(f"there is no setting {unknown[0]!r}; the README lists those there are")
    try:
        # Lax, because the environment and flags have only strings.
        config = msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"setting {error}") from None
    _check(config)
    return config


def _check(config: Config) -> None:
    """Refuse what a type cannot say."""
    if config.log_level not in ("debug", "info", "warning", "error"):
        raise ConfigError(f"setting log_level takes debug, info, warning or error, not {config.log_level!r}")
    if config.model_url and not config.model_url.startswith(("http://", "https://")):
        raise ConfigError(f"setting model_url takes http://… or https://…, not {config.model_url!r}")
    if config.backup_folder and not Path(config.backup_folder).expanduser().is_absolute():
        raise ConfigError(f"setting backup_folder takes an absolute path, not {config.backup_folder!r}")
    if config.model_url and not config.model_name:
        raise ConfigError("setting model_url needs model_name too: the name of a model there")
    if not _loopback(config.http_host):
        raise ConfigError(
            f"setting http_host takes 127.0.0.1 or ::1, not {config.http_host!r}: HTTP is for this machine alone"
        )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
