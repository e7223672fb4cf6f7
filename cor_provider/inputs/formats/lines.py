"""Shared by the formats that are read line by line."""

from __future__ import annotations

from cor_provider.inputs.record import NAMELESS, Record

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes, or characters in a .csv file: a file without line ends must not fill the memory."""


def unreadable_line(number: int, text: str, problem: str) -> Record:
    """Return the record of a line that cannot be read; lines count from 1."""
    return Record({NAMELESS: text}, f"line {number}", problem)
