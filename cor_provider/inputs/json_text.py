"""JSON, as text or in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

from cor_provider.exceptions import CorConfigurationError

FEWEST_DIGITS_REFUSED = 640
"""The lowest limit that Python can be given on the digits of an int."""


def is_json(text: str) -> bool:
    """Return whether text is read as JSON, and not as a path or URI."""
    return text.lstrip().startswith(("[", "{"))


def read_document(text: str | bytes) -> Iterator[object]:
    """
    Yield the records of a JSON document.

    Text in it is data: it never names another file to read.

    :raises CorConfigurationError: if it is not JSON, or neither a list nor an object; the message does not quote it.
    """
    document = _parse(text)
    if isinstance(document, list):
        yield from document
    elif isinstance(document, Mapping):
        yield document
    else:
        raise CorConfigurationError(
            "leave_requests: this JSON is neither a list nor an object. Pass a list of leave requests, or a single one."
        )


def load(text: str | bytes) -> object:
    """Return the value of JSON text; its numbers may have any length."""
    return json.loads(text, parse_int=_parse_int)


def _parse_int(digits: str) -> int | Decimal:
    # Python refuses an int of some thousand digits, which would lose the whole record.
    return int(digits) if len(digits) < FEWEST_DIGITS_REFUSED else Decimal(digits)


def _parse(text: str | bytes) -> object:
    try:
        return load(text)
    except json.JSONDecodeError as error:
        raise CorConfigurationError(
            f"leave_requests: this is not JSON ({error.msg}, line {error.lineno}, column {error.colno}). If a Jinja "
            "string renders an upstream task's output, pass the output itself or add | tojson: Jinja writes Python, "
            "not JSON."
        ) from None
    except (UnicodeDecodeError, RecursionError):
        raise CorConfigurationError("leave_requests: this is not JSON in UTF-8.") from None
