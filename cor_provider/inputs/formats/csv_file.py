"""``.csv``: a header, then a record per row; fields separated by a comma, a semicolon or a tab."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import TextIOWrapper
from typing import IO

from cor_provider.inputs.formats import lines
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.record import NAMELESS, Record

LONGEST_FIELD = 16 * 1024 * 1024
"""Characters; the csv module holds four bytes of each. A quote that is never closed would otherwise fill the memory."""


def read(file: InputFile) -> Iterator[Record]:
    """Yield the rows of a CSV file as mappings of text."""
    # The csv module's limit is process-wide. With its default, even a long field that nobody uses would be an error.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    # A byte that is not UTF-8 makes its field unreadable, but not the rows after it.
    with file.open() as binary, TextIOWrapper(binary, "utf-8-sig", "surrogateescape", newline="") as stream:
        text_lines = _limited_lines(stream)
        next_line = 1
        try:
            header = next(text_lines, "")
            # In locales whose decimal sign is a comma, spreadsheets separate fields by semicolons.
            delimiter = max(",;\t", key=header.count)
            fields = [field.strip() for field in next(csv.reader([header], delimiter=delimiter), [])]
            if len(set(fields)) < len(fields):
                raise file.error("the .csv file has two columns of the same name. Rename or remove one.")
            file.check_columns(fields)
            rows = csv.DictReader(text_lines, fieldnames=fields, delimiter=delimiter, strict=True)
            next_line = 2
            for row in rows:
                # The csv module puts fields beyond the header under the key None.
                has_extra_fields = None in row
                line = rows.line_num + 1
                if has_extra_fields:
                    row[NAMELESS] = delimiter.join(row.pop(None))
                    yield Record(row, f"line {line}", "has more fields than the header")
                else:
                    yield Record(row, f"line {line}")
                next_line = line + 1
        except csv.Error as error:
            raise file.error(f"the .csv file cannot be read from line {next_line} on: {error}.") from None


def _limited_lines(stream: IO[str]) -> Iterator[str]:
    while line := stream.readline(lines.LONGEST_LINE):
        if len(line) == lines.LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise csv.Error(f"a line is longer than {lines.LONGEST_LINE:,} characters")
        yield line
