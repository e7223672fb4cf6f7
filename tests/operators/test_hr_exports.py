"""
Files as HR systems and spreadsheets write them, which reach COR by ``columns``, ``values`` and ``date_format`` alone.

The files are small, and made after what each product documents of its columns and formats. Nobody in them exists.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.sandbox import Sandbox

EXPORTS = Path(__file__).with_name("hr_exports")
WEEK = ("2026-05-11T00:00:00-00:00", "2026-05-15T23:59:00-00:00")
FRIDAY = ("2026-06-05T00:00:00-00:00", "2026-06-05T23:59:00-00:00")

InCor = tuple[str, str, str, str, str]
"""External ids of leave, user and leave type; start and end."""


@dataclass(frozen=True)
class Export:
    """A file, the parameters that read it, and what COR is to hold."""

    name: str
    parameters: dict[str, Any]
    in_cor: set[InCor]
    write: Callable[[Path], None] | None = field(default=None, repr=False)


def save_personio(path: Path) -> None:
    """Write an Excel file as Personio's custom reports do: dates are text, and names of columns are German."""
    save_workbook(
        path,
        ["E-Mail", "Vorname", "Abwesenheitsart", "Startdatum", "Enddatum", "Halber Tag", "Status"],
        ["alex@example.org", "Alex", "Urlaub", "11.05.2026", "15.05.2026", None, "Genehmigt"],
        ["kim@example.org", "Kim", "Krankheit", "05.06.2026", "05.06.2026", None, "Genehmigt"],
    )


def save_excel(path: Path) -> None:
    """Write what a person types into Excel: numbers and dates in cells of their own types."""
    save_workbook(
        path,
        ["Request", "Employee", "Kind", "From", "To"],
        [1001, 7, "PTO", date(2026, 5, 11), date(2026, 5, 15)],
        [1002, 8, "Sick", date(2026, 6, 5), date(2026, 6, 5)],
    )


def save_workbook(path: Path, *rows: list[Any]) -> None:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    workbook.save(path)


