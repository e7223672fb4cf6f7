"""Hand what a task has extracted from HR to the tasks after it: as a file, since Airflow keeps and shows XComs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

from cor_provider import _files


def write_lines(path: str, rows: Iterable[Any]) -> str:
    """
    Write JSON Lines, and return their path: a task may return that, and no more.

    On this machine only their owner can read them, whoever else may read the folder.

    :param path: path or URI of the file, such as ``s3://bucket/leave/leaves.jsonl``. Its folder is made if need be; a
        file that is there, of an earlier attempt say, is replaced. If a row cannot be had, nothing is written.
    :param rows: what JSON can hold, such as leave requests.
    """
    file = _files.locate(path)
    content = "".join(json.dumps(row) + "\n" for row in rows)
    _files.make_folder(file.parent)
    _files.replace(file, content.encode())
    get_hook_lineage_collector().add_output_asset(context=file, uri=str(file))
    return path
