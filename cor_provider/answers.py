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
    CorUserNotFoundError,
    CorValidationError,
)

Operation = Literal["create", "update", "delete"]


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


_BY_NAME: dict[str, type[CorError]] = {
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
_BY_CODE: dict[str, type[CorError]] = {"ZC004": CorDuplicateExternalIdError, "CE001": CorUserNotFoundError}
_NOT_ASSOCIATED = "ZC001"  # some external id has no mapping: the leave's own where the URL names it

_NAME = re.compile(r"[A-Za-z]{1,60}(?:Error|Exception)")
_CODE = re.compile(r"[A-Z]{1,4}[0-9]{1,5}")
_GENERIC_NAMES = {"Error", "CORCustomError"}  # with these, the code tells the reason
_FAILURE_WORDS = {"error", "fail", "failed", "failure", "partial", "partial_success"}


def _error_of(response: Response, body: object, operation: Operation) -> CorError | None:
    names = [word for word in _texts(body, "name", "error") if _NAME.fullmatch(word)]
    codes = [word for word in _texts(body, "code", "error_code") if _CODE.fullmatch(word)]
    status = _status_of(response, body)
    error_class = _class_of(names, codes, body, operation)
    if not (error_class or names or codes or status >= HTTPStatus.MULTIPLE_CHOICES or _says_failure(body)):
        # Only a 201 tells that something was created, whatever the text beside it.
        if _is_web_page(response) and status != HTTPStatus.CREATED:
            return CorConfigurationError(_WRONG_PLACE.format("a web page"), status=status)
        return None
    error = error_class(status=status) if error_class else _error_by_status(status, response, body, operation)
    if type(error) is CorRecordError:  # an error that COR does not document for leave: let people know its name
        error.name = next((name for name in names if name not in _GENERIC_NAMES), error.name)
    error.code = next(iter(codes), None)
    return error


def _class_of(names: list[str], codes: list[str], body: object, operation: Operation) -> type[CorError] | None:
    """Return the class that a known name or code stands for; a name inside a message counts last."""
    not_associated = CorRecordError if operation == "create" else CorLeaveNotFoundError
    by_code = {**_BY_CODE, _NOT_ASSOCIATED: not_associated}
    messages = [body] if isinstance(body, str) else _texts(body, "message", "error_description")
    in_messages = [name for text in messages for name in _NAME.findall(text)]
    classes = [
        *(_BY_NAME.get(name) for name in names),
        *(by_code.get(code) for code in codes),
        *(_BY_NAME.get(name) for name in in_messages),
    ]
    return next((error_class for error_class in classes if error_class), None)


_BY_STATUS: dict[int, type[CorError]] = {
    HTTPStatus.BAD_REQUEST: CorValidationError,
    HTTPStatus.UNAUTHORIZED: CorAuthenticationError,
    HTTPStatus.FORBIDDEN: CorPermissionError,
    HTTPStatus.REQUEST_TIMEOUT: CorServerError,
    HTTPStatus.CONFLICT: CorDuplicateExternalIdError,
    HTTPStatus.EXPECTATION_FAILED: CorValidationError,
    HTTPStatus.UNPROCESSABLE_ENTITY: CorValidationError,
}
_WRONG_PLACE = "The COR connection's Host answers with {}: check that it is the base URL of COR's Integrations API."
_WRONG_PLACES = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, *range(300, 400)}


def _error_by_status(status: int, response: Response, body: object, operation: Operation) -> CorError:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return CorRateLimitError(status=status, retry_after=_retry_after(response))
    if status == HTTPStatus.NOT_FOUND and operation != "create" and _is_cor_answer(body):
        return CorLeaveNotFoundError(status=status)
    if status == HTTPStatus.NOT_FOUND or status in _WRONG_PLACES:
        return CorConfigurationError(_WRONG_PLACE.format(status), status=status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CorServerError(status=status)
    return _BY_STATUS.get(status, CorRecordError)(status=status)


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


def _says_failure(body: object) -> bool:
    if isinstance(body, list):  # validation errors come as a list; nothing that succeeds does
        return any(isinstance(item, Mapping) and "message" in item for item in body)
    if not isinstance(body, Mapping):
        return False
    status = body.get("status")
    # A bare object's `status` may be the leave's own, such as "pending".
    return bool(body.get("errors")) or (isinstance(status, str) and status.lower() in _FAILURE_WORDS)


def _is_cor_answer(body: object) -> bool:
    """Tell COR's envelopes from the 404 of a proxy or of another server's framework."""
    return any(place.keys() & {"name", "code", "error_code", "status"} for place in _objects(body)) or (
        isinstance(body, Mapping) and isinstance(body.get("error"), int)
    )


def _is_web_page(response: Response) -> bool:
    return "html" in response.headers.get("Content-Type", "").lower() or response.content.lstrip()[:1] == b"<"


def _retry_after(response: Response) -> float | None:
    """Return the seconds that the ``Retry-After`` header asks to wait; it holds seconds or an HTTP date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
