"""What an extract hands on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cor_provider.extract import write_lines
from cor_provider.inputs import iter_leaves
from cor_provider.leave import LeaveRequest
from support import leave


def test_a_push_reads_what_was_written(tmp_path: Path) -> None:
    path = write_lines(f"file://{tmp_path}/run/leaves.jsonl", (leave(f"L{number}") for number in range(3)))
    assert ids_in(path) == ["L0", "L1", "L2"]


def test_another_attempt_replaces_the_file(tmp_path: Path) -> None:
    for leave_id in ("L1", "L2"):
        path = write_lines(f"file://{tmp_path}/leaves.jsonl", [leave(leave_id)])
    assert ids_in(path) == ["L2"]


def test_no_leave_is_a_file_too(tmp_path: Path) -> None:
    assert ids_in(write_lines(f"file://{tmp_path}/leaves.jsonl", [])) == []


def test_rows_that_end_in_an_error_leave_no_file(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield {"id": "L1"}
        raise LookupError

    with pytest.raises(LookupError):
        write_lines(f"file://{tmp_path}/leaves.jsonl", rows())
    assert list(tmp_path.iterdir()) == []


def ids_in(path: str) -> list[str]:
    return [one.id for one in iter_leaves(path) if isinstance(one, LeaveRequest)]
