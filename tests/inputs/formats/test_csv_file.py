"""CSV files, as spreadsheets and HR systems write them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.leaves import iter_leaves
from input_files import ids, problems, read_all, write_csv
from support import leave


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_file_may_separate_its_fields_as_spreadsheets_do(separator: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "leave.csv", [leave()], separator)
    assert ids(tmp_path / "leave.csv") == ["L1"]


def test_a_csv_row_with_too_many_fields_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "leave.csv"
    write_csv(path, [leave(), leave("L2")])
    path.write_text(path.read_text().replace("\nL1", "\nL1,extra"))
    assert problems(path) == ["line 2 has more fields than the header (leave.csv)."]
    assert len(list(iter_leaves(path))) == 2


def test_a_csv_row_in_another_encoding_does_not_hide_the_others(tmp_path: Path) -> None:
    header = "id,user_id,leave_type_id,start,end,name\n"
    rows = [
        f"{leave_id},{user},vacation,2026-05-11,2026-05-11,Núñez\n" for leave_id, user in (("L1", "u1"), ("L2", "ñ"))
    ]
    (tmp_path / "leave.csv").write_bytes("".join([header, *rows]).encode("latin-1"))
    assert problems(tmp_path / "leave.csv") == ["user_id: has characters that an id cannot have (leave.csv, line 3)"]
    assert len(list(iter_leaves(tmp_path / "leave.csv"))) == 2


def test_a_long_field_of_a_csv_file_that_nobody_uses_costs_nothing(tmp_path: Path) -> None:
    header = "id,user_id,leave_type_id,start,end,note"
    rows = [
        f"{leave_id},u1,vacation,2026-05-11,2026-05-12,{note}" for leave_id, note in (("L1", "x" * 300_000), ("L2", ""))
    ]
    (tmp_path / "leave.csv").write_text("\n".join([header, *rows]))
    assert ids(tmp_path / "leave.csv") == ["L1", "L2"]


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
    (tmp_path / "leave.csv").write_text(f"id,user_id,leave_type_id,start,end\n{rows}")
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
