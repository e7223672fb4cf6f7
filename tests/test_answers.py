"""Which error an answer of COR stands for, in every form that its endpoints are known to use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cor_provider import exceptions
from cor_provider.answers import read_answer
from cor_provider.exceptions import CorConfigurationError, CorError, CorRateLimitError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.error_styles import ERROR_STYLES
from support import DOCUMENTED_BODY, Connect, leave


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all: every test here says itself what is answered."""
    with Sandbox() as sandbox:
        yield sandbox


MARKER = "Quetzalcoatl"
KEYS = st.sampled_from(
    ["name", "error", "code", "error_code", "message", "status", "statusCode", "data", "errors", "id"]
)


def answer(status: int, body: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body
    return response


def read_or_fail(response: requests.Response, operation: Any) -> tuple[dict[str, Any] | None, CorError | None]:
    try:
        return read_answer(response, operation), None
    except CorError as error:
        return None, error


def error_of_create(hook: CorIntegrationsHook) -> CorError:
    with pytest.raises(CorError) as raised:
        hook.create_leave(leave())
    return raised.value


NAMED = {
    "ValidationError": exceptions.CorValidationError,
    "UserNotFoundError": exceptions.CorUserNotFoundError,
    "LeaveTypeNotFoundError": exceptions.CorLeaveTypeNotFoundError,
    "InvalidDateRangeError": exceptions.CorInvalidDateRangeError,
    "DuplicateExternalIdError": exceptions.CorDuplicateExternalIdError,
    "LeaveNotFoundError": exceptions.CorLeaveNotFoundError,
    "InvalidSourceError": exceptions.CorInvalidSourceError,
}

ENVELOPES: dict[str, Any] = {
    "name": lambda name: {"status": 400, "name": name, "message": "Zacharias"},
    "error": lambda name: {"error": name, "message": "Zacharias"},
    "code": lambda name: {"status": "ERROR", "code": "F010", "message": f"{name}: Zacharias"},
    "generic name": lambda name: {"name": "CORCustomError", "code": "PC001", "message": f"Zacharias ({name})"},
    "in data": lambda name: {"statusCode": 400, "status": "error", "data": {"name": name}},
    "in error": lambda name: {"statusCode": 400, "error": {"name": name, "message": "Zacharias"}},
    "in errors": lambda name: {"status": "failed", "errors": [{"name": name, "message": "Zacharias"}]},
    "list": lambda name: [{"name": name, "message": "Zacharias"}],
    "list of messages": lambda name: [{"field": "x", "validation": "exists", "message": f"{name} on x"}],
    "message": lambda name: {"statusCode": 400, "error": "Bad Request", "message": [f"{name}: Zacharias"]},
}


@pytest.mark.parametrize("status", [200, 201, 400, 404, 409, 500])
@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("name", NAMED)
def test_a_documented_name_decides_whatever_the_envelope_and_the_status(
    name: str, envelope: str, status: int, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(status, ENVELOPES[envelope](name))
    error = error_of_create(hook)
    assert type(error) is NAMED[name]
    assert error.name == name
    assert "Zacharias" not in error.message


@pytest.mark.parametrize("error_style", ERROR_STYLES)
def test_every_error_style_of_the_sandbox_is_understood(error_style: str, connect: Connect) -> None:
    speechless = error_style in {"null", "empty", "html"}
    with Sandbox(error_style=error_style) as sandbox:
        connect(host=sandbox.url)
        hook = CorIntegrationsHook()
        hook.create_leave(DOCUMENTED_BODY)
        with pytest.raises(exceptions.CorDuplicateExternalIdError):
            hook.create_leave(DOCUMENTED_BODY)
        with pytest.raises(CorConfigurationError if speechless else exceptions.CorUserNotFoundError):
            hook.create_leave({**DOCUMENTED_BODY, "id": "other", "userId": "nobody"})
        with pytest.raises(CorConfigurationError if speechless else exceptions.CorLeaveNotFoundError):
            hook.update_leave({**DOCUMENTED_BODY, "id": "none"})
        with pytest.raises(CorConfigurationError if speechless else exceptions.CorLeaveNotFoundError):
            hook.delete_leave("none", user_id="external-user-id-3")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"code": "ZC004"}, exceptions.CorDuplicateExternalIdError),
        ({"data": {"error_code": "ZC004"}}, exceptions.CorDuplicateExternalIdError),
        ({"errors": [{"error_code": "CE001"}]}, exceptions.CorUserNotFoundError),
        ({"code": "ZC001"}, exceptions.CorRecordError),
        ({"code": "ZC001", "message": "LeaveTypeNotFoundError"}, exceptions.CorLeaveTypeNotFoundError),
        ({"error": "ZC004"}, exceptions.CorDuplicateExternalIdError),
        ({"name": "ZC004"}, exceptions.CorDuplicateExternalIdError),
        ({"message": "ZC004: association exists"}, exceptions.CorDuplicateExternalIdError),
    ],
)
def test_a_code_decides_where_there_is_no_name(
    body: Any, expected: type[CorError], hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(400, body)
    assert type(error_of_create(hook)) is expected


def test_zc001_means_a_missing_leave_where_the_url_names_it(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(400, {"code": "ZC001"})
    with pytest.raises(exceptions.CorLeaveNotFoundError):
        hook.update_leave(leave())
    sandbox.answer_next(400, {"code": "ZC001"})
    with pytest.raises(exceptions.CorLeaveNotFoundError):
        hook.delete_leave("L1", user_id="u1")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, exceptions.CorValidationError),
        (401, exceptions.CorAuthenticationError),
        (403, exceptions.CorPermissionError),
        (404, CorConfigurationError),
        (405, CorConfigurationError),
        (409, exceptions.CorDuplicateExternalIdError),
        (410, exceptions.CorRecordError),
        (417, exceptions.CorValidationError),
        (422, exceptions.CorValidationError),
        (429, exceptions.CorRateLimitError),
        (500, exceptions.CorServerError),
        (503, exceptions.CorServerError),
        (301, CorConfigurationError),
        (307, CorConfigurationError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"null", b"<html>", b'{"cut', b"[]", b"text"])
