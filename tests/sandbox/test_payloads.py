"""The bodies of requests and answers: what COR documents, and what is malformed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

Send = Callable[..., requests.Response]


NOON = 1705314600  # 2024-01-15T10:30:00Z, the time in COR's examples


def test_the_documented_request_gets_the_documented_answer(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(clock=lambda: NOON) as sandbox:
        answer = send(sandbox, "POST", "leaves", leave)

    assert answer.status_code == 201
    assert answer.text == (
        '{"statusCode":201,"status":"success","data":{"id":12345,"userId":67890,"leaveTypeId":54321,'
        '"start":"2026-05-11T00:00:00-00:00","end":"2026-05-11T23:59:00-00:00","allDay":true,'
        '"company_id":2336,"created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:30:00Z","status":"pending"}}'
    )


def test_unknown_fields_are_ignored(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    assert send(sandbox, "POST", "leaves", {**leave, "reason": "holiday"}).status_code == 201


@pytest.mark.parametrize(
    "moment",
    [
        "2026-05-11T09:00:00-00:00",
        "2026-05-11T09:00:00Z",
        "2026-05-11T09:00:00.000Z",
        "2026-05-11T09:00:00.1Z",
        "2026-05-11T09:00:00.123456789+05:30",
        "2026-05-11T09:00:00+05:30",
        "2026-05-11T09:00:00",
    ],
)
def test_any_iso_8601_date_time_is_taken_and_echoed(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], moment: str
) -> None:
    answer = send(sandbox, "POST", "leaves", {**leave, "start": moment, "end": moment, "allDay": False})

    assert answer.status_code == 201
    assert answer.json()["data"]["start"] == moment


@pytest.mark.parametrize("field", ["metadata", "id", "userId", "leaveTypeId", "start", "end", "allDay"])
def test_every_field_of_a_leave_is_required(sandbox: Sandbox, send: Send, leave: dict[str, Any], field: str) -> None:
    del leave[field]

    answer = send(sandbox, "POST", "leaves", leave)

    assert answer.status_code == 400
    assert answer.json() == {
        "statusCode": 400,
        "status": "error",
        "error": "ValidationError",
        "message": f"A required field is missing or malformed: {field}",
    }


@pytest.mark.parametrize(
    "malformed",
    [
        {"metadata": {}},
        {"metadata": {"source": ""}},
        {"metadata": "GLOBANT"},
        {"id": 4711},
        {"id": ""},
        {"userId": 4711},
        {"userId": None},
        {"leaveTypeId": 4711},
        {"start": "2026-05-11"},
        {"start": "11/05/2026T00:00:00"},
        {"start": 1778457600},
        {"end": "tomorrowT"},
        {"end": ""},
        {"allDay": "true"},
        {"allDay": 1},
    ],
)
def test_fields_of_a_wrong_type_are_refused(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], malformed: dict[str, Any]
) -> None:
    answer = send(sandbox, "POST", "leaves", {**leave, **malformed})

    assert answer.status_code == 400
    assert answer.json()["error"] == "ValidationError"
    assert sandbox.leaves == ()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(sandbox: Sandbox, body: bytes) -> None:
    answer = requests.post(
        f"{sandbox.url}/v2/integrations/leaves",
        data=body,
        headers={"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"},
        timeout=60,
    )

    assert answer.json()["error"] == "ValidationError"


def test_an_update_needs_every_field(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)

    answer = send(sandbox, "PUT", "leaves/external-id-3", {"metadata": {"source": "GLOBANT"}, "allDay": True})

    assert answer.json()["error"] == "ValidationError"


def test_a_created_user_gets_the_documented_answer(send: Send, user: dict[str, Any]) -> None:
    with Sandbox(clock=lambda: NOON, seed=[]) as sandbox:
        answer = send(sandbox, "POST", "users", user)

    assert answer.status_code == 201
    assert answer.text == (
        '{"id":67890,"email":"john.doe@company.com","first_name":"John","last_name":"Doe","phone":"+1 555-0100",'
        '"role_id":4,"daily_hours":8,"company_id":2336,'
        '"created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:30:00Z"}'
    )


@pytest.mark.parametrize("hours", ["NaN", "Infinity", "-Infinity", "1e999", '"8"', "null"])
def test_daily_hours_that_are_no_number_of_json_are_refused(sandbox: Sandbox, user: dict[str, Any], hours: str) -> None:
    answer = requests.post(
        f"{sandbox.url}/v2/integrations/users",
        data=json.dumps({**user, "daily_hours": 8}).replace(": 8}", f": {hours}}}"),
        headers={"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"},
        timeout=60,
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "ValidationError")
    assert answer.json()["message"].partition(": ")[2].startswith("daily_hours")
