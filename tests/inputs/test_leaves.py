"""Leave requests in the forms that a task accepts."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.leaves import iter_leave_keys, iter_leaves
from cor_provider.inputs.translation import KEY_FIELDS, Translation
from cor_provider.leave import LeaveRequest, UnreadableLeave
from input_files import WRITERS, ids, problems, read_all
from support import leave


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("form", [str, Path, ObjectStoragePath, Path.as_uri, lambda path: [str(path)]])
def test_records_are_read_from_a_file(suffix: str, form: Any, tmp_path: Path) -> None:
    path = tmp_path / f"leave{suffix}"
    WRITERS[suffix](path, [leave(), leave("L2")])
    assert ids(form(path)) == ["L1", "L2"]


@pytest.mark.parametrize(
    ("leave_requests", "expected"),
    [
        ([leave(), 5], ["Record 2: A leave request must be a mapping"]),
        ([None, leave()], ["Record 1: A leave request must be a mapping"]),
        (["nobody's leave", leave()], ["Record 1: A leave request must be a mapping"]),
        ([{"id": "L1"}], ["user_id: is missing; leave_type_id: is missing; start: is missing; end: is missing"]),
        ("[1, {}]", ["Record 1: A leave request must be a mapping", "Record 2: id: is missing"]),
    ],
)
def test_a_record_that_cannot_be_read_does_not_hide_the_others(leave_requests: object, expected: list[str]) -> None:
    assert [
        message[: len(start)] for message, start in zip(problems(leave_requests), expected, strict=True)
    ] == expected


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("id", "id: is longer than 7,500 characters once encoded for a URL"),
        ("user_id", "user_id: is longer than 7,500 characters once encoded for a URL"),
        ("leave_type_id", "leave_type_id: is longer than 7,500 characters once encoded for a URL"),
        ("start", "start: is not a date: write 2026-05-11, or 2026-05-11T09:00:00+02:00 for a time of day"),
        (
            "end",
            (
                "end: is not a date: write 2026-05-11, or 2026-05-11T09:00:00+02:00 for a time of day, "
                "or set the task's parameter date_format to the form of its dates"
            ),
        ),
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
    assert first.error.message.startswith(f"{problem} (leave{suffix}, ")
    assert isinstance(second, LeaveRequest)


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
    with contextlib.suppress(CorConfigurationError, FileNotFoundError):
        read_all(text)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"From": "soon"}, 'start (column "From"): is not a date'),
        ({"Who": None}, 'user_id (column "Who"): is missing'),
        ({"From": "2026-05-13"}, 'end (column "To"): is before start.'),
        ({"From": "2026-05-11T09:00"}, 'start (column "From"): a time of day needs all_day.'),
        ({"From": "2026-05-11T09:00", "all_day": False}, 'start (column "From"): has no offset.'),
        (
            {"To": "2026-05-12T09:00Z", "From": "2026-05-11", "all_day": False},
            'start (column "From"): needs a time of day',
        ),
    ],
)
def test_an_error_names_the_column_that_a_field_is_read_from(row: dict[str, Any], problem: str) -> None:
    translation = Translation({"user_id": "Who", "start": "From", "end": "To"})
    record = {"id": "L1", "Who": "u1", "leave_type_id": "v", "From": "2026-05-11", "To": "2026-05-12", **row}
    (read,) = iter_leaves(record, translation=translation)
    assert isinstance(read, UnreadableLeave)
    assert read.error.message.startswith(problem)


def test_an_error_of_a_delete_names_the_column_too() -> None:
    translation = Translation({"user_id": "Who"}, fields=KEY_FIELDS)
    (read,) = iter_leave_keys({"id": "L1", "Who": ["u1"]}, translation=translation)
    assert isinstance(read, UnreadableLeave)
    assert read.error.message.startswith('user_id (column "Who"): must be text or a number')
