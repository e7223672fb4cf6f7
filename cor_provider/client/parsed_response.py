"""
What an answer of COR says, as far as it can be read: parsed once, and whatever it holds.

COR documents neither the JSON around the errors of its leave endpoints nor their HTTP status, and its sibling endpoints
answer in several envelopes. So an answer is searched in every place that one of them uses. Nothing of an answer may be
repeated in an error but what looks like the name or the code of one: the rest may be what was sent.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Literal

from requests import Response

from cor_provider.exceptions import (
    CorDuplicateExternalIdError,
    CorError,
    CorInvalidDateRangeError,
    CorInvalidSourceError,
    CorLeaveNotFoundError,
    CorLeaveTypeNotFoundError,
    CorUserNotFoundError,
    CorValidationError,
)

Operation = Literal["create", "update", "update_existing", "delete", "test"]
"""What COR is asked to do; ``update_existing`` is an update of leave that COR has just said it has."""
Form = Literal["JSON", "text", "web page", "nothing"]


@dataclass(frozen=True)
class Answer:
    """
    One answer.

    :param asked: what COR was asked to do.
    :param http_status: the status of HTTP.
    :param form: what kind of body it has.
    :param body: what the JSON holds, of any type; of text the text.
    :param retry_after: seconds to wait, where it asks for that.
    """

    asked: Operation
    http_status: int
    form: Form
    body: object
    retry_after: float | None = None

    @classmethod
    def read(cls, response: Response, asked: Operation) -> Answer:
        """Read an answer; there is none that cannot be read."""
        form, body = _parse(response.content, response.headers.get("Content-Type", ""))
        return cls(asked, response.status_code, form, body, read_retry_after(response))

    @cached_property
    def status(self) -> int:
        """The status that counts: the one in the body where it says failure, and HTTP's does not."""
        if is_success(self.http_status) and isinstance(self.body, dict):
            for key in ("statusCode", "status", "error"):
                if failure := _failure_status(self.body.get(key)):
                    return failure
        return self.http_status

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names and codes of errors that stand in fields of their own, the outermost first."""
        return tuple(word for word in self._texts("name", "error", "code", "error_code") if _WORD.fullmatch(word))

    @cached_property
    def mentioned(self) -> tuple[str, ...]:
        """Names and codes of errors that messages speak of."""
        return tuple(word for message in self._messages for word in _WORD.findall(message[:MOST_READ]))

    @property
    def name(self) -> str | None:
        """The name of the error, or else its code, if it has one that says something; if not, the name in a message."""
        in_fields = (word for word in self.names if word not in GENERIC_NAMES)
        return next(in_fields, None) or next(filter(_is_own_name, self.mentioned), None)

    @property
    def is_cors_own(self) -> bool:
        """Whether it has a name or a code of the kind that only COR gives to errors."""
        return any(map(_is_own, self.names)) or any(map(_is_own_name, self.mentioned))

    @property
    def code(self) -> str | None:
        """The code of the error, if it has one."""
        return next((word for word in self.names if _CODE.fullmatch(word)), None)

    @property
    def word(self) -> str | None:
        """The word in ``status`` by which an envelope says how it went; a bare leave has a status of its own there."""
        return _lower(self.body.get("status")) if isinstance(self.body, dict) else None

    @property
    def says_success(self) -> bool:
        """Whether COR's envelope says that it went well."""
        return self.word == "success"

    @cached_property
    def says_failure(self) -> bool:
        """Whether the body says that it went wrong, and not only that something is odd: see ``contradicts_itself``."""
        if any(map(_is_known, self.names)):
            return True
        return not self.says_success and (any(map(_is_own_name, self.names)) or self._speaks_of_failure)

    @cached_property
    def contradicts_itself(self) -> bool:
        """Whether there is a sign of failure in it, so that it is no success whatever else it says."""
        return any(map(_has_sign_of_failure, self._places)) or any(map(_is_own_name, self.names))

    @cached_property
    def speaks_of_fields(self) -> bool:
        """Whether anything in it speaks of required or missing fields, or of validation."""
        return any(_speaks_of_fields(text) for text in _all_texts(self.body))

    @property
    def shape(self) -> str:
        """What kind of thing came, in words, with nothing of what it holds but the keys that everybody uses."""
        if self.form != "JSON":
            return {"nothing": "no body", "text": "text that is not JSON", "web page": "a web page"}[self.form]
        if not isinstance(self.body, dict):
            return _JSON_TYPES[type(self.body)]
        known = [key for key in _COMMON_KEYS if key in self.body]
        if others := len(self.body) - len(known):
            known.append(f"{others} more" if known else f"{others} unknown keys")
        return f"a JSON object ({', '.join(known) or 'empty'})"

    @property
    def _speaks_of_failure(self) -> bool:
        if isinstance(self.body, list):  # validation errors come as a list; nothing that succeeds does
            return any(isinstance(item, dict) and "message" in item for item in self.body)
        if isinstance(self.body, dict):
            if self.body.get("errors") or self.word in _FAILURE_WORDS:
                return True
            if self.body.keys() & {"id", "data"}:
                return False
        return any(_is_known(word) or _is_own_name(word) for word in self.mentioned)

    @cached_property
    def _places(self) -> tuple[dict[str, object], ...]:
        return tuple(_objects(self.body))

    @cached_property
    def _messages(self) -> tuple[str, ...]:
        if isinstance(self.body, str):
            # The pages of servers are written by people who may speak of anything, and so are those of proxies.
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


