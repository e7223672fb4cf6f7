"""
A response of COR, parsed once, whatever it contains.

COR documents neither the JSON around the errors of its leave endpoints nor their HTTP status, and its other endpoints
use several envelopes. So a response is searched in every place that one of them uses. An error may quote only words of
a response that look like an error's name or code: the rest may repeat the request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Literal, get_args
from urllib.parse import urlsplit

from requests import Response

from cor_provider.client import error_names
from cor_provider.client.field_errors import MAX_CHARACTERS, mentions_fields
from cor_provider.client.retry_after import read_retry_after
from cor_provider.client.statuses import is_success

OnUsers = Literal["create_user", "update_user", "update_existing_user"]
Operation = Literal["create", "update", "update_existing", "delete", "list", "test", OnUsers]
"""
What COR is asked to do; ``update_existing`` updates a leave that COR has just said it has, ``list`` reads the leave of
one user. The same for users.
"""


Form = Literal["JSON", "text", "web page", "nothing"]

_MAX_ITEMS = 100
"""How many items of a list are searched: COR's lists of errors are far shorter, and a list may have any length."""


@dataclass(frozen=True)
class ParsedResponse:
    """
    One response.

    :param operation: what COR was asked to do.
    :param http_status: the HTTP status.
    :param form: what kind of body it has.
    :param body: the JSON value, of any type; the text if the body is text.
    :param retry_after: seconds to wait, if it asks for that.
    :param host: the host that it is from.
    """

    operation: Operation
    http_status: int
    form: Form
    body: object
    retry_after: float | None = None
    host: str = ""

    @classmethod
    def parse(cls, response: Response, operation: Operation) -> ParsedResponse:
        """Parse a response; every response can be parsed."""
        form, body = _parse(response.content, response.headers.get("Content-Type", ""))
        host = urlsplit(response.url or "").netloc
        return cls(operation, response.status_code, form, body, read_retry_after(response), host)

    @cached_property
    def status(self) -> int:
        """The status that counts: the body's if that reports a failure and the HTTP status does not."""
        if is_success(self.http_status) and isinstance(self.body, dict):
            for key in ("statusCode", "status", "error"):
                if failure := _failure_status(self.body.get(key)):
                    return failure
        return self.http_status

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names and codes of errors that are the value of a field, the outermost first."""
        return tuple(filter(error_names.is_word, self._texts("name", "error", "code", "error_code")))

    @cached_property
    def mentioned(self) -> tuple[str, ...]:
        """Names and codes of errors that appear in messages."""
        return tuple(word for message in self._messages for word in error_names.words_in(message[:MAX_CHARACTERS]))

    @property
    def name(self) -> str | None:
        """The error's name, or its code where the name is missing or generic; without either, a name in a message."""
        in_fields = (word for word in self.names if word not in error_names.GENERIC_NAMES)
        return next(in_fields, None) or next(filter(error_names.is_own_name, self.mentioned), None)

    @property
    def code(self) -> str | None:
        """The error's code, if it has one."""
        return next(filter(error_names.is_code, self.names), None)

    @cached_property
    def meaning(self) -> str | None:
        """The documented error that it names; if it names several, a missing leave counts least."""
        for words in (self.names, self.mentioned):
            if found := [error_names.MEANINGS[word] for word in words if word in error_names.MEANINGS]:
                others = (name for name in found if name != error_names.LEAVE_NOT_FOUND)
                return next(others, error_names.LEAVE_NOT_FOUND)
        return None

    @property
    def is_not_associated(self) -> bool:
        """Whether it names ``ZC001``."""
        return error_names.NOT_ASSOCIATED in self.names or error_names.NOT_ASSOCIATED in self.mentioned

    @property
    def has_own_name(self) -> bool:
        """Whether it names an error in a way that only COR does."""
        return any(map(error_names.is_own, self.names)) or any(map(error_names.is_own_name, self.mentioned))

    @cached_property
    def mentions_fields(self) -> bool:
        """Whether anything in it speaks of required or missing fields, or of validation."""
        return mentions_fields(self.body)

    @property
    def is_about_a_user(self) -> bool:
        """Whether it answers a request that creates or changes a user."""
        return self.operation in get_args(OnUsers)

    @property
    def says_success(self) -> bool:
        """Whether COR's envelope reports success."""
        return self._status_word == "success"

    @cached_property
    def says_failure(self) -> bool:
        """Whether the body reports a failure; weaker signs of one are ``contradicts_itself``."""
        if any(map(error_names.is_known, self.names)):
            return True
        return not self.says_success and (any(map(error_names.is_own_name, self.names)) or self._describes_failure)

    @cached_property
    def contradicts_itself(self) -> bool:
        """Whether it has any sign of failure, and so is not a success whatever else it says."""
        return any(map(_has_sign_of_failure, self._places)) or any(map(error_names.is_own_name, self.names))

    @property
    def shape(self) -> str:
        """The kind of body, in words; only common keys are quoted."""
        if self.form != "JSON":
            return {"nothing": "no body", "text": "text that is not JSON", "web page": "a web page"}[self.form]
        if not isinstance(self.body, dict):
            return _JSON_TYPES[type(self.body)]
        known = [key for key in _COMMON_KEYS if key in self.body]
        if others := len(self.body) - len(known):
            known.append(f"{others} more" if known else f"{others} unknown keys")
        return f"a JSON object ({', '.join(known) or 'empty'})"

    @property
    def status_in_words(self) -> str:
        """The status with its usual phrase, such as ``503 Service Unavailable``."""
        with suppress(ValueError):
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        return str(self.status)

    @property
    def _status_word(self) -> str | None:
        """The word by which an envelope reports its result; the ``status`` of a bare leave is the leave's own."""
        return _lower(self.body.get("status")) if isinstance(self.body, dict) else None

    @property
    def _describes_failure(self) -> bool:
        if isinstance(self.body, list):  # validation errors come as a list; no success does
            return any(isinstance(item, dict) and "message" in item for item in self.body)
        if isinstance(self.body, dict):
            if self.body.get("errors") or self._status_word in _FAILURE_WORDS:
                return True
            if self.body.keys() & {"id", "data"}:
                return False
        return any(error_names.is_known(word) or error_names.is_own_name(word) for word in self.mentioned)

    @cached_property
    def _places(self) -> tuple[dict[str, object], ...]:
        return tuple(_objects(self.body))

    @cached_property
    def _messages(self) -> tuple[str, ...]:
        if isinstance(self.body, str):
            # The error pages of servers and proxies may mention any error.
            is_cors = self.form == "JSON" or (self.form == "text" and self.status < HTTPStatus.INTERNAL_SERVER_ERROR)
            return (self.body,) if is_cors else ()
        return tuple(self._texts("message", "error_description", "error", "errors", "data"))

    def _texts(self, *keys: str) -> Iterator[str]:
        for place in self._places:
            for key in keys:
                value = place.get(key)
                if isinstance(value, str):
                    yield value
                elif isinstance(value, list):
                    yield from (text for text in value if isinstance(text, str))


