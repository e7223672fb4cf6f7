"""The calls of a trial, over the wire."""

from __future__ import annotations

import json

import pytest

from cor_provider.exceptions import CorAuthenticationError, CorServerError, CorUserNotFoundError
from cor_provider.prove.trial import SECONDS_BETWEEN_CALLS
from cor_provider.sandbox import Sandbox
from prove_support import CALLS, trial
from support import Connect


@pytest.fixture(autouse=True)
def _connected(connect: Connect) -> None:
    connect()


def test_it_makes_these_calls_and_no_other(sandbox: Sandbox) -> None:
    tried = trial()
    tried.run()
    assert tuple(tried.replies) == CALLS
    sent = [(one.method, one.path.removeprefix("/v2/integrations")) for one in sandbox.requests]
    assert sent == [
        *[("POST", "/leaves")] * 4,
        ("PUT", "/leaves/prove-1"),
        ("PUT", "/leaves/prove-1-unknown"),
        ("GET", "/v1/user/leaves"),
        *[("DELETE", "/leaves/prove-1")] * 2,
        ("DELETE", "/leaves/prove-1-dates"),
        ("DELETE", "/leaves/prove-1-type"),
        ("DELETE", "/leaves/prove-1-unknown"),
    ]


def test_all_requests_are_about_days_that_were_announced(sandbox: Sandbox) -> None:
    trial().run()
    bodies = [json.loads(one.body) for one in sandbox.requests if one.method in {"POST", "PUT"}]
    assert [(one["start"][:10], one["end"][:10]) for one in bodies] == [
        ("2016-05-09", "2016-05-09"),
        ("2016-05-09", "2016-05-09"),
        ("2016-05-13", "2016-05-12"),
        ("2016-05-12", "2016-05-12"),
        ("2016-05-09", "2016-05-10"),
        ("2016-05-15", "2016-05-15"),
    ]
    assert {one["userId"] for one in bodies} == {"u1"}


def test_nothing_is_left(sandbox: Sandbox) -> None:
    tried = trial()
    tried.run()
    assert (tried.leftovers.ids, sandbox.leaves) == ([], ())


def test_it_pauses_between_calls(waits: list[float]) -> None:
    trial().run()
    assert waits == [SECONDS_BETWEEN_CALLS] * (len(CALLS) - 1)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", CorServerError),
        (401, b"", CorAuthenticationError),
        (404, {"error": "UserNotFoundError"}, CorUserNotFoundError),
    ],
)
def test_if_the_leave_cannot_be_created_there_is_nothing_to_try(
    sandbox: Sandbox, status: int, body: object, error: type[Exception]
) -> None:
    sandbox.answer_next(status, body)
    with pytest.raises(error):
        trial().run()
    assert len(sandbox.requests) == 1


def test_an_answer_to_the_create_in_an_unknown_form_does_not_end_it(sandbox: Sandbox) -> None:
    sandbox.answer_next(202, {"queued": True}, commit=True)
    tried = trial()
    tried.run()
    assert tuple(tried.replies) == CALLS
    assert tried.cor_ids == (12345, 67891)


def test_without_ids_of_cor_the_main_api_is_not_asked(sandbox: Sandbox) -> None:
    def without_ids() -> None:
        sandbox.answer_next(200, {"status": "success"}, commit=True)

    without_ids()
    tried = trial("update", without_ids)
    tried.run()
    assert "list" not in tried.replies
    assert sandbox.leaves == ()
