from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recall.protocol.errors import RecallError
from recalld.memory.secrets import masked, refuse_secrets, secrets_in

# Put together here, so that whoever scans this file for secrets finds none.
AWS = "AKIA" + "J7Q2ZL4M8XWT3RVB"
GITHUB = "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
KEY = "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEpAIBAAKCAQEA7v3\nq1w2e3r4t5\n-----END RSA PRIVATE" + " KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0" + ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"deploy with {AWS} for now", "AWS Access Key"),
        ("the documented one, AKIA" + "IOSFODNN7EXAMPLE, too", "AWS Access Key"),
        ("AWS_SECRET_ACCESS_KEY=" + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS Access Key"),
        ("aws_secret_access_key = '" + "bR7xJalXUtnFEMI/K7MDENG/bPxRfiCYq3TzLwkM'", "AWS Access Key"),
        ("npm_" + "8fJ2kLmQ4rTx9vBn6YwZ3sDcE7hGuP1aQw5R publishes it", "API Key"),
        ("sk_" + "test_4eC39HqLyjWDarjtT1zdp7dc pays nothing", "API Key"),
        ("pass https://deploy:hunter2hunter@ci.internal/hook", "Basic Auth Credentials"),
        ("-----BEGIN OPENSSH PRIVATE" + " KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n", "Private Key"),
        (f"use {GITHUB} in CI", "GitHub Token"),
        ("glpat-" + "A1b2C3d4E5f6G7h8I9j0 reads the registry", "GitLab Token"),
        ("sk-" + "proj-4fJ8kLmQ2rTx9vBn6YwZ3sDcE7hGuP1a is the key of the tests", "API Key"),
        ("sk_" + "live_4fJ8kLmQ2rTx9vBn6YwZ3sDc is used for refunds", "Stripe Access Key"),
        ("xoxb-" + "123456789012-abcdefabcdef posts to #deploys", "Slack Token"),
        (f"curl -H 'Cookie: session={JWT}'", "JSON Web Token"),
        (f"the key is\n{KEY}\n", "Private Key"),
        ("the url is postgres://bob:s3cretpw@db/orders", "Basic Auth Credentials"),
        ("first line\nDB_PASSWORD=s3cr3tP4ss", "Secret Keyword"),
        ("export DB_PASSWORD=hunter2", "Secret Keyword"),
        ('password: "correct-h0rse"', "Secret Keyword"),
        ("api_key = 'a8f5f167f44f4964e6c998dee827110c'", "Secret Keyword"),
        ("The admin password: Tr0ub4dor&3", "Secret Keyword"),
        ("send Authorization: Bearer " + "q7Wm2Xc9Lk4Jh8Rt5Yp1Zs6Vb3Nd0Fg", "Authorization Header"),
    ],
)
def test_a_secret_is_found_and_named_by_its_kind(text: str, kind: str) -> None:
    assert [secret.kind for secret in secrets_in(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "The API uses Bearer tokens with 1-hour expiry",
        "The auth middleware strips Bearer before validating",
        "Payment service API key is in environment variable PAYMENT_API_KEY",
        "Payment service endpoint is https://api.payments.example.com",
        "the password is stored in Vault",
        "DB_PASSWORD comes from vault:kv/data/orders2",
        "password: must be at least 12 characters",
        "password: min8chars",
        "secret: use the vault",
        "the token is stored in `settings.API_TOKEN`",
        "api_key = os.environ['API_KEY']",
        "api_key=config2.get('key')",
        "API_KEY=$PAYMENT_API_KEY ./run",
        "API_KEY=PAYMENT_API_KEY_2",
        "set API_TOKEN=<your token> before the tests",
        "sk-... is what keys of the service look like",
        "OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx is how a token looks",
        "a private key begins with BEGIN RSA PRIVATE KEY",
        "postgres://postgres:postgres@localhost:5432/app is the database of the tests",
        "postgres://user:password@localhost/app",
        "postgres://$USER:$PASSWORD@localhost/app",
        '{"token": "string", "password": "required"}',
        "max_tokens: 4096",
        "the secret access key: kept in infrastructure/secrets/production/keys2",
        "sk-learn-pipeline-version-2-of-the-features",
        "see https://docs.internal:8443/guide@latest",
        "password_hash = argon2id19",
        "token_type=bearer2",
        "the cache key: v2tenant17orders",
        "see api/neuroloom_api/models/memory.py::WorkspaceMembership.required_permissions",
        "commit 5d3613d2b0c1f44f4964e6c998dee827110c0000 broke it",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "request 3f2504e0-4f89-11d3-9a0c-0305e82c3301 failed",
        "token: sha256",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
        "",
    ],
)
def test_what_only_speaks_of_secrets_is_none(text: str) -> None:
    assert secrets_in(text) == []


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    masked(text)


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from([AWS, GITHUB, KEY]))
def test_no_more_than_the_first_characters_of_a_secret_are_left(before: str, after: str, secret: str) -> None:
    text, kinds = masked(f"{before} {secret} {after}")
    assert kinds
    assert secret not in text
    assert secret[5:15] not in text


def test_what_is_masked_leaves_the_rest_as_it_was() -> None:
    text, kinds = masked(f"First {AWS}, then {GITHUB}.\nAnd {KEY} at last.")
    assert text == "First AKIA****, then ghp_****.\nAnd ----**** at last."
    assert kinds == ["AWS Access Key", "GitHub Token", "Private Key"]


def test_a_token_is_masked_to_its_end() -> None:
    assert masked(f"with {JWT} as cookie")[0] == "with eyJh**** as cookie"


@pytest.mark.parametrize("length", [0, 1_790, 1_795, 1_800, 1_990, 25_000])
def test_a_secret_in_a_very_long_line_is_found(length: int) -> None:
    assert [secret.kind for secret in secrets_in("w " * (length // 2) + AWS)] == ["AWS Access Key"]


def test_a_refusal_says_what_where_and_what_to_do_but_not_the_secret() -> None:
    with pytest.raises(RecallError) as refusal:
        refuse_secrets({"title": "Deploys", "narrative": f"In CI:\nuse {GITHUB}"})
    raised = refusal.value
    assert (raised.code, raised.field) == ("secret_found", "narrative")
    assert raised.details == {"kind": "GitHub Token", "line": 2, "masked": "ghp_****"}
    assert "narrative, line 2" in raised.message
    assert GITHUB[6:] not in raised.message
