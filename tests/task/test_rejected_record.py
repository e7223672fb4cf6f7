"""Read again by the same parameters, a rejected record is the same leave request, and never another one."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cor_provider.inputs.leaves import iter_leave_keys, iter_leaves
from cor_provider.inputs.translation import KEY_FIELDS, PLAIN, Translation
from cor_provider.leave import LeaveKey, LeaveRequest, UnreadableLeave
from cor_provider.task.rejected_formats import FORMATS
from cor_provider.task.rejected_record import as_written
from support import leave

EveryFormat = pytest.mark.parametrize("ending", [".csv", ".jsonl", ".xlsx"])

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "'=1",
    "\t=1",
    "\r",
    "_x0041_",
    "#N/A",
    "TRUE",
    "007",
    "1e3",
    '"',
    "a\nb",
    "a\r\nb",
]
texts = st.text(max_size=8) | st.text(st.characters(codec=None), max_size=4) | st.sampled_from(FORMULAS)
moments = st.datetimes(timezones=st.none() | st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))))
odd = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=True)
    | st.sampled_from([[], [1], {"a": "="}, b"L1", 2.0**60, np.float32(2**24 + 2), np.int64(7), timedelta(1)])
)
ids = texts | odd | st.sampled_from(["L1", 12, 12.0])
whens = st.dates() | moments | st.dates().map(str) | moments.map(str) | texts | odd
all_days = st.sampled_from(["true", "False", "", "1", "maybe"]) | odd


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    record = {
        **{name: draw(ids) for name in draw(st.sampled_from([("id", "user_id"), ("id", "userId")]))},
        "leave_type_id": draw(st.sampled_from(["vacation", "Sick", 5, 5.0]) | ids),
        **{name: draw(whens) for name in ("start", "end")},
        **({"all_day": draw(all_days)} if draw(st.booleans()) else {}),
        "comment": draw(texts | odd),
    }
    missing = draw(st.sets(st.sampled_from([*record]), max_size=2))
    return {name: value for name, value in record.items() if name not in missing}


def write(ending: str, rejected: Iterable[object], translation: Translation, folder: Path) -> str:
    path = folder / f"rejected{ending}"
    rows = [{"error": "E", "message": "=m", **as_written(one, FORMATS[ending], translation)} for one in rejected]
    with path.open("wb") as stream:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        FORMATS[ending].write(stream, [*columns, *translation.missing_columns(columns)], rows)
    return str(path)


def meanings(leaves: Iterable[object]) -> list[object]:
    return [
        (one.to_payload(""), one.days)
        if isinstance(one, LeaveRequest)
        else (one.id, one.user_id)
        if isinstance(one, LeaveKey)
        else None
        for one in leaves
    ]


LOST = 1e17  # a float that may have lost digits

NOT_AS_ANOTHER: list[tuple[dict[str, Any], Translation]] = [
    ({**leave(), "No": LOST}, Translation({"id": ["No", "start"]})),
    ({**leave(), "No": 7.5}, Translation({"id": ["No", "start"]})),
    ({**leave(), "No": [1]}, Translation({"id": ["No", "start"]})),
    (
        {**leave(), "leave_type_id": LOST},
        Translation({"all_day": "leave_type_id"}, {"all_day": {"Half": "false", "*": "true"}}),
    ),
    ({**leave(), "user_id": LOST, "userId": "u2"}, PLAIN),
]


@EveryFormat
@pytest.mark.parametrize(("record", "translation"), NOT_AS_ANOTHER)
def test_a_value_that_was_refused_is_no_other_leave_afterwards(
    ending: str, record: dict[str, Any], translation: Translation, tmp_path: Path
) -> None:
    assert meanings(iter_leaves([record], translation=translation)) == [None]
    path = write(ending, [record], translation, tmp_path)
    assert meanings(iter_leaves(path, translation=translation)) == [None]


TRANSLATIONS = [
    PLAIN,
    Translation({"id": "No.", "user_id": "=Employee", "start": "First\nday"}),
    Translation(values={"leave_type_id": {"Sick": "absence", "5": "five", "True": "yes"}, "all_day": {"": "true"}}),
    Translation(date_format="%d/%m/%Y"),
    Translation(date_format="%Y-%d-%m"),
    Translation(date_format="%m/%d/%Y %H:%M"),
    Translation(values={"user_id": {"*": "somebody"}, "leave_type_id": {"": "vacation"}}),
]


@EveryFormat
@given(rejected=st.lists(records(), min_size=1, max_size=4), translation=st.sampled_from(TRANSLATIONS))
@settings(max_examples=settings().max_examples // 2)
@example(rejected=[leave(), {**leave(), "id": 2.0**60}], translation=PLAIN)
@example(rejected=[leave(), {"userId": "u1", "id": "L2"}], translation=PLAIN)
def test_every_record_is_read_as_the_same_leave_request(
    ending: str, rejected: list[dict[str, Any]], translation: Translation, tmp_path: Path
) -> None:
    names = translation.columns
    rejected = [{names.get(name, name): value for name, value in record.items()} for record in rejected]
    path = write(ending, rejected, translation, tmp_path)
    before = meanings(iter_leaves(rejected, translation=translation))
    assert meanings(iter_leaves(path, translation=translation)) == before


@EveryFormat
@given(
    rejected=st.lists(st.builds(lambda leave_id, user_id: {"id": leave_id, "user_id": user_id}, ids, ids), min_size=1)
)
def test_every_record_is_read_as_the_same_leave_to_delete(
    ending: str, rejected: list[dict[str, Any]], tmp_path: Path
) -> None:
    translation = Translation(fields=KEY_FIELDS)
    path = write(ending, rejected, translation, tmp_path)
    assert meanings(iter_leave_keys(path)) == meanings(iter_leave_keys(rejected))


@EveryFormat
@pytest.mark.parametrize("value", [10**15, 1e15, 2.0**53 - 1, -1e15, 10**40])
def test_an_id_of_many_digits_is_the_same_afterwards(ending: str, value: float, tmp_path: Path) -> None:
    rejected = [{**leave(), "id": value}]
    path = write(ending, rejected, PLAIN, tmp_path)
    assert meanings(iter_leaves(path)) == meanings(iter_leaves(rejected))


@EveryFormat
@pytest.mark.parametrize("value", [True, 2.0**60, 1.5, math.inf, [1], date(2026, 5, 11), b"L1", np.float32(2**24 + 2)])
def test_what_cannot_be_an_id_is_no_id_afterwards(ending: str, value: Any, tmp_path: Path) -> None:
    path = write(ending, [leave(), {**leave(), "id": value}], PLAIN, tmp_path)
    assert [isinstance(one, UnreadableLeave) for one in iter_leaves(path)] == [False, True]


@EveryFormat
@pytest.mark.parametrize("value", [0.5, [True], {"all": "day"}, Decimal(0)])
def test_what_does_not_say_whether_a_leave_is_all_day_is_refused_afterwards(
    ending: str, value: Any, tmp_path: Path
) -> None:
    path = write(ending, [{**leave(), "all_day": value}], PLAIN, tmp_path)
    before = meanings(iter_leaves([{**leave(), "all_day": value}]))
    assert meanings(iter_leaves(path)) == before


LEAVES = [
    leave(),
    leave(start="2026-05-11T09:00+02:00", end="2026-05-11T13:00+02:00", all_day=False),
    leave("=L", all_day=True),
]


@EveryFormat
@pytest.mark.parametrize("fields", LEAVES)
@pytest.mark.parametrize(
    "translation", [PLAIN, Translation({"id": "No"}), Translation(values={"leave_type_id": {"Holiday": "vacation"}})]
)
def test_a_leave_request_is_written_under_the_inputs_names_and_is_the_same_afterwards(
    ending: str, fields: dict[str, Any], translation: Translation, tmp_path: Path
) -> None:
    request = LeaveRequest.model_validate(fields)
    row = as_written(request, FORMATS[ending], translation)
    assert translation.columns.get("id", "id") in row
    (again,) = iter_leaves(write(ending, [request], translation, tmp_path), translation=translation)
    assert isinstance(again, LeaveRequest)
    assert again.to_payload("") == request.to_payload("")


PARTS = Translation({"id": ["Employee", "First"]})


@EveryFormat
@given(rejected=st.lists(records(), min_size=1, max_size=4))
def test_every_id_of_several_columns_is_the_same_afterwards(
    ending: str, rejected: list[dict[str, Any]], tmp_path: Path
) -> None:
    for record in rejected:
        record["Employee"], record["First"] = record.pop("id", None), record.get("start")
    path = write(ending, rejected, PARTS, tmp_path)
    before = meanings(iter_leaves(rejected, translation=PARTS))
    assert meanings(iter_leaves(path, translation=PARTS)) == before


@EveryFormat
@pytest.mark.parametrize("value", [2.0**60, True, [1]])
def test_what_cannot_be_a_part_of_an_id_is_none_afterwards(ending: str, value: Any, tmp_path: Path) -> None:
    rejected = [{**leave(), "Employee": "7", "First": "a"}, {**leave(), "Employee": value, "First": "a"}]
    path = write(ending, rejected, PARTS, tmp_path)
    assert [isinstance(one, UnreadableLeave) for one in iter_leaves(path, translation=PARTS)] == [False, True]


@EveryFormat
@pytest.mark.parametrize("date_format", ["%d/%m/%Y", "%Y-%d-%m", "%Y%m%d"])
def test_dates_are_written_so_that_the_format_reads_the_same_days(
    ending: str, date_format: str, tmp_path: Path
) -> None:
    translation = Translation(date_format=date_format)
    rejected = [LeaveRequest.model_validate(leave()), {**leave(), "start": date(2026, 5, 11), "end": date(2026, 5, 12)}]
    path = write(ending, rejected, translation, tmp_path)
    expected = meanings(iter_leaves([leave()]))
    assert meanings(iter_leaves(path, translation=translation)) == 2 * expected


def test_a_leave_type_that_the_inputs_values_cannot_give_is_left_out(tmp_path: Path) -> None:
    translation = Translation(values={"leave_type_id": {"Sick": "absence", "*": "other"}})
    path = write(".csv", [LeaveRequest.model_validate(leave())], translation, tmp_path)
    assert [isinstance(one, UnreadableLeave) for one in iter_leaves(path, translation=translation)] == [True]


@EveryFormat
def test_a_leave_to_delete_keeps_its_ids(ending: str) -> None:
    row = as_written(LeaveKey("L1", "u1"), FORMATS[ending], Translation(fields=KEY_FIELDS))
    assert row == {"id": "L1", "user_id": "u1"}


@pytest.mark.parametrize("record", [5, "L1", ["L1"], None])
def test_what_is_no_mapping_has_a_column_without_a_name(record: object) -> None:
    assert as_written(record, FORMATS[".jsonl"], PLAIN) == {"": record}


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_column_whose_name_differs_only_in_its_blanks_stays_one_that_is_not_read(ending: str, tmp_path: Path) -> None:
    record = {**leave(), " id ": "L9", "error\t": "mine"}
    (again,) = iter_leaves(write(ending, [record], PLAIN, tmp_path))
    assert isinstance(again, LeaveRequest)
    assert again.id == "L1"


@EveryFormat
def test_a_row_with_more_fields_than_the_header_is_refused_again(ending: str, tmp_path: Path) -> None:
    record = {**leave(), "": "moved"}
    (again,) = iter_leaves(write(ending, [record], PLAIN, tmp_path))
    assert isinstance(again, UnreadableLeave)


def test_the_errors_of_an_earlier_run_are_left_out() -> None:
    record = {"error": "ValidationError", "message": "start: is missing", **leave()}
    assert as_written(record, FORMATS[".jsonl"], PLAIN) == leave()


@pytest.mark.parametrize(("written", "saved_as"), [(".csv", ".xlsx"), (".xlsx", ".csv")])
@pytest.mark.parametrize("text", ["=1", "-5", "'-5", "''-5", "'L1"])
def test_a_spreadsheet_may_save_the_file_in_the_other_format(
    written: str, saved_as: str, text: str, tmp_path: Path
) -> None:
    path = Path(write(written, [{**leave(), "id": text}], PLAIN, tmp_path))
    cells = _cells(path)
    if saved_as == ".csv":
        with path.with_suffix(".csv").open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(cells)
    else:
        book = openpyxl.Workbook()
        for row, values in enumerate(cells, start=1):
            for column, value in enumerate(values, start=1):
                book.active.cell(row, column, value).data_type = "s"
        book.save(path.with_suffix(".xlsx"))
    (again,) = iter_leaves(str(path.with_suffix(saved_as)))
    assert isinstance(again, LeaveRequest)
    assert again.id == text


def _cells(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return list(csv.reader(stream))
    return [["" if cell is None else str(cell) for cell in row] for row in openpyxl.load_workbook(path).active.values]


def test_a_value_that_fails_to_say_what_it_is_stops_nothing() -> None:
    class Odd:
        def __str__(self) -> str:
            raise ZeroDivisionError

    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    row = as_written({"id": "L1", "odd": Odd(), "deep": deep}, FORMATS[".csv"], PLAIN)
    assert row == {"id": "L1", "odd": "(Odd)", "deep": "(list)"}
    while deep:  # freed from the outside, since that too has its limit
        deep = deep[0]


def test_a_moment_keeps_its_day_as_written() -> None:
    start = datetime(2026, 5, 11, tzinfo=timezone(timedelta(hours=14)))
    row = as_written({**leave(), "start": start}, FORMATS[".xlsx"], PLAIN)
    assert row["start"] == "2026-05-11T00:00:00+14:00"
