"""The push over the wire: every leave once in effect, whatever the network does, and an outcome for each."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider.client.leaves import LeavesEndpoint
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import LeaveOutcome
from cor_provider.push import engine
from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.error_styles import ERROR_STYLES
from support import SEED, Connect, leave

LEAVES_UNDER_FAULTS = int(os.environ.get("LEAVES_UNDER_FAULTS", "100"))
"""How many leaves are pushed under faults; set the variable to push more."""


def one(hook: CorIntegrationsHook, **options: Any) -> LeaveOutcome:
    (outcome,) = hook.create_leaves([leave()], **options)
    return outcome


class TestRetries:
    @pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504, 520, 524, 530, 599])
    def test_a_failure_of_the_server_is_tried_again(
        self, status: int, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        sandbox.answer_next(status)
        sandbox.answer_next(status)
        outcome = one(hook)
        assert (outcome.status, outcome.attempts) == ("created", 3)
        assert len(waits) == 2

    @pytest.mark.parametrize("status", [501, 505, 510, 511])
    def test_another_failure_of_the_server_is_not(
        self, status: int, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        sandbox.answer_next(status)
        outcome = one(hook)
        assert (outcome.status, outcome.error, outcome.attempts) == ("failed", "ServerError", 1)
        assert waits == []

    def test_waits_grow_and_are_never_the_same(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(7):
            sandbox.answer_next(500)
        assert one(hook).status == "created"
        for number, seconds in enumerate(waits):
            assert 0.5 * 2**number <= seconds <= 0.5 * 2**number + 0.5

    def test_attempts_are_bounded(self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]) -> None:
        for _ in range(20):
            sandbox.answer_next(500)
        outcome = one(hook)
        assert (outcome.status, outcome.error, outcome.attempts) == ("failed", "ServerError", 8)
        assert len(sandbox.requests) == 8

    def test_the_time_spent_waiting_is_bounded(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(20):
            sandbox.answer_next(500)
        assert one(hook, max_attempts=20, max_wait=10).status == "failed"
        assert 5 < sum(waits) <= 10

    def test_retry_after_is_heeded_up_to_five_minutes(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for seconds in ("7", "100000"):
            sandbox.answer_next(503, headers={"Retry-After": seconds})
        assert one(hook).status == "created"
        assert waits == [7, 300]

    def test_one_that_runs_out_of_attempts_stops_the_push(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        for _ in range(2):
            sandbox.answer_next(500)
        leaves = [leave(), leave("L2"), {"id": "L3"}, leave("L4")]
        outcomes = hook.create_leaves(leaves, concurrency=1, max_attempts=2)
        assert [(outcome.leave_id, outcome.status, outcome.attempts) for outcome in outcomes] == [
            ("L1", "failed", 2),
            ("L2", "not_sent", 0),
            ("L3", "rejected", 0),
            ("L4", "not_sent", 0),
        ]

    def test_a_rejection_stops_nobody(self, hook: CorIntegrationsHook) -> None:
        outcomes = hook.create_leaves([leave(user_id="nobody"), *(leave(f"L{number}") for number in range(20))])
        assert Counter(outcome.status for outcome in outcomes) == {"rejected": 1, "created": 20}


class TestRateLimit:
    def test_an_answer_of_429_is_a_pause_and_no_attempt(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(12):
            sandbox.answer_next(429, headers={"Retry-After": "3"})
        outcome = one(hook, max_attempts=1)
        assert (outcome.status, outcome.attempts) == ("created", 1)
        assert waits == [3] * 12

    def test_without_retry_after_pauses_grow(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(4):
            sandbox.answer_next(429)
        assert one(hook).status == "created"
        assert waits == [1, 2, 4, 8]

    def test_a_pause_is_five_minutes_at_most_whatever_retry_after_says(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for header in ("100000", "Fri, 31 Dec 9999 23:59:59 GMT"):
            sandbox.answer_next(429, headers={"Retry-After": header})
        assert one(hook).status == "created"
        assert waits == [300, 300]

    def test_pauses_grow_to_five_minutes_at_most(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(11):
            sandbox.answer_next(429)
        assert one(hook).status == "created"
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]

    def test_pauses_do_not_grow_when_rejections_come_between(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(4):
            sandbox.answer_next(429)
            sandbox.answer_next(422)
        list(hook.create_leaves((leave(f"L{number}") for number in range(4)), concurrency=1))
        assert max(waits) == 1

    def test_pauses_are_bounded_too(self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]) -> None:
        for _ in range(20):
            sandbox.answer_next(429, headers={"Retry-After": "0"})
        outcome = one(hook, max_wait=1)
        assert (outcome.status, outcome.error) == ("failed", "RateLimitError")
        assert sum(waits) <= 1

    def test_a_429_pauses_the_whole_push(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paused = threading.Event()
        resume = threading.Event()

        pass_time = _clock.wait

        def wait(stopping: threading.Event, seconds: float) -> None:
            if seconds >= 1:
                paused.set()
                resume.wait(10)
            pass_time(stopping, seconds)

        monkeypatch.setattr(_clock, "wait", wait)
        sandbox.answer_next(429, headers={"Retry-After": "3"})
        outcomes: list[LeaveOutcome] = []
        leaves = [leave(f"L{number}") for number in range(20)]
        push = threading.Thread(target=lambda: outcomes.extend(hook.create_leaves(leaves, concurrency=4)))
        push.start()
        assert paused.wait(10)
        under_way = len(sandbox.requests)
        resume.set()
        push.join()
        assert under_way <= 4
        assert {outcome.status for outcome in outcomes} == {"created"}
        assert len(sandbox.leaves) == 20


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
        assert "so it has no leave of that user" in outcome.message

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


class TestRepeats:
    def test_an_identical_repeat_is_existing_without_a_request(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        outcomes = list(hook.create_leaves([leave(), leave(), leave(allDay=True)]))
        assert [outcome.status for outcome in outcomes] == ["created", "existing", "existing"]
        assert len(sandbox.requests) == 1

    def test_a_repeat_that_says_something_else_is_rejected(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        outcomes = list(hook.create_leaves([leave(), leave(end="2026-05-30")], if_exists="update"))
        assert [(outcome.status, outcome.error) for outcome in outcomes] == [
            ("created", None),
            ("rejected", "ConflictingRepeatError"),
        ]
        assert len(sandbox.requests) == 1

    def test_a_repeat_of_a_refused_one_is_sent(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        outcomes = list(hook.create_leaves([leave(user_id="nobody"), leave(), leave()]))
        assert [outcome.status for outcome in outcomes] == ["rejected", "created", "existing"]


class TestStopping:
    def test_what_is_under_way_settles_and_the_rest_is_not_sent(
        self, hook: CorIntegrationsHook, sandbox: Sandbox
    ) -> None:
        stopping = threading.Event()
        pushed = hook.create_leaves((leave(f"L{number}") for number in range(50)), concurrency=4, stopping=stopping)
        first = next(pushed)
        stopping.set()
        outcomes = Counter(outcome.status for outcome in [first, *pushed])
        assert outcomes == {"created": len(sandbox.leaves), "not_sent": 50 - len(sandbox.leaves)}
        assert len(sandbox.leaves) <= 4 + 1

    def test_what_cor_does_not_answer_is_failed_after_a_while(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "STOP_SECONDS", 0)
        stopping = threading.Event()

        def leaves() -> Iterator[dict[str, Any]]:
            for number in range(6):
                if number == 4:  # as many as may be under way
                    while len(silent.requests) < 4:
                        pass
                    stopping.set()
                yield leave(f"L{number}")

        with Sandbox(seed=SEED, latency_ms=3_600_000) as silent:
            connect(host=silent.url)
            outcomes = list(CorIntegrationsHook().create_leaves(leaves(), concurrency=5, stopping=stopping))
        assert {(one.leave_id, one.status, one.error, one.attempts, one.position) for one in outcomes} == {
            *((f"L{number}", "failed", "ConnectionError", 1, number + 1) for number in range(4)),
            *((f"L{number}", "not_sent", None, 0, number + 1) for number in (4, 5)),
        }

    def test_it_stops_where_a_request_is_not_permitted(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        permits = iter([True, True, False])
        pushed = hook.create_leaves(
            [leave(f"L{number}") for number in range(5)], concurrency=1, permit=lambda: next(permits)
        )
        assert [outcome.status for outcome in pushed] == ["created"] * 2 + ["not_sent"] * 3
        assert len(sandbox.requests) == 2

    def test_each_request_for_one_leave_needs_a_permit(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_leave(leave())
        permits = iter([True, False])
        (outcome,) = hook.create_leaves([leave()], if_exists="update", permit=lambda: next(permits))
        assert (outcome.status, outcome.attempts) == ("not_sent", 0)
        assert [request.method for request in sandbox.requests] == ["POST", "POST"]

    def test_one_that_waits_for_another_attempt_waits_no_longer(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_clock, "wait", lambda stopping, _seconds: stopping.set())
        sandbox.answer_next(500)
        outcomes = list(hook.create_leaves([leave(), leave("L2")], concurrency=1))
        assert [(outcome.status, outcome.error, outcome.attempts) for outcome in outcomes] == [
            ("failed", "ServerError", 1),
            ("not_sent", None, 0),
        ]

    def test_while_one_waits_for_another_attempt_only_so_many_are_read_behind_it(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "MAX_READ_AHEAD", 20)
        pass_time = _clock.wait
        waits, too_many_are_read = threading.Event(), threading.Event()
        unsettled_when_read: list[bool] = []

        def wait(stopping: threading.Event, seconds: float) -> None:
            if seconds >= 0.5:
                waits.set()
                too_many_are_read.wait(0.5)
            pass_time(stopping, seconds)

        def leaves() -> Iterator[dict[str, Any]]:
            for number in range(30):
                if number == 1:
                    waits.wait(10)
                unsettled_when_read.append("L0" not in {one.external_id for one in sandbox.leaves})
                if sum(unsettled_when_read) > 1 + 20 + 1:
                    too_many_are_read.set()
                yield leave(f"L{number}")

        monkeypatch.setattr(_clock, "wait", wait)
        sandbox.answer_next(500)
        assert {outcome.status for outcome in hook.create_leaves(leaves(), concurrency=2)} == {"created"}
        assert sum(unsettled_when_read) <= 1 + 20 + 1

    def test_an_input_that_breaks_off_is_raised_after_the_outcomes_of_what_came(
        self, hook: CorIntegrationsHook
    ) -> None:
        def breaks_off() -> Iterator[dict[str, Any]]:
            yield leave()
            yield leave("L2")
            raise OSError("the disk is gone")

        outcomes: list[LeaveOutcome] = []
        pushed = hook.create_leaves(breaks_off())
        outcomes += [next(pushed), next(pushed)]
        with pytest.raises(OSError, match="the disk is gone"):
            next(pushed)
        assert {outcome.status for outcome in outcomes} == {"created"}

    def test_an_unforeseen_error_is_an_outcome_and_then_raised(
        self, hook: CorIntegrationsHook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(LeavesEndpoint, "create", lambda *_, **__: 1 / 0)
        pushed = hook.create_leaves([leave(), leave("L2")], concurrency=1)
        outcomes = [next(pushed), next(pushed)]
        assert [(outcome.status, outcome.error) for outcome in outcomes] == [
            ("failed", "ZeroDivisionError"),
            ("not_sent", None),
        ]
        with pytest.raises(ZeroDivisionError):
            next(pushed)


@pytest.mark.parametrize("error_style", ERROR_STYLES)
@pytest.mark.parametrize(
    ("faults", "options"),
    [
        ({"drop_rate": 0.1, "error_rate": 0.1, "rate_limit": 50}, {}),
        ({"drop_rate": 0.2, "error_rate": 0.2, "rate_limit": 50}, {"max_attempts": 20}),
    ],
    ids=["a tenth of each fault", "a fifth of each fault"],
)
def test_every_leave_is_created_once_under_every_fault_at_once(
    error_style: str, faults: dict[str, Any], options: dict[str, Any], connect: Connect
) -> None:
    seed = {"source": "GLOBANT", "users": [{"id": "u1"}], "leave_types": [{"id": "vacation"}]}
    # The sandbox lives in the same time as the push, so that its rate limit costs none.
    with Sandbox(
        seed=seed, error_style=error_style, record_requests=False, random_seed=7, clock=_clock.now, **faults
    ) as sandbox:
        connect(host=sandbox.url)
        leaves = (leave(f"L{number}") for number in range(LEAVES_UNDER_FAULTS))
        outcomes = Counter(outcome.status for outcome in CorIntegrationsHook().create_leaves(leaves, **options))
    assert outcomes == {"created": LEAVES_UNDER_FAULTS}
    assert len(sandbox.leaves) == LEAVES_UNDER_FAULTS
