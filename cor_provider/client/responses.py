"""
COR's answers: what they hand back, and which error they stand for.

Names and codes decide before the HTTP status does: COR documents the former for the errors of its leave endpoints, and
not the latter. COR's own message is looked through but never passed on: it may repeat what was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from requests import Response

from cor_provider.client.parsed_response import (
    DOCUMENTED,
    NOT_ASSOCIATED,
    Answer,
    Operation,
    read_retry_after,
)
from cor_provider.client.statuses import is_passing
from cor_provider.client.success import confirms, read_cor_id
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorError,
    CorLeaveNotFoundError,
    CorPermissionError,
    CorRateLimitError,
    CorRecordError,
    CorServerError,
    CorTransientError,
    CorUnexpectedAnswerError,
    CorUserNotFoundError,
    CorValidationError,
)

__all__ = [
    "Operation",
    "is_unnamed_conflict",
    "read_answer",
    "read_cor_id",
    "read_retry_after",
]


def read_answer(response: Response, operation: Operation) -> dict[str, Any]:
    """
    Return COR's ``data``, or the bare object where COR sends no envelope; empty if a success has neither.

    :raises CorError: the typed error for which the answer stands.
    """
    answer = Answer.read(response, operation)
    if not confirms(answer):
        raise next(error(answer) for applies, error in _RULES if applies(answer))
    data = answer.body.get("data", answer.body) if isinstance(answer.body, dict) else None
    return data if isinstance(data, dict) else {}


def is_unnamed_conflict(error: CorError) -> bool:
    """Tell a 409 without a name: after a lost answer that is the duplicate, and else it may be anything."""
    return error.status == HTTPStatus.CONFLICT and error.name == CorRecordError.default_name


_ABOUT_SOMETHING_MISSING = {None, CorLeaveNotFoundError, CorUserNotFoundError}
"""What a message about fields outweighs where ZC001 stands beside it: in doubt, COR still has the leave."""


def _documented(answer: Answer) -> type[CorError] | None:
    """Return what the documented names stand for; of several, a missing leave is the last to be believed."""
    for words in (answer.names, answer.mentioned):
        if found := [DOCUMENTED[word] for word in words if word in DOCUMENTED]:
            return next((one for one in found if one is not CorLeaveNotFoundError), CorLeaveNotFoundError)
    return None


def _stands_for(error_class: type[CorError]) -> Callable[[Answer], bool]:
    return lambda answer: _documented(answer) is error_class


def _is_delete_without_user(answer: Answer) -> bool:
    return answer.asked == "delete" and _documented(answer) is CorUserNotFoundError


def _is_not_associated(answer: Answer) -> bool:
    return NOT_ASSOCIATED in answer.names or NOT_ASSOCIATED in answer.mentioned


def _is_existing_but_not_associated(answer: Answer) -> bool:
    """Tell the ZC001 of leave that COR has: what it lacks is the user or the leave type."""
    documented = _documented(answer)
    return (
        answer.asked == "update_existing"
        and _is_not_associated(answer)
        and (documented is None or documented is CorLeaveNotFoundError)
    )


def _is_not_associated_when(asked: Operation) -> Callable[[Answer], bool]:
    return lambda answer: answer.asked == asked and _is_not_associated(answer)


def _is_about_fields(answer: Answer) -> bool:
    """Tell the other meaning of ZC001."""
    return _is_not_associated(answer) and _documented(answer) in _ABOUT_SOMETHING_MISSING and answer.speaks_of_fields


def _is_lost(answer: Answer) -> bool:
    """Tell what is no failure for HTTP, and does not say itself that it is one."""
    return answer.status < HTTPStatus.MULTIPLE_CHOICES and not answer.says_failure


_WRONG_PLACES = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, *range(300, 400)}


def _is_wrong_place(answer: Answer) -> bool:
    """Tell the answers of what is not COR's API: a missing leave is named by COR, and a missing page by anybody."""
    if answer.status == HTTPStatus.NOT_FOUND:
        return not answer.is_cors_own
    return answer.status in _WRONG_PLACES


