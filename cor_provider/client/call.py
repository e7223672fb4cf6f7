"""One request to COR, and its result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from requests import Response

from cor_provider.client.parsed_response import Operation
from cor_provider.client.responses import read_response, read_rows
from cor_provider.client.session import CorSession
from cor_provider.exceptions import CorAuthenticationError

T = TypeVar("T")


def call(session: CorSession, method: str, url: str, operation: Operation, **request: Any) -> dict[str, Any]:
    """
    Send a request and return COR's ``data``. If COR refuses the token and it can be replaced, send the request again.

    :param operation: the operation that the request stands for; it affects how the response is read.
    :param request: further arguments of ``requests.Session.request``, such as ``json``.
    :raises CorError: the typed error that the response stands for.
    """
    return _call(session, method, url, partial(read_response, operation=operation), **request)


def call_for_rows(session: CorSession, url: str, **request: Any) -> list[dict[str, Any]]:
    """Ask for a list and return its rows, each with an ``id`` of COR's; otherwise as :func:`call`."""
    return _call(session, "GET", url, read_rows, **request)


def _call(session: CorSession, method: str, url: str, read: Callable[[Response], T], **request: Any) -> T:
    response = session.request(method, url, **request)
    try:
        return read(response)
    except CorAuthenticationError:
        if not session.bearer.replace_token(response):
            raise
    return read(session.request(method, url, **request))
