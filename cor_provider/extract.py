"""Hand what a task has extracted from HR to the tasks after it: as a file, since Airflow keeps and shows XComs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from airflow.providers.common.compat.sdk import ObjectStoragePath


def write_lines(path: str, rows: Iterable[Any]) -> str:
    """
    Write JSON Lines, and return their path: a task may return that, and no more.

    :param path: path or URI of the file, such as ``s3://bucket/leave/leaves.jsonl``. Its folder is made if need be; a
        file that is there, of an earlier attempt say, is replaced. If a row cannot be had, nothing is written.
    :param rows: what JSON can hold, such as leave requests.
    """
    file = ObjectStoragePath(path)
    content = "".join(json.dumps(row) + "\n" for row in rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return path
