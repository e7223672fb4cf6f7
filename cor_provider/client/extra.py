"""
Read a Connection's Extra.

The Extra may contain secrets, so errors name the field and the position of the problem but never quote the content.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from cor_provider._compat import Connection
from cor_provider.client.form import EXTRA_FIELDS
from cor_provider.exceptions import CorConfigurationError


class Extra:
    """
    The Extra of a Connection.

    :raises CorConfigurationError: if it is not a JSON object, or misspells the name of a field.
    """

    def __init__(self, connection: Connection) -> None:
        self._values = _read(connection)

    def get(self, key: str) -> object:
        """Return a field's value, of any type."""
        return self._values.get(key)

    def text(self, key: str) -> str:
        """
        Return a field's text, stripped; empty if there is none.

        :raises CorConfigurationError: if it is not text.
        """
        value = self.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise wrong(f"Extra {key} is {kind(value)}, not text: put it in double quotes.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise wrong(f"Extra {key} contains half of a character: type it again.")
        return value.strip()

    def number(self, key: str, unit: str, *, minimum: float, maximum: float = math.inf) -> float | None:
        """
        Return a field's number, which may be text; None if there is none.

        :param unit: what the number counts, for the error.
        :raises CorConfigurationError: if it is not a number, or out of bounds.
        """
        value = self.get(key)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not (minimum <= number <= maximum and number < math.inf):
            bounds = f"from {minimum:g}" + (f" to {maximum:g}" if maximum < math.inf else "")
            raise wrong(f"Extra {key} is not a number of {unit} {bounds}.")
        return number


def unknown_fields(connection: Connection) -> dict[str, str | None]:
    """
    Return what the Extra holds that this provider does not know, each with the field that may be meant.

    It may be another tool's, so it is no error.

    :raises CorConfigurationError: as :class:`Extra` does.
    """
    unknown = sorted(_read(connection).keys() - EXTRA_FIELDS.keys())
    return {name: next(iter(get_close_matches(name.lower(), EXTRA_FIELDS, n=1)), None) for name in unknown}


def wrong(what: str) -> CorConfigurationError:
    """Return the error for a problem with a Connection."""
    return CorConfigurationError(f"The COR connection's {what}")


def kind(value: object) -> str:
    """Return the JSON type of a value, in words."""
    kinds: dict[type, str] = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return kinds.get(type(value), "an object")


def parse_json(field: str, text: str) -> Any:
    """
    Parse JSON.

    :param field: the field that holds the text.
    :raises CorConfigurationError: if it is not JSON, with the position and a hint.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f" (line {error.lineno}, column {error.colno}): {_hint(text, error.pos)}"
    except (ValueError, RecursionError):  # more digits or brackets than Python accepts
        place = f": {_EXAMPLE}"
    raise wrong(f"{field} is not JSON{place}.")


_EXAMPLE = 'it should look like {"source": "GLOBANT"}'


def _read(connection: Connection) -> Mapping[str, Any]:
    # Airflow's `extra_dejson` silently ignores what is not JSON.
    if not connection.extra or not connection.extra.strip():
        return {}
    parsed = parse_json("Extra", connection.extra)
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise wrong(f"Extra is not a JSON object but {kind(parsed)}: {_EXAMPLE}.")
    for key in parsed:
        if key not in EXTRA_FIELDS and (name := _NAMES.get(_letters(key))):
            raise wrong(f"Extra has a misspelt field: its name is {name}.")
    return connection.extra_dejson  # which also makes Airflow mask the secrets in it


def _letters(name: str) -> str:
    return re.sub("[^a-z]", "", name.lower())


_NAMES = {_letters(name): name for name in EXTRA_FIELDS}


def _hint(text: str, position: int) -> str:
    """Return the likely fix for JSON that cannot be parsed beyond a position."""
    before, rest = text[:position].rstrip(), text[position:]
    if rest[:1] in {"'", "‘", "’", "“", "”"}:  # noqa: RUF001  # word processors turn quotes into these
        return 'JSON needs double quotes (")'
    if re.match(r",\s*[}\]]", rest) or (before.endswith(",") and rest[:1] in {"}", "]"}):
        return "there is one comma too many"
    if re.match(r"(True|False|None)\b", rest):
        return "JSON spells true, false and null in lower case"
    return _EXAMPLE
