"""The forms in which a task can be handed leave requests."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.reading import iter_leaves, label
from cor_provider.leave import LeaveRequest, UnreadableLeave
from support import leave


def ids(leave_requests: object) -> list[str]:
    leaves = list(iter_leaves(leave_requests))
    assert all(isinstance(leave, LeaveRequest) for leave in leaves), leaves
    return [leave.id for leave in leaves if isinstance(leave, LeaveRequest)]


def problems(leave_requests: object) -> list[str]:
    return [leave.error.message for leave in iter_leaves(leave_requests) if isinstance(leave, UnreadableLeave)]


@pytest.mark.parametrize(
    ("leave_requests", "expected"),
    [
        (leave(), ["L1"]),
        (LeaveRequest.model_validate(leave()), ["L1"]),
        ([leave(), leave("L2")], ["L1", "L2"]),
        ((leave(), LeaveRequest.model_validate(leave("L2"))), ["L1", "L2"]),
        ((leave(leave_id) for leave_id in "abc"), ["a", "b", "c"]),
        ([[leave()], [], [leave("L2"), leave("L3")]], ["L1", "L2", "L3"]),  # what a mapped upstream returned
        (json.dumps(leave()), ["L1"]),
        (" \n" + json.dumps([leave(), leave("L2")]), ["L1", "L2"]),
        ([json.dumps([leave()]), json.dumps(leave("L2"))], ["L1", "L2"]),
    ],
)
def test_records_are_read_from(leave_requests: object, expected: list[str]) -> None:
    assert ids(leave_requests) == expected


@pytest.mark.parametrize("leave_requests", [None, [], (), {}.values(), "", "  ", "[]", "None", iter([])])
def test_nothing_is_no_leave_requests(leave_requests: object) -> None:
    assert ids(leave_requests) == []


class LazyXComSequence(list[Any]):
    """As Airflow 3's: each element costs a request, while a slice costs one for all."""

    def __iter__(self) -> Any:
        raise AssertionError("asked for one element after another")


