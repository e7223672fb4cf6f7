"""Shared by the formats that are read line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.record import NAMELESS, Record
from cor_provider.inputs.text import show_foreign

LONGEST_LINE = 64 * 1024 * 1024
"""Characters: a file without line ends must not fill the memory."""


def iter_lines(stream: TextIO) -> Iterator[str]:
    """Yield the lines of a file, each with its end; of one that is too long, only the beginning, without an end."""
    while line := stream.readline(LONGEST_LINE):
        yield line
        if is_too_long(line):
            while (part := stream.readline(_PART)) and not _ends(part):
                pass


def is_too_long(line: str) -> bool:
    """Return whether a line is only the beginning of one that is too long."""
    return len(line) >= LONGEST_LINE and not _ends(line)


def unreadable_line(file: InputFile, number: int, text: str, problem: str) -> Record:
    """Return the record of a line that cannot be read; lines count from 1."""
    return Record({NAMELESS: show_foreign(text)}, f"line {number}", problem, file.name)


_PART = 1024 * 1024  # characters


def _ends(line: str) -> bool:
    return line.endswith(("\n", "\r"))
