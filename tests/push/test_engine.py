"""The push over the wire: every leave once in effect, whatever the network does, with an outcome for each."""

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
from cor_provider.leave import LeaveRequest, read_leave
from cor_provider.outcome import LeaveOutcome, UserOutcome
from cor_provider.push import engine
from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.error_styles import ERROR_STYLES
from cor_provider.user import read_user
from support import SEED, Connect, leave
from user_support import user

LEAVES_UNDER_FAULTS = int(os.environ.get("LEAVES_UNDER_FAULTS", "100"))
"""How many leaves are pushed under faults; set the variable to push more."""


class TestStopping:
    def test_requests_under_way_finish_and_the_rest_is_not_sent(
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

    def test_an_answer_that_comes_once_it_was_given_up_changes_nothing(
        self, hook: CorIntegrationsHook, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "STOP_SECONDS", 0)
        stopping, under_way = threading.Event(), threading.Semaphore(0)
        answers = {leave_id: threading.Event() for leave_id in ("L1", "L2")}

        def create(_endpoint: LeavesEndpoint, leave: LeaveRequest) -> dict[str, Any]:
            under_way.release()
            answers[leave.id].wait(60)
            return {}

        def leaves() -> Iterator[dict[str, Any]]:
            yield from map(leave, answers)
            assert all(under_way.acquire(timeout=60) for _ in answers)
            stopping.set()

        monkeypatch.setattr(LeavesEndpoint, "create", create)
        pushed = hook.create_leaves(leaves(), concurrency=2, stopping=stopping)
        outcomes = [next(pushed)]
        answers["L1"].set()
        outcomes += pushed
        answers["L2"].set()
        assert [(outcome.leave_id, outcome.status) for outcome in outcomes] == [("L1", "failed"), ("L2", "failed")]

    @pytest.mark.parametrize(
        ("failures", "expected"),
        [(0, ("not_sent", None, None)), (1, ("failed", "ConnectionError", engine.NO_RESPONSE))],
    )
    def test_what_no_permit_comes_for_in_time_is_accounted_for_as_far_as_it_got(
        self,
        failures: int,
        expected: tuple[str, str | None, str | None],
        hook: CorIntegrationsHook,
        sandbox: Sandbox,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(engine, "STOP_SECONDS", 0)
        stopping, is_over = threading.Event(), threading.Event()

        def permit() -> bool:
            if len(sandbox.requests) < failures:
                return True
            stopping.set()
            is_over.wait(60)
            return False

        for _ in range(failures):
            sandbox.answer_next(500)
        (outcome,) = hook.create_leaves([leave()], stopping=stopping, permit=permit)
        is_over.set()
        assert (outcome.status, outcome.error, outcome.message) == expected
        assert (outcome.leave_id, outcome.attempts, outcome.position) == ("L1", failures, 1)
        assert len(sandbox.requests) == failures

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
        missing_when_read: list[bool] = []

        def wait(stopping: threading.Event, seconds: float) -> None:
            if seconds >= 0.5:
                waits.set()
                too_many_are_read.wait(0.5)
            pass_time(stopping, seconds)

        def leaves() -> Iterator[dict[str, Any]]:
            for number in range(30):
                if number == 1:
                    waits.wait(60)
                missing_when_read.append("L0" not in {one.external_id for one in sandbox.leaves})
                if sum(missing_when_read) > 1 + 20 + 1:
                    too_many_are_read.set()
                yield leave(f"L{number}")

        monkeypatch.setattr(_clock, "wait", wait)
        sandbox.answer_next(500)
        assert {outcome.status for outcome in hook.create_leaves(leaves(), concurrency=2)} == {"created"}
        assert sum(missing_when_read) <= 1 + 20 + 1

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


class TestCheck:
    def test_it_rejects_what_a_push_would_reject_without_asking_cor(self) -> None:
        records = [leave(), {"id": "L2"}, leave(), leave(end="2026-05-13"), leave("L2")]
        outcomes = engine.check(map(read_leave, records))
        assert [(one.leave_id, one.status, one.error, one.position) for one in outcomes] == [
            ("L1", "not_sent", None, 1),
            ("L2", "rejected", "ValidationError", 2),
            ("L1", "not_sent", None, 3),
            ("L1", "rejected", "ConflictingRepeatError", 4),
            ("L2", "not_sent", None, 5),
        ]

    def test_it_checks_users_too(self) -> None:
        outcomes = engine.check_records(map(read_user, [user(), user(email="ana"), user(phone="1")]), UserOutcome)
        assert [(one.user_id, one.status, one.error, one.position) for one in outcomes] == [
            ("E-1", "not_sent", None, 1),
            ("E-1", "rejected", "ValidationError", 2),
            ("E-1", "rejected", "ConflictingRepeatError", 3),
        ]
