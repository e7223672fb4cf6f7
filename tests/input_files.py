"""What the tests of inputs share: files of every format, and what is read from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from cor_provider.inputs.leaves import iter_leaves
from cor_provider.leave import LeaveRequest, UnreadableLeave


def ids(leave_requests: object) -> list[str]:
    leaves = list(iter_leaves(leave_requests))
    assert all(isinstance(leave, LeaveRequest) for leave in leaves), leaves
    return [leave.id for leave in leaves if isinstance(leave, LeaveRequest)]


def problems(leave_requests: object) -> list[str]:
    return [leave.error.message for leave in iter_leaves(leave_requests) if isinstance(leave, UnreadableLeave)]


def read_all(leave_requests: object, **options: Any) -> Iterable[object]:
    return list(iter_leaves(leave_requests, **options))


def write_json(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(records), encoding="utf-8-sig")


def write_json_lines(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(one) for one in records) + "\n\n")


def write_csv(path: Path, records: list[dict[str, Any]], separator: str = ",") -> None:
    lines = [records[0], *(one.values() for one in records)]
    path.write_text("\n".join(separator.join(line) for line in lines), encoding="utf-8-sig")


def write_parquet(path: Path, records: list[dict[str, Any]]) -> None:
    pyarrow.parquet.write_table(pa.Table.from_pylist(records), path)


WRITERS = {".json": write_json, ".jsonl": write_json_lines, ".csv": write_csv, ".parquet": write_parquet}
