"""NumPy's scalars, recognised without importing NumPy, which is optional."""

from __future__ import annotations


def is_bool(value: object) -> bool:
    """Return whether a value is a boolean of Python or NumPy; some NumPy versions let theirs pass for a number."""
    return isinstance(value, bool) or type_name(value) == "bool"


def type_name(value: object) -> str:
    """Return NumPy's name of the type of a single value, such as ``float32``; blank for anything else, arrays too."""
    return "" if hasattr(value, "__len__") else str(getattr(getattr(value, "dtype", None), "name", ""))
