"""Secrets in texts, told by the detectors of detect-secrets. Pure; nothing is asked of any network.

The detectors are called one by one: the library's own scan would keep settings of the whole process and, with other
settings, try what it found. Those that go by randomness alone are left out, because in prose they see it everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

_DETECTORS = (
    ("private_key", "PrivateKeyDetector"),
    ("basic_auth", "BasicAuthDetector"),
    ("aws", "AWSKeyDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("gitlab_token", "GitLabTokenDetector"),
    ("openai", "OpenAIDetector"),
    ("jwt", "JwtTokenDetector"),
    ("slack", "SlackDetector"),
    ("stripe", "StripeDetector"),
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("npm", "NpmDetector"),
    ("pypi_token", "PypiTokenDetector"),
    ("sendgrid", "SendGridDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("telegram_token", "TelegramBotTokenDetector"),
    ("twilio", "TwilioKeyDetector"),
    ("artifactory", "ArtifactoryDetector"),
)
MAX_LINE = 2_000
"""Longer lines are looked at in parts of this length."""
# Without any of these there is none: most sentences are never given to the detectors.
_WORTH_A_LOOK = re.compile(r"-----BEGIN|://\S+@|[A-Za-z0-9+/_=-]{16,}|[A-Za-z0-9]:[A-Za-z0-9]|[=:]")
# `DB_PASSWORD=…`, `api_key: "…"`: a name that says secret, and a value with letters and digits, or in quotes.
_ASSIGNED = re.compile(
    r"(?i)[\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)\w*[\"']?\s*[:=]+\s*"
    r"(?:\"(?P<double>[^\"\s]{6,})\"|'(?P<single>[^'\s]{6,})'|(?P<bare>(?=\S*\d)(?=\S*[a-z])[\w!#$%&*+/@^~-]{8,}))"
)
_PLACEHOLDER = re.compile(r"(?i)[<>{}$*()\[\]]|example|changeme|placeholder|your[-_]|xxx|\.\.\.|environ|settings\.")


def secret_in(texts: Iterable[str]) -> str | None:
    """What kind of secret any of these texts holds, as `AWS Access Key`; None where there is none.

    The secret itself is never returned.
    """
    for text in texts:
        for line in _lines(text):
            if _WORTH_A_LOOK.search(line) and (kind := _kind(line)):
                return kind
    return None


def _kind(line: str) -> str | None:
    for detector in _detectors():
        if any(detector.analyze_string(line)):
            return str(detector.secret_type)
    for found in _ASSIGNED.finditer(line):
        value = found["double"] or found["single"] or found["bare"]
        if not _PLACEHOLDER.search(value):
            return "Secret Keyword"
    return None


def _lines(text: str) -> Iterable[str]:
    for line in text.splitlines():
        yield from (line[start : start + MAX_LINE] for start in range(0, len(line), MAX_LINE))


@cache
def _detectors() -> tuple[Any, ...]:
    # Loaded when first needed: 0.3 s, which only the audit is to pay.
    return tuple(getattr(import_module(f"detect_secrets.plugins.{name}"), kind)() for name, kind in _DETECTORS)
