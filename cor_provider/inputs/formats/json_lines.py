"""``.jsonl``: a record per line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BufferedReader
from itertools import count

from cor_provider.inputs.formats import lines
from cor_provider.inputs.input_file import CHUNK, InputFile
from cor_provider.inputs.json_text import load
from cor_provider.inputs.record import NAMELESS, Record


def read(file: InputFile) -> Iterator[Record]:
    """Yield the records of a JSON Lines file, line by line; blank lines are skipped."""
    with file.open() as stream:
        for number in count(1):
            line = stream.readline(lines.LONGEST_LINE)
            if not line:
                return
            if len(line) == lines.LONGEST_LINE and not line.endswith(b"\n"):
                _skip_line(stream)
                yield lines.unreadable_line(number, "", f"is longer than {lines.LONGEST_LINE:,} bytes")
            elif line.strip():
                yield _read_line(number, line)


def _read_line(number: int, line: bytes) -> Record:
    try:
        record = load(line)
    except (ValueError, RecursionError):
        return lines.unreadable_line(number, line.decode("utf-8", "backslashreplace"), "is not JSON")
    if isinstance(record, Mapping):
        return Record(record, f"line {number}")
    return Record({NAMELESS: record}, f"line {number}", "is not a JSON object")


def _skip_line(stream: BufferedReader) -> None:
    while (part := stream.readline(CHUNK)) and not part.endswith(b"\n"):
        pass
