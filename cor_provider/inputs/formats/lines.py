"""Shared by the formats that are read line by line."""

from __future__ import annotations

from cor_provider.exceptions import CorValidationError
from cor_provider.leave import UnreadableLeave

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes, or characters in a .csv file: a file without line ends must not fill the memory."""


def unreadable_line(number: int, problem: str) -> UnreadableLeave:
    """Return the record of a line that cannot be read; lines count from 1."""
    return UnreadableLeave(None, CorValidationError(f"line {number} {problem}."))
