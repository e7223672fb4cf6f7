"""One request to COR, and its result."""

from __future__ import annotations

from typing import Any

from cor_provider.client.parsed_response import Operation
from cor_provider.client.responses import read_response
from cor_provider.client.session import CorSession
from cor_provider.exceptions import CorAuthenticationError


def call(session: CorSession, method: str, url: str, operation: Operation, **request: Any) -> dict[str, Any]:
    """
    Send a request and return COR's ``data``. If COR refuses the token and it can be replaced, send the request again.

    :param operation: the operation that the request stands for; it affects how the response is read.
    :param request: further arguments of ``requests.Session.request``, such as ``json``.
    :raises CorError: the typed error that the response stands for.
    """
    response = session.request(method, url, **request)
    try:
        return read_response(response, operation)
    except CorAuthenticationError:
        if not session.bearer.replace_token(response):
            raise
    return read_response(session.request(method, url, **request), operation)
