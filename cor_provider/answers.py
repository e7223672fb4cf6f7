"""
COR's answers: what they hand back, and which error they stand for.

COR documents names for the errors of its leave endpoints, but neither their HTTP status nor the JSON around them; its
sibling endpoints answer in several envelopes, some with HTTP 200 around a failure. So a name or a code decides before
the status does. COR's own message is looked through but never passed on: it may repeat what was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Literal

from requests import Response

from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorDuplicateExternalIdError,
    CorError,
    CorInvalidDateRangeError,
    CorInvalidSourceError,
    CorLeaveNotFoundError,
    CorLeaveTypeNotFoundError,
    CorPermissionError,
    CorRateLimitError,
    CorRecordError,
    CorServerError,
    CorTransientError,
    CorUserNotFoundError,
    CorValidationError,
)

Operation = Literal["create", "update", "delete", "test"]


def read_answer(response: Response, operation: Operation) -> dict[str, Any]:
    """
    Return COR's ``data``, or the bare object where COR sends no envelope; empty if a success cannot be read.

    :raises CorError: the typed error for which the answer stands.
    """
    body = _parse(response)
    if error := _error_of(response, body, operation):
        raise error
    data = body.get("data", body) if isinstance(body, Mapping) else None
    return dict(data) if isinstance(data, Mapping) else {}


_NAMED: dict[str, type[CorError]] = {
    error_class.default_name: error_class
    for error_class in (
        CorDuplicateExternalIdError,
        CorInvalidDateRangeError,
        CorInvalidSourceError,
        CorLeaveNotFoundError,
        CorLeaveTypeNotFoundError,
        CorUserNotFoundError,
        CorValidationError,
    )
}
_KNOWN = {**_NAMED, "ZC004": CorDuplicateExternalIdError, "CE001": CorUserNotFoundError}
NOT_ASSOCIATED = "ZC001"  # some external id has no mapping: the leave's own where the URL names it

# What COR's names and codes look like; only such words are repeated in an error.
_NAME = re.compile(r"[A-Za-z]{1,60}(?:Error|Exception)")
_CODE = re.compile(r"[A-Z]{1,4}[0-9]{1,5}")
_WORD = re.compile(rf"\b(?:{_NAME.pattern}|{_CODE.pattern})\b")
_GENERIC_NAMES = {"Error", "CORCustomError"}  # beside these, the code tells the reason
_FAILURE_WORDS = {"error", "fail", "failed", "failure", "partial", "partial_success"}


def _error_of(response: Response, body: object, operation: Operation) -> CorError | None:
    status = _status_of(response, body)
    if status < HTTPStatus.MULTIPLE_CHOICES and isinstance(body, Mapping) and body.get("status") == "success":
        return None  # nearly every answer
    words = [word for word in _texts(body, "name", "error", "code", "error_code") if _WORD.fullmatch(word)]
    if status < HTTPStatus.MULTIPLE_CHOICES and not _says_failure(body, words):
        # Only a 201 tells that something was created, whatever the text beside it.
        if _is_web_page(response) and status != HTTPStatus.CREATED:
            return CorConfigurationError(_WRONG_PLACE.format("a web page"), status=status)
        return None
    code = next((word for word in words if _CODE.fullmatch(word)), None)
    name = next((word for word in words if word not in _GENERIC_NAMES), None)
    words += _words_of_messages(body)
    known = _known_class(words, operation)
    if known is CorRecordError:
        return not_associated(status)
    error = known(status=status) if known else _error_by_status(status, name, body, operation)
    error.code = code
    if known is CorLeaveNotFoundError and operation == "update" and known.default_name not in words:
        error = CorLeaveNotFoundError(_LEAVE_NOT_ASSOCIATED, code=NOT_ASSOCIATED, status=status)
    if isinstance(error, CorTransientError):
        error.retry_after = read_retry_after(response)
    return error


def not_associated(status: int | None) -> CorRecordError:
    """Return the error for a leave whose user or leave type has no mapping, where COR does not say which."""
    return CorRecordError(
        "COR has no mapping for the user or the leave type of this leave request: create them, under the same source.",
        name=NOT_ASSOCIATED,
        code=NOT_ASSOCIATED,
        status=status,
    )


_LEAVE_NOT_ASSOCIATED = "COR has no mapping for this external id, its user or its leave type under this source (ZC001)."


def _known_class(words: list[str], operation: Operation) -> type[CorError] | None:
    """Return the class for which the first known name or code stands."""
    not_associated = CorLeaveNotFoundError if operation in {"update", "delete"} else CorRecordError
    known = _KNOWN | {NOT_ASSOCIATED: not_associated}
    # ZC001 beside a name is the more general of the two.
    for word in sorted(words, key=lambda word: word == NOT_ASSOCIATED):
        if word in known:
            return known[word]
    return None


_ABOUT_NO_RECORD: dict[int, type[CorError]] = {
    HTTPStatus.UNAUTHORIZED: CorAuthenticationError,
    HTTPStatus.FORBIDDEN: CorPermissionError,
    HTTPStatus.REQUEST_TIMEOUT: CorServerError,
    HTTPStatus.TOO_EARLY: CorServerError,
    HTTPStatus.TOO_MANY_REQUESTS: CorRateLimitError,
}
_ABOUT_THE_RECORD: dict[int, type[CorError]] = {
    HTTPStatus.BAD_REQUEST: CorValidationError,
    HTTPStatus.CONFLICT: CorDuplicateExternalIdError,
    HTTPStatus.EXPECTATION_FAILED: CorValidationError,
    HTTPStatus.UNPROCESSABLE_ENTITY: CorValidationError,
}
_WRONG_PLACE = "The COR connection's Host answers with {}: check that it is the base URL of COR's Integrations API."
_WRONG_PLACES = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, *range(300, 400)}


def _error_by_status(status: int, name: str | None, body: object, operation: Operation) -> CorError:
    missing = status == HTTPStatus.NOT_FOUND
    if status in _WRONG_PLACES or (missing and not (name or _is_cor_answer(body))):
        return CorConfigurationError(_WRONG_PLACE.format(status), status=status)
    if status in _ABOUT_NO_RECORD or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _ABOUT_NO_RECORD.get(status, CorServerError)(status=status)
    if name:  # COR does not document this error for leave: let people know its name
        return CorRecordError(f"COR refused this leave request, and calls the reason {name}.", name=name, status=status)
    if missing and operation in {"update", "delete"}:
        return CorLeaveNotFoundError(status=status)
    return _ABOUT_THE_RECORD.get(status, CorRecordError)(status=status)


def _parse(response: Response) -> object:
    """Return the JSON of an answer; of another one its text, but for the pages of servers that failed."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        failed = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        return None if failed else response.content.decode("utf-8", "replace")


