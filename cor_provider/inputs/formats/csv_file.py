"""``.csv``: a header, then a record per row; fields separated by a comma, a semicolon, a tab or a bar."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import NamedTuple

from cor_provider.inputs.formats import lines
from cor_provider.inputs.formats.formula_guard import unguard_rows
from cor_provider.inputs.header import ROWS_SEARCHED, Row, read_header
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.record import Record
from cor_provider.inputs.text import find_foreign, open_text
from cor_provider.inputs.translation import Translation, collapse_blanks

LONGEST_FIELD = 16 * 1024 * 1024
"""Characters; the csv module holds four bytes of each. A quote that is never closed would otherwise fill the memory."""

DELIMITERS = ",;\t|"
"""In locales whose decimal sign is a comma, spreadsheets separate fields by semicolons."""

_DECLARATION = re.compile(r"sep=([^\w\s\"']|\t)\s*", re.IGNORECASE)
"""A first line that says how fields are separated, as Excel reads and writes it."""

_JSON = re.compile(r'\s*(\{\s*("|$)|\[\s*([\[{]|$))')

_UNCLOSED, _BEHIND_QUOTE = "unexpected end of data", "expected after"  # in the words of the csv module


def read(file: InputFile) -> Iterator[Record]:
    """Yield the rows of a CSV file as mappings of text."""
    # The csv module's limit is process-wide. With its default, even a long field that nobody uses would be an error.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    with open_text(file) as stream:
        rows = unguard_rows(_Rows(file, lines.iter_lines(stream)))
        header = read_header(file, rows, word="line")
        used = file.translation.used(header.names)
        for number, cells in rows:
            if (record := header.record(number, cells)) is not None:
                if not all(map(str.isascii, cells)) and (foreign := find_foreign(record.fields, used)):
                    record = record._replace(problem=record.problem or foreign)
                yield record


class _Rows(Iterator[Row]):
    """The rows of a CSV file, each with the number of the line in which it begins."""

    def __init__(self, file: InputFile, text_lines: Iterator[str]) -> None:
        first = next(text_lines, "")
        if _JSON.match(first):
            raise file.error("is JSON, not CSV: name it .json, or .jsonl if it has an object per line.")
        declaration = _DECLARATION.fullmatch(first)
        head, delimiter = (
            ([], declaration[1]) if declaration else _find_delimiter(chain([first], text_lines), file.translation)
        )
        self._lines_above = 1 if declaration else 0
        self._file = file
        self._rows = csv.reader(_check(chain(head, text_lines)), delimiter=delimiter, strict=True)

    def __next__(self) -> Row:
        number = self._lines_above + self._rows.line_num + 1
        try:
            cells = next(self._rows)
        except csv.Error as error:
            problem = f"the .csv file cannot be read from line {number} on: {_explain(str(error))}."
            raise self._file.error(problem) from None
        return number, cells


def _explain(problem: str) -> str:
    if problem == _UNCLOSED:
        return "a quote opens there that is never closed"
    if _BEHIND_QUOTE in problem:
        return "text follows the closing quote of a field. Double the quotes inside a field"
    return problem


def _check(text_lines: Iterator[str]) -> Iterator[str]:
    for line in text_lines:
        if lines.is_too_long(line):
            raise csv.Error(f"a line is longer than {lines.LONGEST_LINE:,} characters")
        if "\0" in line:
            raise csv.Error("it has NUL characters, as damaged files do")
        yield line


def _find_delimiter(text_lines: Iterator[str], translation: Translation) -> tuple[list[str], str]:
    """Return the lines that were looked at, and the delimiter that finds the needed columns in them."""
    head = list(_take_row(text_lines))
    best = min(_unlikeness(delimiter, head, translation) for delimiter in DELIMITERS)
    if best.missing:
        head.extend(islice(text_lines, ROWS_SEARCHED))
        best = min(_unlikeness(delimiter, head, translation) for delimiter in DELIMITERS)
    return head, best.delimiter


def _take_row(text_lines: Iterator[str]) -> Iterator[str]:
    """Take the lines up to the end of the first row that is not blank; its quoted fields may have line breaks."""
    quotes, length = 0, 0
    for line in text_lines:
        yield line
        quotes, length = quotes + line.count('"'), length + len(line)
        if (quotes % 2 == 0 and line.strip(_BLANKS)) or length > _LONGEST_HEAD:
            return


_BLANKS = f'{DELIMITERS} "\r\n'
_LONGEST_HEAD = 1024 * 1024  # characters


class _Unlikeness(NamedTuple):
    """How unlikely it is that this is the delimiter; the lowest is the most likely one."""

    missing: int
    first_width: int
    greatest_width: int
    order: int

    @property
    def delimiter(self) -> str:
        return DELIMITERS[self.order]


def _unlikeness(delimiter: str, head: Iterable[str], translation: Translation) -> _Unlikeness:
    rows: list[list[str]] = []
    with suppress(csv.Error):  # raised again when the row is read
        rows.extend(
            [collapse_blanks(cell) for cell in row] for row in csv.reader(head, delimiter=delimiter) if any(row)
        )
    missing = min((len(translation.missing(row)) for row in rows), default=0)
    widths = [-len(row) for row in rows] or [0]
    return _Unlikeness(missing, widths[0], min(widths), DELIMITERS.index(delimiter))