def test_a_lazy_xcom_sequence_is_read_in_one_slice() -> None:
    assert ids(LazyXComSequence([leave(), [leave("L2")]])) == ["L1", "L2"]


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


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("form", [str, Path, ObjectStoragePath, Path.as_uri, lambda path: [str(path)]])
def test_records_are_read_from_a_file(suffix: str, form: Any, tmp_path: Path) -> None:
    path = tmp_path / f"leave{suffix}"
    WRITERS[suffix](path, [leave(), leave("L2")])
    assert ids(form(path)) == ["L1", "L2"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_file_may_separate_its_fields_as_spreadsheets_do(separator: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "leave.csv", [leave()], separator)
    assert ids(tmp_path / "leave.csv") == ["L1"]


def test_dates_and_numbers_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    write_parquet(tmp_path / "leave.parquet", [leave() | {"id": 7, "start": date(2026, 5, 11), "all_day": True}])
    assert ids(tmp_path / "leave.parquet") == ["7"]


def test_files_but_json_are_read_as_streams(tmp_path: Path) -> None:
    path = tmp_path / "leave.jsonl"
    path.write_text(json.dumps(leave()) + "\nnot read yet")
    first = next(iter_leaves(path))
    assert isinstance(first, LeaveRequest)


@pytest.mark.parametrize(
    ("leave_requests", "expected"),
    [
        ([leave(), 5], ["Record 2: A leave request is a mapping"]),
        ([None, leave()], ["Record 1: A leave request is a mapping"]),
        (["nobody's leave", leave()], ["Record 1: A leave request is a mapping"]),
        ([{"id": "L1"}], ["user_id: is missing; leave_type_id: is missing; start: is missing; end: is missing"]),
        ("[1, {}]", ["Record 1: A leave request is a mapping", "Record 2: id: is missing"]),
    ],
)
def test_a_record_that_cannot_be_read_does_not_hide_the_others(leave_requests: object, expected: list[str]) -> None:
    assert [
        message[: len(start)] for message, start in zip(problems(leave_requests), expected, strict=True)
    ] == expected


def test_a_line_that_is_not_json_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "leave.jsonl"
    path.write_bytes(
        b"\n".join([json.dumps(leave()).encode(), b"{cut off", b"\xff\xfe", json.dumps(leave("L2")).encode()])
    )
    leaves = list(iter_leaves(path))
    assert [type(leave) for leave in leaves] == [LeaveRequest, UnreadableLeave, UnreadableLeave, LeaveRequest]
    assert problems(path) == ["Record 2: line 2 is not JSON.", "Record 3: line 3 is not JSON."]


def test_a_csv_row_with_too_many_fields_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "leave.csv"
    write_csv(path, [leave(), leave("L2")])
    path.write_text(path.read_text().replace("\nL1", "\nL1,extra"))
    assert problems(path) == ["Record 1: line 2 has more fields than the header."]
    assert len(list(iter_leaves(path))) == 2


def test_a_csv_row_in_another_encoding_does_not_hide_the_others(tmp_path: Path) -> None:
    header = "id,user_id,leave_type_id,start,end,name\n"
    rows = [
        f"{leave_id},{user},vacation,2026-05-11,2026-05-11,Núñez\n" for leave_id, user in (("L1", "u1"), ("L2", "ñ"))
    ]
    (tmp_path / "leave.csv").write_bytes("".join([header, *rows]).encode("latin-1"))
    assert problems(tmp_path / "leave.csv") == ["user_id: holds characters that an id cannot have"]
    assert len(list(iter_leaves(tmp_path / "leave.csv"))) == 2


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have what takes all memory end far earlier."""
    monkeypatch.setattr("cor_provider.inputs.reading.LONGEST_LINE", 1_000)
    monkeypatch.setattr("cor_provider.inputs.reading.LONGEST_FIELD", 500)
    before = csv.field_size_limit(100)
    yield
    csv.field_size_limit(before)


def test_a_long_field_of_a_csv_file_that_nobody_uses_costs_nothing(tmp_path: Path) -> None:
    header = "id,user_id,leave_type_id,start,end,note"
    rows = [
        f"{leave_id},u1,vacation,2026-05-11,2026-05-12,{note}" for leave_id, note in (("L1", "x" * 300_000), ("L2", ""))
    ]
    (tmp_path / "leave.csv").write_text("\n".join([header, *rows]))
    assert ids(tmp_path / "leave.csv") == ["L1", "L2"]


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("id", "Record 1: id: is longer than 7,500 characters, as a URL has it"),
        ("user_id", "user_id: is longer than 7,500 characters, as a URL has it"),
        ("leave_type_id", "leave_type_id: is longer than 7,500 characters, as a URL has it"),
        ("start", "start: is not a date: write 2026-05-11, or for a time of day 2026-05-11T09:00:00+02:00"),
        ("end", "end: is not a date: write 2026-05-11, or for a time of day 2026-05-11T09:00:00+02:00"),
        ("all_day", "all_day: must be true or false, or left out"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json"])
def test_a_long_field_that_is_used_is_refused_by_its_row(field: str, problem: str, suffix: str, tmp_path: Path) -> None:
    long = {"start": "2026-05-11T09:00:00." + "0" * 200_000}.get(field, "x" * 200_000)
    WRITERS[suffix](
        tmp_path / f"leave{suffix}", [{**leave(), "all_day": "", field: long}, {**leave("L2"), "all_day": ""}]
    )
    first, second = iter_leaves(tmp_path / f"leave{suffix}")
    assert isinstance(first, UnreadableLeave)
    assert first.error.message == problem
    assert isinstance(second, LeaveRequest)


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
        f"Record {number}: line {number} is longer than 1,000 bytes." for number in (3, 4, 6, 7)
    ]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ('L1,"' + "x\n" * 10_000, "cannot be read from line 2 on: field larger than field limit (500)"),
        ("L1," + "x" * 10_000, "cannot be read from line 2 on: a line is longer than 1,000 characters"),
        ("L1,u1\nL2,u1\nL3," + "x" * 600, "cannot be read from line 4 on: field larger than field limit (500)"),
    ],
)
def test_a_csv_file_that_would_take_all_memory_is_an_error(
    rows: str, problem: str, little_memory: None, tmp_path: Path
) -> None:
    (tmp_path / "leave.csv").write_text(f"id,user_id\n{rows}")
    with pytest.raises(CorConfigurationError, match=re.escape(problem)):
        read_all(tmp_path / "leave.csv")


@pytest.mark.parametrize("header", ["x" * 600, "x" * 2_000])
def test_a_header_that_cannot_be_read_is_an_error(header: str, little_memory: None, tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_text(header)
    with pytest.raises(CorConfigurationError, match="cannot be read from line 1 on"):
        read_all(tmp_path / "leave.csv")


def test_a_limit_that_somebody_has_raised_for_csv_files_is_not_lowered(tmp_path: Path) -> None:
    before = csv.field_size_limit(2**30)
    try:
        write_csv(tmp_path / "leave.csv", [leave()])
        assert ids(tmp_path / "leave.csv") == ["L1"]
        assert csv.field_size_limit() == 2**30
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize("content", ['["{other}"]', '[["{other}"]]'])
def test_text_inside_json_names_no_further_file(content: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "other.csv", [leave()])
    content = content.replace("{other}", str(tmp_path / "other.csv"))
    (tmp_path / "leave.json").write_text(content)
    for leave_requests in (content, tmp_path / "leave.json"):
        assert problems(leave_requests)[0].startswith("Record 1: A leave request is a mapping")


def read_all(leave_requests: object, **options: Any) -> Iterable[object]:
    return list(iter_leaves(leave_requests, **options))


@pytest.mark.parametrize(
    ("leave_requests", "came"),
    [
        (5, "got int"),
        (b"[]", "got bytes"),
        (object(), "got object"),
        ("Ana is ill", "got text that is neither JSON nor ends like such a file"),
        ("leave.xlsx", "got text that is neither JSON nor ends like such a file"),
        (Path("leave.xlsx"), "got a path that ends like none of these"),
        ("[{'id': 'L1'}]", "this is not JSON (Expecting property name enclosed in double quotes, line 1, column 3)"),
        ("{" * 100_000, "this is not JSON"),
    ],
)
def test_anything_else_is_an_error_that_says_what_was_expected(leave_requests: object, came: str) -> None:
    with pytest.raises(CorConfigurationError, match=re.escape(came)) as refusal:
        read_all(leave_requests)
    assert refusal.value.message.startswith("leave_requests: ")
    assert "Ana" not in refusal.value.message


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("leave.json", b'"text"', "JSON that is neither a list nor an object"),
        ("leave.json", b"\xff\xff", "this is not JSON in UTF-8"),
        ("leave.csv", b'id,start\n1,"2026\n2,2026', "the .csv file cannot be read from line"),
        ("leave.csv", b"id,start,id\n1,2026-01-01,2", "the .csv file has a column twice"),
        ("leave.parquet", b"no parquet", "the file is not a readable .parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(name: str, content: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorConfigurationError, match=re.escape(problem)):
        read_all(tmp_path / name)


def test_a_missing_file_is_an_error_that_airflow_retries(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"late\.jsonl"):
        read_all(tmp_path / "late.jsonl")


def test_a_parquet_file_without_pyarrow_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CorConfigurationError, match=re.escape("pip install 'airflow-provider-cor[parquet]'")):
        read_all(tmp_path / "leave.parquet")


@pytest.mark.parametrize("name", ["Mars/Base", "Europe", "../etc/passwd", "\0"])
def test_an_unknown_timezone_is_an_error_that_names_the_parameter(name: str) -> None:
    with pytest.raises(CorConfigurationError, match=r"^timezone: "):
        read_all([], timezone=name)


def test_times_without_an_offset_are_in_the_given_timezone() -> None:
    timed = leave() | {"start": "2026-05-11T09:00", "end": "2026-05-11T13:00", "all_day": False}
    (read,) = iter_leaves(timed, timezone="Europe/Madrid")
    assert isinstance(read, LeaveRequest)
    assert read.to_payload("X")["start"] == "2026-05-11T07:00:00-00:00"


@given(st.text())
def test_any_text_is_leave_requests_or_an_error(text: str) -> None:
    with contextlib.suppress(CorConfigurationError):
        read_all(text)


@pytest.mark.parametrize(
    ("leave_requests", "name"),
    [
        ("s3://key:secret@bucket/hr/de/leave.csv", "de/leave.csv"),
        (Path("/srv/hr/leave.jsonl"), "hr/leave.jsonl"),
        (leave("L7"), "L7"),
        ([leave("L7")], "L7"),
        ([leave("L7"), leave("L8"), leave("L9")], "L7 and 2 more"),
        ([{"user_id": "u1"}, leave("L8")], "leave and 1 more"),
        ([], None),
        (json.dumps([leave()]), None),
        (iter([leave()]), None),
        (None, None),
    ],
)
def test_a_label_tells_inputs_apart_by_file_or_external_id(leave_requests: Any, name: str | None) -> None:
    assert label(leave_requests) == name


@pytest.mark.parametrize("name", ["leave.json", "leave.jsonl", "leave.csv", "leave.parquet"])
def test_a_file_that_is_not_there_is_told_by_its_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=f"leave_requests: there is no file .*{name} where this task runs"):
        list(iter_leaves(str(tmp_path / name)))
