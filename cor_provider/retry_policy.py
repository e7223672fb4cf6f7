"""What becomes of a task that failed, by the reason it failed for (Airflow 3.3 and later)."""

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

LONGEST_WAIT = timedelta(days=1)


class CorRetryPolicy(RetryPolicy):
    """
    Retries only what a retry can help, and not before COR asked for it.

    Rejections and errors of the configuration fail the task at once. After a rate limit the next try begins when COR
    said. After another failure, or where another sync works on the ledger, it begins then or after the task's
    ``retry_delay``, whichever is later. A day is the most.
    Anything else is left to the task's ``retries`` and ``retry_delay``. It is the default of this provider's operators,
    and serves tasks of your own that use the hook: ``@task(retry_policy=CorRetryPolicy())``.
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
            return RetryDecision.fail(reason=f"{exception.name}: another try could not help")
        if (
            isinstance(exception, (CorTransientError, CorPushIncompleteError, CorLedgerBusyError))
            and exception.retry_after
        ):
            asked = timedelta(seconds=min(exception.retry_after, LONGEST_WAIT.total_seconds()))
            says_all = isinstance(exception, (CorRateLimitError, CorPushIncompleteError))
            if says_all or not context or asked > context["task"].retry_delay:
                return RetryDecision.retry(delay=asked, reason=f"to wait {asked.total_seconds():.0f} s was asked for")
        return RetryDecision.default()