def _objects(body: object) -> Iterator[Mapping[str, object]]:
    """Yield the places where COR's endpoints put an error, the outermost first."""
    if isinstance(body, list):
        body = body[0] if body else None
    if isinstance(body, Mapping):
        yield body
        for key in ("data", "error", "errors"):
            inner = body.get(key)
            inner = inner[0] if isinstance(inner, list) and inner else inner
            if isinstance(inner, Mapping):
                yield inner


def _texts(body: object, *keys: str) -> list[str]:
    found = (place.get(key) for place in _objects(body) for key in keys)
    return [
        text for value in found for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
    ]


def _status_of(response: Response, body: object) -> int:
    """Return the HTTP status, or the one in the body where HTTP's says success."""
    if response.status_code < HTTPStatus.MULTIPLE_CHOICES and isinstance(body, Mapping):
        for key in ("statusCode", "status", "error"):
            value = body.get(key)
            if (
                not isinstance(value, bool)
                and isinstance(value, (int, str))
                and re.fullmatch("[45][0-9]{2}", str(value))
            ):
                return int(value)
    return response.status_code


def _says_failure(body: object, words: list[str]) -> bool:
    """Tell a body that speaks of failure although HTTP speaks of success."""
    if isinstance(body, list):  # validation errors come as a list; nothing that succeeds does
        return any(isinstance(item, Mapping) and "message" in item for item in body)
    if isinstance(body, Mapping):
        status = body.get("status")
        # A bare object's `status` may be the leave's own, such as "pending".
        status = status.lower() if isinstance(status, str) else status
        if status == "success":
            return False
        if body.get("errors") or status in _FAILURE_WORDS:
            return True
        words = [*words, *_words_of_messages(body)] if not body.keys() & {"id", "data"} else words
    elif isinstance(body, str):
        words = _words_of_messages(body)
    return any(word in _KNOWN or word in _GENERIC_NAMES or word == NOT_ASSOCIATED for word in words)


def _words_of_messages(body: object) -> list[str]:
    messages = [body] if isinstance(body, str) else _texts(body, "message", "error_description")
    return [word for message in messages for word in _WORD.findall(message)]


def _is_cor_answer(body: object) -> bool:
    """Tell COR's envelopes from the 404 of a proxy or of another server's framework."""
    return isinstance(body, Mapping) and (
        isinstance(body.get("error"), int) or any("name" in place or "status" in place for place in _objects(body))
    )


def _is_web_page(response: Response) -> bool:
    return "html" in response.headers.get("Content-Type", "").lower() or response.content.lstrip()[:1] == b"<"


def read_retry_after(response: Response) -> float | None:
    """Return the seconds that the ``Retry-After`` header asks to wait, if any; it holds seconds or an HTTP date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (ValueError, OverflowError):
        return None