def read_retry_after(response: Response) -> float | None:
    """Return the seconds that the ``Retry-After`` header asks to wait, if any; it holds seconds or an HTTP date."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        seconds = (moment - datetime.now(timezone.utc)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0.0, seconds), _LONGEST_WAIT)


_LONGEST_WAIT = 366 * 24 * 3600.0
"""Seconds: more than anybody means, and little enough to reckon with."""

DOCUMENTED: dict[str, type[CorError]] = {
    **{
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
    },
    "ZC004": CorDuplicateExternalIdError,
    "CE001": CorUserNotFoundError,
}
"""What the names and codes that COR documents stand for (developers.projectcor.com/api-reference/integrations)."""

NOT_ASSOCIATED = "ZC001"
"""The one code that stands for several things: no mapping (update-leave), or no field (seniority/create)."""

GENERIC_NAMES = {"CORCustomError"}
"""Beside this, the code tells the reason."""

# What COR's names and codes look like; only such words are repeated in an error.
_NAME = re.compile(r"[A-Za-z]{1,60}(?:Error|Exception)")
_CODE = re.compile(r"[A-Z]{1,4}[0-9]{1,5}")
_WORD = re.compile(rf"\b(?:{_NAME.pattern}|{_CODE.pattern})\b")


def _is_own(word: str) -> bool:
    """
    Tell what looks like COR's name or code for an error of a record from what frameworks and gateways call theirs.

    COR's names say what is wrong with what (``LeaveNotFoundError``, ``DeletionError``); its codes are letters and a
    number below 100 in three digits (``UP001``, ``F010``).
    """
    if _CODE.fullmatch(word):
        return bool(re.fullmatch("[A-Z]{1,3}0[0-9]{2}", word))
    return word.endswith("Error") and word not in GENERIC_NAMES and not _FRAMEWORKS_NAME.fullmatch(word)


_FRAMEWORKS_NAME = re.compile(
    "(?:(?:http|route|router|page|path|url|uri|endpoint|method|resource|request|response|api|gateway|proxy|upstream|"
    "service|server|internal|network|fetch|axios|connection|timeout|status|code|bad|type|syntax|reference|range|eval|"
    "aggregate|unknown|unexpected|unhandled|application|base|custom|generic|unauthorized|forbidden|conflict|gone)*"
    "(?:not(?:found|allowed|implemented|acceptable|supported))?)error",
    re.IGNORECASE,
)


def _is_known(word: str) -> bool:
    return word in DOCUMENTED or word in GENERIC_NAMES or word == NOT_ASSOCIATED


def _is_own_name(word: str) -> bool:
    return _is_own(word) and not _CODE.fullmatch(word)


MOST_READ = 20_000
"""Characters of a text that are searched: no error of COR says more, and a text may be of any length."""

_MOST_ITEMS = 100
"""Items of a list that are looked at, for the same reason."""

_MOST_TEXTS = 1000
"""Texts and keys of a body that are looked at, likewise."""


def is_success(status: int) -> bool:
    """Tell whether HTTP calls this a success."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def _parse(content: bytes, content_type: str) -> tuple[Form, object]:
    if not content.strip():
        return "nothing", None
    try:
        return "JSON", json.loads(content)
    except (ValueError, RecursionError):
        text = content[:MOST_READ].decode("utf-8", "replace")
    # Frameworks call any text HTML, and not every page is called so.
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
    items = value[:_MOST_ITEMS] if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _failure_status(value: object) -> int | None:
    """Return the status of HTTP that a value is, if that is one of failure."""
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


# A mapping may be missing too; nothing else that is missing is taken for one.
_MAPPING = r"(?:mappings?|associations?|entity|entities)"
_NO_MORE = r"(?=\s{0,3}(?:$|[^\w\s]|(?:for|in|from|of|to|under|between|here)\b))"
_MAPPING_IS_MISSING = re.compile(
    r"\bmissing\s{1,3}(?:(?:the|an?|its|in|from|external|integration|entity|leave|user|type|id)\s{1,3}){0,4}"
    rf"{_MAPPING}{_NO_MORE}|"
    rf"\b{_MAPPING}\s{{1,3}}(?:(?:is|are|was|were|for|of|the|this|that|leave|user|type)\s{{1,3}}){{0,4}}missing{_NO_MORE}",
    re.IGNORECASE,
)
_OF_FIELDS = re.compile(r"\b(?:required|requires|mandatory|validat|fields?\b|missing)", re.IGNORECASE)
_KEYS_OF_FIELDS = re.compile(r"required|validation|field|missing", re.IGNORECASE)


def _speaks_of_fields(text: str) -> bool:
    return bool(_OF_FIELDS.search(_MAPPING_IS_MISSING.sub(" ", text[:MOST_READ])))


def _all_texts(body: object) -> Iterator[str]:
    """Yield every text in a body, and each key that speaks of fields and has something to say of them."""
    waiting = deque([body])
    for _ in range(_MOST_TEXTS):
        if not waiting:
            return
        value = waiting.popleft()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting.extend(value[:_MOST_TEXTS])
        elif isinstance(value, dict):
            for key, inner in list(value.items())[:_MOST_TEXTS]:
                waiting.append(inner)
                if inner and _KEYS_OF_FIELDS.search(key[:MOST_READ]):
                    yield "field"


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
"""Keys that say nothing of anybody; any other one may be data."""
