"""Files as the readers of the formats see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from input_files import read_all


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
