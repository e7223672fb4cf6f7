"""JSON Lines files, of which one bad line must not hide the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cor_provider.inputs.leaves import iter_leaves
from cor_provider.leave import LeaveRequest, UnreadableLeave
from input_files import problems
from support import leave


def test_files_but_json_are_read_as_streams(tmp_path: Path) -> None:
    path = tmp_path / "leave.jsonl"
    path.write_text(json.dumps(leave()) + "\nnot read yet")
    first = next(iter_leaves(path))
    assert isinstance(first, LeaveRequest)


def test_a_line_that_is_not_json_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "leave.jsonl"
    path.write_bytes(
        b"\n".join([json.dumps(leave()).encode(), b"{cut off", b"\xff\xfe", json.dumps(leave("L2")).encode()])
    )
    leaves = list(iter_leaves(path))
    assert [type(leave) for leave in leaves] == [LeaveRequest, UnreadableLeave, UnreadableLeave, LeaveRequest]
    assert problems(path) == ["line 2 is not JSON (leave.jsonl).", "line 3 is not JSON (leave.jsonl)."]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_of_json_that_takes_too_much_memory_is_refused_by_its_number(
    end: bytes, little_memory: None, tmp_path: Path
) -> None:
    lines = [json.dumps(leave(note="x" * length)).encode() for length in (0, 880, 2_000, 3_000_000)]
    assert len(lines[1]) < 1_000 < len(lines[2])
    exact = lines[0].ljust(999)
    (tmp_path / "leave.jsonl").write_bytes(b"\n".join([*lines, exact, exact + b" ", b"x" * 2_000]) + end)
    leaves = list(iter_leaves(tmp_path / "leave.jsonl"))
    assert [number for number, leave in enumerate(leaves, start=1) if isinstance(leave, LeaveRequest)] == [1, 2, 5]
    assert problems(tmp_path / "leave.jsonl") == [
        f"line {number} is longer than 1,000 bytes (leave.jsonl)." for number in (3, 4, 6, 7)
    ]
