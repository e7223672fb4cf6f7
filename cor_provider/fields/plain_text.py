"""Text that people read: names, phone numbers, departments."""

from __future__ import annotations

import unicodedata

from pydantic_core import PydanticCustomError

from cor_provider.fields import external_id
from cor_provider.fields.gaps import is_gap, missing


def read_text(value: object) -> str | None:
    """
    Return a text without the blanks around it, or None for a gap.

    A number must be exact, as in :func:`cor_provider.fields.external_id.read_text`: a table may have turned a phone
    number into one.

    :raises PydanticCustomError: if it is something else; the message does not quote it.
    """
    if is_gap(value):
        return None
    if not isinstance(value, str):
        return external_id.read_text(value)
    text = str.strip(value)  # of a subclass the value, not what it shows
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise PydanticCustomError("plain_text", "has control characters")
    return text


def require_text(value: object) -> str:
    """Return a text as :func:`read_text` does, but refuse a gap."""
    text = read_text(value)
    if text is None:
        raise missing()
    return text
