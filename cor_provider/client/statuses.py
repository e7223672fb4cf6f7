"""HTTP statuses that pass: which answers are worth another try."""

from __future__ import annotations

from http import HTTPStatus

_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

_LASTING = {
    HTTPStatus.NOT_IMPLEMENTED,
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
    HTTPStatus.NOT_EXTENDED,
    HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED,
}
"""The failures of a server that the same request meets again, however late it comes."""


def is_passing(status: int) -> bool:
    """
    Tell whether the same request may succeed a little later.

    It may after 408, 425 and 429, and after every failure of a server but 501, 505, 510 and 511; so it may after what
    gateways answer outside the standards, such as 520 to 530.

    :param status: of an HTTP answer.
    """
    return status in _PASSING or (status // 100 == HTTPStatus.INTERNAL_SERVER_ERROR // 100 and status not in _LASTING)
