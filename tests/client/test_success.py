"""Which answers say that COR did what it was asked to: success is recognised, and nothing else is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import LeaveOutcome
from cor_provider.sandbox import Sandbox
from support import leave


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all: every test here says itself what is answered."""
    with Sandbox() as sandbox:
        yield sandbox


LEAVE = {"id": 12345, "userId": 67890, "leaveTypeId": 54321, "start": "2026-05-11T00:00:00-00:00", "status": "pending"}
DELETED = {"message": "Leave request deleted successfully", "deletedId": "L1"}
WRITTEN = {"create": "created", "update": "updated", "delete": "deleted"}
OPERATIONS = list(WRITTEN)


def push_one(hook: CorIntegrationsHook, operation: str, **options: Any) -> LeaveOutcome:
    """Push one leave to COR, in a single attempt by default."""
    pushes: dict[str, Any] = {
        "create": hook.create_leaves,
        "update": lambda leaves, **options: hook.update_leaves(leaves, if_missing="fail", **options),
        "delete": hook.delete_leaves,
    }
    (outcome,) = pushes[operation]([leave()], **{"max_attempts": 1, **options})
    assert isinstance(outcome, LeaveOutcome)
    return outcome


def answer_once(sandbox: Sandbox, status: int, body: Any) -> None:
    sandbox.answer_next(status, body if isinstance(body, bytes) else json.dumps(body).encode())


