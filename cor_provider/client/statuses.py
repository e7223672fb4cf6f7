"""The meaning of HTTP statuses by themselves."""

from __future__ import annotations

from http import HTTPStatus

_TRANSIENT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

_PERMANENT = {
    HTTPStatus.NOT_IMPLEMENTED,
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
    HTTPStatus.NOT_EXTENDED,
    HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED,
}
"""Server errors that the same request would meet again, however much later."""


def is_success(status: int) -> bool:
    """Return whether HTTP calls a status a success."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def is_transient(status: int) -> bool:
    """
    Return whether the same request may succeed a little later.

    It may after 408, 425 and 429, and after every 5xx except 501, 505, 510 and 511, so also after the non-standard
    statuses of gateways, such as 520 to 530.
    """
    is_of_server = status // 100 == HTTPStatus.INTERNAL_SERVER_ERROR // 100
    return status in _TRANSIENT or (is_of_server and status not in _PERMANENT)
