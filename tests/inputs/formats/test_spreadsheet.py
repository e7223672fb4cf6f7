"""Spreadsheets: typed cells, sheets by name, and files in any state."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats.spreadsheet import read
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.translation import Translation
from cor_provider.leave import LeaveRequest
from input_files import ids, problems, read_all

FIELDS = ["id", "user_id", "leave_type_id", "start", "end"]
DAY = date(2026, 5, 11)
ROW = ["L1", "u1", "vacation", DAY, DAY]


def book(*rows: list[Any], title: str = "Absences") -> Workbook:
    workbook = Workbook()
    workbook.active.title = title
    for row in rows:
        workbook.active.append(row)
    return workbook


def content(workbook: Workbook) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def edited(data: bytes, part: str, edit: Callable[[str], str]) -> bytes:
    """Return a spreadsheet with one of its parts changed, as other programs may write it."""
    stream = BytesIO()
    with ZipFile(BytesIO(data)) as old, ZipFile(stream, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, edit(text.decode()) if name == part else text)
    return stream.getvalue()


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(what: Workbook | bytes, name: str = "leave.xlsx") -> Path:
        (tmp_path / name).write_bytes(what if isinstance(what, bytes) else content(what))
        return tmp_path / name

    return write


def cell(value: Any, number_format: str | None = None) -> Any:
    """Return the value in the record of a spreadsheet's only cell, or the record's problem."""
    workbook = book(["id"], [value])
    if number_format:
        workbook.active["A2"].number_format = number_format
    return first_id(content(workbook))


def first_id(data: bytes) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder, "leave.xlsx")
        path.write_bytes(data)
        file = InputFile("leave.xlsx", Translation(fields=["id"]), path=ObjectStoragePath(path))
        (record,) = read(file)
    return record.problem or record.fields["id"]


def test_rows_of_the_first_sheet_are_leave_requests(write: Write) -> None:
    workbook = book(FIELDS, ROW, ["L2", *ROW[1:]])
    workbook.create_sheet("Other").append(["Not a table"])
    assert ids(write(workbook)) == ["L1", "L2"]
    assert ids(write(workbook, "leave.xlsm")) == ["L1", "L2"]


def test_a_sheet_is_named_behind_the_file(write: Write) -> None:
    workbook = book(["Not a table"], title="Summary")
    for row in (FIELDS, ROW):
        sheet = workbook["Absences 2026"] if "Absences 2026" in workbook else workbook.create_sheet("Absences 2026")
        sheet.append(row)
    assert ids(f"{write(workbook)}#Absences 2026") == ["L1"]


def test_a_packed_spreadsheet_is_read(write: Write) -> None:
    path = write(gzip.compress(content(book(FIELDS, ROW))), "leave.xlsx.gz")
    assert ids(str(path)) == ids(f"{path}#Absences") == ["L1"]


def test_a_sheet_that_is_not_there_is_refused_without_the_names_of_the_others(write: Write) -> None:
    workbook = book(FIELDS, ROW)
    workbook.create_sheet("Sick days")
    problem = (
        "leave_requests: leave.xlsx#Abs: none of its 2 sheets has this name. Write it as the tab has it, case included."
    )
    with pytest.raises(CorConfigurationError, match=f"^{re.escape(problem)}$"):
        read_all(f"{write(workbook)}#Abs")


def test_a_hidden_sheet_is_read_only_by_name(write: Write) -> None:
    workbook = book(["Not a table"], title="Lists")
    workbook.active.sheet_state = "hidden"
    visible = workbook.create_sheet("Absences")
    visible.append(FIELDS)
    visible.append(ROW)
    path = write(workbook)
    assert ids(path) == ["L1"]
    with pytest.raises(CorConfigurationError, match="has no column for"):
        read_all(f"{path}#Lists")


@pytest.mark.parametrize("name", ["leave#1.xlsx", "leave.xlsx#1.xlsx"])
def test_a_file_whose_own_name_has_a_hash_is_read(write: Write, name: str) -> None:
    assert ids(str(write(book(FIELDS, ROW), name))) == ["L1"]


def test_errors_name_the_sheet_and_the_row_that_a_person_sees(write: Write) -> None:
    path = write(book([], FIELDS, [], ["L1", None, *ROW[2:]]))
    assert problems(path) == ["user_id: is missing (leave.xlsx, row 4)"]
    assert problems(f"{path}#Absences") == ["user_id: is missing (leave.xlsx#Absences, row 4)"]


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        ("L1", None, "L1"),
        (12, None, 12),
        (12.0, None, 12),
        (12.5, None, 12.5),
        (12, "0", 12),
        (12, "#,##0.00", 12),
        (12, "00000", "00012"),
        (12, "00000;-00000", "00012"),
        (123456, "000", "123456"),
        (12, "[Red]00000", "00012"),
        (12.5, "00000", 12.5),
        (True, None, True),
        (10**15, None, float("inf")),
        (DAY, None, DAY),
        (datetime(2026, 5, 11), "dd/mm/yyyy", DAY),
        (datetime(2026, 5, 11), "[$-es-ES]d mmm yyyy", DAY),
        (datetime(2026, 5, 11), 'd" hs "mmm', DAY),
        (datetime(2026, 5, 11), "yyyy-mm-dd hh:mm", datetime(2026, 5, 11)),
        (datetime(2026, 5, 11, 9, 30), "yyyy-mm-dd", datetime(2026, 5, 11, 9, 30)),
        (time(9, 30), None, time(9, 30)),
        (timedelta(hours=30), None, timedelta(hours=30)),
    ],
)
def test_a_cell_has_the_value_that_a_person_sees(value: Any, number_format: str | None, expected: Any) -> None:
    found = cell(value, number_format)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize("number_format", ['"E-"0', "000-00-0000", "(0)"])
def test_a_number_that_shows_other_characters_is_refused(number_format: str) -> None:
    assert cell(12, number_format) == (
        'has a number in a format of its own: format the column as text, and type it as it should be; in column "id"'
    )


def test_a_number_with_more_digits_than_a_spreadsheet_keeps_is_no_id(write: Write) -> None:
    (problem,) = problems(write(book(FIELDS, [1234567890123450, *ROW[1:]])))
    assert problem == "id: is a number that may have lost digits: extract the column as text (leave.xlsx, row 2)"


def test_dates_count_from_1904_where_the_file_says_so(write: Write) -> None:
    workbook = book(FIELDS, ROW)
    workbook.epoch = CALENDAR_MAC_1904
    (one,) = iter_leaves(write(workbook))
    assert isinstance(one, LeaveRequest)
    assert one.start == DAY


def test_an_error_of_the_spreadsheet_refuses_its_row_if_its_column_is_used(write: Write) -> None:
    path = write(book([*FIELDS, "note"], [*ROW[:4], "#N/A", None], ["L2", *ROW[1:], "#DIV/0!"]))
    first, second = iter_leaves(path)
    assert isinstance(second, LeaveRequest)
    assert "row 2 has an error of the spreadsheet" in str(first)
    assert 'in column "end" (leave.xlsx)' in str(first)


CALCULATED = '<c r="A2"><f>6*2</f><v>12</v></c>'
EMPTY_TEXT = '<c r="A2" t="str"><f>""</f><v></v></c>'


def formula(replacement: str | None = None) -> bytes:
    data = content(book(["id", "note"], ["=6*2", "x"]))
    if replacement is None:
        return data
    return edited(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(r'<c r="A2".*?</c>', replacement, xml),
    )


def test_a_formula_has_the_value_that_was_calculated() -> None:
    assert first_id(formula(CALCULATED)) == 12
    assert first_id(formula(EMPTY_TEXT)) is None


def test_a_formula_that_was_never_calculated_refuses_its_row() -> None:
    assert first_id(formula()) == (
        'has a formula that was never calculated: save the file in a spreadsheet program; in column "id"'
    )


def test_rows_and_columns_that_are_only_formatted_are_none(write: Write) -> None:
    workbook = book(FIELDS, ROW)
    for place in ("H2", "A9", "J12"):
        workbook.active[place].number_format = "0.00"
    workbook.active["B7"] = "  "
    assert ids(write(workbook)) == ["L1"]


def test_a_title_above_the_header_is_refused_with_the_row_that_looks_like_it(write: Write) -> None:
    workbook = book(["Absences of May"], [], FIELDS, ROW)
    workbook.active.merge_cells("A1:E1")
    with pytest.raises(CorConfigurationError, match="row 1 is no header, row 3 looks like it: remove the rows above"):
        read_all(write(workbook))


@pytest.mark.parametrize("dimension", ['<dimension ref="A1"/>', '<dimension ref="C1:E2"/>', ""])
def test_all_cells_are_read_whatever_the_file_says_of_its_size(write: Write, dimension: str) -> None:
    data = edited(
        content(book(FIELDS, ROW)),
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(r"<dimension [^>]*/>", dimension, xml),
    )
    assert ids(write(data)) == ["L1"]


@pytest.mark.parametrize("name", ["leave.xls", "leave.xlsb", "leave.ods"])
def test_other_spreadsheets_are_refused_with_what_to_do(write: Write, name: str) -> None:
    with pytest.raises(CorConfigurationError, match=f"{name}: this format is not read. Save it as .xlsx"):
        read_all(str(write(b"x", name)))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def archive(**parts: str) -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w") as packed:
        for name, text in parts.items():
            packed.writestr(ZipInfo(name), text)  # without the time, which would be in the names of tests
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"id,user_id\n1,2\n", "this is not a readable .xlsx file"),
        (OLE, "is an .xls file of another name. Save it as .xlsx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "is protected by a password. Save it without one."),
        (archive(a="b"), "this is not a readable .xlsx file"),
        (archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "this is not a readable .xlsx file"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_by_the_files_name(write: Write, data: bytes, problem: str) -> None:
    with pytest.raises(CorConfigurationError, match=re.escape(problem)) as refusal:
        read_all(write(data))
    assert refusal.value.message.startswith("leave_requests: leave.xlsx: ")


@pytest.mark.parametrize("limit", ["LARGEST_SHEETS", "LARGEST_REST"])
def test_a_file_that_would_fill_the_memory_is_refused(
    write: Write, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"cor_provider.inputs.formats.spreadsheet.{limit}", 100)
    with pytest.raises(CorConfigurationError, match=r"leave\.xlsx: is too large once unpacked\. Split it"):
        read_all(write(book(FIELDS, ROW)))


def test_a_row_beyond_those_of_a_sheet_is_damage(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.inputs.formats.spreadsheet.MOST_ROWS", 1_000)
    data = edited(
        content(book(FIELDS, ROW)),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace('<row r="2"', '<row r="999999999"'),
    )
    with pytest.raises(CorConfigurationError, match="this is not a readable"):
        read_all(write(data))


def test_a_spreadsheet_without_openpyxl_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(CorConfigurationError, match=re.escape("pip install 'airflow-provider-cor[excel]'")):
        read_all(tmp_path / "leave.xlsx")


WHOLE = content(book(FIELDS, *([f"L{number}", *ROW[1:]] for number in range(30))))


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "leave.xlsx"
    path.write_bytes(WHOLE[:size])
    with pytest.raises(CorConfigurationError, match=r"leave\.xlsx"):
        read_all(path)


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=40))
def test_a_damaged_file_is_refused_or_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, start: int, damage: bytes
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "leave.xlsx"
    path.write_bytes((WHOLE[:start] + damage + WHOLE[start + len(damage) :])[: len(WHOLE)])
    try:
        read_all(path)
    except CorConfigurationError as refusal:
        assert "leave.xlsx" in refusal.message  # noqa: PT017  # not every damage is noticed


TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1).filter(
    lambda text: not text.startswith(("=", "#"))
)
VALUES = st.one_of(
    st.none(),
    TEXT,
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.booleans(),
    st.dates(date(1901, 1, 1), date(9999, 12, 31)),
)


@given(st.lists(st.lists(VALUES, min_size=5, max_size=5), max_size=6))
def test_any_values_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[Any]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "leave.xlsx"
    path.write_bytes(content(book(FIELDS, *rows)))
    records = list(read(InputFile("leave", path=ObjectStoragePath(path))))
    filled = [row for row in rows if any(value is not None for value in row)]
    assert [record.fields for record in records] == [dict(zip(FIELDS, row, strict=True)) for row in filled]
