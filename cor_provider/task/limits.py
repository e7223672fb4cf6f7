"""The limits of a task: numbers and booleans, which a template gives as text."""

from __future__ import annotations

import re


def read_count(name: str, value: object) -> int | None:
    """
    Return a whole number of at least 0, or None if it is not set.

    :param name: the parameter.
    :param value: a number, or its text, as a template renders it.
    :raises ValueError: naming the parameter.
    """
    if _is_unset(value):
        return None
    if isinstance(value, str) and _COUNT.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"{name}: expected a whole number of at least 0; got {value!r}.")


def read_fraction(name: str, value: object) -> float | None:
    """Return a number from 0 to 1, or None if it is not set; otherwise as :func:`read_count`."""
    if _is_unset(value):
        return None
    if isinstance(value, str) and _FRACTION.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ValueError(f"{name}: expected a number from 0 to 1, such as 0.2; got {value!r}.")


def read_flag(name: str, value: object) -> bool:
    """Return True or False, also for their text in any case; False if it is not set."""
    if _is_unset(value):
        return False
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and (flag := _FLAGS.get(value.strip().lower())) is not None:
        return flag
    raise ValueError(f"{name}: expected True or False; got {value!r}.")


def _is_unset(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip() == "None")  # as a template renders None


_COUNT = re.compile(r"[0-9]{1,18}")
_FRACTION = re.compile(r"[0-9]*\.?[0-9]+(e-?[0-9]+)?", re.IGNORECASE)
_FLAGS = {"true": True, "false": False}
