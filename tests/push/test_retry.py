"""When a leave request is sent again, how long that waits, and when it gives up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import LeaveOutcome
from cor_provider.sandbox import Sandbox
from support import leave


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
        assert waits[0] < 1

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
