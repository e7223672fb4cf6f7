"""What becomes of a task that failed, by the reason it failed for (Airflow 3.3 and later)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import RetryDecision, RetryPolicy

from cor_provider.exceptions import (
    CorConfigurationError,
    CorLeavesRejectedError,
    CorPushIncompleteError,
    CorRecordError,
    CorTransientError,
)


class CorRetryPolicy(RetryPolicy):
    """
    Retries only what a retry can help, and as late as COR asks.

    Rejections and errors of the configuration fail the task at once. Where COR said how long to wait, the next try
    begins then. Anything else is left to the task's ``retries`` and ``retry_delay``. It is the default of this
    provider's operators, and serves tasks of your own that use the hook: ``@task(retry_policy=CorRetryPolicy())``.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002  # Airflow's signature
        max_tries: int,  # noqa: ARG002
        context: Any = None,  # noqa: ARG002
    ) -> RetryDecision:
        """Decide by the error."""
        if isinstance(exception, (CorConfigurationError, CorLeavesRejectedError, CorRecordError)):
            return RetryDecision.fail(reason=f"{exception.name}: another try could not help")
        if isinstance(exception, (CorTransientError, CorPushIncompleteError)) and exception.retry_after:
            seconds = exception.retry_after
            return RetryDecision.retry(delay=timedelta(seconds=seconds), reason=f"COR asks to wait {seconds:.0f} s")
        return RetryDecision.default()
