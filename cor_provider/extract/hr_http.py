"""Read an HR system over HTTP, with retries, and without logging requests or responses."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import HTTPError

from cor_provider import _clock
from cor_provider._compat import AirflowException, AirflowFailException, mask_secret
from cor_provider.client.limits import ResponseLimits, enforce_limits
from cor_provider.client.retry_after import read_retry_after
from cor_provider.client.statuses import is_transient

__all__ = ["mask_secret", "read_json"]

TIMEOUT = 60.0
"""Seconds without a byte after which an attempt fails, unless the Connection's Extra has a ``timeout``."""

LONGEST_ANSWER = 600.0
"""Seconds that a complete answer may take, even if it arrives steadily; the ``timeout`` if that is longer."""

MAX_ATTEMPTS = 8
"""Some minutes with the waits between them; Airflow's own retries come after that."""

LONGEST_WAIT = 300.0
"""Seconds that a ``Retry-After`` may ask for at most."""


class MakesSessions(Protocol):
    """The part of ``airflow.providers.http.hooks.http.HttpHook`` that is used; this package does not depend on it."""

    method: str
    merged_extra: dict[str, Any]

    def get_conn(self, headers: dict[Any, Any] | None = None, extra_options: dict[str, Any] | None = None) -> Any:
        """Return a session configured by the Connection, and set ``merged_extra``."""

    def url_from_endpoint(self, endpoint: str | None) -> str:
        """Return the endpoint's URL."""


def read_json(hook: MakesSessions, endpoint: str, data: Mapping[str, Any] | None = None, **request: Any) -> Any:
    """
    Send a request that changes nothing, and return the decoded JSON of its answer.

    The request is sent up to ``MAX_ATTEMPTS`` times: again after a failed or incomplete transfer, an answer that is not
    JSON, a 408, 425 or 429, or a server error that may pass. The wait is the one that ``Retry-After`` asks for, or else
    grows from one second. Parameters and answers may reveal who is ill: unlike ``HttpHook`` alone, this logs none of
    them at any level, and no error quotes them.

    :param hook: an ``HttpHook``, which gives the method and the Connection.
    :param endpoint: the path. Errors name it, up to a ``?``.
    :param data: the parameters of a GET; otherwise the body.
    :param request: other arguments of ``requests.Request``, such as ``json`` and ``headers``.
    :raises AirflowFailException: if the request is invalid or refused, such as for a wrong key; Airflow does not retry.
    :raises AirflowException: if no valid answer came.
    """
    parameters = {"params" if hook.method == "GET" else "data": data, **request}
    attempt = _Request(hook, endpoint, parameters)
    with _unlogged():
        found = _RETRYING(attempt.send)
    if isinstance(found, _Failure):  # raised outside of any handler: the other error would hold the URL
        name = endpoint.partition("?")[0].partition("#")[0]
        kind = AirflowFailException if found.is_final else AirflowException
        raise kind(f"{name}: {found.reason}. Nothing was sent to COR.")
    return found


@dataclass(frozen=True)
class _Failure:
    """Why an attempt failed, in words that quote nothing of the request."""

    reason: str
    is_final: bool = False
    passes: bool = False
    retry_after: float | None = None


