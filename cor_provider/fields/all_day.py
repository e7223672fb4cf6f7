"""Whether a leave is all-day."""

from __future__ import annotations

from contextlib import suppress

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from cor_provider.fields.gaps import is_gap

_parser = TypeAdapter(bool)


def read_all_day(value: object) -> bool | None:
    """
    Return whether a leave is all-day, or None if the source does not say, as with a blank field of a CSV file.

    :raises PydanticCustomError: if it is something else; the message does not quote it.
    """
    if isinstance(value, bool):
        return value
    if is_gap(value):
        return None
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):  # older pydantic reads an array of one value
        with suppress(ValidationError):
            return _parser.validate_python(str.strip(value) if isinstance(value, str) else value)
    raise PydanticCustomError("all_day", "must be true or false, or left out")
