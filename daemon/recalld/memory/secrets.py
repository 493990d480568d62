"""Secrets in texts, told by the detectors of detect-secrets and a few rules more. Pure; no network is asked anything.

The detectors are called one by one: the library's own scan would keep settings of the whole process and, with other
settings, try out what it found. Those that go by randomness alone, or by names alone, are left out: in prose they see
secrets everywhere, and a memory that is refused for nothing is worse than the last secret found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from recall.protocol.errors import RecallError

SCHEME = 1
"""Raised when more is found than before, so that what was looked at is looked at again."""
_DETECTORS = (
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
)
_LONG = 4_000
"""Characters; a longer text is looked at in any case, because already to see whether it is worth it takes long."""
_MAX_LINE, _OVERLAP = 2_000, 200
"""Longer lines are looked at in parts of this length, which share so much."""

# Without any of these there is no secret, so that most texts are never given to the detectors.
_WORTH_A_LOOK = re.compile(
    r"-----BEGIN|://[^\s/]+:[^\s/]+@|(?=[\w+/.=-]{0,60}\d)[\w+/.=-]{20}|(?i:pass|pwd|secret|token|key)"
)

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]*?-----END [A-Z ]*-----|[A-Za-z0-9+/=\s]*)"
)
_BASIC_AUTH = re.compile(r"://(?P<user>[^\s:/?#\[\]@]*):(?!(?P=user)@)(?P<value>[^\s:/?#\[\]@]{4,})@")
_KEY = re.compile(
    r"\b(?P<value>sk-[\w-]{20,}|AIza[\w-]{35}|github_pat_\w{36,}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|"
    r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|dop_v1_[a-f0-9]{64}|shpat_[a-f0-9]{32})"
)
# Looks like a path, so that its name has to be there.
_AWS_SECRET = re.compile(r"(?i)secret[_-]?access[_-]?key\W{1,5}(?P<value>[a-z0-9/+]{40})(?![a-z0-9/+=])")
_HEADER = re.compile(r"(?i)\b(?:bearer|authorization:\s*(?:token|basic))\s+(?P<value>[a-z0-9+/_.=-]{20,})")
_NAME = (
    r"(?P<name>[\w.-]*(?:password|passwd|pwd|passphrase|secret|token|(?:api|access|private|secret|auth)[_-]?key))[\"']?"
)
# `DB_PASSWORD=…` as in a shell or a settings file.
_SET = re.compile(rf"(?i)(?<![\w.-]){_NAME}=(?P<value>(?![\"'])[^\s\"'`,;&()<>\[\]{{}}]{{6,}}+)(?![(\[])")
# `api_key: "…"`, `password = '…'`, `token: …`.
_QUOTED = re.compile(rf"(?i)(?<![\w.-]){_NAME}\s*(?:=|:=?|=>)\s*(?P<quote>[\"'])(?P<value>[^\"'\s]{{8,}})(?P=quote)")
_SAID = re.compile(rf"(?i)(?<![\w.-]){_NAME}\s*(?:=|:=?|=>)\s*(?P<value>[\w!#$%&*+@^~-]{{8,}}+)(?![\w/(\[]|\.\w)")

_PLACEHOLDER = re.compile(
    r"(?i)[<>{}$*()\[\]%]|example|change[-_]?me|placeholder|redacted|dummy|fake|sample|your[-_]|^my[-_]?|"
    r"\.\.\.|…|x{3}|environ|settings|config|vault|process\.env|"
    r"^(?:pass(?:word|wd)?|pwd|secret|token|user(?:name)?|admin|root|guest|test(?:ing)?|postgres|mysql|redis|rabbitmq)\d{0,3}$|"
    r"^(?:base64|sha\d+|md5|uuid\d?|utf-?8\w*|bcrypt\d*|argon2\w*|hs256|rs256|es256|oauth2?\w*|v\d+)$"
)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_PATH_OR_URL = re.compile(r"[./~]?[\w.-]*/[\w./-]*[a-z]|https?:.*|[a-z_]+(?:\.[a-z_]+)+", re.IGNORECASE)
_TURNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[^a-zA-Z0-9]+")


class Secret(NamedTuple):
    """Where a text holds a secret."""

    kind: str
    """As `AWS Access Key`."""
    start: int
    end: int


def suspicious(text: str) -> bool:
    """Whether a text is worth a look; costs microseconds, and where it says no there is nothing to be found."""
    return len(text) > _LONG or _WORTH_A_LOOK.search(text) is not None


def secrets_in(text: str) -> list[Secret]:
    """The secrets that a text holds, in its order, none inside another.

    The first call loads the detectors, which takes a third of a second: not for the event loop.
    """
    if not suspicious(text):
        return []
    found = [Secret("Private Key", *each.span()) for each in _PRIVATE_KEY.finditer(text)]
    for start, line in ((start, line) for start, line in _lines(text) if _WORTH_A_LOOK.search(line)):
        found += [Secret(kind, start + first, start + last) for kind, first, last in _in_line(line)]
    apart: list[Secret] = []
    for secret in sorted(found, key=lambda each: (each.start, -each.end)):
        if not apart or secret.start >= apart[-1].end:
            apart.append(secret)
    return apart


def masked(text: str) -> tuple[str, list[str]]:
    """The text with only the first characters left of each secret, and the kinds of these."""
    found = secrets_in(text)
    for secret in reversed(found):
        text = text[: secret.start] + _mask(text, secret) + text[secret.end :]
    return text, [secret.kind for secret in found]


def refuse_secrets(texts: Mapping[str, str]) -> None:
    """Refuse texts that hold a secret.

    Args:
        texts: by the field they came in.

    Raises:
        RecallError: `secret_found`, with kind, field and line of the first, and no more than its first characters.
    """
    for field, text in texts.items():
        for secret in secrets_in(text):
            line, shown = text.count("\n", 0, secret.start) + 1, _mask(text, secret)
            raise RecallError(
                "secret_found",
                f"{field}, line {line}, holds what looks like a secret ({secret.kind}: {shown}): "
                "leave it out, and say where it is kept instead",
                field=field,
                kind=secret.kind,
                line=line,
                masked=shown,
            )


def _mask(text: str, secret: Secret) -> str:
    """At most a fifth of it, and never more than four characters."""
    return f"{text[secret.start : secret.start + min(4, (secret.end - secret.start) // 5)]}****"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.splitlines(keepends=True):
        for part in range(0, max(len(line), 1), _MAX_LINE - _OVERLAP):
            yield start + part, line[part : part + _MAX_LINE]
        start += len(line)


def _in_line(line: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of what one line holds."""
    for detector in _detectors():
        for found in (found for rule in detector.denylist for found in rule.finditer(line)):
            start, end = _told(found)
            if _stands_alone(line, start, end) and _various(line[start:end]) and any(detector.analyze_string(found[0])):
                yield str(detector.secret_type), start, _token_end(line, end)
    for kind, rule, likely in _RULES:
        for found in rule.finditer(line):
            if likely(found["value"]):
                yield kind, *found.span("value")