def _parse(content: bytes, content_type: str) -> tuple[Form, object]:
    if not content.strip():
        return "nothing", None
    try:
        return "JSON", json.loads(content)
    except (ValueError, RecursionError):
        text = content[:MAX_CHARACTERS].decode("utf-8", "replace")
    # Frameworks send any text as HTML, and some pages are sent as something else.
    is_page = _PAGE.match(text) or ("html" in content_type.lower() and text.lstrip().startswith("<"))
    return "web page" if is_page else "text", text


_PAGE = re.compile(
    r"[\s\ufeff]*<(?:[^>]{0,200}>\s{0,20}<)?(?:!doctype\s{1,20}html|html|head|body|h[1-6])\b", re.IGNORECASE
)


def _objects(body: object) -> Iterator[dict[str, object]]:
    """Yield the places where COR's endpoints put an error, the outermost first."""
    for outer in _items(body):
        yield outer
        for key in ("data", "error", "errors"):
            yield from _items(outer.get(key))


def _items(value: object) -> list[dict[str, object]]:
    items = value[:_MAX_ITEMS] if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _failure_status(value: object) -> int | None:
    """Return a value as an HTTP status if it is one of failure."""
    if isinstance(value, str):
        return int(value) if _FAILURE_STATUS.fullmatch(value) else None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return int(value) if is_number and value in _FAILURE_STATUSES else None


_FAILURE_STATUS = re.compile("[45][0-9]{2}")
_FAILURE_STATUSES = frozenset(range(400, 600))

_FAILURE_WORDS = {"error", "fail", "failed", "failure", "partial", "partial_success"}


def _has_sign_of_failure(place: dict[str, object]) -> bool:
    return bool(
        place.get("error")
        or place.get("errors")
        or _lower(place.get("success")) in _NO
        or _lower(place.get("ok")) in _NO
        or _failure_status(place.get("statusCode"))
        or _failure_status(place.get("status"))
        or _failure_status(place.get("code"))
    )


_NO = {"false", "0", "no"}


def _lower(value: object) -> str | None:
    return str(value).strip().lower() if isinstance(value, (str, bool, int)) else None


_JSON_TYPES = {
    list: "a JSON list",
    str: "a JSON text",
    int: "a JSON number",
    float: "a JSON number",
    bool: "a JSON boolean",
    type(None): "a JSON null",
}
_COMMON_KEYS = (
    *("statusCode", "status", "success", "ok", "message", "name", "code", "error", "error_code", "error_description"),
    *("errors", "data", "id", "deletedId", "external_id", "cor_id"),
)
"""Keys that reveal nothing about anyone; any other key may be data."""
