"""``.jsonl``: a record per line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from io import BufferedReader
from itertools import count

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider.inputs.formats import lines
from cor_provider.inputs.json_text import load

_CHUNK = 1024 * 1024


def read(path: ObjectStoragePath) -> Iterator[object]:
    """Yield the records of a JSON Lines file, line by line; blank lines are skipped."""
    with path.open("rb") as stream, closing(BufferedReader(stream, _CHUNK)) as buffered:
        for number in count(1):
            line = buffered.readline(lines.LONGEST_LINE)
            if not line:
                return
            if len(line) == lines.LONGEST_LINE and not line.endswith(b"\n"):
                _skip_line(buffered)
                yield lines.unreadable_line(number, f"is longer than {lines.LONGEST_LINE:,} bytes")
            elif line.strip():
                try:
                    yield load(line)
                except (ValueError, RecursionError):
                    yield lines.unreadable_line(number, "is not JSON")


def _skip_line(stream: BufferedReader) -> None:
    while (part := stream.readline(_CHUNK)) and not part.endswith(b"\n"):
        pass
