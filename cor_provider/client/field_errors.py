"""Recognise a body that reports a missing or invalid field: the second meaning of ``ZC001``."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

MAX_CHARACTERS = 20_000
"""How much of a text is searched: COR's errors are far shorter, and a text may have any length."""

_MAX_TEXTS = 1000
"""How many texts and keys of a body are searched, for the same reason."""

# A mapping can be missing too; only then is "missing" not about a field.
_MAPPING = r"(?:mappings?|associations?|entity|entities)"
_NO_MORE = r"(?=\s{0,3}(?:$|[^\w\s]|(?:for|in|from|of|to|under|between|here)\b))"
_MAPPING_IS_MISSING = re.compile(
    r"\bmissing\s{1,3}(?:(?:the|an?|its|in|from|external|integration|entity|leave|user|type|id)\s{1,3}){0,4}"
    rf"{_MAPPING}{_NO_MORE}|"
    rf"\b{_MAPPING}\s{{1,3}}(?:(?:is|are|was|were|for|of|the|this|that|leave|user|type)\s{{1,3}}){{0,4}}missing{_NO_MORE}",
    re.IGNORECASE,
)
_ABOUT_FIELDS = re.compile(r"\b(?:required|requires|mandatory|validat|fields?\b|missing)", re.IGNORECASE)
_KEY_ABOUT_FIELDS = re.compile(r"required|validation|field|missing", re.IGNORECASE)


def mentions_fields(body: object) -> bool:
    """Return whether anything in a body speaks of required or missing fields, or of validation."""
    return any(_ABOUT_FIELDS.search(_MAPPING_IS_MISSING.sub(" ", text[:MAX_CHARACTERS])) for text in _texts(body))


def _texts(body: object) -> Iterator[str]:
    """Yield every text in a body, and the word ``field`` for each key about fields that has a value."""
    waiting = deque([body])
    for _ in range(_MAX_TEXTS):
        if not waiting:
            return
        value = waiting.popleft()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting.extend(value[:_MAX_TEXTS])
        elif isinstance(value, dict):
            for key, inner in list(value.items())[:_MAX_TEXTS]:
                waiting.append(inner)
                if inner and _KEY_ABOUT_FIELDS.search(key[:MAX_CHARACTERS]):
                    yield "field"
