"""JSON Lines files, of which one bad line must not hide the others."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.leave import LeaveRequest, UnreadableLeave
from input_files import ids, problems, read_all
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
        f"line {number} is longer than 1,000 characters (leave.jsonl)." for number in (3, 4, 6, 7)
    ]


@pytest.mark.parametrize("name", ["leave.jsonl", "LEAVE.NDJSON", "leave.jsonl.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_record_per_line_is_read(name: str, end: str, encoding: str, tmp_path: Path) -> None:
    text = end.join(["", json.dumps(leave("Ñ1"), ensure_ascii=False), " ", json.dumps(leave("L2"))])
    content = text.encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert ids(tmp_path / name) == ["Ñ1", "L2"]


def test_a_byte_that_is_not_utf_8_refuses_only_the_lines_that_need_it(tmp_path: Path) -> None:
    path = tmp_path / "leave.jsonl"
    lines = [leave(note="ñ"), leave("L2") | {"user_id": "ñ"}, {**leave("L3"), "leave_type_id": ["ñ"]}]
    path.write_bytes("\n".join(json.dumps(one, ensure_ascii=False) for one in lines).encode("latin-1"))
    assert problems(path) == [
        'line 2 is not UTF-8 in "user_id", perhaps Windows-1252: save the file as CSV UTF-8 (leave.jsonl).',
        "leave_type_id: must be text or a number, not list (leave.jsonl, line 3)",
    ]


def test_a_key_that_is_read_and_doubled_refuses_its_line(tmp_path: Path) -> None:
    path = tmp_path / "leave.jsonl"
    once = json.dumps(leave(note="a"))
    path.write_text(once.replace("{", '{"note": 1, ') + "\n" + once.replace("{", '{"start": 1, ', 1))
    assert problems(path) == ["start: the JSON object has this key more than once (leave.jsonl, line 2)"]


@pytest.mark.parametrize("value", ["7" * 10_000, "NaN", "-Infinity", "1e999999", "[" * 50 + "]" * 50, '"\\ud800"'])
def test_what_nobody_reads_may_hold_anything(value: str, tmp_path: Path) -> None:
    (tmp_path / "leave.jsonl").write_text(json.dumps(leave(note="N")).replace('"N"', value))
    assert ids(tmp_path / "leave.jsonl") == ["L1"]


@pytest.mark.parametrize("field", ["id", "user_id", "leave_type_id", "start", "end"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999999"])
def test_what_is_no_number_refuses_its_line(field: str, value: str, tmp_path: Path) -> None:
    (tmp_path / "leave.jsonl").write_text(json.dumps({**leave(), field: "N"}).replace('"N"', value))
    (problem,) = problems(tmp_path / "leave.jsonl")
    assert problem.startswith(f"{field}: ")


def test_a_line_that_is_nested_too_deeply_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "leave.jsonl").write_text("[" * 100_000 + "\n" + json.dumps(leave()))
    assert problems(tmp_path / "leave.jsonl") == ["line 1 is not JSON (leave.jsonl)."]
    assert len(list(iter_leaves(tmp_path / "leave.jsonl"))) == 2


@pytest.mark.parametrize("document", [[leave()], leave()])
def test_a_document_over_several_lines_is_refused_once(document: object, tmp_path: Path) -> None:
    (tmp_path / "leave.jsonl").write_text(json.dumps(document, indent=1))
    with pytest.raises(CorConfigurationError, match=r"leave\.jsonl: is one JSON document, .* name it \.json"):
        read_all(tmp_path / "leave.jsonl")
