"""
The file formats that a task reads.

To add one, write a module with a ``read`` function beside these and add its line to ``READERS``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping

from cor_provider.inputs.formats import csv_file, json_file, json_lines, parquet, spreadsheet
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.packing import without_ending
from cor_provider.inputs.record import Record

Reader = Callable[[InputFile], Iterator[Record]]
"""Yields the records of a file."""

READERS: Mapping[str, Reader] = {
    ".json": json_file.read,
    ".jsonl": json_lines.read,
    ".ndjson": json_lines.read,
    ".csv": csv_file.read,
    ".parquet": parquet.read,
    ".xlsx": spreadsheet.read,
    ".xlsm": spreadsheet.read,
}

REFUSED: Mapping[str, Reader] = {".xls": spreadsheet.refuse, ".xlsb": spreadsheet.refuse, ".ods": spreadsheet.refuse}
"""The formats whose error says what to do instead."""

_SHEET = re.compile(r"(?P<file>.+?\.xls[xm](?:\.gz)?)#(?P<sheet>[^][:*?/\\]{1,31})", re.IGNORECASE | re.DOTALL)
"""A sheet behind the name of its file. Spreadsheet programs allow such names only."""


def find_reader(path: str) -> Reader | None:
    """Return the reader of a file, packed or not, by the ending of its name; None if the format is unknown."""
    ending = os.path.splitext(without_ending(path.strip()))[1].lower()  # noqa: PTH122  # a URI is not a local path
    return READERS.get(ending) or REFUSED.get(ending)


def split_sheet(path: str) -> tuple[str, str | None]:
    """
    Return the path or URI of a file, and the sheet that it names behind a ``#``, such as ``leave.xlsx#2026``.

    A file whose own name has a ``#`` is told by its ending.
    """
    match = _SHEET.fullmatch(path.strip())
    return (path, None) if match is None or find_reader(path) else (match["file"], match["sheet"].strip())
