"""
Read a response of COR: return its data, or raise the error that it stands for.

Names and codes take precedence over the HTTP status: for the errors of its leave endpoints, COR documents only the
former. COR's own message is searched but never passed on, since it may repeat the request.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from requests import Response

from cor_provider.client.error_names import LEAVE_NOT_FOUND, NOT_ASSOCIATED, POSITION_NOT_FOUND, USER_NOT_FOUND
from cor_provider.client.parsed_response import Operation, ParsedResponse
from cor_provider.client.statuses import is_transient
from cor_provider.client.success import confirms, rows_of
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorDuplicateEmailError,
    CorDuplicateExternalIdError,
    CorError,
    CorInvalidDateRangeError,
    CorInvalidRoleError,
    CorInvalidSourceError,
    CorLeaveNotFoundError,
    CorLeaveTypeNotFoundError,
    CorPermissionError,
    CorRateLimitError,
    CorRecordError,
    CorServerError,
    CorTransientError,
    CorUnexpectedAnswerError,
    CorUserNotFoundError,
    CorValidationError,
)
from cor_provider.fields.sources import KNOWN_SOURCES


def read_response(response: Response, operation: Operation) -> dict[str, Any]:
    """
    Return COR's ``data``, or the bare object if COR sends no envelope; empty if a success has neither.

    :raises CorError: the typed error that the response stands for.
    """
    body = _confirmed(response, operation).body
    data = body.get("data", body) if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def read_rows(response: Response) -> list[dict[str, Any]]:
    """
    Return the rows of a list, each with an ``id`` of COR's.

    :raises CorError: the typed error that the response stands for; a ``CorRecordError`` is about what was asked for.
    """
    return rows_of(_confirmed(response, "list")) or []


def _confirmed(response: Response, operation: Operation) -> ParsedResponse:
    parsed = ParsedResponse.parse(response, operation)
    if not confirms(parsed):
        rules = _RULES_OF_A_LIST if operation == "list" else _RULES_OF_A_USER if parsed.is_about_a_user else _RULES
        raise next(rule.error_for(parsed) for rule in rules if rule.applies(parsed))
    return parsed


def is_unnamed_conflict(error: CorError) -> bool:
    """Return whether an error is a 409 without a name. After a lost response it is a duplicate; otherwise, unclear."""
    return error.status == HTTPStatus.CONFLICT and error.name == CorRecordError.default_name


def is_unnamed_missing_user(error: CorError) -> bool:
    """Return whether an error is a 404 of a list without a name: no such user, or a wrong address of the main API."""
    return isinstance(error, CorUserNotFoundError) and error.name == _UNNAMED_404


class _Rule(NamedTuple):
    """
    One row of the table: the responses that it applies to, and the error that they stand for.

    ``message`` and ``name`` may contain placeholders such as ``{status}``; None means the default of the error's class.
    """

    applies: Callable[[ParsedResponse], bool]
    error: type[CorError]
    message: str | None = None
    name: str | None = None
    code: str | None = None

    def error_for(self, response: ParsedResponse) -> CorError:
        details: dict[str, Any] = {"code": self.code or response.code, "status": response.status}
        if issubclass(self.error, CorTransientError):
            details["retry_after"] = response.retry_after
        return self.error(_fill_in(self.message, response), name=_fill_in(self.name, response), **details)


def _fill_in(text: str | None, response: ParsedResponse) -> str | None:
    return text and text.format(
        host=response.host,
        http_status=response.http_status,
        status=response.status,
        status_in_words=response.status_in_words,
        shape=response.shape,
        name=response.name,
    )


def _means(name: str, operation: Operation | None = None) -> Callable[[ParsedResponse], bool]:
    return lambda response: response.meaning == name and operation in {None, response.operation}


def _has_status(*statuses: int) -> Callable[[ParsedResponse], bool]:
    return lambda response: response.status in statuses


def _is_not_associated(*operations: Operation) -> Callable[[ParsedResponse], bool]:
    """Recognise ``ZC001``, in the response to some operations or to any."""
    return lambda response: response.is_not_associated and (not operations or response.operation in operations)


def _is_about_a_field(response: ParsedResponse) -> bool:
    """Recognise the other meaning of ``ZC001``, which overrides "not found": if in doubt, COR has the leave."""
    is_open = response.meaning in {None, LEAVE_NOT_FOUND, USER_NOT_FOUND}
    return response.is_not_associated and is_open and response.mentions_fields


def _is_existing_but_not_associated(response: ParsedResponse) -> bool:
    """Recognise the ``ZC001`` of a leave that COR has: the mapping of its user or leave type is missing."""
    is_ambiguous = response.is_not_associated and response.meaning in {None, LEAVE_NOT_FOUND}
    return is_ambiguous and response.operation == "update_existing"


def _is_unclear(response: ParsedResponse) -> bool:
    """Recognise a response that neither confirms success nor reports a failure."""
    return response.status < HTTPStatus.MULTIPLE_CHOICES and not response.says_failure


def _is_from_elsewhere(response: ParsedResponse) -> bool:
    """Recognise responses that are not from COR's API. A 404 of COR names what is missing; other servers' do not."""
    if response.status == HTTPStatus.NOT_FOUND:
        return not response.has_own_name
    return response.status in _WRONG_ADDRESS


_WRONG_ADDRESS = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, *range(300, 400)}


def _is_server_failure(response: ParsedResponse) -> bool:
    return is_transient(response.status) or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR


_CHECK_HOST = "check that it is the base URL of COR's Integrations API"
_NO_USER = (
    "COR has no user with this external id under this source, and so no leave of that user. If it should have, check "
    "the user_id."
)
_NO_LEAVE_OR_MAPPING = "COR has no mapping for this external id, its user or its leave type under this source (ZC001)."
_NO_MAPPING = (
    "COR has no mapping for the user or the leave type of this leave request: create them, under the same source."
)
_UNCLEAR = (
    "The Host {host} answered {http_status} with {shape}, which does not say whether COR did what was asked. "
    f"If this persists, {_CHECK_HOST}."
)
_SLOW_DOWN = "COR asks to slow down at {host} (429)."
_FAILED = "COR failed on its side at {host}: {status_in_words}."
_ELSEWHERE = f"The COR connection's Host answers with {{status}}: {_CHECK_HOST}."
_NAMED = "COR refused this leave request. It names the reason {name}."
_UNNAMED_CONFLICT = "COR answered 409 (conflict) without a reason: look in COR for leave that conflicts with this one."


def _rules_of_any(
    *, named: str, conflict: str, forbidden: str | None = None, field: str | None = None, unnamed: str | None = None
) -> tuple[_Rule, ...]:
    """
    Return the rules for whatever is created or changed, after those of what COR documents about it.

    :param named: what is said of an undocumented name.
    :param conflict: of a 409 without a name.
    :param forbidden: of a 403; like those below, by default what the error's class says.
    :param field: of a status that is about a field.
    :param unnamed: of any other refusal.
    """
    return (
        # What is neither a success nor a failure.
        _Rule(_is_unclear, CorUnexpectedAnswerError, _UNCLEAR),
        # What every record would meet.
        _Rule(_is_from_elsewhere, CorConfigurationError, _ELSEWHERE),
        _Rule(_has_status(HTTPStatus.UNAUTHORIZED), CorAuthenticationError),
        _Rule(_has_status(HTTPStatus.FORBIDDEN), CorPermissionError, forbidden),
        # What may pass.
        _Rule(_has_status(HTTPStatus.TOO_MANY_REQUESTS), CorRateLimitError, _SLOW_DOWN),
        _Rule(_is_server_failure, CorServerError, _FAILED),
        # What is about this record.
        _Rule(lambda response: response.name is not None, CorRecordError, named, "{name}"),
        _Rule(_has_status(HTTPStatus.CONFLICT), CorRecordError, conflict),
        _Rule(
            _has_status(HTTPStatus.BAD_REQUEST, HTTPStatus.EXPECTATION_FAILED, HTTPStatus.UNPROCESSABLE_ENTITY),
            CorValidationError,
            field,
        ),
        _Rule(lambda _: True, CorRecordError, unnamed),
    )


_RULES = (
    # What COR documents, by name or code, whatever the status.
    _Rule(_is_about_a_field, CorValidationError),
    _Rule(_means(USER_NOT_FOUND, "delete"), CorUserNotFoundError, _NO_USER),
    _Rule(_is_existing_but_not_associated, CorRecordError, _NO_MAPPING, NOT_ASSOCIATED, NOT_ASSOCIATED),
    *(
        _Rule(_means(error.default_name), error)
        for error in (
            CorDuplicateExternalIdError,
            CorInvalidDateRangeError,
            CorInvalidSourceError,
            CorLeaveNotFoundError,
            CorLeaveTypeNotFoundError,
            CorUserNotFoundError,
            CorValidationError,
        )
    ),
    _Rule(_is_not_associated("update"), CorLeaveNotFoundError, _NO_LEAVE_OR_MAPPING, code=NOT_ASSOCIATED),
    _Rule(_is_not_associated("delete"), CorLeaveNotFoundError),
    _Rule(_is_not_associated(), CorRecordError, _NO_MAPPING, NOT_ASSOCIATED, NOT_ASSOCIATED),
    *_rules_of_any(named=_NAMED, conflict=_UNNAMED_CONFLICT),
)
"""A response that is not a success stands for the error of the first rule that applies."""


_NOT_A_FIELD = "COR finds a field of this user missing or invalid."
_IS_A_USER = "COR already has a user with this external id under this source."
_NO_SUCH_USER = "COR has no user with this external id under this source: create it first."
_NO_USER_OR_POSITION = (
    "COR has no mapping for this external id, or for the position or the seniority of this user, under this source "
    "(ZC001)."
)
_NO_POSITION = (
    "COR has no mapping for the position or the seniority of this user under this source: correct user_position_id and "
    "seniority_id, or leave them out."
)
_UNKNOWN_SOURCE = (
    "COR does not know this source: use the one under which the users are to be known in COR. "
    f"It documents {', '.join(KNOWN_SOURCES)}."
)
_MAY_NOT_WRITE_USERS = (
    "COR does not let this token write users (403): check the API key's role and scope,\n"
    "and that the COR connection's Host is the base URL of COR's Integrations API."
)
_USER_NAMED = "COR refused this user. It names the reason {name}."
_USER_CONFLICT = "COR answered 409 (conflict) without a reason: look in COR for a user with this e-mail address."
_USER_REFUSED = "COR refused this user without naming the reason."

_RULES_OF_A_USER = (
    # What COR documents, by name or code, whatever the status.
    _Rule(_is_about_a_field, CorValidationError, _NOT_A_FIELD),
    _Rule(_means("DuplicateExternalIdError"), CorDuplicateExternalIdError, _IS_A_USER),
    _Rule(_means("DuplicateEmailError"), CorDuplicateEmailError),
    _Rule(_means("InvalidRoleError"), CorInvalidRoleError),
    _Rule(_means("InvalidSourceError"), CorInvalidSourceError, _UNKNOWN_SOURCE),
    _Rule(_means("ValidationError"), CorValidationError, _NOT_A_FIELD),
    _Rule(_means(POSITION_NOT_FOUND), CorRecordError, _NO_POSITION, POSITION_NOT_FOUND),
    _Rule(_means(USER_NOT_FOUND, "update_user"), CorUserNotFoundError, _NO_SUCH_USER),
    _Rule(_means(USER_NOT_FOUND, "update_existing_user"), CorUserNotFoundError, _NO_SUCH_USER),
    _Rule(_is_not_associated("update_user"), CorUserNotFoundError, _NO_USER_OR_POSITION, code=NOT_ASSOCIATED),
    _Rule(_is_not_associated(), CorRecordError, _NO_POSITION, NOT_ASSOCIATED, NOT_ASSOCIATED),
    *_rules_of_any(
        forbidden=_MAY_NOT_WRITE_USERS,
        named=_USER_NAMED,
        conflict=_USER_CONFLICT,
        field=_NOT_A_FIELD,
        unnamed=_USER_REFUSED,
    ),
)
"""The same for creating and changing a user."""


def _is_missing_in_json(response: ParsedResponse) -> bool:
    """Recognise COR's answer about a user that it does not have; a 404 that is no JSON is from another server."""
    return response.status == HTTPStatus.NOT_FOUND and isinstance(response.body, (dict, list))