EXPORT_FILES = [
    Export(
        "bamboohr.csv",  # it has no id of the request
        {
            "columns": {
                "id": ["Employee #", "From", "Type"],
                "user_id": "Employee #",
                "leave_type_id": "Type",
                "start": "From",
                "end": "To",
            },
            "values": {"leave_type_id": {"Vacation": "vacation", "Sick": "absence"}},
            "date_format": "%d/%m/%Y",
        },
        {
            ("7|2026-05-11|Vacation", "7", "vacation", *WEEK),
            ("8|2026-06-05|Sick", "8", "absence", *FRIDAY),
        },
    ),
    Export(
        "personio.xlsx",  # likewise
        {
            "columns": {
                "id": ["E-Mail", "Startdatum"],
                "user_id": "E-Mail",
                "leave_type_id": "Abwesenheitsart",
                "start": "Startdatum",
                "end": "Enddatum",
            },
            "values": {"leave_type_id": {"Urlaub": "vacation", "*": "absence"}},
            "date_format": "%d.%m.%Y",
        },
        {
            ("alex@example.org|2026-05-11", "alex@example.org", "vacation", *WEEK),
            ("kim@example.org|2026-06-05", "kim@example.org", "absence", *FRIDAY),
        },
        save_personio,
    ),
    Export(
        "sap.csv",
        {
            "columns": {
                "id": "External Code",
                "user_id": "Employee ID",
                "leave_type_id": "Time Type",
                "start": "Start Date",
                "end": "End Date",
            },
            "values": {"leave_type_id": {"VACATION": "vacation", "SICKNESS": "absence"}},
            "date_format": "%m/%d/%Y",
        },
        {
            ("d3a1f0c2b4e04c6f", "E-7", "vacation", *WEEK),
            ("9be7ad1f00c84e21", "E-8", "absence", *FRIDAY),
        },
    ),
    Export(
        "workday.csv",  # a row for each day, whose date has the offset of Workday's own zone
        {
            "columns": {
                "id": "Time_Off_Entry_ID",
                "user_id": "Employee_ID",
                "leave_type_id": "Time_Off_Type",
                "start": "Time_Off_Date",
                "end": "Time_Off_Date",
            },
            "values": {"leave_type_id": {"Annual Leave": "vacation", "Sick Leave": "absence"}},
            "date_format": "%Y-%m-%d%z",
        },
        {
            ("TIME_OFF_ENTRY-6-1201", "E-7", "vacation", "2026-05-11T00:00:00-00:00", "2026-05-11T23:59:00-00:00"),
            ("TIME_OFF_ENTRY-6-1202", "E-7", "vacation", "2026-05-12T00:00:00-00:00", "2026-05-12T23:59:00-00:00"),
            ("TIME_OFF_ENTRY-6-1203", "E-8", "absence", *FRIDAY),
        },
    ),
    Export(
        "excel-german.csv",
        {
            "columns": {
                "id": "Antrag",
                "user_id": "Personalnr.",
                "leave_type_id": "Art",
                "start": "Von",
                "end": "Bis",
                "all_day": "Ganztägig",
            },
            "values": {
                "leave_type_id": {"Urlaub": "vacation", "Krank": "absence"},
                "all_day": {"ja": True, "nein": False},
            },
            "date_format": "%d.%m.%Y",
        },
        {("2026-001", "7", "vacation", *WEEK), ("2026-002", "8", "absence", *FRIDAY)},
    ),
    Export(
        "excel-us.csv",
        {
            "columns": {"id": "Request", "user_id": "Employee", "leave_type_id": "Kind", "start": "From", "end": "To"},
            "values": {"leave_type_id": {"PTO": "vacation", "Sick": "absence"}},
            "date_format": "%m/%d/%Y",
        },
        {("1001", "7", "vacation", *WEEK), ("1002", "8", "absence", *FRIDAY)},
    ),
    Export(
        "excel.xlsx",
        {
            "columns": {"id": "Request", "user_id": "Employee", "leave_type_id": "Kind", "start": "From", "end": "To"},
            "values": {"leave_type_id": {"PTO": "vacation", "Sick": "absence"}},
        },
        {("1001", "7", "vacation", *WEEK), ("1002", "8", "absence", *FRIDAY)},
        save_excel,
    ),
    Export(
        "google-sheets.csv",
        {
            "columns": {
                "id": "Request",
                "user_id": "Employee",
                "leave_type_id": "Kind",
                "start": "Start",
                "end": "End",
                "all_day": "Whole day",
            },
            "values": {"leave_type_id": {"Vacation": "vacation", "*": "absence"}},
            "date_format": "%m/%d/%Y %H:%M:%S",
            "timezone": "America/New_York",
        },
        {
            ("G-1", "E-7", "vacation", *WEEK),
            ("G-2", "E-8", "absence", "2026-06-05T13:30:00-00:00", "2026-06-05T15:00:00-00:00"),
        },
    ),
    Export(
        "frappe.csv",
        {
            "columns": {
                "id": "ID",
                "user_id": "Employee",
                "leave_type_id": "Leave Type",
                "start": "From Date",
                "end": "To Date",
            },
            "values": {"leave_type_id": {"Privilege Leave": "vacation", "Sick Leave": "absence"}},
        },
        {
            ("HR-LAP-2026-00001", "HR-EMP-00007", "vacation", *WEEK),
            ("HR-LAP-2026-00002", "HR-EMP-00008", "absence", *FRIDAY),
        },
    ),
]


@pytest.mark.parametrize("export", EXPORT_FILES, ids=lambda export: export.name)
def test_a_file_of_an_hr_system_reaches_cor_as_it_is(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = EXPORTS / export.name
    if export.write:
        path = tmp_path / export.name
        export.write(path)
    seed = {
        "source": "GLOBANT",
        "users": [{"id": user} for user in {one[1] for one in export.in_cor}],
        "leave_types": [{"id": "vacation"}, {"id": "absence"}],
    }
    with Sandbox(seed=seed) as cor:
        connection = {"conn_type": "cor", "host": cor.url, "password": cor.token, "extra": {"source": "GLOBANT"}}
        monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        counts = CreateLeaveOperator(task_id="push", leave_requests=str(path), **export.parameters).execute({})
    assert (counts["received"], counts["created"]) == (len(export.in_cor), len(export.in_cor))
    assert {
        (one.external_id, one.user_id, one.leave_type_id, one.start, one.end) for one in cor.leaves
    } == export.in_cor
