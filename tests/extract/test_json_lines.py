"""What an extract hands on."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cor_provider.extract.json_lines import write_lines
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.leave import LeaveRequest
from support import attach_memory, leave


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


def test_what_is_written_of_people_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    write_lines(f"file://{tmp_path}/run/today/leaves.jsonl", [leave()])
    os.umask(before)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.rglob("*")}
    assert modes == {"run": "0o700", "today": "0o700", "leaves.jsonl": "0o600"}


def test_until_all_is_written_the_file_of_an_earlier_attempt_stays(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield leave("L2")
        raise LookupError

    path = write_lines(f"file://{tmp_path}/leaves.jsonl", [leave("L1")])
    with pytest.raises(LookupError):
        write_lines(path, rows())
    assert ids_in(path) == ["L1"]


def test_an_extract_goes_to_an_object_store_too() -> None:
    assert ids_in(write_lines(f"{attach_memory()}/run/leaves.jsonl", [leave("L1")])) == ["L1"]


def ids_in(path: str) -> list[str]:
    return [one.id for one in iter_leaves(path) if isinstance(one, LeaveRequest)]
