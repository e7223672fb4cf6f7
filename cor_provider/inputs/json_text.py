"""The values of JSON text."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

FEWEST_DIGITS_REFUSED = 640
"""The lowest limit that Python can be given on the digits of an int."""


_MARK = "\ufeff"
"""The byte order mark, which may precede text."""


class Doubled(list[Any]):
    """The values of a key that a JSON object has more than once, in place of any one of them."""


def is_json(text: str) -> bool:
    """Return whether text is read as JSON, and not as a path or URI."""
    return text.lstrip().removeprefix(_MARK).lstrip().startswith(("[", "{"))


def load(text: str) -> object:
    """Return the value of JSON text; its numbers may have any length."""
    if text.lstrip().startswith(_MARK):
        text = text.replace(_MARK, " ", 1)
    return _decoder.decode(text)


def _parse_int(digits: str) -> int | Decimal:
    # Python refuses an int of some thousand digits, which would lose the whole record.
    return int(digits) if len(digits) < FEWEST_DIGITS_REFUSED else Decimal(digits)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):  # dict has kept the last value of a key
        keys = Counter(key for key, _value in pairs)
        for doubled in (key for key, count in keys.items() if count > 1):
            read[doubled] = Doubled(value for key, value in pairs if key == doubled)
    return read


_decoder = json.JSONDecoder(parse_int=_parse_int, object_pairs_hook=_read_object)
"""As ``json.loads`` has it, which would make one for each line of a file."""