_UNNAMED_404 = "NotFound"
_NO_COR_USER = "COR has no user of this id (any more), or does not show this one's leave to this token."
_NO_LIST = (
    "The main API at {host} answered {http_status} with {shape}, which is no list of leave. If this persists, check "
    "the COR connection's Extra api_url."
)
_NOT_MAIN_API = (
    "The COR connection's Extra api_url answers with {status} instead of a user's leave: if it does so for every user, "
    "check that it is the base URL of COR's main API."
)
_MAY_NOT_READ = (
    "COR does not let this token read leave (403): check the API key's role and scope,\n"
    "and that the COR connection's Extra api_url is the base URL of COR's main API."
)
_NOT_LISTED = "COR refuses to list the leave of this user ({status})."

_RULES_OF_A_LIST = (
    _Rule(_is_unclear, CorUnexpectedAnswerError, _NO_LIST),
    _Rule(_means(USER_NOT_FOUND), CorUserNotFoundError, _NO_COR_USER),
    _Rule(
        lambda response: _is_missing_in_json(response) and response.name is None,
        CorUserNotFoundError,
        _NO_COR_USER,
        _UNNAMED_404,
    ),
    _Rule(_is_missing_in_json, CorUserNotFoundError, _NO_COR_USER),
    _Rule(_is_from_elsewhere, CorConfigurationError, _NOT_MAIN_API),
    _Rule(_has_status(HTTPStatus.UNAUTHORIZED), CorAuthenticationError),
    _Rule(_has_status(HTTPStatus.FORBIDDEN), CorPermissionError, _MAY_NOT_READ),
    _Rule(_has_status(HTTPStatus.TOO_MANY_REQUESTS), CorRateLimitError, _SLOW_DOWN),
    _Rule(_is_server_failure, CorServerError, _FAILED),
    _Rule(lambda response: response.name is not None, CorRecordError, _NOT_LISTED, "{name}"),
    _Rule(lambda _: True, CorRecordError, _NOT_LISTED),
)
"""The same for the list of a user's leave, where what COR refuses is the user."""
