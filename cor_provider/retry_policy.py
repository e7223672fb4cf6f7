"""Whether and when Airflow retries a task, by the error that it failed with (Airflow 3.3 and later)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import RetryDecision, RetryPolicy

from cor_provider.exceptions import (
    CorConfigurationError,
    CorLeavesRejectedError,
    CorPushIncompleteError,
    CorRateLimitError,
    CorRecordError,
    CorTransientError,
)

__all__ = ["CorRetryPolicy"]

LONGEST_WAIT = timedelta(days=1)


class CorRetryPolicy(RetryPolicy):
    """
    Retry only what a retry can help, and not before COR allows it.

    Rejections and configuration errors fail the task at once. After a rate limit, the next try begins when COR asks for
    it; after other failures then or after the task's ``retry_delay``, whichever is later. The longest wait is a day.
    Other errors are left to the task's ``retries`` and ``retry_delay``. This provider's operators use it by default.
    Tasks of your own that use the hook can too: ``@task(retry_policy=CorRetryPolicy())``.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002  # Airflow's signature
        max_tries: int,  # noqa: ARG002
        context: Any = None,
    ) -> RetryDecision:
        """Decide by the error."""
        if isinstance(exception, (CorConfigurationError, CorLeavesRejectedError, CorRecordError)):
            return RetryDecision.fail(reason=f"{exception.name}: a retry cannot help")
        if isinstance(exception, (CorTransientError, CorPushIncompleteError)) and exception.retry_after:
            asked = timedelta(seconds=min(exception.retry_after, LONGEST_WAIT.total_seconds()))
            says_all = isinstance(exception, (CorRateLimitError, CorPushIncompleteError))
            if says_all or not context or asked > context["task"].retry_delay:
                return RetryDecision.retry(delay=asked, reason=f"COR asks to wait {asked.total_seconds():.0f} s")
        return RetryDecision.default()