def _is_trouble_of_a_server(answer: Answer) -> bool:
    return is_passing(answer.status) or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _has_status(*statuses: int) -> Callable[[Answer], bool]:
    return lambda answer: answer.status in statuses


def _of(error_class: type[CorError], message: str | None = None, **details: Any) -> Callable[[Answer], CorError]:
    """Return what makes an error of an answer; its message may name the status and the shape of what came."""

    def make(answer: Answer) -> CorError:
        told: dict[str, Any] = {"code": answer.code, "status": answer.status, **details}
        if issubclass(error_class, CorTransientError):
            told["retry_after"] = answer.retry_after
        text = message and message.format(http_status=answer.http_status, status=answer.status, shape=answer.shape)
        return error_class(text, **told)

    return make


def _of_its_name(answer: Answer) -> CorError:
    """Return the error for a name that COR does not document for leave, so that people know it."""
    message = f"COR refused this leave request, and calls the reason {answer.name}."
    return CorRecordError(message, name=answer.name, code=answer.code, status=answer.status)


_CHECK_HOST = "check that it is the base URL of COR's Integrations API"
_WRONG_PLACE = f"The COR connection's Host answers with {{status}}: {_CHECK_HOST}."
_UNEXPECTED = (
    "The COR connection's Host answered {http_status} with {shape}, which does not say whether COR did what was asked. "
    f"If this stays so, {_CHECK_HOST}."
)
_NO_USER_NO_LEAVE = (
    "COR has no user with this external id under this source, so it has no leave of that user: if it should have, "
    "check the user_id."
)
_UNNAMED_CONFLICT = "COR answered 409 (conflict) without a name for the reason: look up in COR what is in its way."
_NOT_ASSOCIATED = (
    "COR has no mapping for the user or the leave type of this leave request: create them, under the same source."
)
_LEAVE_NOT_ASSOCIATED = "COR has no mapping for this external id, its user or its leave type under this source (ZC001)."

_RULES: tuple[tuple[Callable[[Answer], bool], Callable[[Answer], CorError]], ...] = (
    # What COR documents, by name or code: whatever the status.
    (_is_about_fields, _of(CorValidationError)),
    (_is_delete_without_user, _of(CorUserNotFoundError, _NO_USER_NO_LEAVE)),
    (_is_existing_but_not_associated, _of(CorRecordError, _NOT_ASSOCIATED, name=NOT_ASSOCIATED, code=NOT_ASSOCIATED)),
    *((_stands_for(error_class), _of(error_class)) for error_class in dict.fromkeys(DOCUMENTED.values())),
    (_is_not_associated_when("update"), _of(CorLeaveNotFoundError, _LEAVE_NOT_ASSOCIATED, code=NOT_ASSOCIATED)),
    (_is_not_associated_when("delete"), _of(CorLeaveNotFoundError)),
    (_is_not_associated, _of(CorRecordError, _NOT_ASSOCIATED, name=NOT_ASSOCIATED, code=NOT_ASSOCIATED)),
    # What is neither a success nor a failure.
    (_is_lost, _of(CorUnexpectedAnswerError, _UNEXPECTED)),
    # What every leave would meet.
    (_is_wrong_place, _of(CorConfigurationError, _WRONG_PLACE)),
    (_has_status(HTTPStatus.UNAUTHORIZED), _of(CorAuthenticationError)),
    (_has_status(HTTPStatus.FORBIDDEN), _of(CorPermissionError)),
    # What may pass.
    (_has_status(HTTPStatus.TOO_MANY_REQUESTS), _of(CorRateLimitError)),
    (_is_trouble_of_a_server, _of(CorServerError)),
    # What is about this leave.
    (lambda answer: answer.name is not None, _of_its_name),
    (_has_status(HTTPStatus.CONFLICT), _of(CorRecordError, _UNNAMED_CONFLICT)),
    (
        _has_status(HTTPStatus.BAD_REQUEST, HTTPStatus.EXPECTATION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY),
        _of(CorValidationError),
    ),
    (lambda _: True, _of(CorRecordError)),
)
"""Which error an answer that is no success stands for: that of the first rule that applies."""
