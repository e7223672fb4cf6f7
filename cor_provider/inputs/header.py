"""Tables whose first row names the columns, as text files and spreadsheets have them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NoReturn

from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.record import NAMELESS, Record
from cor_provider.inputs.text import SAVE_AS_UTF8, is_foreign
from cor_provider.inputs.translation import collapse_blanks

ROWS_SEARCHED = 20
"""How far below a row that is no header another one is looked for, to name it in the error."""

_DIGIT = re.compile(r"\d")
"""What the rows below a header have, in dates at least."""

Row = tuple[int, Sequence[Any]]
"""The number of a row, counting from 1, and its cells."""


def read_table(file: InputFile, rows: Iterator[Row], *, word: str = "row") -> Iterator[Record]:
    """
    Yield the records of a table; blank rows are none.

    :param rows: all rows of the table, the header among them.
    :param word: what a row is called, such as ``line``.
    :raises CorConfigurationError: if the first row that is not blank is not a header with the needed columns.
    """
    header = read_header(file, rows, word=word)
    for number, cells in rows:
        if (record := header.record(number, cells)) is not None:
            yield record


def read_header(file: InputFile, rows: Iterator[Row], *, word: str = "row") -> Header:
    """Take rows up to and including the header, and return that; otherwise as :func:`read_table`."""
    filled = ((number, names) for number, cells in rows if any(names := [_name(cell) for cell in cells]))
    number, names = next(filled, (0, []))
    if not names:
        raise file.error("is empty: it has not even a header. Check that the extract wrote it completely.")
    if file.translation.missing(names):
        _refuse(file, [(number, names), *islice(filled, ROWS_SEARCHED)], word)
    file.used_columns(names)
    return Header(tuple(_distinct(names)), word, file.name)


@dataclass(frozen=True)
class Header:
    """
    The columns of a table.

    :param names: the name of every column, with white space collapsed. Columns without a name are blank.
    :param word: what a row is called.
    :param file: how errors name the file.
    """

    names: tuple[str, ...]
    word: str = "row"
    file: str = ""

    def record(self, number: int, cells: Sequence[Any]) -> Record | None:
        """Return the record of a row, or None if it is blank. Where a row is short, its fields are None."""
        if all(map(_is_blank, cells)):
            return None
        place, width = f"{self.word} {number}", len(self.names)
        if len(cells) == width and "" not in self.names:
            return Record(dict(zip(self.names, cells, strict=True)), place, None, self.file)
        fields = dict(zip(self.names, (*cells, *[None] * (width - len(cells))), strict=False))
        fields.pop("", None)
        nameless = [cell for name, cell in zip(self.names, cells, strict=False) if not name and not _is_blank(cell)]
        # Even a blank field beyond the header may mean that a separator inside a value has moved the others.
        beyond = [cell for cell in cells[width:] if cell is not None]
        problem = None
        if beyond:
            problem = "has more fields than the header"
        elif nameless:
            problem = "has text in a column without a name"
        if problem:
            fields[NAMELESS] = ", ".join(map(str, [*nameless, *beyond]))
        return Record(fields, place, problem, self.file)


def _refuse(file: InputFile, rows: Sequence[tuple[int, Sequence[str]]], word: str) -> NoReturn:
    """Raise the error for a first row without the needed columns; it names the row that looks like the header."""
    widest = max(_width(names) for _number, names in rows)

    def unlikeness(row: tuple[int, Sequence[str]]) -> tuple[int, bool]:
        return len(file.translation.missing(row[1])), _width(row[1]) <= widest // 2  # a title has few cells

    number, names = min(rows, key=unlikeness)
    if any(map(is_foreign, names)):
        raise file.error(f"{word} {number} is not UTF-8, perhaps Windows-1252. {SAVE_AS_UTF8}")
    place = "" if number == rows[0][0] else f"{word} {rows[0][0]} is no header, {word} {number} looks like it"
    below = (cell for row_number, cells in rows if row_number > number for cell in cells)
    file.check_columns(names, place and f"{place} but ", may_be_data=not any(map(_DIGIT.search, below)))
    raise file.error(f"{place}: remove the {word}s above it.")


def _width(names: Sequence[str]) -> int:
    return sum(map(bool, names))


def _name(cell: object) -> str:
    return "" if cell is None else collapse_blanks(str(cell))


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _distinct(names: Sequence[str]) -> Iterator[str]:
    """Yield the names; those of further columns of the same name, which nobody reads, with a number."""
    taken = set(names)
    seen: set[str] = set()
    for name in names:
        distinct, number = name, 1
        while name and distinct in seen:
            number += 1
            if (candidate := f"{name} ({number})") not in taken:
                distinct = candidate
        seen.add(distinct)
        taken.add(distinct)
        yield distinct
