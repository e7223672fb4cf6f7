"""
Text in a ``.csv`` file that a spreadsheet would run as a formula, written so that it stays text.

Such a cell gets an apostrophe in front. So does a cell that looks as if it had one already; so nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

REJECTED = ("error", "message")
"""The first columns of the files of rejected records, which alone are written so."""


def guard(cell: str) -> str:
    """Return the text of a cell as it is written."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguard(cells: Iterable[Any], *, header: Sequence[str]) -> list[Any]:
    """
    Return the cells of a row as they were before they were written; what is no text stays.

    :param header: the first row of the file, which tells whether its cells are written so.
    """
    if tuple(header[: len(REJECTED)]) != REJECTED:
        return list(cells)
    return [cell[1:] if isinstance(cell, str) and _GUARDED.match(cell) else cell for cell in cells]


_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