def _told(found: re.Match[str]) -> tuple[int, int]:
    """Where the secret itself stands in what a detector's rule found, which may have its name before it."""
    longest = max(range(1, len(found.groups()) + 1), key=lambda group: len(found[group] or ""), default=0)
    return found.span(longest if len(found[longest] or "") >= 16 else 0)


def _stands_alone(line: str, start: int, end: int) -> bool:
    """Not the middle of a longer word, such as a hash."""
    before, after = line[start - 1 : start], line[end : end + 1]
    return not (before.isalnum() and line[start].isalnum()) and not (after.isalnum() and line[end - 1].isalnum())


def _token_end(line: str, end: int) -> int:
    """Some detectors stop early: of a JSON Web Token, before the signature."""
    return end + len(re.match(r"[\w.+/=-]*(?<!\.)", line[end:])[0])  # type: ignore[index]  # always matches


def _various(value: str) -> bool:
    """Not `ghp_xxxx…`."""
    return len(set(value[-20:])) >= 6 and "..." not in value


def _key(value: str) -> bool:
    """A long run of letters and digits, as no word has it."""
    runs = re.findall(r"[A-Za-z0-9]{16,}", value)
    return _various(value) and any(re.search("[0-9]", run) and re.search("[a-zA-Z]", run) for run in runs)


def _credential(value: str) -> bool:
    """A key of capitals, small letters and digits, so neither a word nor a hash."""
    return _key(value) and all(re.search(kind, value) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


def _itself(value: str) -> bool:
    """No placeholder, no name of a variable, nor where the secret is kept."""
    return not (_PLACEHOLDER.search(value) or _VARIABLE.fullmatch(value) or _PATH_OR_URL.fullmatch(value))


def _password(value: str) -> bool:
    """Letters together with digits or signs."""
    return re.search("[a-zA-Z]", value) is not None and re.search(r"[0-9!@#^&+~]", value) is not None and _itself(value)


def _contrived(value: str) -> bool:
    """Changes so often between kinds of characters that nobody would write it as a word."""
    return len(_TURNS.findall(value)) >= 4 and _password(value)


_RULES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("API Key", _KEY, _key),
    ("AWS Access Key", _AWS_SECRET, _various),
    ("Authorization Header", _HEADER, _credential),
    ("Basic Auth Credentials", _BASIC_AUTH, _itself),
    ("Secret Keyword", _SET, _password),
    ("Secret Keyword", _QUOTED, _password),
    ("Secret Keyword", _SAID, _contrived),
)
"""What is told besides, and what its value must be."""


@cache
def _detectors() -> tuple[Any, ...]:
    # Loaded when first needed: 0.3 s, which no start of the daemon is to pay.
    return tuple(getattr(import_module(f"detect_secrets.plugins.{name}"), kind)() for name, kind in _DETECTORS)
