"""Columns of typed values, as Parquet files and data frames hold them, read into records of plain Python values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from cor_provider.fields.external_id import NARROW_EXACT_BELOW
from cor_provider.inputs.input_file import Input
from cor_provider.inputs.record import Record
from cor_provider.inputs.unreadable import Unreadable, without_unreadable

ROWS_AT_ONCE = 1000

EXACT_BELOW = {"half": NARROW_EXACT_BELOW["float16"], "single": NARROW_EXACT_BELOW["float32"]}
"""The size from which whole numbers in narrow floats may have lost digits."""


class Column(NamedTuple):
    """
    The same rows of one column.

    :param values: returns all of them; it raises an error if one cannot be a Python value.
    :param value: returns one of them, by its position.
    :param exact_below: the size from which its whole numbers may have lost digits; None if they cannot have.
    """

    values: Callable[[], Iterable[Any]]
    value: Callable[[int], Any]
    exact_below: int | None = None


Part = tuple[int, Mapping[str, Column]]
"""Some rows of a table: their number, and the columns by name."""


def used_columns(source: Input, names: Sequence[str]) -> list[str]:
    """
    Return the columns to read.

    :raises CorConfigurationError: if one of them is missing or doubled.
    """
    source.check_columns(names)
    return source.used_columns(names)


def iter_rows(parts: Iterable[Part], file: str = "") -> Iterator[Record]:
    """
    Yield a record per row. One with a value that cannot be read says so as its problem.

    :param file: how errors name the file or data frame.
    """
    number = 0
    for size, columns in parts:
        cells = [_read(column, size) for column in columns.values()]
        is_readable = all(Unreadable not in set(map(type, one)) for one in cells)
        for row in zip(*cells, strict=True):
            number += 1
            fields: Mapping[str, Any]
            fields = dict(zip(columns, row, strict=True))
            fields, problem = (fields, None) if is_readable else without_unreadable(fields)
            yield Record(fields, f"row {number}", problem, file)


def _read(column: Column, size: int) -> list[Any]:
    try:
        cells = list(column.values())
    except BaseException as error:  # noqa: BLE001  # see below
        _check_unreadable(error)
        cells = [_attempt(column.value, at) for at in range(size)]
    if _PLAIN.issuperset(map(type, cells)):
        return cells
    return [cell if type(cell) in _PLAIN else _attempt(_plain, cell, column.exact_below) for cell in cells]


_ERRORS = (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError)
"""What data frames raise for a value that Python cannot have. The errors of pyarrow are of these kinds too."""


def _check_unreadable(error: BaseException) -> None:
    """Raise what is not the error of a value. That of polars 1 derives from `BaseException` alone."""
    if not isinstance(error, _ERRORS) and type(error).__name__ != "PanicException":
        raise error


_PLAIN = frozenset({str, int, bool, date, datetime, Decimal, type(None)})


def _attempt(read: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except UnicodeDecodeError:
        return Unreadable("text that is not UTF-8")
    except BaseException as error:  # noqa: BLE001  # see above
        _check_unreadable(error)
        return Unreadable("a value that cannot be read, such as a date after the year 9999,")


def _plain(cell: Any, exact_below: int | None) -> Any:
    if isinstance(cell, float):
        if math.isnan(cell):
            return None  # a gap
        # Infinity is refused as an id, for the same reason: it may have lost digits.
        return math.inf if exact_below and abs(cell) >= exact_below else cell
    if isinstance(cell, bytes):
        return cell.decode()
    if (as_datetime := getattr(cell, "to_pydatetime", None)) is not None:  # pandas' Timestamp has nanoseconds
        return as_datetime(warn=False)
    return cell
