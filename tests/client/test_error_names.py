"""The names and codes of errors: COR's, and what is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cor_provider import exceptions
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from support import error_of


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all: every test here says itself what is answered."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("status", [200, 400, 404, 409, 417, 418, 422])
def test_an_undocumented_error_is_a_rejection_that_keeps_its_name_and_code(
    status: int, hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    sandbox.answer_next(
        status, {"status": "error", "name": "LeaveOverlapError", "code": "UL007", "message": "u1 is away"}
    )
    error = error_of(hook)
    assert (type(error), error.name, error.code) == (exceptions.CorRecordError, "LeaveOverlapError", "UL007")
    assert "u1" not in error.message


def test_an_undocumented_code_is_the_name_where_there_is_no_other(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(409, {"name": "CORCustomError", "code": "UL007"})
    error = error_of(hook)
    assert (type(error), error.name, error.code) == (exceptions.CorRecordError, "UL007", "UL007")


@pytest.mark.parametrize("name", ["u1 is not a user", "Error", 7, None, "x" * 200 + "Error", ["UserNotFoundErrors"]])
def test_what_is_no_error_name_is_not_taken_for_one(name: Any, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    sandbox.answer_next(418, {"name": name, "error": name, "code": name})
    error = error_of(hook)
    assert (error.name, error.code) == ("RecordError", None)


class TestSeveralNames:
    def test_any_other_name_outweighs_that_of_a_missing_leave(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        names = [{"name": "LeaveNotFoundError"}, {"name": "ValidationError"}]
        sandbox.answer_next(400, {"status": "failed", "errors": names})
        assert type(error_of(hook, "delete")) is exceptions.CorValidationError

    def test_a_name_outweighs_what_a_message_mentions(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.answer_next(404, {"error": "LeaveNotFoundError", "message": "not a ValidationError"})
        assert type(error_of(hook, "delete")) is exceptions.CorLeaveNotFoundError

    @pytest.mark.parametrize(
        "body",
        [
            {"status": "success", "errors": [{"name": "UserNotFoundError"}]},
            {"status": "success", "data": {}, "errors": [{"message": "x"}, {"error_code": "CE001"}]},
            {"statusCode": 200, "status": "success", "data": {"name": "UserNotFoundError"}},
        ],
    )
    def test_one_inside_an_envelope_that_says_success_is_an_error(
        self, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(200, body)
        assert type(error_of(hook)) is exceptions.CorUserNotFoundError

    @pytest.mark.parametrize(
        "body",
        [
            {"error": "LeaveOverlapError", "message": "u1 is away already"},
            {"message": "LeaveOverlapError: u1 is away already"},
            b"LeaveOverlapError: u1 is away already",
        ],
    )
    def test_an_undocumented_one_in_a_200_is_a_rejection_by_name(
        self, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(200, body)
        error = error_of(hook)
        assert (type(error), error.name) == (exceptions.CorRecordError, "LeaveOverlapError")
