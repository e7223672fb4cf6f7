"""``.jsonl`` and ``.ndjson``: a record per line."""

from __future__ import annotations

from collections.abc import Iterator

from cor_provider.fields.gaps import is_gap
from cor_provider.inputs.formats import lines
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.json_text import load
from cor_provider.inputs.record import NAMELESS, Record
from cor_provider.inputs.text import find_foreign, is_foreign, open_text

_BEGINS_DOCUMENT = ("[", "{")
"""The first line of a list or an object over several lines."""


def read(file: InputFile) -> Iterator[Record]:
    """Yield the records of a JSON Lines file, line by line; blank lines are skipped."""
    with open_text(file) as stream:
        for number, line in enumerate(lines.iter_lines(stream), start=1):
            if lines.is_too_long(line):
                yield lines.unreadable_line(file, number, "", f"is longer than {lines.LONGEST_LINE:,} characters")
            elif number == 1 and line.strip() in _BEGINS_DOCUMENT:
                raise file.error("is one JSON document, not an object per line: name it .json.")
            elif not line.isspace():
                yield _read_line(file, number, line)


def _read_line(file: InputFile, number: int, line: str) -> Record:
    try:
        record = load(line)
    except (ValueError, RecursionError):
        return lines.unreadable_line(file, number, line, "is not JSON")
    if not isinstance(record, dict):
        return Record({NAMELESS: record}, f"line {number}", "is not a JSON object", file.name)
    problem = find_foreign(record, file.translation.used(record)) if is_foreign(line) else None
    if NAMELESS in record and not problem and not is_gap(record[NAMELESS]):
        # So rejected records have what stood beyond the columns of their table: fields may have been moved.
        problem = "has a value without a name"
    return Record(record, f"line {number}", problem, file.name)
