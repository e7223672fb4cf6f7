"""What kept a complete response of COR from arriving, in words: the cause first, then what to do."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from http.client import RemoteDisconnected

import requests

_UNREACHABLE = "COR does not answer at {host}: {reason} ({error}). Check the connection's {field} and the network."
_MESSAGES: tuple[tuple[type[Exception], str], ...] = (
    (
        requests.exceptions.SSLError,
        "TLS with COR fails at {host} ({error}). If a proxy inspects TLS, set the connection's Extra ca_bundle.",
    ),
    (
        requests.exceptions.ProxyError,
        "The proxy to {host} fails: {reason} ({error}). Check the Extra proxy or the worker's environment.",
    ),
    (
        requests.exceptions.ReadTimeout,
        "COR does not answer at {host}: {reason} ({error}). The connection's Extra timeout sets how long to wait.",
    ),
    (Exception, _UNREACHABLE),
)
_TOO_LARGE = (
    "The answer of {host} is larger than any response of COR (over 1 MiB) and was not read completely ({error}). "
    "Check the connection's {field} and the network."
)


def describe(error: Exception, *, host: str, field: str, timeouts: tuple[float, float], too_large: bool = False) -> str:
    """
    Return the message for an error of ``requests``, or of what it uses. It quotes nothing of the error but its kind.

    :param host: the host that was asked.
    :param field: the Connection's field that names it.
    :param timeouts: how many seconds connecting may take, and an answer.
    :param too_large: whether the answer was abandoned because of its size.
    """
    message = _TOO_LARGE if too_large else next(text for kind, text in _MESSAGES if isinstance(error, kind))
    return message.format(host=host, field=field, reason=_reason(error, timeouts), error=type(error).__name__)


def _reason(error: Exception, timeouts: tuple[float, float]) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {timeouts[0]:g} s"
    if isinstance(error, requests.ReadTimeout):
        return f"no complete answer within {timeouts[1]:g} s"
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "the host name is not found"
        if isinstance(cause, RemoteDisconnected):
            return "it closed the connection"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return "no complete answer"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it wraps: ``requests`` and ``urllib3`` keep them in several places."""
    waiting, seen = [error], set()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inner = [getattr(cause, "reason", None), cause.__cause__, cause.__context__, *cause.args]
        waiting += [one for one in inner if isinstance(one, BaseException)]
