"""
Text in a ``.csv`` file that a spreadsheet would run as a formula, written so that it stays text.

Such a cell gets an apostrophe in front. So does a cell that looks as if it had one already; so nothing is lost.
An ``.xlsx`` file has types, and needs only the latter. A person may save either file in the other format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

REJECTED = ("error", "message")
"""The first columns of the files of rejected records, which alone are written so."""


def guard(cell: str) -> str:
    """Return the text of a cell as it is written."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def guard_apostrophe(cell: str) -> str:
    """Return the text of a cell as it is written where no text is run as a formula."""
    return f"'{cell}" if _GUARDED.match(cell) else cell


def unguard_rows(rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, Sequence[Any]]]:
    """
    Yield the rows of a file, from its first one on, as they were before they were written; what is no text stays.

    The first row that is not blank tells whether they are written so.
    """
    is_guarded: bool | None = None
    for number, cells in rows:
        if is_guarded is None and any(cells):
            is_guarded = tuple(cells[: len(REJECTED)]) == REJECTED
        yield number, _unguard(cells) if is_guarded else cells


def _unguard(cells: Iterable[Any]) -> list[Any]:
    return [cell[1:] if isinstance(cell, str) and _GUARDED.match(cell) else cell for cell in cells]


_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
