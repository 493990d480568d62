from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recalld.memory.secrets import secret_in


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("deploy with AKIA" + "IOSFODNN7EXAMPLQ for now", "AWS Access Key"),
        ("use ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx in CI", "GitHub Token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "Private Key"),
        ("the url is postgres://bob:s3cretpw@db/orders", "Basic Auth Credentials"),
        ("first line\nDB_PASSWORD=s3cr3tP4ss", "Secret Keyword"),
        ('password: "correct-horse"', "Secret Keyword"),
        ("api_key = 'a8f5f167f44f4964e6c998dee827110c'", "Secret Keyword"),
    ],
)
def test_a_secret_is_found_and_named_by_its_kind(text: str, kind: str) -> None:
    assert secret_in(["A harmless title", text]) == kind


@pytest.mark.parametrize(
    "text",
    [
        "The API uses Bearer tokens with 1-hour expiry",
        "Payment service API key is in environment variable PAYMENT_API_KEY",
        "Payment service endpoint is https://api.payments.example.com",
        "password: must be at least 12 characters",
        "secret: use the vault",
        "the token is stored in `settings.API_TOKEN`",
        "api_key = os.environ['API_KEY']",
        "set API_TOKEN=<your token> before the tests",
        "see api/neuroloom_api/models/memory.py::WorkspaceMembership.required_permissions",
        "commit 5d3613d2b0c1f44f4964e6c998dee827110c0000 broke it",
        "",
    ],
)
def test_what_only_speaks_of_secrets_is_none(text: str) -> None:
    assert secret_in([text]) is None


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    secret_in([text])


def test_a_secret_in_a_very_long_line_is_found() -> None:
    assert secret_in(["word " * 5000 + "-----BEGIN RSA PRIVATE KEY-----"]) == "Private Key"
