"""The same external id twice in one input."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveKey, LeaveRequest
from cor_provider.push.seen_ids import SeenIds
from cor_provider.sandbox import Sandbox
from support import leave


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


class TestSeenIds:
    ALL_DAY: ClassVar = {"id": "L-1", "user_id": "E-7", "leave_type_id": "vacation", "start": "2026-05-11"}
    TIMED: ClassVar = {**ALL_DAY, "start": "2026-05-11T09:00Z", "end": "2026-05-11T10:00Z", "all_day": False}

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ({**ALL_DAY, "end": "2026-05-12"}, {**ALL_DAY, "end": "2026-05-12T10:00+02:00", "all_day": True}),
            (TIMED, {**TIMED, "start": "2026-05-11T11:00+02:00"}),
        ],
    )
    def test_what_would_be_sent_alike_is_the_same(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        with SeenIds() as seen:
            assert seen.add(LeaveRequest(**first)) == "new"
            assert seen.add(LeaveRequest(**second)) == "same"

    @pytest.mark.parametrize(
        "other",
        [
            {"user_id": "E-8"},
            {"leave_type_id": "sickness"},
            {"start": "2026-05-11T09:00:01Z"},
            {"end": "2026-05-11T11:00Z"},
            {"all_day": True},
        ],
    )
    def test_another_value_in_any_field_is_different(self, other: dict[str, Any]) -> None:
        with SeenIds() as seen:
            assert seen.add(LeaveRequest(**self.TIMED)) == "new"
            assert seen.compare(LeaveRequest(**{**self.TIMED, **other})) == "different"

    def test_the_user_of_a_leave_to_delete_counts_too(self) -> None:
        with SeenIds() as seen:
            added = [seen.add(LeaveKey("L-1", user)) for user in ("E-7", "E-7", "E-8")]
        assert added == ["new", "same", "different"]

    def test_what_was_forgotten_is_new(self) -> None:
        with SeenIds() as seen:
            seen.add(LeaveKey("L-1", "E-7"))
            seen.forget("L-1")
            assert seen.compare(LeaveKey("L-1", "E-8")) == "new"
            assert seen.add(LeaveKey("L-1", "E-8")) == "new"
