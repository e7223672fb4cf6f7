"""The formats of a file of rejected records, as other programs see them."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats import spreadsheet
from cor_provider.task.rejected_formats import FORMATS

COLUMNS = ["error", "message", "id", "=start", ""]
VALUES = ["E", "it's wrong", "=1+1", date(2026, 5, 11), None]


def write(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    file_format = FORMATS[path.suffix]
    with path.open("wb") as stream:
        file_format.write(
            stream, columns, [{key: file_format.write_value(value) for key, value in row.items()} for row in rows]
        )


def test_csv_is_for_spreadsheets_and_runs_no_formula(tmp_path: Path) -> None:
    write(path := tmp_path / "rejected.csv", COLUMNS, [dict(zip(COLUMNS, VALUES, strict=True)), {"id": "L2"}])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["error", "message", "id", "'=start", ""]
    assert rows == [["E", "it's wrong", "'=1+1", "2026-05-11", ""], ["", "", "L2", "", ""]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (12.0, "12"),
        (1.5, "1.5"),
        (-5, "'-5"),
        ([1, "é"], '[1, "é"]'),
        ({"a": date(2026, 5, 11)}, '{"a": "2026-05-11"}'),
    ],
)
def test_csv_has_the_text_of_a_value(value: Any, text: str, tmp_path: Path) -> None:
    write(path := tmp_path / "rejected.csv", ["a"], [{"a": value}])
    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert [*csv.reader(stream)][1] == [text]


@pytest.mark.parametrize("text", ["\udcff", "\udcff\ud800"])
def test_csv_takes_text_that_is_no_unicode(text: str, tmp_path: Path) -> None:
    write(path := tmp_path / "rejected.csv", ["a"], [{"a": text}])
    assert len(path.read_bytes().splitlines()) == 2


def test_json_lines_keep_values_and_have_nothing_that_a_record_lacks(tmp_path: Path) -> None:
    values = {"a": [1, {"b": None}], "c": "\ud800é", "d": 1.5, "e": date(2026, 5, 11), "f": True}
    write(path := tmp_path / "rejected.jsonl", ["a", "z"], [values, {"z": "=1"}])
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == [
        {**values, "e": "2026-05-11"},
        {"z": "=1"},
    ]


def test_cells_of_a_spreadsheet_have_types_and_are_no_formulas(tmp_path: Path) -> None:
    values = {
        "text": "007",
        "formula": "=1+1",
        "error": "#N/A",
        "control": "a\1\r",
        "long": 10**17,
        "whole": 12,
        "flag": True,
        "day": date(2026, 5, 11),
        "moment": datetime(2026, 5, 11, 9),
        "fraction": 1.5,
        "old": date(1899, 1, 1),
        "fine": datetime(2026, 5, 11, 9, 0, 0, 1),
        "list": [1],
        "gap": None,
    }
    write(path := tmp_path / "rejected.xlsx", [*values], [values])
    header, row = openpyxl.load_workbook(path).worksheets[0].iter_rows()
    assert [cell.value for cell in header] == [*values]
    assert {name: (cell.data_type, cell.value) for name, cell in zip(values, row, strict=True)} == {
        "text": ("s", "007"),
        "formula": ("s", "=1+1"),
        "error": ("s", "#N/A"),
        "control": ("s", "a_x0001__x000D_"),
        "long": ("s", "100000000000000000"),
        "whole": ("n", 12),
        "flag": ("b", True),
        "fraction": ("n", 1.5),
        "day": ("d", datetime(2026, 5, 11)),
        "moment": ("d", datetime(2026, 5, 11, 9)),
        "old": ("s", "1899-01-01"),
        "fine": ("s", "2026-05-11T09:00:00.000001"),
        "list": ("s", "[1]"),
        "gap": ("n", None),
    }
    assert {cell.value: "h" in cell.number_format for cell in row if cell.data_type == "d"} == {
        datetime(2026, 5, 11): False,
        datetime(2026, 5, 11, 9): True,
    }


def test_more_records_than_a_sheet_holds_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 2)
    write(tmp_path / "rejected.xlsx", ["id"], [{"id": "L1"}])
    with pytest.raises(CorConfigurationError, match=r"^rejected_path: .* Choose \.csv"):
        write(tmp_path / "rejected.xlsx", ["id"], [{"id": "L1"}, {"id": "L2"}])


def test_a_spreadsheet_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(CorConfigurationError, match=r"^rejected_path: .*airflow-provider-cor\[excel\]"):
        FORMATS[".xlsx"].check()
    FORMATS[".csv"].check()
    FORMATS[".jsonl"].check()
