"""Creating and changing one user: what goes over the wire, which answer confirms it, and what a refusal means."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from cor_provider import exceptions
from cor_provider.exceptions import CorError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.error_styles import ERROR_STYLES
from user_support import DOCUMENTED_USER, user

ANSWER = {
    "id": 8546,
    "email": "john.doe@company.com",
    "first_name": "John",
    "last_name": "Doe",
    "phone": "+1 555-0100",
    "role_id": 4,
    "daily_hours": 8,
    "company_id": 1234,
    "created_at": "2025-01-10T14:30:00Z",
    "updated_at": "2025-01-10T14:30:00Z",
}
"""COR's documented answer."""

SEND: dict[str, Callable[[CorIntegrationsHook], dict[str, Any]]] = {
    "create": lambda hook: hook.create_user(user()),
    "update": lambda hook: hook.update_user(user()),
}


@pytest.fixture(params=SEND)
def send(request: pytest.FixtureRequest, hook: CorIntegrationsHook) -> Callable[[], dict[str, Any]]:
    return lambda: SEND[request.param](hook)


def error_of(hook: CorIntegrationsHook, verb: str = "create") -> CorError:
    with pytest.raises(CorError) as raised:
        SEND[verb](hook)
    return raised.value


class TestOverTheWire:
    def test_create_posts_the_documented_body(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        data = hook.create_user(DOCUMENTED_USER, source="OKTA")
        (request,) = sandbox.requests
        assert (request.method, request.path) == ("POST", "/v2/integrations/users")
        assert json.loads(request.body) == {"metadata": {"source": "OKTA"}, **DOCUMENTED_USER}
        assert data["id"] == sandbox.users[-1].cor_id

    def test_update_puts_only_what_is_given_under_the_id(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        created = hook.create_user(user("año/1", email="a@b.c", phone="1"))
        updated = hook.update_user({"id": "año/1", "role_id": "Director", "email": "new@b.c"})
        request = sandbox.requests[-1]
        assert (request.method, request.path) == ("PUT", "/v2/integrations/users/a%C3%B1o%2F1")
        assert json.loads(request.body) == {"metadata": {"source": "GLOBANT"}, "role_id": 2}
        assert updated["id"] == created["id"]
        held = sandbox.users[-1]
        assert (held.role_id, held.phone, held.email) == (2, "1", "a@b.c")

    def test_a_user_request_updates_all_that_it_gives(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_user(user())
        hook.update_user(user(last_name="Vega"))
        assert sandbox.users[-1].last_name == "Vega"

    def test_an_invalid_user_is_not_sent(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        with pytest.raises(exceptions.CorValidationError, match="email: is missing"):
            hook.create_user(user(email=""))
        assert sandbox.requests == ()


class TestSuccess:
    @pytest.mark.parametrize("status", [200, 201])
    @pytest.mark.parametrize(
        "body",
        [
            ANSWER,
            {"id": 5},
            {"id": 5, "first_name": "Ana", "message": "User created", "status": "active"},
            {"statusCode": 201, "status": "success", "data": ANSWER},
            {"status": "success", "message": "User created", "data": {"id": 5}},
            {"data": ANSWER},
        ],
    )
    def test_a_user_with_cors_id_is_one(
        self, body: dict[str, Any], status: int, send: Callable[[], dict[str, Any]], sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(status, body)
        assert send()["id"] in {8546, 5}

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            *[(201, None), (201, b""), (204, b""), (200, True), (200, []), (200, "OK"), (200, {}), (200, {"id": None})],
            *[(200, {"id": "12345"}), (200, {"id": 1.5}), (200, {"id": True}), (200, {"id": 0}), (202, ANSWER)],
            *[(200, {"status": "success"}), (200, {"status": "success", "data": None}), (200, {"data": []})],
            *[(200, {"id": 5, "message": "queued"}), (200, {"id": 5, "status": "queued"}), (200, [ANSWER])],
            *[(200, {"status": "queued", "data": ANSWER}), (200, {**ANSWER, "success": False})],
            (200, {"users": [ANSWER]}),
        ],
    )
    def test_anything_else_leaves_open_whether_cor_did_it(
        self, status: int, body: Any, send: Callable[[], dict[str, Any]], sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(status, body)
        with pytest.raises(exceptions.CorTransientError) as raised:
            send()
        assert raised.value.lost_answer


NAMED = {
    "ValidationError": exceptions.CorValidationError,
    "DuplicateEmailError": exceptions.CorDuplicateEmailError,
    "DuplicateExternalIdError": exceptions.CorDuplicateExternalIdError,
    "InvalidRoleError": exceptions.CorInvalidRoleError,
    "InvalidSourceError": exceptions.CorInvalidSourceError,
}


class TestRefusals:
    @pytest.mark.parametrize("verb", SEND)
    @pytest.mark.parametrize("status", [200, 201, 400, 409, 422, 500])
    @pytest.mark.parametrize("name", NAMED)
    def test_a_documented_name_decides_whatever_the_status(
        self, name: str, status: int, verb: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(status, {"status": "error", "error": name, "message": "Ana Suárez"})
        error = error_of(hook, verb)
        assert (type(error), error.name) == (NAMED[name], name)

    def test_an_external_id_that_exists_may_be_named_by_its_code(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(400, {"name": "CORCustomError", "code": "ZC004", "message": "Association already exists"})
        assert isinstance(error_of(hook), exceptions.CorDuplicateExternalIdError)

    @pytest.mark.parametrize(
        ("verb", "message", "expected"),
        [
            ("create", "The entity is not associated", (exceptions.CorRecordError, "ZC001")),
            ("update", "The entity is not associated", (exceptions.CorUserNotFoundError, "UserNotFoundError")),
            ("create", "Missing required fields", (exceptions.CorValidationError, "ValidationError")),
            ("update", "Missing required fields", (exceptions.CorValidationError, "ValidationError")),
        ],
    )
    def test_the_message_decides_what_zc001_means(
        self, verb: str, message: str, expected: tuple[type, str], hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(404, {"name": "CORCustomError", "code": "ZC001", "message": message})
        error = error_of(hook, verb)
        assert (type(error), error.name, error.code) == (*expected, "ZC001")

    @pytest.mark.parametrize("verb", SEND)
    def test_an_unknown_position_is_named(self, verb: str, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.answer_next(404, {"name": "CORCustomError", "code": "ZC002", "message": "User position not found"})
        error = error_of(hook, verb)
        assert (type(error), error.name, error.code) == (exceptions.CorRecordError, "PositionNotFoundError", "ZC002")
        assert "user_position_id" in error.message

    def test_an_update_of_an_unknown_user_says_so(self, hook: CorIntegrationsHook) -> None:
        assert isinstance(error_of(hook, "update"), exceptions.CorUserNotFoundError)

    @pytest.mark.parametrize("style", sorted(ERROR_STYLES.keys() - {"html", "xml", "empty", "null"}))
    def test_a_duplicate_is_recognised_in_every_style_that_names_it(
        self, style: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_user(user("E-9", email="e-1@company.com"))
        sandbox.error_style = style
        assert isinstance(error_of(hook), exceptions.CorDuplicateEmailError)

    STATUSES = (200, 204, 301, 400, 401, 403, 404, 405, 409, 417, 418, 422, 429, 500, 503)
    BODIES = (
        *({}, {"message": "x"}, {"error": "UserOverlapError"}, {"code": "ZC001"}, {"code": "ZC002"}, {"code": "CE001"}),
        *({"error": name} for name in (*NAMED, "UserNotFoundError", "LeaveNotFoundError", "LeaveTypeNotFoundError")),
    )

    @pytest.mark.parametrize("verb", SEND)
    def test_no_error_about_a_user_speaks_of_leave(
        self, verb: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        for status, body in itertools.product(self.STATUSES, self.BODIES):
            sandbox.answer_next(status, body)
            assert "leave" not in error_of(hook, verb).message.replace("or leave them out", "")

    def test_a_person_learns_what_to_do_about_an_address_that_cor_has(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_user(user("E-9", email="E-1@Company.com"))
        error = error_of(hook)
        assert isinstance(error, exceptions.CorDuplicateEmailError)
        assert "ask COR's support to map the user" in error.message
        assert len(sandbox.mails) == 1
