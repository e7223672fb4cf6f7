"""Which error an answer of COR stands for, in every form that its endpoints are known to use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, ClassVar

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from cor_provider import exceptions
from cor_provider.client.responses import read_response
from cor_provider.exceptions import CorConfigurationError, CorError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveRequest
from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.error_styles import ERROR_STYLES
from support import DOCUMENTED_BODY, Connect, error_of, leave


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
        return read_response(response, operation), None
    except CorError as error:
        return None, error


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
    error = error_of(hook)
    assert type(error) is NAMED[name]
    assert error.name == name
    assert "Zacharias" not in error.message


@pytest.mark.parametrize("error_style", ERROR_STYLES)
def test_every_error_style_of_the_sandbox_is_understood(error_style: str, connect: Connect) -> None:
    speechless = error_style in {"null", "empty", "html"}
    user_not_found = exceptions.CorRecordError if error_style == "zc001" else exceptions.CorUserNotFoundError
    with Sandbox(error_style=error_style) as sandbox:
        connect(host=sandbox.url)
        hook = CorIntegrationsHook()
        hook.create_leave(DOCUMENTED_BODY)
        with pytest.raises(exceptions.CorRecordError) as raised:
            hook.create_leave(DOCUMENTED_BODY)
        assert isinstance(raised.value, exceptions.CorDuplicateExternalIdError) != speechless
        with pytest.raises(CorConfigurationError if speechless else user_not_found):
            hook.create_leave({**DOCUMENTED_BODY, "id": "other", "userId": "nobody"})
        with pytest.raises(CorConfigurationError if speechless else exceptions.CorLeaveNotFoundError):
            hook.update_leave({**DOCUMENTED_BODY, "id": "none"})
        with pytest.raises(CorConfigurationError if speechless else exceptions.CorLeaveNotFoundError):
            hook.delete_leave("none", user_id="external-user-id-3")


@pytest.mark.parametrize("error_style", ERROR_STYLES)
def test_a_field_that_cor_misses_is_a_validation_error_in_every_style(
    error_style: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LeaveRequest, "to_payload", lambda *_: {"id": "L1", "metadata": {"source": "GLOBANT"}})
    with Sandbox(error_style=error_style) as sandbox:
        connect(host=sandbox.url)
        hook = CorIntegrationsHook()
        for send in (hook.create_leave, hook.update_leave):
            with pytest.raises(exceptions.CorValidationError):
                send(leave())


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
    assert type(error_of(hook)) is expected


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
        (409, exceptions.CorRecordError),
        (410, exceptions.CorRecordError),
        (417, exceptions.CorValidationError),
        (422, exceptions.CorValidationError),
        (425, exceptions.CorServerError),
        (429, exceptions.CorRateLimitError),
        (500, exceptions.CorServerError),
        (503, exceptions.CorServerError),
        (301, CorConfigurationError),
        (307, CorConfigurationError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"null", b"<html>", b'{"cut', b"[]", b"text"])
def test_the_status_decides_if_the_body_has_no_name_or_code(
    status: int, expected: type[CorError], body: bytes, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(status, body)
    error = error_of(hook)
    assert type(error) is expected
    assert error.status == status


@pytest.mark.parametrize("body", [{"error": 401, "message": "Unauthorized"}, {"statusCode": "401"}, {"status": 401}])
def test_a_status_inside_a_200_counts(body: Any, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(200, body)
    assert type(error_of(hook)) is exceptions.CorAuthenticationError


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
    assert isinstance(error_of(hook), exceptions.CorRecordError)


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
    assert "check that it is the base URL" in error_of(hook).message


def test_a_name_in_a_plain_text_is_understood(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(400, b"<error><name>UserNotFoundError</name></error>")
    assert type(error_of(hook)) is exceptions.CorUserNotFoundError


def test_the_page_of_a_server_that_failed_is_not_searched_for_names(
    hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(500, b"<html>Traceback: ValidationError</html>")
    assert type(error_of(hook)) is exceptions.CorServerError


NOT_FOUND: dict[str, tuple[int, Any]] = {
    "Spring": (
        404,
        {"timestamp": "2026-05-11", "status": 404, "error": "Not Found", "path": "/v2/integrations/leaves"},
    ),
    "Spring, 405": (405, {"status": 405, "error": "Method Not Allowed", "path": "/v2/integrations/leaves"}),
    "Kong": (404, {"message": "no Route matched with those values"}),
    "AWS": (404, {"message": "Not Found"}),
    "Adonis": (
        404,
        {
            "message": "E_ROUTE_NOT_FOUND: Cannot DELETE:/v2/integrations/leaves/L1",
            "name": "HttpException",
            "code": "E_ROUTE_NOT_FOUND",
            "status": 404,
        },
    ),
    "Nest": (404, {"statusCode": 404, "message": "Cannot DELETE /v2", "error": "Not Found"}),
    "Express": (404, b"<!DOCTYPE html><html><body><pre>Cannot DELETE /v2</pre></body></html>"),
    "nginx": (404, b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body></body></html>"),
    "Go": (404, b"404 page not found\n"),
    "problem details": (404, {"type": "about:blank", "title": "Not Found", "status": 404}),
    "Azure": (404, {"statusCode": 404, "message": "Resource not found"}),
    "Apigee": (
        404,
        {"fault": {"faultstring": "Unable to identify proxy", "detail": {"errorcode": "ApplicationNotFound"}}},
    ),
    "Laravel": (404, {"message": "", "exception": "NotFoundHttpException"}),
    "a list": (404, [{"message": "Not Found"}]),
    "a name of JavaScript": (404, {"name": "TypeError", "message": "Zacharias"}),
    "a status for a code": (404, {"code": "E404", "message": "Zacharias"}),
    **{
        name: (404, {"name": name, "error": name, "message": "Zacharias"})
        for name in ("HttpError", "NotFoundError", "RouteNotFoundError", "NotFoundException", "ResourceNotFoundError")
    },
    "no more than COR's custom error": (404, {"name": "CORCustomError"}),
    "no more than a failure": (404, {"status": "ERROR"}),
    "no more than a status": (404, {"error": 404, "message": "Zacharias"}),
    "the beginning of a page": (404, b"<html>"),
    "a name of JavaScript in a message": (404, {"message": "TypeError: Zacharias"}),
    "what may be an id in a message": (404, {"message": "There is no UL007"}),
    "in a 200": (200, {"statusCode": 404, "error": "Not Found", "message": "Zacharias"}),
    "a page about COR's errors": (404, b"<html><body>LeaveNotFoundError, UserNotFoundError, ZC001</body></html>"),
    "empty": (404, b""),
    "null": (404, None),
    "a redirect": (302, b""),
}


class TestWrongAddress:
    """A missing page is not a missing leave: where COR does not name what is missing, nothing COR has answered."""

    @pytest.mark.parametrize("operation", ["create", "update", "delete"])
    @pytest.mark.parametrize("server", NOT_FOUND)
    def test_what_servers_say_of_a_missing_page_stops_the_push(
        self, server: str, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        status, body = NOT_FOUND[server]
        sandbox.answer_next(status, body)
        leaves = [leave(), leave("L2")]
        pushed = {
            "create": lambda: hook.create_leaves(leaves, concurrency=1),
            "update": lambda: hook.update_leaves(leaves, concurrency=1, if_missing="skip"),
            "delete": lambda: hook.delete_leaves(leaves, concurrency=1),
        }[operation]()
        outcomes = [next(pushed), next(pushed)]
        assert [(one.status, one.error) for one in outcomes] == [("failed", "ConfigurationError"), ("not_sent", None)]
        with pytest.raises(CorConfigurationError, match="check that it is the base URL") as raised:
            next(pushed)
        assert "Zacharias" not in str(raised.value)

    @pytest.mark.parametrize("operation", ["create", "update", "delete"])
    @pytest.mark.parametrize("body", [{"message": "Missing Authentication Token"}, {"message": "Forbidden"}, b"<html>"])
    def test_a_403_from_a_gateway_stops_the_push_and_the_error_names_the_host(
        self, body: Any, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(403, body)
        error = error_of(hook, operation)
        assert isinstance(error, exceptions.CorPermissionError)
        assert "Host" in error.message

    @pytest.mark.parametrize("status", [410, 414, 418, 451, 501])
    def test_no_other_status_without_a_name_is_a_missing_leave(
        self, status: int, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(status, {"status": status, "error": "Gone", "message": "Not Found"})
        (outcome,) = hook.delete_leaves([leave()])
        assert outcome.status == ("failed" if status == 501 else "rejected")

    @pytest.mark.parametrize(
        "body",
        [
            {"statusCode": 400, "error": "Bad Request", "message": "Unexpected token"},
            {"name": "NotFoundError", "message": "Zacharias"},
            {"message": "E_VALIDATION_FAILURE: Validation failed", "code": "E_VALIDATION_FAILURE"},
            b"<html>400 The plain HTTP request was sent to HTTPS port</html>",
        ],
    )
    def test_a_400_of_a_framework_is_a_rejection(self, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.answer_next(400, body)
        (outcome,) = hook.delete_leaves([leave()])
        assert outcome.status == "rejected"

    @pytest.mark.parametrize("operation", ["create", "update", "delete"])
    @pytest.mark.parametrize(
        ("body", "name"),
        [
            ({"name": "LeaveOverlapError", "message": "Zacharias"}, "LeaveOverlapError"),
            ({"error": "DeletionError", "message": "Zacharias"}, "DeletionError"),
            ({"error": 404, "message": "LeaveOverlapError: Zacharias"}, "LeaveOverlapError"),
            (b"LeaveOverlapError: Zacharias", "LeaveOverlapError"),
            ({"status": 404, "name": "CORCustomError", "code": "UL007", "message": "Zacharias"}, "UL007"),
            ({"status": "ERROR", "code": "FS003", "message": "Undefined attachment"}, "FS003"),
            ({"error": "LeaveTypeNotFoundError"}, "LeaveTypeNotFoundError"),
        ],
    )
    def test_an_error_that_cor_names_is_about_the_leave(
        self, body: Any, name: str, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(404, body)
        error = error_of(hook, operation)
        assert isinstance(error, exceptions.CorRecordError)
        assert error.name == name


class TestConflict:
    UNNAMED: ClassVar[list[Any]] = [
        b"",
        b"null",
        b"<html><body>409 Conflict</body></html>",
        {"statusCode": 409, "error": "Conflict", "message": "u1 is away already"},
        {"name": "CORCustomError", "message": "u1 is away already"},
    ]

    @pytest.mark.parametrize("operation", ["create", "update", "delete"])
    @pytest.mark.parametrize("body", UNNAMED)
    def test_a_409_without_a_name_is_a_rejection_that_says_so(
        self, body: Any, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(409, body)
        error = error_of(hook, operation)
        assert (type(error), error.name) == (exceptions.CorRecordError, "RecordError")
        assert "409" in error.message
        assert "u1" not in error.message

    @pytest.mark.parametrize("if_exists", ["skip", "update", "fail"])
    @pytest.mark.parametrize("body", [*UNNAMED, {"error": "LeaveOverlapError"}, {"code": "UL007"}])
    def test_a_conflict_that_is_not_called_a_duplicate_is_not_taken_for_one(
        self, body: Any, if_exists: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        before = len(sandbox.requests)
        sandbox.answer_next(409, body)
        (outcome,) = hook.create_leaves([leave()], if_exists=if_exists)
        assert outcome.status == "rejected"
        assert outcome.error == ("RecordError" if body in self.UNNAMED else next(iter(body.values())))
        assert len(sandbox.requests) == before + 1

    @pytest.mark.parametrize("body", UNNAMED)
    def test_after_a_lost_answer_one_without_a_name_is_the_duplicate(
        self, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.drop_next(commit=False)
        sandbox.answer_next(409, body)
        (outcome,) = hook.create_leaves([leave()], if_exists="fail")
        assert (outcome.status, outcome.error, outcome.attempts) == ("created", None, 2)

    @pytest.mark.parametrize(
        "body",
        [
            {"error": "LeaveOverlapError"},
            {"statusCode": 409, "error": "Conflict", "message": ["LeaveOverlapError: u1 is away already"]},
            b"LeaveOverlapError: u1 is away already",
        ],
    )
    def test_after_a_lost_answer_one_with_another_name_is_none(
        self, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.drop_next(commit=False)
        sandbox.answer_next(409, body)
        (outcome,) = hook.create_leaves([leave()])
        assert (outcome.status, outcome.error) == ("rejected", "LeaveOverlapError")

    def test_after_a_lost_answer_an_update_or_a_delete_is_still_in_conflict(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        for push in (hook.update_leaves, hook.delete_leaves):
            sandbox.drop_next(commit=False)
            sandbox.answer_next(409)
            (outcome,) = push([leave()])
            assert (outcome.status, outcome.error) == ("rejected", "RecordError")


@pytest.mark.parametrize("status", [100, 101, 103, 199, 299])
def test_what_http_does_not_call_a_failure_is_a_lost_answer_if_it_is_no_success(status: int) -> None:
    _, error = read_or_fail(answer(status, b""), "delete")
    assert isinstance(error, exceptions.CorUnexpectedAnswerError)
    assert error.lost_answer


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
    @settings(max_examples=50)
    def test_every_answer_gives_the_leave_an_outcome(
        self, status: int, body: bytes, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(status, body)
        record = leave(user_id=MARKER, leave_type_id=MARKER)
        pushed = hook.create_leaves([record], max_attempts=1, max_wait=0)
        outcome = next(pushed)
        with suppress(CorConfigurationError):
            list(pushed)
        assert outcome.status in {"created", "existing", "rejected", "failed"}
        assert MARKER not in repr(outcome)