class TestSuccess:
    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize(
        "body",
        [
            {"statusCode": 200, "status": "success", "data": LEAVE},
            {"status": "success", "data": None},
            {"status": "SUCCESS"},
            {"statusCode": "200", "status": "success", "data": []},
            {"status": "success", "errors": [], "error": None, "success": True, "data": {"id": 5, "errors": None}},
            {"status": "success", "message": "no ValidationError", "code": "OK200", "data": {}},
        ],
    )
    def test_an_envelope_that_says_so_is_one(
        self, body: Any, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        answer_once(sandbox, 200, body)
        assert push_one(hook, operation).status == WRITTEN[operation]

    @pytest.mark.parametrize("operation", ["create", "update"])
    @pytest.mark.parametrize(
        "body",
        [
            {"id": 5},
            {"id": "5", "status": "pending"},
            {**LEAVE, "status": "approved"},
            {"id": 5, "user_id": 7, "all_day": True, "errors": [], "message": "Leave saved"},
            {"statusCode": 200, "data": {"id": 5}},
            {"message": "Leave saved", "data": LEAVE},
        ],
    )
    def test_a_bare_leave_is_one(self, body: Any, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        answer_once(sandbox, 200, body)
        assert push_one(hook, operation).status == WRITTEN[operation]

    @pytest.mark.parametrize(
        "body",
        [
            DELETED,
            {"message": "Leave deleted", "external_id": "L1", "cor_id": 12345},
            {"statusCode": 200, "data": DELETED},
            {"message": "Leave deleted", "deletedId": 7},
        ],
    )
    def test_a_message_with_the_deleted_id_is_one_of_a_delete(
        self, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        answer_once(sandbox, 200, body)
        assert push_one(hook, "delete").status == "deleted"

    @pytest.mark.parametrize("operation", ["update", "delete"])
    @pytest.mark.parametrize(("status", "body"), [(204, b""), (200, b"true")])
    def test_no_content_and_true_are_one_of_what_needs_no_answer(
        self, status: int, body: bytes, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        answer_once(sandbox, status, body)
        assert push_one(hook, operation).status == WRITTEN[operation]

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b"<html>created</html>", b"created", {"queued": True}])
    def test_a_201_is_one_of_a_create_whatever_stands_beside_it(
        self, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        answer_once(sandbox, 201, body)
        assert push_one(hook, "create").status == "created"


NO_SUCCESS: dict[str, tuple[int, Any]] = {
    "maintenance": (200, {"message": "Service under maintenance"}),
    "no success": (200, {"success": False}),
    "not ok": (200, {"ok": False, "message": "Zacharias"}),
    "not ok beside success": (200, {"status": "success", "ok": False, "data": LEAVE}),
    "no success, as text": (200, {"status": "success", "success": "false"}),
    "success with errors": (200, {"status": "success", "errors": [{"message": "Zacharias"}]}),
    "success with an error": (200, {"status": "success", "error": "Zacharias", "data": LEAVE}),
    "success with the name of an error": (200, {"status": "success", "name": "LeaveOverlapError", "data": LEAVE}),
    "success with an error inside": (200, {"status": "success", "data": {**LEAVE, "error": {"reason": "Zacharias"}}}),
    "success of several, one of which failed": (207, {"status": "success", "data": [{"id": 5, "statusCode": 422}]}),
    "several, one of which failed": (207, [{"id": 5, "status": 201}, {"status": 422}]),
    "another envelope": (200, {"results": [{"status": 422, "error": "Zacharias"}]}),
    "empty": (200, b""),
    "spaces": (200, b" \n"),
    "text": (200, b"OK"),
    "text of JSON": (200, "success"),
    "null": (200, None),
    "number": (200, 1),
    "false": (200, False),
    "no value of JSON": (200, b"NaN"),
    "empty object": (200, {}),
    "empty list": (200, []),
    "list of leave": (200, [LEAVE]),
    "queued": (202, {"queued": True}),
    "queued under an id": (202, {"id": 17}),
    "queued under an id, with 200": (200, {"id": 17, "status": "queued"}),
    "queued around an id": (200, {"status": "queued", "data": {"id": 17}}),
    "nothing yet": (202, b""),
    "reset": (205, b""),
    "cut": (200, b'{"statusCode":200,"status":"success","data":{"id":123'),
    "a part": (206, {"id": 5}),
    "a message beside an id": (200, {"id": 5, "message": "Zacharias"}),
    "a message around an id": (200, {"message": "Zacharias", "data": {"id": 5}}),
    "no id": (200, {"data": {}}),
    "no id of COR": (200, {"id": "a-7"}),
    "no id of COR, but a truth": (200, {"id": True}),
    "no id of COR, but a fraction": (200, {"id": 5.5}),
    "zero": (200, {"id": 0}),
    "framework's error": (200, {"name": "HttpException", "message": "Zacharias"}),
    "page": (200, b"<!doctype html><title>Welcome</title>"),
    "documentation of errors": (200, b"<html><body>LeaveNotFoundError UserNotFoundError ZC001 ZC004</body></html>"),
    "XML": (200, b"<status>success</status>"),
    "deeply nested": (200, b"[" * 100_000),
    "status of a strange type": (200, {"status": {"a": 1}}),
    "status of another strange type": (200, {"status": ["success"], "statusCode": [200]}),
}


class TestNoSuccess:
    @pytest.mark.parametrize("operation", OPERATIONS)
    @pytest.mark.parametrize("answer", NO_SUCCESS)
    def test_anything_else_is_a_lost_answer(
        self, answer: str, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        answer_once(sandbox, *NO_SUCCESS[answer])
        outcome = push_one(hook, operation)
        assert (outcome.status, outcome.error, outcome.attempts) == ("failed", "UnexpectedAnswerError", 1)
        assert outcome.message
        assert f"answered {NO_SUCCESS[answer][0]} with " in outcome.message
        assert "Zacharias" not in outcome.message

    @pytest.mark.parametrize(
        ("operation", "status", "body"),
        [
            ("create", 204, b""),
            ("create", 200, b"true"),
            ("update", 201, b""),
            ("delete", 201, b""),
            ("delete", 200, {"id": 12345}),
            ("update", 200, DELETED),
            ("update", 202, b"true"),
            ("create", 201, {"success": False}),
            ("create", 201, {"error": "Zacharias"}),
            ("delete", 200, {"message": "Leave deleted"}),
            ("delete", 200, {"deletedId": "L1"}),
            ("delete", 200, {"message": "Leave deleted", "deletedId": " "}),
            ("delete", 200, {**DELETED, "success": False}),
        ],
    )
    def test_what_says_success_of_something_else_is_a_lost_answer(
        self, operation: str, status: int, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        answer_once(sandbox, status, body)
        assert push_one(hook, operation).error == "UnexpectedAnswerError"

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_it_is_tried_again(
        self, operation: str, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        answer_once(sandbox, 200, {"message": "Service under maintenance"})
        answer_once(sandbox, 200, {"status": "success"})
        outcome = push_one(hook, operation, max_attempts=8)
        assert (outcome.status, outcome.attempts) == (WRITTEN[operation], 2)
        assert len(waits) == 1

    def test_it_waits_as_long_as_it_asks(self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]) -> None:
        sandbox.answer_next(200, {"message": "Service under maintenance"}, headers={"Retry-After": "120"})
        answer_once(sandbox, 201, {"status": "success"})
        assert push_one(hook, "create", max_attempts=8).status == "created"
        assert waits == [120]

    @pytest.mark.parametrize(("status", "body"), [(409, {"code": "ZC004"}), (409, b"<html>"), (400, {"code": "ZC004"})])
    def test_the_duplicate_that_follows_is_what_was_sent_before(
        self, status: int, body: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        answer_once(sandbox, 202, {"queued": True})
        answer_once(sandbox, status, body)
        assert push_one(hook, "create", max_attempts=8, if_exists="fail").status == "created"

    def test_the_missing_leave_that_follows_a_delete_is_what_was_deleted(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        answer_once(sandbox, 200, b"OK")
        answer_once(sandbox, 404, {"error": "LeaveNotFoundError"})
        outcome = push_one(hook, "delete", max_attempts=8, if_missing="fail")
        assert (outcome.status, outcome.error) == ("deleted", None)

    def test_the_other_leaves_are_not_sent_if_it_stays_so(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        for _ in range(2):
            answer_once(sandbox, 200, b"")
        outcomes = hook.create_leaves([leave(), leave("L2")], concurrency=1, max_attempts=2)
        assert [(outcome.status, outcome.attempts) for outcome in outcomes] == [("failed", 2), ("not_sent", 0)]


class TestCorId:
    @pytest.mark.parametrize(
        ("written", "cor_id"),
        [
            ("12345", 12345),
            ('"12345"', 12345),
            ("9007199254740993", 9007199254740993),
            ('"9007199254740993"', 9007199254740993),
            ("1" + "0" * 17, 10**17),
            ("1" + "0" * 18, None),
            ("1" * 4000, None),
            ('"' + "1" * 5000 + '"', None),
            ("9007199254740993.0", None),
            ("12345.5", None),
            ("1e3", None),
            ("1e999", None),
            ("NaN", None),
            ("0", None),
            ("-5", None),
            ('"-5"', None),
            ('"007"', None),
            ('"1_000"', None),
            ('" 12 "', None),
            ('"١٢"', None),
            ('"abc"', None),
            ('""', None),
            ("true", None),
            ("null", None),
            ("[7]", None),
            ("{}", None),
        ],
    )
    def test_it_is_exact_or_none(
        self, written: str, cor_id: int | None, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(201, f'{{"statusCode":201,"status":"success","data":{{"id":{written}}}}}'.encode())
        outcome = push_one(hook, "create")
        assert (outcome.status, outcome.cor_id) == ("created", cor_id)

    def test_a_number_too_long_to_read_is_none(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.answer_next(201, b'{"status":"success","data":{"id":%s}}' % (b"1" * 10_000))
        outcome = push_one(hook, "create")
        assert (outcome.status, outcome.cor_id) == ("created", None)
