"""What a response makes of a leave request, over the wire: every row of the table in ``push/resolve.py``."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import LeaveOutcome
from cor_provider.sandbox import Sandbox
from support import Connect, leave


def one(hook: CorIntegrationsHook, **options: Any) -> LeaveOutcome:
    (outcome,) = hook.create_leaves([leave()], **options)
    return outcome


def test_every_outcome_names_its_leave(hook: CorIntegrationsHook) -> None:
    hook.create_leave(leave("L1"))
    outcomes = [
        *hook.create_leaves([leave("L2"), leave("L1")], concurrency=1),
        *hook.create_leaves([leave("L1")], if_exists="update"),
        *hook.update_leaves([leave("L2"), leave("L3")], concurrency=1),
        *hook.update_leaves([leave("L4")], if_missing="skip"),
        *hook.delete_leaves([leave("L2"), leave("L5")], concurrency=1),
    ]
    assert [(outcome.leave_id, outcome.status) for outcome in outcomes] == [
        ("L2", "created"),
        ("L1", "existing"),
        ("L1", "updated"),
        ("L2", "updated"),
        ("L3", "created"),
        ("L4", "unchanged"),
        ("L2", "deleted"),
        ("L5", "deleted"),
    ]


def test_cors_own_ids_come_with_every_answer_that_has_them(hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    outcomes = [
        one(hook),
        one(hook, if_exists="update"),
        *hook.update_leaves([leave(end="2026-05-20")]),
    ]
    ids = (sandbox.leaves[0].cor_id, sandbox.store.user_cor_ids["GLOBANT", "u1"])
    assert [(outcome.cor_id, outcome.cor_user_id) for outcome in outcomes] == [ids] * 3
    existing = one(hook)
    assert (existing.status, existing.cor_id, existing.cor_user_id) == ("existing", None, None)


@pytest.mark.parametrize("user_id", [None, "external", "0012", 1.5, True])
def test_what_is_no_id_of_cors_user_is_left_out(user_id: object, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
    body = {"statusCode": 201, "status": "success", "data": {"id": 12345, "userId": user_id}}
    sandbox.answer_next(201, body)
    outcome = one(hook)
    assert (outcome.cor_id, outcome.cor_user_id) == (12345, None)


class TestLostAnswers:
    def test_a_lost_answer_counts_as_created(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.drop_next()
        assert one(hook).status == "created"
        assert len(sandbox.leaves) == 1

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_failure_after_the_work_was_done_counts_as_created(
        self, status: int, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(status, commit=True)
        assert one(hook, if_exists="fail").status == "created"

    @pytest.mark.parametrize("later", [[503], [429], [500, 502, 504], [408, 425], [429, 503, 429]])
    def test_a_lost_answer_is_not_forgotten_for_those_that_come_later(
        self, later: list[int], hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.drop_next(commit=True)
        for status in later:
            sandbox.answer_next(status)
        assert one(hook, if_exists="fail").status == "created"
        assert len(sandbox.leaves) == 1

    def test_a_lost_answer_is_not_forgotten_for_a_connection_that_is_never_made(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pass_time = _clock.wait
        meanwhile = iter([sandbox.stop, sandbox.start])

        def wait(stopping: threading.Event, seconds: float) -> None:
            pass_time(stopping, seconds)
            next(meanwhile)()

        monkeypatch.setattr(_clock, "wait", wait)
        sandbox.drop_next(commit=True)
        outcome = one(hook, if_exists="fail")
        assert (outcome.status, outcome.attempts) == ("created", 3)

    def test_a_duplicate_on_the_first_attempt_is_existing(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_leave(leave())
        sandbox.answer_next(429)
        assert one(hook).status == "existing"

    def test_an_update_whose_answer_was_lost_is_still_an_update(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_leave(leave(end="2026-05-30"))
        sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
        sandbox.drop_next()
        outcome = one(hook, if_exists="update")
        assert (outcome.status, outcome.attempts) == ("updated", 2)
        assert sandbox.leaves[0].end == "2026-05-12T23:59:00-00:00"

    def test_a_create_whose_answer_was_lost_is_no_update(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.drop_next()
        outcome = one(hook, if_exists="update")
        assert (outcome.status, outcome.cor_id) == ("created", sandbox.leaves[0].cor_id)

    def test_a_connection_that_was_never_made_lost_no_answer(self, connect: Connect, sandbox: Sandbox) -> None:
        connect()
        hook = CorIntegrationsHook()
        hook.create_leave(leave())
        sandbox.stop()
        pass_time = _clock.wait

        def come_back(stopping: threading.Event, seconds: float) -> None:
            pass_time(stopping, seconds)
            sandbox.start()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_clock, "wait", come_back)
            outcome = one(hook)
        assert (outcome.status, outcome.attempts) == ("existing", 2)

    def test_a_put_under_a_rate_limit_is_not_begun_with_a_post_again(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_leave(leave())
        sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
        sandbox.answer_next(429)
        sandbox.answer_next(500)
        assert one(hook, if_exists="update").status == "updated"
        assert [request.method for request in sandbox.requests] == ["POST", "POST", "PUT", "PUT", "PUT"]

    def test_a_token_that_could_not_be_fetched_lost_no_answer(self, connect: Connect, sandbox: Sandbox) -> None:
        connect()
        CorIntegrationsHook().create_leave(leave())
        with Sandbox() as main_api:
            connect(login="api-key-4711", password="client-secret-0815", extra={"api_url": main_api.url})
            hook = CorIntegrationsHook()
            pass_time = _clock.wait

            def repair(stopping: threading.Event, seconds: float) -> None:
                pass_time(stopping, seconds)
                hook._settings.__dict__["api_url"] = sandbox.api_url

            main_api.stop()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(_clock, "wait", repair)
                outcome = one(hook)
        assert (outcome.status, outcome.attempts) == ("existing", 2)


class TestUpdates:
    def test_leave_that_cor_has_is_replaced(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_leave(leave(end="2026-05-30"))
        (outcome,) = hook.update_leaves([leave()])
        assert (outcome.status, outcome.cor_id) == ("updated", sandbox.leaves[0].cor_id)
        assert sandbox.leaves[0].end == "2026-05-12T23:59:00-00:00"

    @pytest.mark.parametrize(
        ("if_missing", "status", "error"),
        [
            ("create", "created", None),
            ("skip", "unchanged", "LeaveNotFoundError"),
            ("fail", "rejected", "LeaveNotFoundError"),
        ],
    )
    def test_if_missing_says_what_becomes_of_a_leave_that_cor_does_not_have(
        self, if_missing: Any, status: str, error: str | None, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        (outcome,) = hook.update_leaves([leave()], if_missing=if_missing)
        assert (outcome.status, outcome.error, outcome.attempts) == (status, error, 1)
        assert len(sandbox.leaves) == (status == "created")

    @pytest.mark.parametrize(
        ("fields", "error"),
        [({"user_id": "nobody"}, "UserNotFoundError"), ({"leave_type_id": "none"}, "LeaveTypeNotFoundError")],
    )
    def test_the_create_that_follows_names_what_zc001_did_not(
        self, fields: dict[str, Any], error: str, hook: CorIntegrationsHook
    ) -> None:
        (outcome,) = hook.update_leaves([leave(**fields)])
        assert (outcome.status, outcome.error) == ("rejected", error)

    def test_a_leave_that_somebody_created_in_between_is_updated(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_leave(leave(end="2026-05-30"))
        sandbox.answer_next(404, {"code": "ZC001"})
        (outcome,) = hook.update_leaves([leave()])
        assert outcome.status == "updated"
        assert sandbox.leaves[0].end == "2026-05-12T23:59:00-00:00"
        assert [request.method for request in sandbox.requests[1:]] == ["PUT", "POST", "PUT"]

    @pytest.mark.parametrize("answer", [{"code": "ZC001"}, {"message": "ZC001: entity not associated"}])
    def test_zc001_of_a_leave_that_cor_has_is_about_its_user_or_leave_type(
        self, answer: dict[str, Any], hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        for status, body in ((404, answer), (409, {"error": "DuplicateExternalIdError"}), (404, answer)):
            sandbox.answer_next(status, body)
        (outcome,) = hook.update_leaves([leave()])
        assert (outcome.status, outcome.error) == ("rejected", "ZC001")
        assert outcome.message
        assert "the user or the leave type" in outcome.message
        assert [request.method for request in sandbox.requests] == ["PUT", "POST", "PUT"]

    def test_an_update_whose_answer_was_lost_is_an_update(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_leave(leave(end="2026-05-30"))
        sandbox.drop_next()
        (outcome,) = hook.update_leaves([leave()])
        assert (outcome.status, outcome.attempts) == ("updated", 2)

    def test_the_lost_answer_of_the_create_that_followed_is_a_creation(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(404, {"code": "ZC001"})
        sandbox.drop_next()
        (outcome,) = hook.update_leaves([leave()])
        assert (outcome.status, outcome.attempts, len(sandbox.leaves)) == ("created", 2, 1)

    def test_a_lost_answer_before_cor_said_that_it_is_missing_makes_no_creation(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_leave(leave())
        sandbox.drop_next(commit=False)
        sandbox.answer_next(404, {"code": "ZC001"})
        (outcome,) = hook.update_leaves([leave()])
        assert (outcome.status, outcome.attempts) == ("updated", 2)

    def test_a_create_under_a_rate_limit_is_not_begun_with_a_put_again(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(404, {"code": "ZC001"})
        sandbox.answer_next(429)
        assert [outcome.status for outcome in hook.update_leaves([leave()])] == ["created"]
        assert [request.method for request in sandbox.requests] == ["PUT", "POST", "POST"]

    def test_an_identical_repeat_is_unchanged_without_a_request(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_leave(leave())
        outcomes = hook.update_leaves([leave(), leave(), leave(end="2026-05-30")])
        assert [(outcome.status, outcome.error) for outcome in outcomes] == [
            ("updated", None),
            ("unchanged", None),
            ("rejected", "ConflictingRepeatError"),
        ]
        assert len(sandbox.requests) == 2


class TestDeletes:
    def test_leave_is_deleted_by_its_external_id(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        list(hook.create_leaves([leave(), leave("L2"), leave("L3")]))
        outcomes = hook.delete_leaves([{"id": "L1", "userId": "u1"}, leave("L2")])
        assert [outcome.status for outcome in outcomes] == ["deleted", "deleted"]
        assert [stored.external_id for stored in sandbox.leaves] == ["L3"]

    @pytest.mark.parametrize(("if_missing", "status"), [("skip", "deleted"), ("fail", "rejected")])
    def test_if_missing_says_what_becomes_of_a_leave_that_cor_does_not_have(
        self, if_missing: Any, status: str, hook: CorIntegrationsHook
    ) -> None:
        (outcome,) = hook.delete_leaves([leave()], if_missing=if_missing)
        assert (outcome.status, outcome.error) == (status, "LeaveNotFoundError")

    @pytest.mark.parametrize(("if_missing", "status"), [("skip", "deleted"), ("fail", "rejected")])
    @pytest.mark.parametrize("answer", [{"error": "UserNotFoundError"}, {"error_code": "CE001"}])
    def test_with_the_user_gone_the_leave_is_gone_and_the_outcome_says_why(
        self, answer: Any, if_missing: Any, status: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.answer_next(404, answer)
        (outcome,) = hook.delete_leaves([leave()], if_missing=if_missing)
        assert (outcome.status, outcome.error) == (status, "UserNotFoundError")
        assert outcome.message
        assert "so no leave of that user" in outcome.message

    @pytest.mark.parametrize(("if_missing", "status"), [("skip", "deleted"), ("fail", "rejected")])
    def test_a_lost_answer_does_not_explain_a_user_that_is_gone(
        self, if_missing: Any, status: str, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        sandbox.drop_next(commit=False)
        sandbox.answer_next(404, {"error": "UserNotFoundError"})
        (outcome,) = hook.delete_leaves([leave()], if_missing=if_missing)
        assert (outcome.status, outcome.error) == (status, "UserNotFoundError")

    def test_a_delete_whose_answer_was_lost_is_done(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_leave(leave())
        sandbox.drop_next()
        (outcome,) = hook.delete_leaves([leave()], if_missing="fail")
        assert (outcome.status, outcome.error, outcome.attempts, sandbox.leaves) == ("deleted", None, 2, ())

    def test_an_identical_repeat_is_deleted_without_a_request(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        hook.create_leave(leave())
        outcomes = hook.delete_leaves([leave(), leave(), leave(user_id="u2")])
        assert [(outcome.status, outcome.error) for outcome in outcomes] == [
            ("deleted", None),
            ("deleted", None),
            ("rejected", "ConflictingRepeatError"),
        ]
        assert len(sandbox.requests) == 2

    @pytest.mark.parametrize("record", [5, {"id": "L1"}, {"user_id": "u1"}])
    def test_a_record_without_its_user_is_rejected(
        self, record: Any, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        (outcome,) = hook.delete_leaves([record])
        assert (outcome.status, outcome.error) == ("rejected", "ValidationError")
        assert sandbox.requests == ()
