"""One request to COR, and what its response means."""

from __future__ import annotations

from typing import Any

from cor_provider.client.parsed_response import Operation
from cor_provider.client.responses import read_response
from cor_provider.client.session import CorSession
from cor_provider.exceptions import CorAuthenticationError


def call(session: CorSession, method: str, url: str, operation: Operation, **request: Any) -> dict[str, Any]:
    """
    Send a request, once more if its token was refused and can be replaced, and return COR's ``data``.

    :param operation: what the request asks COR to do, which decides how to read the response.
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
