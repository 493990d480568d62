from __future__ import annotations

from pathlib import Path

import pytest

from recalld.config import Config, ConfigError, load_config


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert load_config(tmp_path / "none.toml", {}) == Config()


def test_a_flag_beats_the_environment_and_that_beats_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("settle_delay_ms = 1\nsettle_ceiling_ms = 2\ncontext_tokens = 3\n")
    environ = {"RECALLD_SETTLE_CEILING_MS": "20", "RECALLD_CONTEXT_TOKENS": "30", "RECALLD_HOME": "elsewhere"}
    config = load_config(file, environ, {"context_tokens": "300"})
    assert (config.settle_delay_ms, config.settle_ceiling_ms, config.context_tokens) == (1, 20, 300)


def test_booleans_and_fractions_can_come_from_the_environment(tmp_path: Path) -> None:
    config = load_config(tmp_path / "none", {"RECALLD_WATCH_OPENS": "false", "RECALLD_PARSE_TIMEOUT_S": "0.5"})
    assert config.watch_opens is False
    assert config.parse_timeout_s == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("settle_delay_ms = -1", "settle_delay_ms"),
        ("settle_delay_ms = 'soon'", "settle_delay_ms"),
        ("no_such_thing = 1", "no_such_thing"),
        ("log_level = 'loud'", "loud"),
        ("model_url = 'localhost:11434'", "model_url"),
        ("model_url = 'http://localhost:11434/v1'", "model_name"),
        ("http_host = '0.0.0.0'", "127.0.0.1 or ::1"),
        ("http_host = '192.168.1.7'", "this machine alone"),
        ("http_host = 'localhost'", "127.0.0.1 or ::1"),
        ("http_host = ''", "127.0.0.1 or ::1"),
        ("http_port = 70000", "http_port"),
        ("= broken", "config.toml"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start_and_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_config(file, {})