def test_the_status_decides_where_the_body_tells_nothing(
    status: int, expected: type[CorError], body: bytes, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(status, body)
    error = error_of_create(hook)
    assert type(error) is expected
    assert error.status == status


@pytest.mark.parametrize("body", [{"error": 401, "message": "Unauthorized"}, {"statusCode": "401"}, {"status": 401}])
def test_a_status_inside_a_200_counts(body: Any, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(200, body)
    assert type(error_of_create(hook)) is exceptions.CorAuthenticationError


@pytest.mark.parametrize(
    "body",
    [
        {"status": "failed"},
        {"status": "partial", "errors": []},
        {"status": "ERROR"},
        {"users": [], "errors": [{"user_id": 1, "message": "Zacharias"}]},
        [{"message": "exists validation failed on user_id"}],
        {"name": "CORCustomError", "message": "Zacharias"},
    ],
)
def test_a_success_that_speaks_of_failure_is_a_rejection(
    body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(200, body)
    assert isinstance(error_of_create(hook), exceptions.CorRecordError)


@pytest.mark.parametrize("status", [200, 400, 404, 409, 417, 418, 422])
def test_an_undocumented_error_is_a_rejection_that_keeps_its_name_and_code(
    status: int, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(
        status, {"status": "error", "name": "LeaveOverlapError", "code": "UL007", "message": "u1 is away"}
    )
    error = error_of_create(hook)
    assert (type(error), error.name, error.code) == (exceptions.CorRecordError, "LeaveOverlapError", "UL007")
    assert "u1" not in error.message


def test_an_undocumented_code_is_the_name_where_there_is_no_other(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(409, {"name": "CORCustomError", "code": "UL007"})
    error = error_of_create(hook)
    assert (type(error), error.name, error.code) == (exceptions.CorRecordError, "UL007", "UL007")


@pytest.mark.parametrize("name", ["u1 is not a user", "Error", 7, None, "x" * 200 + "Error", ["UserNotFoundErrors"]])
def test_what_is_no_error_name_is_not_taken_for_one(name: Any, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(418, {"name": name, "error": name, "code": name})
    error = error_of_create(hook)
    assert (error.name, error.code) == ("RecordError", None)


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ({"statusCode": 201, "data": {"id": 5, "status": "pending"}}, {"id": 5, "status": "pending"}),
        ({"id": 5, "status": "pending", "errors": []}, {"id": 5, "status": "pending", "errors": []}),
        ({"data": None}, {}),
        ({"status": "success", "code": "OK201", "data": {"id": 5, "code": "UL12"}}, {"id": 5, "code": "UL12"}),
        ({"status": "success", "message": "no ValidationError", "data": {}}, {}),
        ({"id": 5, "message": "no ValidationError"}, {"id": 5, "message": "no ValidationError"}),
        (b"", {}),
        (b"null", {}),
        (b"true", {}),
        (b"[]", {}),
        (b'{"statusCode":201,"sta', {}),
        (b"\xff\xfe", {}),
        (b"<html>created</html>", {}),
    ],
)
def test_a_201_is_a_success_however_little_can_be_read(
    body: Any, data: dict[str, Any], hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(201, body)
    assert hook.create_leave(leave()) == data


def test_a_web_page_is_not_an_answer_of_cor(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(200, b" <!doctype html><title>Welcome</title>")
    assert "check that it is the base URL" in error_of_create(hook).message


def test_a_name_in_a_plain_text_is_understood(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(400, b"<error><name>UserNotFoundError</name></error>")
    assert type(error_of_create(hook)) is exceptions.CorUserNotFoundError


def test_the_page_of_a_server_that_failed_is_not_searched_for_names(
    hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(500, b"<html>Traceback: ValidationError</html>")
    assert type(error_of_create(hook)) is exceptions.CorServerError


@pytest.mark.parametrize(
    "body", [{"name": "CORCustomError"}, {"status": "ERROR"}, {"error": 404, "message": "Zacharias"}]
)
def test_a_404_of_cor_is_a_missing_leave_where_the_url_names_it(
    body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(404, body)
    with pytest.raises(exceptions.CorLeaveNotFoundError):
        hook.delete_leave("L1", user_id="u1")


@pytest.mark.parametrize("body", [{"message": "no route"}, {"statusCode": 404, "error": "Not Found"}, b"<html>", b""])
def test_a_404_of_another_server_is_a_wrong_base_url(body: Any, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(404, body)
    with pytest.raises(CorConfigurationError, match="check that it is the base URL"):
        hook.delete_leave("L1", user_id="u1")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds(
    header: str, seconds: float | None, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(429, headers={"Retry-After": header})
    error = error_of_create(hook)
    assert isinstance(error, CorRateLimitError)
    assert error.retry_after == seconds


def test_retry_after_is_read_as_a_date(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    moment = datetime.now(timezone.utc) + timedelta(seconds=60)
    sandbox.answer_next(429, headers={"Retry-After": format_datetime(moment, usegmt=True)})
    error = error_of_create(hook)
    assert isinstance(error, CorRateLimitError)
    assert error.retry_after is not None
    assert 50 < error.retry_after <= 60


class TestAnyAnswer:
    """Whatever is answered, only errors of this provider come out, and they repeat nothing of it."""

    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=4),
        max_leaves=8,
    )
    bodies = st.one_of(json_values.map(lambda value: json.dumps(value).encode()), st.binary(max_size=200))
    statuses = st.sampled_from([200, 201, 202, 204, 301, 400, 401, 403, 404, 409, 417, 418, 422, 429, 500, 503])
    operations = st.sampled_from(["create", "update", "delete"])

    @given(statuses, bodies, operations, st.text(max_size=20))
    def test_only_our_errors_come_out(self, status: int, body: bytes, operation: Any, retry_after: str) -> None:
        response = answer(status, body)
        response.headers["Retry-After"] = retry_after
        data, error = read_or_fail(response, operation)
        assert isinstance(data, dict) or (error and error.message)

    @given(statuses, st.sampled_from(sorted(ENVELOPES)), operations, st.sampled_from(sorted(NAMED)))
    def test_no_message_repeats_the_body(self, status: int, envelope: str, operation: Any, name: str) -> None:
        body = json.dumps(ENVELOPES[envelope](name)).replace("Zacharias", f"{MARKER} {name} {MARKER}")
        _, error = read_or_fail(answer(status, body.encode()), operation)
        assert error
        assert MARKER not in f"{error} {error.name} {error.code} {error!r}"

    @given(status=statuses, body=bodies)
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    def test_a_push_settles_whatever_is_answered(
        self, status: int, body: bytes, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(status, body)
        record = leave(user_id=MARKER, leave_type_id=MARKER)
        pushed = hook.push_leaves([record], max_attempts=1, max_wait=0)
        outcome = next(pushed)
        with suppress(CorConfigurationError):
            list(pushed)
        assert outcome.status in {"created", "existing", "rejected", "failed"}
        assert MARKER not in repr(outcome)
