"""
What stands in a Connection's Extra, by its kinds, and what is wrong with what cannot be used.

The Extra may hold secrets: an error names the field, and where in it something is wrong, and repeats nothing of it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from airflow.providers.common.compat.sdk import Connection

from cor_provider.client.form import EXTRA_FIELDS
from cor_provider.exceptions import CorConfigurationError


class Extra:
    """
    The Extra of a Connection.

    :raises CorConfigurationError: if it is no JSON object, or spells the name of a field in another way.
    """

    def __init__(self, connection: Connection) -> None:
        self._values = _read(connection)

    def get(self, key: str) -> object:
        """Return what stands in a field, of whatever kind."""
        return self._values.get(key)

    def text(self, key: str) -> str:
        """
        Return a field's text without the blanks around it.

        :raises CorConfigurationError: if it is something else.
        """
        value = self.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise wrong(f"Extra {key} is {kind(value)}, not text: put it in double quotes.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise wrong(f"Extra {key} holds half of a character: type it anew.")
        return value.strip()

    def number(self, key: str, unit: str, *, least: float, most: float = math.inf) -> float | None:
        """
        Return a field's number, which may be text; None where there is none.

        :param unit: what is counted.
        :raises CorConfigurationError: if it is something else, or out of bounds.
        """
        value = self.get(key)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not (least <= number <= most and number < math.inf):
            bounds = f"from {least:g}" + (f" to {most:g}" if most < math.inf else "")
            raise wrong(f"Extra {key} is not a number of {unit} {bounds}.")
        return number


def wrong(what: str) -> CorConfigurationError:
    """Return the error for what is wrong with a Connection."""
    return CorConfigurationError(f"The COR connection's {what}")


def kind(value: object) -> str:
    """Return what JSON calls the kind of a value."""
    kinds: dict[type, str] = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return kinds.get(type(value), "an object")


def parse_json(field: str, text: str) -> Any:
    """
    Return what JSON text holds.

    :param field: what the text stands in.
    :raises CorConfigurationError: if it is not JSON, with the place and what is probably meant.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f" (line {error.lineno}, column {error.colno}): {_hint(text, error.pos)}"
    except (ValueError, RecursionError):  # more digits or more brackets than are taken
        place = f": {_EXAMPLE}"
    raise wrong(f"{field} is not JSON{place}.")


_EXAMPLE = 'it should look like {"source": "GLOBANT"}'


def _read(connection: Connection) -> Mapping[str, Any]:
    # Airflow's `extra_dejson` makes nothing of what is not JSON, and goes on.
    if not connection.extra or not connection.extra.strip():
        return {}
    parsed = parse_json("Extra", connection.extra)
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise wrong(f"Extra is not a JSON object but {kind(parsed)}: {_EXAMPLE}.")
    for key in parsed:
        if key not in EXTRA_FIELDS and (name := _NAMES.get(_letters(key))):
            raise wrong(f"Extra has a field whose name is to be spelt {name}.")
    return connection.extra_dejson  # which has Airflow mask the secrets in it


def _letters(name: str) -> str:
    return re.sub("[^a-z]", "", name.lower())


_NAMES = {_letters(name): name for name in EXTRA_FIELDS}


def _hint(text: str, position: int) -> str:
    """Return what is probably meant where JSON cannot be read on."""
    before, rest = text[:position].rstrip(), text[position:]
    if rest[:1] in {"'", "‘", "’", "“", "”"}:  # noqa: RUF001  # which word processors make of quotes
        return 'JSON needs double quotes (")'
    if re.match(r",\s*[}\]]", rest) or (before.endswith(",") and rest[:1] in {"}", "]"}):
        return "there is a comma too many"
    if re.match(r"(True|False|None)\b", rest):
        return "JSON spells true, false and null in small letters"
    return _EXAMPLE
