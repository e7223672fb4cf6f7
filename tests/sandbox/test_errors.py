"""Refusals by COR's names, which never quote what was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

Send = Callable[..., requests.Response]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"metadata": {"source": "WORKDAY"}}, (400, "InvalidSourceError")),
        ({"userId": "nobody"}, (404, "UserNotFoundError")),
        ({"leaveTypeId": "siesta"}, (404, "LeaveTypeNotFoundError")),
        ({"end": "2026-05-10T23:59:00-00:00"}, (422, "InvalidDateRangeError")),
        # the end is the earlier instant, though the later text
        ({"start": "2026-05-11T10:00:00-00:00", "end": "2026-05-11T11:00:00+05:30"}, (422, "InvalidDateRangeError")),
        # known to GLOBANT only
        ({"metadata": {"source": "SAP"}}, (404, "UserNotFoundError")),
    ],
)
def test_a_leave_that_cor_cannot_take_is_refused_by_name(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], change: dict[str, Any], refusal: tuple[int, str]
) -> None:
    answer = send(sandbox, "POST", "leaves", {**leave, **change})

    assert (answer.status_code, answer.json()["error"]) == refusal
    assert answer.json()["statusCode"] == answer.status_code
    assert sandbox.leaves == ()


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"email": None}, (400, "ValidationError")),
        ({"daily_hours": "8"}, (400, "ValidationError")),
        ({"metadata": {"source": "WORKDAY"}}, (400, "InvalidSourceError")),
        ({"role_id": 7}, (400, "InvalidRoleError")),
        ({"email": "another@company.com"}, (409, "DuplicateExternalIdError")),
        ({"id": "another"}, (409, "DuplicateEmailError")),
    ],
)
def test_a_user_that_cor_cannot_take_is_refused_by_name(
    sandbox: Sandbox, send: Send, user: dict[str, Any], change: dict[str, Any], refusal: tuple[int, str]
) -> None:
    send(sandbox, "POST", "users", user)

    answer = send(sandbox, "POST", "users", {**user, **change})

    assert (answer.status_code, answer.json()["error"]) == refusal


@pytest.mark.parametrize("field", ["metadata", "id", "userId", "leaveTypeId", "start", "end", "allDay"])
@pytest.mark.parametrize("value", [["s3cr3t"], {"s3cr3t": "s3cr3t"}, {"source": "s3cr3t"}])
def test_a_refusal_never_repeats_what_was_sent(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], field: str, value: Any
) -> None:
    answer = send(sandbox, "POST", "leaves", {**leave, field: value})

    assert answer.status_code == 400
    assert "s3cr3t" not in answer.text


def test_a_refusal_never_repeats_an_id_or_a_token(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], replacement: dict[str, Any], deletion: dict[str, Any]
) -> None:
    refusals = [
        send(sandbox, "POST", "leaves", {**leave, "userId": "s3cr3t"}),
        send(sandbox, "POST", "leaves", {**leave, "leaveTypeId": "s3cr3t"}),
        send(sandbox, "PUT", "leaves/s3cr3t", replacement),
        send(sandbox, "DELETE", "leaves/s3cr3t", deletion),
        send(sandbox, "POST", "leaves", leave, token="s3cr3t"),
    ]

    assert [answer.status_code for answer in refusals] == [404, 404, 404, 404, 401]
    assert "s3cr3t" not in "".join(answer.text for answer in refusals)
