"""Turn the rows of an HR system into leave requests, so that a row that cannot be read stops no other."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from traceback import walk_tb
from typing import Any, TypeVar

from cor_provider.exceptions import CorRecordError
from cor_provider.fields import external_id
from cor_provider.fields.unreadable_row import mark_refused_row, mark_row

__all__ = ["to_leaves_or_rejected"]

log = logging.getLogger(__name__)

RowT = TypeVar("RowT")

OF_A_ROW = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a row may raise. All else, such as an error of the network, would be the same for each row, and is raised."""


def to_leaves_or_rejected(
    rows: Iterable[RowT],
    to_leaves: Callable[[RowT], Mapping[str, Any] | Iterable[Mapping[str, Any]]],
    *,
    leave_id: Callable[[RowT], object],
) -> Iterator[Mapping[str, Any]]:
    """
    Yield the leave requests of each row, and for a row that cannot be read one that the push rejects by its id.

    The report has the kind of the error and the line of your code that raised it, but no value of the row. A sync
    leaves in COR what it holds of such a row, parts included: leave with the row's id, or with one that begins with it
    and ``-``.

    :param rows: of any type. An error in reading them is raised.
    :param to_leaves: returns the leave requests of a row, none, one or several. If it raises an ``ArithmeticError``,
        ``AttributeError``, ``LookupError``, ``TypeError`` or ``ValueError``, the row cannot be read. To say why in
        your own words, raise a ``CorValidationError``: name the column, but never its value.
    :param leave_id: returns the external leave id of a row that cannot be read, such as
        ``lambda row: prefix_id("bamboohr", row["id"])``. If this fails too, a sync deletes nothing.
    """
    unread: Counter[str] = Counter()
    for row in rows:
        try:
            made = to_leaves(row)
            leaves: list[Mapping[str, Any]] = [made] if isinstance(made, Mapping) else [*made]
        except OF_A_ROW as error:
            kind, place = type(error).__name__, _place(error)
            unread[f"{kind} {place}".strip()] += 1
            leaves = [{"id": _id_of(row, leave_id), "user_id": mark_row(kind, place)}]
        except CorRecordError as error:
            unread[error.message] += 1
            leaves = [{"id": _id_of(row, leave_id), "user_id": mark_refused_row(error.message)}]
        yield from leaves
    if unread:
        log.warning(
            "%s rows could not be read. The push rejects them:\n%s",
            unread.total(),
            "\n".join(f"  {count} {reason}" for reason, count in unread.most_common()),
        )


def _id_of(row: RowT, leave_id: Callable[[RowT], object]) -> str:
    try:
        return external_id.text_or_mark(leave_id(row))
    except (*OF_A_ROW, CorRecordError):
        return ""


def _place(error: Exception) -> str:
    """Return the last line that was reached in the file of the caller's function."""
    _ours, *reached = ((frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__))
    if not reached:
        return ""
    file = reached[0][0]
    line = [line for name, line in reached if name == file][-1]
    return f"at line {line} of {re.sub(r'[^a-zA-Z0-9_.-]', '_', PurePath(file).name)}"
