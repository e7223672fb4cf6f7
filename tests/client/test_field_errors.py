"""``ZC001`` has two meanings, a missing mapping and a missing field, which its message decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cor_provider import exceptions
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from support import error_of, leave


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all: every test here says itself what is answered."""
    with Sandbox() as sandbox:
        yield sandbox


class TestZC001:
    """COR has one code for a missing mapping and for a missing field: the message decides which."""

    @pytest.mark.parametrize("operation", ["create", "update", "delete"])
    @pytest.mark.parametrize("name", ["CORCustomError", "LeaveNotFoundError", "UserNotFoundError"])
    @pytest.mark.parametrize(
        "message",
        [
            "Required validation failed. Missing required fields",
            "Entity is not associated or missing required fields",
            "Entity is not associated or missing userId",
            "userId is required",
            "REQUIRED VALIDATION FAILED ON userId",
            "metadata.source is mandatory",
            "Cannot validate the request",
            "The field userId has no value",
            "Missing userId. The entity is not associated",
            "Missing userId, entity not associated",
            "Missing entity id",
            "The entity is missing userId",
        ],
    )
    def test_a_message_about_fields_is_a_validation_error(
        self, message: str, name: str, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(404, {"status": 404, "name": name, "code": "ZC001", "message": message})
        error = error_of(hook, operation)
        assert (type(error), error.code) == (exceptions.CorValidationError, "ZC001")
        assert "userId" not in error.message

    @pytest.mark.parametrize(
        "body",
        [
            {"code": "ZC001", "message": ["Not associated", "userId is required"]},
            {"code": "ZC001", "errors": [{"message": "Not associated"}, {"message": "userId is required"}]},
            {"code": "ZC001", "errors": {"userId": [{"rule": "required"}]}},
            {"code": "ZC001", "missingFields": ["userId"]},
            {"statusCode": 400, "status": "error", "data": {"error_code": "ZC001", "detail": "userId is required"}},
            [{"field": "userId", "validation": "required", "message": "ZC001"}],
            b"ZC001: Required validation failed",
            b"<error><code>ZC001</code><message>Missing required fields</message></error>",
        ],
    )
    def test_whichever_message_it_is_that_speaks_of_them(
        self, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(400, body)
        assert type(error_of(hook, "delete")) is exceptions.CorValidationError

    @pytest.mark.parametrize(
        "message",
        [
            *("", "The entity is not associated", "Entity not associated", "User association not found"),
            *("Missing mapping", "The mapping is missing.", "missing entity association", "Association missing"),
            *("Missing external id mapping for this leave", "The leave is missing in the integration mappings"),
            *("Missing leave type mapping", "The entity is missing (no mapping)"),
        ],
    )
    def test_any_other_message_is_a_missing_mapping(
        self, message: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        for operation, error_class in (
            ("create", exceptions.CorRecordError),
            ("update", exceptions.CorLeaveNotFoundError),
            ("delete", exceptions.CorLeaveNotFoundError),
        ):
            sandbox.answer_next(404, {"code": "ZC001", "message": message, "errors": [], "fields": None})
            assert type(error_of(hook, operation)) is error_class

    def test_a_missing_field_is_rejected_by_every_push_and_nothing_is_made_of_it(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        before = len(sandbox.requests)
        body = {"name": "CORCustomError", "code": "ZC001", "message": "Required validation failed"}
        for push in (hook.create_leaves, hook.update_leaves, hook.delete_leaves):
            sandbox.answer_next(400, body)
            (outcome,) = push([leave()])
            assert (outcome.status, outcome.error) == ("rejected", "ValidationError")
        assert [request.method for request in sandbox.requests[before:]] == ["POST", "PUT", "DELETE"]

    def test_a_name_beside_it_that_is_no_missing_thing_counts(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(400, {"name": "InvalidSourceError", "code": "ZC001", "message": "validation failed"})
        assert type(error_of(hook, "delete")) is exceptions.CorInvalidSourceError
