from __future__ import annotations

import json

import pytest

from recall.protocol.errors import CODES, RecallError
from recalld.server.http.problems import STATUSES, problem


def test_every_code_has_a_status_and_no_status_is_for_a_code_that_is_not() -> None:
    assert set(STATUSES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_problem_says_what_is_wrong_in_the_form_of_rfc_9457(code: str) -> None:
    response = problem(RecallError(code, "this is wrong: do that", field="title", allowed=["GET", "POST"]))
    said = json.loads(bytes(response.body))
    assert response.status_code == said["status"] == STATUSES[code] >= 400
    assert response.headers["content-type"] == "application/problem+json"
    assert said == {
        "type": f"urn:recalld:error:{code}",
        "title": CODES[code],
        "status": STATUSES[code],
        "detail": "this is wrong: do that",
        "code": code,
        "field": "title",
        "details": {"allowed": ["GET", "POST"]},
    }


def test_what_may_be_tried_again_says_when_and_what_lacks_a_token_says_how() -> None:
    assert problem(RecallError("busy", "later")).headers["retry-after"] == "1"
    assert problem(RecallError("unauthorized", "who")).headers["www-authenticate"].startswith("Bearer")
    assert problem(RecallError("wrong_verb", "no", allowed=["GET", "PATCH"])).headers["allow"] == "GET, PATCH"
