"""Rows of HR's file, as an extract looks at them: by its own names, and refused by HR's column without their values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorConfigurationError, CorValidationError
from cor_provider.extract.files import Row, group_rows, read_rows
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.sandbox import Sandbox
from operators_support import Create
from sync_support import held

COLUMNS = {"id": "Absence ID", "first": "First day", "status": "Status"}
STATUSES = {"approved": True, "cancelled": False}
SECRET = "Marker of a value"


def rows_of(tmp_path: Path, *lines: str, date_format: str | None = "%d/%m/%Y", encoding: str = "utf-8") -> list[Row]:
    (tmp_path / "leave.csv").write_bytes("\r\n".join(["Absence ID;Name;First day;Status", *lines]).encode(encoding))
    return list(read_rows(f"{tmp_path}/leave.csv", COLUMNS, date_format=date_format))


def row(tmp_path: Path, line: str) -> Row:
    (one,) = rows_of(tmp_path, line)
    return one


def test_a_row_has_exactly_the_names_that_were_asked_for(tmp_path: Path) -> None:
    assert dict(row(tmp_path, "7;Ana;11/05/2026;Approved")) == {"id": "7", "first": "11/05/2026", "status": "Approved"}


def test_what_a_short_row_lacks_is_none(tmp_path: Path) -> None:
    assert row(tmp_path, "7;Ana")["status"] is None


def test_what_nobody_reads_may_be_in_another_encoding(tmp_path: Path) -> None:
    (one,) = rows_of(tmp_path, "7;Núñez;11/05/2026;Approved", encoding="cp1252")
    assert one["id"] == "7"


@pytest.mark.parametrize("word", ["Approved", "approved", " APPROVED ", "Approved\u00a0"])
def test_a_word_means_the_same_whatever_its_case_and_blanks(tmp_path: Path, word: str) -> None:
    assert row(tmp_path, f"7;;11/05/2026;{word}").meaning("status", STATUSES) is True


def test_a_blank_may_have_a_meaning(tmp_path: Path) -> None:
    assert row(tmp_path, "7;;11/05/2026; ").meaning("status", {"": "whole"}) == "whole"


@pytest.mark.parametrize(
    ("look", "line", "says"),
    [
        pytest.param(
            lambda one: one.meaning("status", {"approved": True, "": False}),
            f"7;;;{SECRET}",
            'column "Status" is none of approved, blank',
            id="a word that is not listed",
        ),
        pytest.param(
            lambda one: one.meaning("status", {"approved": True, "cancelled": False}),
            "7;;;",
            'column "Status" is blank; expected one of approved, cancelled',
            id="no word",
        ),
        pytest.param(
            lambda one: one.day("first"),
            f"7;;{SECRET};",
            'column "First day" is not a date in the date_format %d/%m/%Y',
            id="no date",
        ),
        pytest.param(lambda one: one.day("first"), "7;;;", 'column "First day" is missing', id="a missing date"),
        pytest.param(lambda one: one["id"], f"7;;;;{SECRET}", "line 2 has more fields than the header", id="damaged"),
        pytest.param(
            lambda one: one.meaning("status", {"": 1}),
            f"7;;;;{SECRET}",
            "line 2 has more fields than the header",
            id="the words of a damaged row",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_column_without_its_value(
    tmp_path: Path, look: Callable[[Row], object], line: str, says: str
) -> None:
    with pytest.raises(CorValidationError) as refused:
        look(row(tmp_path, line))
    assert refused.value.message == says


@pytest.mark.parametrize("text", ["11/05/2026", "2026-05-11", " 11/05/2026 "])
def test_a_date_is_read_in_the_files_form_or_in_that_of_iso(tmp_path: Path, text: str) -> None:
    assert row(tmp_path, f"7;;{text};").day("first") == date(2026, 5, 11)


def test_of_a_date_time_the_date_as_written_counts(tmp_path: Path) -> None:
    write_lines(f"{tmp_path}/a.jsonl", [{"Absence ID": 7, "First day": "2026-05-11T00:00:00+02:00", "Status": ""}])
    (one,) = read_rows(f"{tmp_path}/a.jsonl", COLUMNS)
    assert one.day("first") == date(2026, 5, 11)
    assert not isinstance(one.day("first"), datetime)


def test_a_file_without_a_column_is_refused_by_the_columns_name(tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_text("Absence ID,First day\n7,11/05/2026\n")
    with pytest.raises(CorConfigurationError, match=r'has no column for status .column "Status".'):
        list(read_rows(f"{tmp_path}/leave.csv", COLUMNS))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"leave\.csv"):
        list(read_rows(f"{tmp_path}/leave.csv", COLUMNS))


def test_rows_of_one_id_are_together_and_those_without_one_alone(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "7;a", ";b", "8;c", " 7 ;d", ";e", "A7;f", "a7;g", "9;;;;damaged")
    assert [len(group) for group in group_rows(rows, "id")] == [2, 1, 1, 1, 1, 1, 1]


def test_a_row_shows_no_values(tmp_path: Path) -> None:
    assert SECRET not in repr(row(tmp_path, f"{SECRET};;;{SECRET}"))


def test_a_row_that_refuses_itself_is_rejected_with_its_reason(
    create: Create, sandbox: Sandbox, tmp_path: Path
) -> None:
    def to_leave(one: Row) -> dict[str, Any]:
        one.meaning("status", {"approved": True})
        return {
            "id": one["id"],
            "user_id": "u1",
            "leave_type_id": "vacation",
            **dict.fromkeys(("start", "end"), one["first"]),
        }

    rows = rows_of(tmp_path, "7;;2026-05-11;approved", f"8;;2026-05-11;{SECRET}", "9;;2026-05-11;approved;more")
    path = write_lines(
        f"{tmp_path}/leaves.jsonl", to_leaves_or_rejected(rows, to_leave, leave_id=lambda one: one["id"])
    )
    returned = create(path, max_rejected=2, report_path=f"{tmp_path}/report.jsonl")
    report = (tmp_path / "report.jsonl").read_text()
    assert (held(sandbox), returned["rejected"]) == (["7"], 2)
    assert (
        'The extract could not read this row: column \\"Status\\" is none of approved. (leaves.jsonl, line 2)' in report
    )
    assert (
        "The extract could not read this row: line 4 has more fields than the header. (leaves.jsonl, line 3)" in report
    )
    assert SECRET not in report + Path(path).read_text()
