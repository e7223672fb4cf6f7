"""Files as the readers of the formats see them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import Self

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.input_file import InputFile
from input_files import problems, read_all


def test_a_file_without_the_columns_is_one_error_that_names_them_and_the_parameter(tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_text(
        "Request No,user_id,leave_type_id,Start,end\n" + "1,u1,v,2026-05-11,2026-05-11\n" * 9
    )
    problem = (
        'leave_requests: leave.csv: has no column for id, start. It has "Request No", "user_id", "leave_type_id", '
        '"Start", "end". Name its columns by the parameter columns, such as {"start": "Start"}.'
    )
    with pytest.raises(CorConfigurationError, match=f"^{re.escape(problem)}$"):
        read_all(tmp_path / "leave.csv")


def test_a_file_without_a_header_shows_nobodys_data(tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_text("7,Juana Molina,flu,11/05/2026,12/05/2026\n")
    with pytest.raises(CorConfigurationError, match="is the first row really the header") as refusal:
        read_all(tmp_path / "leave.csv")
    assert "Juana" not in refusal.value.message


class CountingFile:
    """An open file that counts what it is asked, as Airflow's own does it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.questions = 0

    def __getattr__(self, name: str) -> Any:
        self.questions += 1
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def test_a_file_is_not_asked_anything_for_each_of_its_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "leave.jsonl").write_text("{}\n" * 1_000)
    opened = CountingFile((tmp_path / "leave.jsonl").open("rb"))
    monkeypatch.setattr(ObjectStoragePath, "open", lambda *_: opened)
    assert len(problems(tmp_path / "leave.jsonl")) == 1_000
    assert opened.questions < 50


def test_an_open_file_can_be_read_from_any_place(tmp_path: Path) -> None:
    (tmp_path / "leave.parquet").write_bytes(b"0123456789")
    file = InputFile("leave.parquet", path=ObjectStoragePath(tmp_path / "leave.parquet"))
    with file.open(seekable=True) as stream:
        assert (stream.seek(-3, os.SEEK_END), stream.tell(), stream.read()) == (7, 7, b"789")
