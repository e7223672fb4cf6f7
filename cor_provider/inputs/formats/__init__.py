"""
The file formats that a task reads.

To add one, write a module with a ``read`` function beside these and add its line to ``READERS``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

from cor_provider.inputs.formats import csv_file, json_file, json_lines, parquet
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
}


def find_reader(path: str) -> Reader | None:
    """Return the reader of a file, packed or not, by the ending of its name; None if the format is unknown."""
    return READERS.get(os.path.splitext(without_ending(path.strip()))[1].lower())  # noqa: PTH122  # a URI is not a local path
