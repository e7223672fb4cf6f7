"""
Hand extracted leave to the tasks that push it, as files of JSON Lines.

Return the path from the task, not the leave: Airflow stores and shows XComs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any
from zlib import crc32

from pydantic_core import to_jsonable_python

from cor_provider import _files
from cor_provider._compat import get_hook_lineage_collector
from cor_provider.exceptions import CorValidationError
from cor_provider.leave import read_external_id

__all__ = ["split_lines", "write_lines"]


def write_lines(path: str, rows: Iterable[Any]) -> str:
    """
    Write rows as JSON Lines, and return the path.

    On this machine, only the owner can read the file, whatever the permissions of its folder.

    :param path: path or URI of the file, such as ``s3://bucket/leave/leaves.jsonl``. A missing folder is made. An
        existing file, from an earlier attempt for example, is replaced. If a row raises an error, nothing is written.
    :param rows: such as leave requests. What a database driver returns and JSON lacks is written as text: dates and
        times in ISO 8601, decimals, UUIDs.
    :raises ValueError: if a value is of a type that has no such text, naming the type.
    """
    file = _files.locate(path)
    content = "".join(json.dumps(row, default=to_jsonable_python) + "\n" for row in rows)
    _files.make_folder(file.parent)
    _files.replace(file, content.encode())
    get_hook_lineage_collector().add_output_asset(context=file, uri=str(file))
    return path


def split_lines(path: str, into: Sequence[str]) -> int:
    """
    Split a file of JSON Lines into several, line by line, and return the number of lines.

    All lines of one external leave id go to the same file, in their order, so that a push of it still sees repeats and
    contradictions. Lines without a readable id go to the first file, whose push rejects them. Blank lines are dropped.

    :param path: path or URI of the file to read.
    :param into: paths or URIs of the files to write; each is held open.
    """
    count = 0
    with ExitStack() as stack:
        lines = stack.enter_context(_files.locate(path).open("rb"))
        outputs = [stack.enter_context(_files.writing(_files.locate(one))) for one in into]
        for line in iter(lines.readline, b""):  # the files of Airflow 2 are not iterable
            if line.strip():
                outputs[_choose(line, len(outputs))].write(line)
                count += 1
    return count


def _choose(line: bytes, files: int) -> int:
    try:
        leave_id = read_external_id("id", json.loads(line)["id"])  # 7 and "7" are the same id
    except (CorValidationError, ValueError, LookupError, TypeError, RecursionError):
        return 0
    return crc32(leave_id.encode()) % files
