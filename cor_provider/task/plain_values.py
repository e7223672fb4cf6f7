"""The values of a record, whatever library they come from, as the few types that files hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from cor_provider.fields.gaps import is_gap
from cor_provider.fields.numpy_scalar import type_name
from cor_provider.fields.when import plain_datetime

Plain = Any
"""None, a bool, int, finite float, str, date, datetime or time; or a list, or a dict by str, of these."""


def to_plain(value: Any) -> Plain:
    """
    Return a value as a plain one. A gap, such as NaN, becomes None; what is of no known type becomes its text.

    A decimal number becomes text, so that it keeps its digits.
    """
    if not isinstance(value, str) and is_gap(value):
        return None
    for types, convert in _CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    if type_name(value).startswith("datetime64"):
        return _of_numpy_time(value)
    if callable(to_list := getattr(value, "tolist", None)):  # NumPy's scalars and arrays
        return to_plain(to_list())
    return str(value)


def _of_int(value: int) -> int | str:
    number = int(value)
    return number if number.bit_length() < _MOST_BITS else str(Decimal(number))  # Python refuses to write longer ones


_MOST_BITS = 2_000


def _of_float(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _of_decimal(value: Decimal) -> str | None:
    if value.is_infinite():
        return None
    is_whole = value.adjusted() < _MOST_DIGITS and value == value.to_integral_value()
    return f"{value.to_integral_value():f}" if is_whole else str(value)


_MOST_DIGITS = 1_000


def _of_numpy_time(value: Any) -> Plain:
    """Return NumPy's date or date-time; Python's own types have years 1 to 9999, and microseconds."""
    when = value.item()
    if isinstance(when, int):
        when = value.astype("datetime64[us]").item()
    return str(value) if isinstance(when, int) else when


_CONVERSIONS: tuple[tuple[Any, Any], ...] = (
    (str, str.__str__),
    (bool, bool),
    (int, _of_int),
    (float, _of_float),
    (Decimal, _of_decimal),
    (datetime, plain_datetime),
    (date, lambda day: date(day.year, day.month, day.day)),
    (time, lambda moment: moment),
    (bytes, lambda content: content.decode("utf-8", "backslashreplace")),
    (Mapping, lambda mapping: {str(key): to_plain(value) for key, value in mapping.items()}),
    ((list, tuple, set, frozenset), lambda values: [to_plain(value) for value in values]),
)
