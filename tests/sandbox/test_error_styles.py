"""Each form in which an error may arrive, shown for one error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.error_styles import ERROR_STYLES

Send = Callable[..., requests.Response]

NAME = "DuplicateExternalIdError"
MESSAGE = "The external id is already used for this source"
NAMED = f"{NAME}: {MESSAGE}"


def batch(status: str) -> dict[str, Any]:
    return {
        "status": status,
        "company_id": 2336,
        "records_received": 1,
        "records_created": 0,
        "records_rejected": 1,
        "errors": [{"error_code": "ZC004", "message": NAMED}],
    }


JSON_STYLES: dict[str, tuple[int, Any]] = {
    "envelope": (409, {"statusCode": 409, "status": "error", "error": NAME, "message": MESSAGE}),
    "envelope-fail": (409, {"statusCode": 409, "status": "fail", "message": NAMED}),
    "envelope-data": (409, {"statusCode": 409, "status": "error", "data": {"name": NAME, "message": MESSAGE}}),
    "envelope-error": (409, {"statusCode": 409, "status": "error", "error": {"name": NAME, "message": MESSAGE}}),
    "ok-envelope": (200, {"statusCode": 409, "status": "error", "error": NAME, "message": MESSAGE}),
    "custom-error": (409, {"status": 409, "name": "CORCustomError", "code": "ZC004", "message": NAMED}),
    "custom-error-bare": (409, {"name": "CORCustomError", "code": "ZC004", "message": NAMED}),
    "zc001": (409, {"status": 409, "name": "CORCustomError", "code": "ZC004", "message": NAMED}),
    "error-status": (409, {"error": 409, "message": NAMED}),
    "error-response": (409, {"status": "ERROR", "code": "ZC004", "message": NAMED}),
    "error-response-list": (
        409,
        {"status": "ERROR", "code": "ZC004", "message": NAMED, "errors": [{"message": NAMED}]},
    ),
    "validation-array": (409, [{"message": NAMED}]),
    "error-name": (409, {"error": NAME, "message": MESSAGE}),
    "null": (409, None),
    "ok-partial": (200, batch("partial")),
    "ok-partial-success": (200, batch("partial_success")),
    "ok-failed": (200, batch("failed")),
    "ok-failure": (200, batch("failure")),
    "ok-errors": (200, {"leaves": [], "errors": [{"name": NAME, "code": "ZC004", "message": MESSAGE}]}),
    "framework": (409, {"statusCode": 409, "error": "Conflict", "message": NAMED}),
    "framework-list": (409, {"statusCode": 409, "error": "Conflict", "message": [NAMED]}),
    "oauth": (409, {"error": NAME, "error_description": MESSAGE}),
}
OTHER_STYLES: dict[str, tuple[str | None, str]] = {
    "empty": (None, ""),
    "html": ("text/html", "<html><head><title>409 Conflict</title></head><body><h1>409 Conflict</h1></body></html>"),
    "text": ("text/plain", NAMED),
    "xml": ("application/xml", f"<error><name>{NAME}</name><message>{MESSAGE}</message></error>"),
}


def send_twice(send: Send, leave: dict[str, Any], style: str) -> requests.Response:
    with Sandbox(error_style=style) as sandbox:
        send(sandbox, "POST", "leaves", leave)
        return send(sandbox, "POST", "leaves", leave)


def test_every_style_is_shown_here() -> None:
    assert set(ERROR_STYLES) == {*JSON_STYLES, *OTHER_STYLES}


@pytest.mark.parametrize("style", JSON_STYLES)
def test_a_style_of_json(send: Send, leave: dict[str, Any], style: str) -> None:
    answer = send_twice(send, leave, style)

    assert answer.headers["content-type"] == "application/json"
    assert (answer.status_code, answer.json()) == JSON_STYLES[style]


@pytest.mark.parametrize("style", OTHER_STYLES)
def test_a_style_of_something_else(send: Send, leave: dict[str, Any], style: str) -> None:
    content_type, text = OTHER_STYLES[style]

    answer = send_twice(send, leave, style)

    assert answer.status_code == 409
    assert answer.headers.get("content-type", "").split(";")[0] == (content_type or "")
    assert answer.text == text


def test_the_array_names_each_field_of_a_validation_error(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(error_style="validation-array") as sandbox:
        answer = send(sandbox, "POST", "leaves", {**leave, "start": None, "allDay": None})

    assert answer.json() == [
        {
            "field": "start",
            "validation": "required",
            "message": "ValidationError: required validation failed on start",
        },
        {
            "field": "allDay",
            "validation": "required",
            "message": "ValidationError: required validation failed on allDay",
        },
    ]


def test_an_error_without_a_code_of_cor_has_its_name_for_a_code(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(error_style="custom-error") as sandbox:
        answer = send(sandbox, "POST", "leaves", {**leave, "userId": "nobody"})

    assert answer.json()["code"] == "UserNotFoundError"


def test_leave_not_found_has_the_code_zc001(send: Send, deletion: dict[str, Any]) -> None:
    with Sandbox(error_style="error-response") as sandbox:
        answer = send(sandbox, "DELETE", "leaves/unheard-of", deletion)

    assert answer.json()["code"] == "ZC001"
    assert "LeaveNotFoundError" in answer.json()["message"]


def test_in_the_style_of_zc001_only_the_message_distinguishes_a_missing_field_from_a_missing_mapping(
    send: Send, leave: dict[str, Any], replacement: dict[str, Any], deletion: dict[str, Any]
) -> None:
    with Sandbox(error_style="zc001") as sandbox:
        answers = [
            send(sandbox, "DELETE", "leaves/unheard-of", {"metadata": {"source": "GLOBANT"}}),
            send(sandbox, "DELETE", "leaves/unheard-of", deletion),
            send(sandbox, "PUT", "leaves/unheard-of", replacement),
            send(sandbox, "POST", "leaves", {**leave, "userId": "nobody"}),
            send(sandbox, "POST", "leaves", {**leave, "leaveTypeId": "none"}),
        ]

    assert {answer.json()["code"] for answer in answers} == {"ZC001"}
    assert [answer.json()["message"] for answer in answers] == [
        "Required validation failed. Missing required fields",
        "The leave is not in the integration mappings",
        "The entity is not associated",
        "The user is not in the integration mappings",
        "The leave type is not in the integration mappings",
    ]


@pytest.mark.parametrize("style", ERROR_STYLES)
def test_a_wrong_token_is_401_in_every_style(send: Send, leave: dict[str, Any], style: str) -> None:
    with Sandbox(error_style=style) as sandbox:
        assert send(sandbox, "POST", "leaves", leave, token="wrong").status_code == 401


def test_a_refused_client_gets_an_error_in_the_style_of_oauth(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(error_style="oauth") as sandbox:
        answer = send(sandbox, "POST", "leaves", leave, token="wrong")

    assert answer.json() == {"error": "invalid_client", "error_description": "Unauthorized"}
