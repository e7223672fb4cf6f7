"""What a task's retries do about each kind of failure, on an Airflow that asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow import DAG

from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorConnectionError,
    CorError,
    CorLeavesRejectedError,
    CorLedgerBusyError,
    CorPushIncompleteError,
    CorRateLimitError,
    CorServerError,
    CorUserNotFoundError,
)
from cor_provider.operators.base import LeaveOperator
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator, UpdateLeaveOperator
from cor_provider.sandbox import Sandbox
from support import Connect, leave

pytestmark = pytest.mark.since_airflow("3.3")


def decide(error: BaseException, context: Any = None) -> Any:
    from cor_provider.retry_policy import CorRetryPolicy  # noqa: PLC0415  # there is none on older Airflow

    return CorRetryPolicy().evaluate(error, 1, 3, context)


@pytest.mark.parametrize(
    "error_class", [CorLeavesRejectedError, CorConfigurationError, CorAuthenticationError, CorUserNotFoundError]
)
def test_what_another_try_cannot_help_fails_at_once(error_class: type[CorError]) -> None:
    decision = decide(error_class())
    assert decision.action.value == "fail"
    assert error_class.default_name in decision.reason


@pytest.mark.parametrize("error_class", [CorRateLimitError, CorServerError, CorPushIncompleteError])
def test_the_next_try_begins_when_cor_asked_for_it(error_class: type[Any]) -> None:
    decision = decide(error_class(retry_after=90))
    assert (decision.action.value, decision.retry_delay) == ("retry", timedelta(seconds=90))


@pytest.mark.parametrize(("seconds", "action"), [(90, "default"), (900, "retry")])
def test_after_a_failure_of_the_server_the_task_waits_no_less_than_it_would(seconds: float, action: str) -> None:
    operator = CreateLeaveOperator(task_id="push", leave_requests=[], retry_delay=timedelta(minutes=5))
    assert decide(CorServerError(retry_after=seconds), {"task": operator}).action.value == action


@pytest.mark.parametrize(("delay", "action"), [(10, "retry"), (300, "default")])
def test_while_another_sync_works_on_the_ledger_retries_are_not_spent_at_once(delay: float, action: str) -> None:
    operator = CreateLeaveOperator(task_id="push", leave_requests=[], retry_delay=timedelta(seconds=delay))
    decision = decide(CorLedgerBusyError("another run is using it", retry_after=115), {"task": operator})
    assert decision.action.value == action
    assert decision.retry_delay == (timedelta(seconds=115) if action == "retry" else None)


def test_no_wait_is_longer_than_a_day() -> None:
    assert decide(CorRateLimitError(retry_after=1e9)).retry_delay == timedelta(days=1)


@pytest.mark.parametrize("operator_class", [CreateLeaveOperator, UpdateLeaveOperator, DeleteLeaveOperator])
def test_default_arguments_of_a_dag_take_its_place(operator_class: type[LeaveOperator]) -> None:
    from airflow.providers.common.compat.sdk import ExceptionRetryPolicy  # noqa: PLC0415  # as below

    policy = ExceptionRetryPolicy(rules=[])
    with DAG("any", schedule=None, default_args={"retry_policy": policy}):
        operator: Any = operator_class(task_id="push", leave_requests=[])
    assert operator.retry_policy is policy


@pytest.mark.parametrize("error", [CorConnectionError(), CorPushIncompleteError(), OSError()])
def test_anything_else_is_left_to_the_task(error: BaseException) -> None:
    assert decide(error).action.value == "default"


def test_a_rate_limited_push_is_retried_after_the_delay_that_cor_asked_for(connect: Connect, sandbox: Sandbox) -> None:
    connect()
    sandbox.answer_next(429, headers={"Retry-After": "90"})
    operator = CreateLeaveOperator(task_id="push", leave_requests=leave(), max_wait=1)
    with pytest.raises(CorPushIncompleteError) as raised:
        operator.execute({})
    assert decide(raised.value).retry_delay == timedelta(seconds=90)


def test_it_is_the_operators_default() -> None:
    operator = CreateLeaveOperator(task_id="push", leave_requests=[])
    assert type(operator.retry_policy).__name__ == "CorRetryPolicy"


def test_a_policy_of_ones_own_takes_its_place() -> None:
    from airflow.providers.common.compat.sdk import ExceptionRetryPolicy  # noqa: PLC0415  # as above

    policy = ExceptionRetryPolicy(rules=[])
    assert CreateLeaveOperator(task_id="push", leave_requests=[], retry_policy=policy).retry_policy is policy
