"""Read an HR system over HTTP: with patience, and with nothing of what it answers in a log."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from requests import ConnectionError as RequestsConnectionError
from requests import Response, Timeout
from tenacity import (
    RetryCallState,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    wait_random_exponential,
)

from cor_provider import clock
from cor_provider.answers import read_retry_after

TIMEOUT = 60.0
"""Seconds to wait for an answer; ``HttpHook`` would wait for ever."""

MAX_ATTEMPTS = 8
"""With what is waited in between, some minutes; Airflow's own retries come after that."""

LONGEST_WAIT = 300.0
"""Seconds: the most that a ``Retry-After`` is heeded."""

PASSING = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
"""Answers after which the same request may succeed."""


class RunsRequests(Protocol):
    """What is needed of ``airflow.providers.http.hooks.http.HttpHook``, which this package does not depend on."""

    def run_with_advanced_retry(self, _retry_args: dict[Any, Any], *args: Any, **kwargs: Any) -> Any:
        """Send a request as often as it takes."""


def read_json(hook: RunsRequests, endpoint: str, data: Mapping[str, Any] | None = None, **request: Any) -> Any:
    """
    Send a request that changes nothing, and return what the JSON of its answer holds.

    It is sent again, up to ``MAX_ATTEMPTS`` times, after a lost connection and after an answer of 429, 502, 503 or 504;
    the wait is what ``Retry-After`` asks for, or else grows from a second on. Of an error neither the body nor the
    parameters are logged, which ``HttpHook`` by itself does: both may say who is ill.

    :param hook: an ``HttpHook``, whose method is used.
    :param endpoint: the path, which errors name.
    :param data: of a GET, its parameters.
    :param request: what else ``HttpHook.run`` passes on, such as ``json``.
    :raises AirflowFailException: if the request is refused, as with a wrong key: a retry cannot help.
    :raises AirflowException: if there is no answer, or none that is JSON.
    """
    options = {"check_response": False, "timeout": TIMEOUT}
    headers = {"Accept": "application/json"}
    try:
        response = hook.run_with_advanced_retry(
            RETRIES, endpoint, data=data, headers=headers, extra_options=options, **request
        )
    except (RequestsConnectionError, Timeout) as error:
        raise AirflowException(f"{endpoint}: no answer ({type(error).__name__}). Nothing was sent to COR.") from None
    if not response.ok:
        passes = response.status_code in PASSING or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        kind = AirflowException if passes else AirflowFailException
        raise kind(f"{endpoint}: the answer is {response.status_code}. Nothing was sent to COR.")
    try:
        return response.json()
    except ValueError:
        raise AirflowException(f"{endpoint}: the answer is not JSON. Nothing was sent to COR.") from None


def _seconds_to_wait(state: RetryCallState) -> float:
    asked = None
    if state.outcome is not None and not state.outcome.failed:
        asked = read_retry_after(state.outcome.result())
    return _backoff(state) if asked is None else min(asked, LONGEST_WAIT)


def _wait(seconds: float) -> None:
    clock.wait(threading.Event(), seconds)


def _is_passing(response: Response) -> bool:
    return response.status_code in PASSING


def _give_up(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None


_backoff = wait_random_exponential(multiplier=1, max=60)

RETRIES: dict[str, Any] = {
    "retry": retry_if_result(_is_passing) | retry_if_exception_type((RequestsConnectionError, Timeout)),
    "wait": _seconds_to_wait,
    "sleep": _wait,
    "stop": stop_after_attempt(MAX_ATTEMPTS),
    "retry_error_callback": _give_up,
}
"""How tenacity is to try again."""