class _Request:
    """A request that may be sent several times."""

    def __init__(self, hook: MakesSessions, endpoint: str, parameters: dict[str, Any]) -> None:
        self._hook = hook
        self._endpoint = endpoint
        self._headers = {"Accept": "application/json", **(parameters.pop("headers", None) or {})}
        self._parameters = parameters

    def send(self) -> Any:
        """Send the request, and return the decoded answer or the failure."""
        try:
            session: requests.Session = self._hook.get_conn(self._headers, {"check_response": False})
        except (ValueError, TypeError, AttributeError) as error:  # other errors are about reading the Connection
            return _mistake(error)
        try:
            send, seconds = self._prepare(session)
        except AirflowException:  # from an `auth_type` of the DAG author
            raise
        except (requests.ConnectionError, requests.Timeout) as error:  # from an `auth_type` that asks a server
            return _no_answer(error)
        except Exception as error:  # noqa: BLE001  # hook, auth and requests raise many kinds for an invalid request
            return _mistake(error)
        with ResponseLimits(seconds) as limits:
            try:
                response = send()
            except (requests.RequestException, HTTPError, ValueError, OSError) as error:
                is_ours = isinstance(error, ValueError) or not isinstance(error, requests.RequestException)
                return _mistake(error) if is_ours and not limits.request_sent else _no_answer(error)
        return _read(response)

    def _prepare(self, session: requests.Session) -> tuple[Callable[[], requests.Response], float]:
        """Return a function that sends the request, and how many seconds its answer may take."""
        for adapter in session.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                enforce_limits(adapter)
        url = self._hook.url_from_endpoint(self._endpoint)
        prepared = session.prepare_request(requests.Request(self._hook.method, url, self._headers, **self._parameters))
        url = prepared.url or url
        session.get_adapter(url)  # raises if there is none
        extra = self._hook.merged_extra
        timeout = _timeout(extra.get("timeout"))
        settings = session.merge_environment_settings(
            url, session.proxies or {}, stream=False, verify=session.verify, cert=session.cert
        )
        options = {"timeout": timeout, "allow_redirects": extra.get("allow_redirects", True), **settings}
        return lambda: session.send(prepared, **options), max(LONGEST_ANSWER, *timeout)


def _timeout(value: Any) -> tuple[float, float]:
    """Return the seconds for connecting, and those without a byte."""
    if value is None or value == "":
        return TIMEOUT, TIMEOUT
    with suppress(ValueError, TypeError, OverflowError):
        connect, read = map(float, value if isinstance(value, (list, tuple)) else (value, value))
        if 0 < connect <= threading.TIMEOUT_MAX and 0 < read <= threading.TIMEOUT_MAX:
            return connect, read
    raise _UnusableTimeoutError


class _UnusableTimeoutError(Exception):
    """The Connection's Extra ``timeout`` is not a number of seconds."""


def _mistake(error: BaseException) -> _Failure:
    reason = f"the request is invalid ({type(error).__name__}): check the Connection and the arguments"
    if isinstance(error, _UnusableTimeoutError):
        reason = "the Extra timeout of the Connection must be a number of seconds above 0"
    return _Failure(reason, is_final=True)


def _no_answer(error: BaseException) -> _Failure:
    return _Failure(f"no answer ({type(error).__name__})", passes=True)


def _read(response: requests.Response) -> Any:
    status = response.status_code
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _Failure(
            f"the answer is {status}",
            is_final=status < HTTPStatus.INTERNAL_SERVER_ERROR and not is_transient(status),
            passes=is_transient(status),
            retry_after=read_retry_after(response),
        )
    try:
        return response.json()
    except (ValueError, RecursionError):
        return _Failure("the answer is not JSON", passes=True)


def _seconds_to_wait(state: RetryCallState) -> float:
    failure = state.outcome.result() if state.outcome else None
    asked = failure.retry_after if isinstance(failure, _Failure) else None
    return _backoff(state) if asked is None else min(asked, LONGEST_WAIT)


def _wait(seconds: float) -> None:
    _clock.wait(threading.Event(), seconds)


_backoff = wait_random_exponential(multiplier=1, max=60)

_RETRYING = Retrying(
    retry=retry_if_result(lambda found: isinstance(found, _Failure) and found.passes),
    wait=_seconds_to_wait,
    sleep=_wait,
    stop=stop_after_attempt(MAX_ATTEMPTS),
    retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
)

_is_unlogged: ContextVar[bool] = ContextVar("is_unlogged", default=False)
_LOUD = ("urllib3", "requests", "oauthlib")
"""Prefixes of the names of loggers that log the URLs of requests."""


class _Unlogged(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002  # logging's signature
        return not _is_unlogged.get()


_UNLOGGED = _Unlogged()


@contextmanager
def _unlogged() -> Iterator[None]:
    """Silence these loggers for this thread only."""
    for name in [name for name in logging.root.manager.loggerDict if name.startswith(_LOUD)]:
        logging.getLogger(name).addFilter(_UNLOGGED)
    token = _is_unlogged.set(True)
    try:
        yield
    finally:
        _is_unlogged.reset(token)
