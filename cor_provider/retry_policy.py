"""Decide by a task's error whether and when it is retried (Airflow 3.3 and later)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import RetryDecision, RetryPolicy

from cor_provider.exceptions import (
    CorConfigurationError,
    CorLeavesRejectedError,
    CorLedgerBusyError,
    CorPushIncompleteError,
    CorRateLimitError,
    CorRecordError,
    CorTransientError,
)

__all__ = ["CorRetryPolicy"]

MAX_DELAY = timedelta(days=1)

_ERRORS_WITH_DELAY = (CorTransientError, CorPushIncompleteError, CorLedgerBusyError)


class CorRetryPolicy(RetryPolicy):
    """
    Retries only where a retry can help, and not earlier than COR asks.

    Rejections and configuration errors fail the task at once. After a rate limit, the next try starts when COR asked.
    After another failure, or while another sync uses the ledger, it starts then or after the task's ``retry_delay``,
    whichever is later. The maximum is a day. Anything else follows the task's ``retries`` and ``retry_delay``.

    This provider's operators use it by default. Use it for your own tasks with the hook too:
    ``@task(retry_policy=CorRetryPolicy())``.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002  # Airflow's signature
        max_tries: int,  # noqa: ARG002
        context: Any = None,
    ) -> RetryDecision:
        """Return the decision for an error."""
        if isinstance(exception, (CorConfigurationError, CorLeavesRejectedError, CorRecordError)):
            return RetryDecision.fail(reason=f"{exception.name}: a retry cannot help")
        if isinstance(exception, _ERRORS_WITH_DELAY) and exception.retry_after:
            asked = timedelta(seconds=min(exception.retry_after, MAX_DELAY.total_seconds()))
            is_final_word = isinstance(exception, (CorRateLimitError, CorPushIncompleteError))
            if is_final_word or not context or asked > context["task"].retry_delay:
                return RetryDecision.retry(delay=asked, reason=f"asked to wait {asked.total_seconds():.0f} s")
        return RetryDecision.default()
