"""Files that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.inspection import files_in
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.task.files import TaskFiles
from input_files import read_all


def test_a_missing_file_is_an_error_that_airflow_retries(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"late\.jsonl"):
        read_all(tmp_path / "late.jsonl")


@pytest.mark.parametrize("name", ["leave.json", "leave.jsonl", "leave.csv", "leave.parquet"])
def test_the_error_of_a_missing_file_names_its_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=f"leave_requests: there is no file .*{name} where this task runs"):
        list(iter_leaves(str(tmp_path / name)))


def test_a_missing_file_is_named_without_its_sheet(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file \S*/leave\.xlsx where this task runs"):
        read_all(f"{tmp_path}/leave.xlsx#Absences 2026")


def test_a_report_does_not_replace_a_spreadsheet_of_which_a_sheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "leave.xlsx"
    path.write_bytes(b"kept")
    files = TaskFiles(written={"report_path": str(path)}, read={"leave_requests": files_in(f"{path}#Absences")})
    with pytest.raises(CorConfigurationError, match="report_path"):
        files.check()
