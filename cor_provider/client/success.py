"""
Which answers say that COR did what it was asked to. Success is recognised; whatever else comes is none.

What COR documents is its envelope (developers.projectcor.com/api-reference/integrations/user-leaves); its sibling
endpoints answer with the bare object, with a message and an id, with ``true``, or with 204 and nothing.
"""

from __future__ import annotations

from http import HTTPStatus

from cor_provider.client.parsed_response import Answer, is_success


def confirms(answer: Answer) -> bool:
    """Tell whether an answer says that what was asked is done, and has no sign of failure in it."""
    if not is_success(answer.status) or answer.says_failure or answer.contradicts_itself:
        return False
    return answer.says_success or _status_says_so(answer) or _bare_body_says_so(answer)


def read_cor_id(value: object) -> int | None:
    """
    Return COR's own id of something, exactly as it is, or nothing.

    :param value: of any type; a number with a fraction or an exponent is no id, since it may have lost digits.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        value = int(value) if value[0] != "0" else None
    return value if type(value) is int and 0 < value < 10**_MOST_DIGITS else None


_MOST_DIGITS = 18
"""Of an id: a database numbers its rows with 64 bits."""


_CHANGES = {"update", "update_existing", "delete"}


def _status_says_so(answer: Answer) -> bool:
    """Tell the statuses that say all: whatever text stands beside a 201, something was created."""
    if answer.asked == "create":
        return answer.http_status == HTTPStatus.CREATED
    return answer.asked in _CHANGES and answer.http_status == HTTPStatus.NO_CONTENT


def _bare_body_says_so(answer: Answer) -> bool:
    """Tell COR's own answers without the envelope; a 202, say, means that it is still to be done."""
    if answer.http_status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        return False
    if answer.body is True:
        return answer.asked in _CHANGES
    if not isinstance(answer.body, dict):
        return False
    places = [answer.body]
    # Around `data`, a status in words is that of an envelope, and has said no success.
    if isinstance(data := answer.body.get("data"), dict) and not isinstance(answer.body.get("status"), str):
        places.append(data)
    if answer.asked == "delete":
        return any(_is_of_a_delete(place) for place in places)
    return any(_is_an_object_of_cor(place, beside=answer.body) for place in places)


def _is_of_a_delete(place: dict[str, object]) -> bool:
    """Tell what COR documents for the delete of a leave (``deletedId``) and of a user (``external_id``)."""
    says_so = isinstance(place.get("message"), str)
    return says_so and any(_is_external_id(place.get(key)) for key in ("deletedId", "external_id"))


def _is_external_id(value: object) -> bool:
    return type(value) is int or (isinstance(value, str) and bool(value.strip()))


_FIELDS_OF_LEAVE = {
    *("userId", "leaveTypeId", "start", "end", "allDay"),
    *("user_id", "leave_type_id", "all_day"),  # as the main API spells them
}


def _is_an_object_of_cor(place: dict[str, object], *, beside: dict[str, object]) -> bool:
    if read_cor_id(place.get("id")) is None:
        return False
    if place.keys() & _FIELDS_OF_LEAVE:
        return True
    # With a message, or a status that no leave is known to have, a lone id may be that of anything: a job, say.
    return "message" not in {*place, *beside} and place.get("status", "pending") == "pending"
