"""
Which responses confirm that COR did what it was asked to do. A response that is not recognised is not a success.

COR documents its envelope (developers.projectcor.com/api-reference/integrations/user-leaves); its other endpoints
respond with the bare object, with a message and an id, with ``true``, or with 204 and no body.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from cor_provider.client.parsed_response import ParsedResponse
from cor_provider.client.statuses import is_success


def confirms(response: ParsedResponse) -> bool:
    """Return whether a response says that the operation is done, and has no sign of failure."""
    if not is_success(response.status) or response.says_failure or response.contradicts_itself:
        return False
    if response.operation == "list":
        return response.http_status == HTTPStatus.OK and rows_of(response) is not None
    if response.is_about_a_user:
        return _shows_a_user(response)
    return response.says_success or _status_confirms(response) or _bare_body_confirms(response)


def rows_of(response: ParsedResponse) -> list[dict[str, Any]] | None:
    """Return the rows of a list: a bare array, or that in ``data``; None unless each row has an id of COR's."""
    body = response.body
    rows = body.get("data") if isinstance(body, dict) else body
    if isinstance(rows, list) and all(isinstance(row, dict) and read_cor_id(row.get("id")) for row in rows):
        return rows
    return None


def read_cor_id(value: object) -> int | None:
    """
    Return COR's own id of something, exactly, or None.

    :param value: of any type; a number with a fraction or an exponent is not an id, since it may have lost digits.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
        value = int(value) if value[0] != "0" else None
    return value if type(value) is int and 0 < value < 10**_MAX_DIGITS else None


_MAX_DIGITS = 18
"""Of an id: databases number their rows with 64 bits."""

_CHANGES = {"update", "update_existing", "delete"}


def _status_confirms(response: ParsedResponse) -> bool:
    """Recognise statuses that need no body: after a 201, something was created, whatever the body says."""
    if response.operation == "create":
        return response.http_status == HTTPStatus.CREATED
    return response.operation in _CHANGES and response.http_status == HTTPStatus.NO_CONTENT


def _bare_body_confirms(response: ParsedResponse) -> bool:
    """Recognise COR's responses without the envelope; a 202, for example, means that the work is still to be done."""
    if response.http_status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        return False
    if response.body is True:
        return response.operation in _CHANGES
    if not isinstance(response.body, dict):
        return False
    places = [response.body]
    # Next to `data`, a status in words is that of an envelope, which has not reported success.
    if isinstance(data := response.body.get("data"), dict) and not isinstance(response.body.get("status"), str):
        places.append(data)
    if response.operation == "delete":
        return any(_confirms_delete(place) for place in places)
    return any(_is_object_of_cor(place, beside=response.body) for place in places)


def _confirms_delete(place: dict[str, object]) -> bool:
    """Recognise what COR documents for deleting a leave (``deletedId``) and a user (``external_id``)."""
    has_message = isinstance(place.get("message"), str)
    return has_message and any(_is_external_id(place.get(key)) for key in ("deletedId", "external_id"))


def _is_external_id(value: object) -> bool:
    return type(value) is int or (isinstance(value, str) and bool(value.strip()))


_LEAVE_FIELDS = {
    *("userId", "leaveTypeId", "start", "end", "allDay"),
    *("user_id", "leave_type_id", "all_day"),  # as the main API spells them
}


def _shows_a_user(response: ParsedResponse) -> bool:
    """
    Recognise a user with COR's id, bare as COR documents it or in the envelope of leave, and nothing else.

    The id is a number: COR's other endpoints repeat external ids, which are text, under the same key.
    """
    if response.http_status not in {HTTPStatus.OK, HTTPStatus.CREATED} or not isinstance(response.body, dict):
        return False
    data = response.body.get("data")
    # Next to `data`, a status in words is that of an envelope.
    if isinstance(data, dict) and isinstance(response.body.get("status"), str) and not response.says_success:
        return False
    place = data if isinstance(data, dict) else response.body
    if type(place.get("id")) is not int or read_cor_id(place["id"]) is None:
        return False
    # With a message or another status, and no field of a user, a lone id may belong to anything, such as a job.
    if place.keys() & _USER_FIELDS:
        return True
    return "message" not in place if response.says_success else not {*place, *response.body} & {"message", "status"}


_USER_FIELDS = {"email", "first_name", "last_name", "role_id", "daily_hours"}


def _is_object_of_cor(place: dict[str, object], *, beside: dict[str, object]) -> bool:
    if read_cor_id(place.get("id")) is None:
        return False
    if place.keys() & _LEAVE_FIELDS:
        return True
    # With a message, or a status that leave never has, a lone id may belong to anything, such as a job.
    return "message" not in {*place, *beside} and place.get("status", "pending") == "pending"
